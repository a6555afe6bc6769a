"""The command "microaction score-detections" as a script; see mmaction_microaction/cli/score_detections.py."""

from mmaction_microaction_command import main

if __name__ == '__main__':
    main('score-detections')
