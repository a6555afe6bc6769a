"""The command "microaction embed" as a script; see mmaction_microaction/cli/embed.py."""

from mmaction_microaction_command import main

if __name__ == '__main__':
    main('embed')
