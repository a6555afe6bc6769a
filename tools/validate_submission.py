"""The command "microaction validate" as a script; see mmaction_microaction/cli/validate.py."""

from microaction_cli import main

if __name__ == '__main__':
    main('validate')
