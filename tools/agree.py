"""The command "microaction agree" as a script; see mmaction_microaction/cli/agree.py."""

from mmaction_microaction_command import main

if __name__ == '__main__':
    main('agree')
