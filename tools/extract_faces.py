"""The command "microaction faces" as a script; see mmaction_microaction/cli/faces.py."""

from mmaction_microaction_command import main

if __name__ == '__main__':
    main('faces')
