"""The command "microaction learn" as a script; see mmaction_microaction/cli/learn.py."""

from mmaction_microaction_command import main

if __name__ == '__main__':
    main('learn')
