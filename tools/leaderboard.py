"""The command "microaction leaderboard" as a script; see mmaction_microaction/cli/leaderboard.py."""

from microaction_cli import main

if __name__ == '__main__':
    main('leaderboard')
