"""From a video file to labelled micro-actions."""
