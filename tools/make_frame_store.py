"""The command "microaction frames" as a script; see mmaction_microaction/cli/frames.py."""

from mmaction_microaction_command import main

if __name__ == '__main__':
    main('frames')
