"""The command "microaction features" as a script; see mmaction_microaction/cli/features.py."""

from mmaction_microaction_command import main

if __name__ == '__main__':
    main('features')
