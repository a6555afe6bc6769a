"""The command "microaction code" as a script; see mmaction_microaction/cli/code.py."""

from mmaction_microaction_command import main

if __name__ == '__main__':
    main('code')
