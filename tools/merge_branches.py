"""The command "microaction merge" as a script; see mmaction_microaction/cli/merge.py."""

from mmaction_microaction_command import main

if __name__ == '__main__':
    main('merge')
