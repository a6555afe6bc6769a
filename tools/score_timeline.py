"""The command "microaction score" as a script; see mmaction_microaction/cli/score.py."""

from mmaction_microaction_command import main

if __name__ == '__main__':
    main('score')
