"""The plan of a synthetic MA-52-Pro: the split, emotion and subject of every video."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .emotions import SHARES
from .scene import FIRST_SUBJECTS, make_generator
from .settings import DatasetSettings

SPLIT_SHARES = np.array([5, 1, 1]) / 7
"""Shares of train, val and test, of the videos and of the subjects."""
_PLAN = 98  # stream of random numbers


@dataclass(frozen=True)
class ProSettings(DatasetSettings):
    """Settings of a synthetic MA-52-Pro. They determine every pixel.

    Raises:
        ValueError: If a value is out of range.
    """

    videos: int = 700
    """Number of videos in all splits."""
    size: tuple[int, int] = (208, 250)
    """Width and height of the videos in pixels."""
    seed: int = 0
    """Seed of all random numbers."""
    subjects: int = 210
    """Number of subjects. No subject is in two splits."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 7 <= self.videos <= 99999:
            raise ValueError(f'{self.videos} videos: must be from 7 (one in each split) to 99999')
        if not 7 <= self.subjects <= 9999:
            raise ValueError(f'{self.subjects} subjects: must be from 7 (one in each split) to 9999')


class ProEntry(NamedTuple):
    """One video of the plan."""

    split: int
    """Index of the split: 0 train, 1 val, 2 test."""
    index: int
    """Index of the video in its split."""
    emotion: int
    """Index of the emotion."""
    subject_id: int
    """Index of the subject."""

    @property
    def name(self) -> str:
        """str: Name of the video's files without their suffix."""
        return f'{self.index + 1:04d}'


def _apportion(total: int, shares: np.ndarray) -> np.ndarray:
    """Split a total into integers that are as close to the shares as possible. The largest remainders round up."""
    ideal = total * shares
    counts = np.floor(ideal).astype(int)
    counts[np.argsort(counts - ideal, kind='stable')[: total - counts.sum()]] += 1
    return counts


def make_pro_plan(settings: ProSettings) -> list[ProEntry]:
    """Return the plan of a dataset.

    Args:
        settings (ProSettings): Settings of the dataset.

    Returns:
        list[ProEntry]: Every video, in the order of the splits.
    """
    rng = make_generator(settings.seed, _PLAN)
    everyone = FIRST_SUBJECTS['MA-52-Pro'] + rng.permutation(settings.subjects)
    groups = np.split(everyone, _apportion(settings.subjects, SPLIT_SHARES).cumsum()[:-1])
    plan = []
    for split, (num_videos, group) in enumerate(zip(_apportion(settings.videos, SPLIT_SHARES), groups)):
        emotions = rng.permutation(np.repeat(np.arange(len(SHARES)), _apportion(num_videos, SHARES)))
        subjects = group[rng.integers(len(group), size=num_videos)]
        plan += [ProEntry(split, i, int(e), int(s)) for i, (e, s) in enumerate(zip(emotions, subjects))]
    return plan
