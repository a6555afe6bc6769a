"""The command "microaction synthesize-pro" as a script; see mmaction_microaction/cli/synthesize_pro.py."""

from mmaction_microaction_command import main

if __name__ == '__main__':
    main('synthesize-pro')
