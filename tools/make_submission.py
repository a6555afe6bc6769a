"""The command "microaction submit" as a script; see mmaction_microaction/cli/submit.py."""

from microaction_cli import main

if __name__ == '__main__':
    main('submit')
