"""The command "microaction synthesize-video" as a script; see mmaction_microaction/cli/synthesize_video.py."""

from mmaction_microaction_command import main

if __name__ == '__main__':
    main('synthesize-video')
