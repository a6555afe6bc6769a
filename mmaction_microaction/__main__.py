"""``python -m mmaction_microaction`` is the command ``microaction``."""

from mmaction_microaction_command import main

if __name__ == '__main__':
    main(prog='python -m mmaction_microaction')
