"""Long videos with known micro-actions: one person in one room performs one action after the other."""

from pathlib import Path

import numpy as np

from mmaction_microaction.label_sets import MA52
from mmaction_microaction.structures.intervals import Interval
from mmaction_microaction.structures.poses import write_poses
from mmaction_microaction.video.writer import write_video

from .clip import FPS, make_clip
from .keypoints import make_true_poses, true_keypoints
from .scene import render_frames


def write_long_video(path: str | Path, num_actions: int, size: tuple[int, int], seed: int = 0) -> list[Interval]:
    """Render a long video, and write the true poses beside it.

    Args:
        path (str | Path): Path of the video, ``*.mp4``. The poses have the suffix ``.pkl``.
        num_actions (int): Number of actions, in random order. No action is repeated before all 52 were shown.
        size (tuple[int, int]): Width and height in pixels.
        seed (int): Seed of the person, the camera, the room and the order. Defaults to 0.

    Returns:
        list[Interval]: Start, end and label of every action.

    Raises:
        ValueError: If ``num_actions`` is less than 1.
    """
    if num_actions < 1:
        raise ValueError(f'{num_actions} actions: there must be at least one')
    rng = np.random.default_rng(seed)
    rounds = [rng.permutation(len(MA52)) for _ in range(0, num_actions, len(MA52))]
    labels = np.concatenate(rounds)[:num_actions].tolist()
    clips = [make_clip(label, 0, size, seed, index=i, scene_of=0) for i, label in enumerate(labels)]
    # Nobody puts on glasses between two actions.
    glasses = any(clip.nuisances.glasses for clip in clips)
    for clip in clips:
        clip.nuisances.glasses = glasses
    frames = (frame for clip in clips for frame in render_frames(clip))
    write_video(path, frames, size, fps=FPS, crf=clips[0].nuisances.crf)
    keypoint = np.concatenate([true_keypoints(clip) for clip in clips])
    write_poses([make_true_poses(Path(path).stem, keypoint, size, FPS)], Path(path).with_suffix('.pkl'))
    edges = np.cumsum([0, *(clip.num_frames for clip in clips)]) / FPS
    return [Interval(float(start), float(end), label) for start, end, label in zip(edges, edges[1:], labels)]
