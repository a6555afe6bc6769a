"""The command "microaction extract-features" as a script; see mmaction_microaction/cli/extract_features.py."""

from mmaction_microaction_command import main

if __name__ == '__main__':
    main('extract-features')
