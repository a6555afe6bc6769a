"""The command "microaction convert" as a script; see mmaction_microaction/cli/convert.py."""

from microaction_cli import main

if __name__ == '__main__':
    main('convert')
