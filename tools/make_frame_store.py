"""The command "microaction frames" as a script; see mmaction_microaction/cli/frames.py."""

from microaction_cli import main

if __name__ == '__main__':
    main('frames')
