"""The command "microaction export" as a script; see mmaction_microaction/cli/export.py."""

from mmaction_microaction_command import main

if __name__ == '__main__':
    main('export')
