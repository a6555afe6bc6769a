"""The command "microaction prepare" as a script; see mmaction_microaction/cli/prepare.py."""

from microaction_cli import main

if __name__ == '__main__':
    main('prepare')
