"""The command "microaction summary" as a script; see mmaction_microaction/cli/summary.py."""

from mmaction_microaction_command import main

if __name__ == '__main__':
    main('summary')
