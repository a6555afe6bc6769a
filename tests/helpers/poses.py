"""Poses of invented people."""

import numpy as np

from mmaction_microaction.structures.poses import Poses


def make_poses(name, num_frames, shape, num_people=1, num_joints=28, seed=0, **fields):
    """Return joints at random places in the middle half of a video, a tenth of them undetected.

    Args:
        name (str): Name of the video without the extension.
        num_frames (int): Number of frames.
        shape (tuple[int, int]): Height and width of the video.
        num_people (int): Number of people.
        num_joints (int): Number of joints.
        seed (int): Seed of the places.
        **fields: Other fields of the poses.
    """
    rng = np.random.default_rng(seed)
    size = num_people, num_frames, num_joints
    keypoint = rng.uniform(0.25, 0.75, (*size, 2)) * shape[::-1]
    scores = rng.uniform(0.3, 1, size) * (rng.uniform(size=size) > 0.1)
    return Poses(name, shape, keypoint, scores, **fields)
