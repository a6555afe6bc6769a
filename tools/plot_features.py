"""The command "microaction features" as a script; see mmaction_microaction/cli/features.py."""

from microaction_cli import main

if __name__ == '__main__':
    main('features')
