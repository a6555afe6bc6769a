"""The command "microaction prepare" as a script; see mmaction_microaction/cli/prepare.py."""

from mmaction_microaction_command import main

if __name__ == '__main__':
    main('prepare')
