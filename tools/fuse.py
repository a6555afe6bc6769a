"""The command "microaction fuse" as a script; see mmaction_microaction/cli/fuse.py."""

from mmaction_microaction_command import main

if __name__ == '__main__':
    main('fuse')
