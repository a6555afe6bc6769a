"""The command "microaction draw" as a script; see mmaction_microaction/cli/draw.py."""

from mmaction_microaction_command import main

if __name__ == '__main__':
    main('draw')
