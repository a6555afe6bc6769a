"""The command "microaction thresholds" as a script; see mmaction_microaction/cli/thresholds.py."""

from mmaction_microaction_command import main

if __name__ == '__main__':
    main('thresholds')
