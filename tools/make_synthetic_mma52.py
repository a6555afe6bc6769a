"""The command "microaction synthesize-mma52" as a script; see mmaction_microaction/cli/synthesize_mma52.py."""

from mmaction_microaction_command import main

if __name__ == '__main__':
    main('synthesize-mma52')
