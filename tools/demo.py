"""The command "microaction demo" as a script; see mmaction_microaction/cli/demo.py."""

from microaction_cli import main

if __name__ == '__main__':
    main('demo')
