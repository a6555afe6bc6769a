"""The command "microaction leaks" as a script; see mmaction_microaction/cli/leaks.py."""

from mmaction_microaction_command import main

if __name__ == '__main__':
    main('leaks')
