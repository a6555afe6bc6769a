"""The command "microaction submit" as a script; see mmaction_microaction/cli/submit.py."""

from mmaction_microaction_command import main

if __name__ == '__main__':
    main('submit')
