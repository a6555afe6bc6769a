"""``python -m mmaction_microaction`` is the command ``microaction``."""

from microaction_cli import main

if __name__ == '__main__':
    main(prog='python -m mmaction_microaction')
