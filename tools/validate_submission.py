"""The command "microaction validate" as a script; see mmaction_microaction/cli/validate.py."""

from mmaction_microaction_command import main

if __name__ == '__main__':
    main('validate')
