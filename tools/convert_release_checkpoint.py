"""The command "microaction convert" as a script; see mmaction_microaction/cli/convert.py."""

from mmaction_microaction_command import main

if __name__ == '__main__':
    main('convert')
