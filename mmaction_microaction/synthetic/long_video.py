"""Long videos whose micro-actions are known: one person before one camera, one action after the other."""

import numpy as np

from mmaction_microaction.label_sets.ma52 import NUM_ACTIONS
from mmaction_microaction.structures.intervals import Interval
from mmaction_microaction.video.writer import write_video

from .clip import FPS, frames, make_clip


def write_long_video(path, num_actions, size, seed=0):
    """Render a long video.

    Args:
        path (str | Path): The video, ``*.mp4``.
        num_actions (int): How many actions, in random order; none comes a second time before all have come once.
        size (tuple[int, int]): Width and height in pixels.
        seed (int): Another seed, another person, camera, room and order.

    Returns:
        list[Interval]: What is seen when.

    Raises:
        ValueError: If there is no action.
    """
    if num_actions < 1:
        raise ValueError(f'{num_actions} actions: there must be at least one')
    rng = np.random.default_rng(seed)
    rounds = [rng.permutation(NUM_ACTIONS) for _ in range(0, num_actions, NUM_ACTIONS)]
    labels = np.concatenate(rounds)[:num_actions].tolist()
    clips = [make_clip(label, 0, size, seed, index=i, scene_of=0) for i, label in enumerate(labels)]
    # Nobody puts on glasses between two actions.
    glasses = any(clip.nuisances.glasses for clip in clips)
    for clip in clips:
        clip.nuisances.glasses = glasses
    write_video(str(path), (frame for clip in clips for frame in frames(clip)), size, FPS, clips[0].nuisances.crf)
    edges = np.cumsum([0, *(clip.num_frames for clip in clips)]) / FPS
    return [Interval(float(start), float(end), label) for start, end, label in zip(edges, edges[1:], labels)]
