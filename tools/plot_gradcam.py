"""The command "microaction gradcam" as a script; see mmaction_microaction/cli/gradcam.py."""

from mmaction_microaction_command import main

if __name__ == '__main__':
    main('gradcam')
