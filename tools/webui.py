"""The command "microaction web" as a script; see mmaction_microaction/cli/web.py."""

from microaction_cli import main

if __name__ == '__main__':
    main('web')
