"""What tests share besides fixtures."""

import sys
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).parents[1]
MIM = Path(sys.executable).parent / 'mim'


def write_clip(path, num_frames=12, size=(96, 80), seed=0):
    """Write a small video of a square that moves over noise."""
    width, height = size
    rng = np.random.default_rng(seed)
    background = rng.integers(0, 100, (height, width, 3), dtype=np.uint8)
    start, step = rng.integers(0, 20, 2), rng.integers(1, 4, 2)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'mp4v'), 30, size)
    for t in range(num_frames):
        frame = background.copy()
        x, y = (start + t * step) % 60
        cv2.rectangle(frame, (int(x), int(y)), (int(x) + 15, int(y) + 15), (255, 255, 255), -1)
        writer.write(frame)
    writer.release()
