"""The command "microaction statistics" as a script; see mmaction_microaction/cli/statistics.py."""

from mmaction_microaction_command import main

if __name__ == '__main__':
    main('statistics')
