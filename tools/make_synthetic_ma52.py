"""The command "microaction synthesize" as a script; see mmaction_microaction/cli/synthesize.py."""

from mmaction_microaction_command import main

if __name__ == '__main__':
    main('synthesize')
