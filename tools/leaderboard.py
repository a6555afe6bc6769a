"""The command "microaction leaderboard" as a script; see mmaction_microaction/cli/leaderboard.py."""

from mmaction_microaction_command import main

if __name__ == '__main__':
    main('leaderboard')
