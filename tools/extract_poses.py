"""The command "microaction poses" as a script; see mmaction_microaction/cli/poses.py."""

from mmaction_microaction_command import main

if __name__ == '__main__':
    main('poses')
