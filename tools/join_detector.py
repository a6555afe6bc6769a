"""The command "microaction join" as a script; see mmaction_microaction/cli/join.py."""

from mmaction_microaction_command import main

if __name__ == '__main__':
    main('join')
