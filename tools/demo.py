"""The command "microaction demo" as a script; see mmaction_microaction/cli/demo.py."""

from mmaction_microaction_command import main

if __name__ == '__main__':
    main('demo')
