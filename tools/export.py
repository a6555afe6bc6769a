"""The command "microaction export" as a script; see mmaction_microaction/cli/export.py."""

from microaction_cli import main

if __name__ == '__main__':
    main('export')
