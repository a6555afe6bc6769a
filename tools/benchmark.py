"""The command "microaction benchmark" as a script; see mmaction_microaction/cli/benchmark.py."""

from mmaction_microaction_command import main

if __name__ == '__main__':
    main('benchmark')
