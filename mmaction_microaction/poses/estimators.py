"""The interface of pose estimators, and their names."""

from typing import Literal, Protocol

import numpy as np

from mmaction_microaction.structures.pose_layouts import BLAZEPOSE33, COCO17

from .blazepose import BlazePose
from .rtmpose import RTMPose

DETECTORS = {'blazepose': BLAZEPOSE33.name, 'rtmlib': COCO17.name}
"""Name of the layout of each estimator's joints, by the name of the estimator."""


class PoseEstimator(Protocol):
    """Estimator of the poses in the frames of a video, which are passed in their order."""

    layout: str
    """Name of the layout of the joints."""

    def reset(self) -> None:
        """Forget previous frames, before another video."""

    def __call__(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Estimate the poses of the people in the next frame.

        Args:
            image (np.ndarray): RGB image, shape (height, width, 3), uint8.

        Returns:
            tuple[np.ndarray, np.ndarray]: Coordinates in pixels, shape (N, V, 2), and scores from 0 to 1, shape (N, V),
            of N people in any order.
        """


def make_estimator(detector: Literal['blazepose', 'rtmlib'] = 'blazepose', people: int = 1) -> PoseEstimator:
    """Create a pose estimator.

    Args:
        detector (Literal['blazepose', 'rtmlib']): Name of the estimator, a key of :data:`DETECTORS`. Defaults to
            ``'blazepose'``.
        people (int): Largest number of people that are followed. Defaults to 1.

    Returns:
        PoseEstimator: The estimator. It remembers previous frames, so a thread or a video needs one of its own.

    Raises:
        ImportError: If the package of the estimator is not installed.
        OSError: If its weights have to be downloaded and cannot be.
        ValueError: If the name is unknown.
    """
    if detector not in DETECTORS:
        raise ValueError(f'detector {detector!r}: must be one of {", ".join(DETECTORS)}')
    return BlazePose(people) if detector == 'blazepose' else RTMPose()
