"""The command "microaction lists" as a script; see mmaction_microaction/cli/lists.py."""

from mmaction_microaction_command import main

if __name__ == '__main__':
    main('lists')
