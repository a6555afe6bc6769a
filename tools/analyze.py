"""The command "microaction analyze" as a script; see mmaction_microaction/cli/analyze.py."""

from mmaction_microaction_command import main

if __name__ == '__main__':
    main('analyze')
