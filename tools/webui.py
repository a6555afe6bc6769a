"""The command "microaction web" as a script; see mmaction_microaction/cli/web.py."""

from mmaction_microaction_command import main

if __name__ == '__main__':
    main('web')
