"""The plan of a synthetic MA-52: the split, label, subject and name of every clip."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from mmaction_microaction.label_sets import MA52, MA52_REST

from .render.variety import get_variety
from .scene import FIRST_SUBJECTS, make_generator
from .settings import DatasetSettings

COUNTS = ('uniform', 'long-tailed')
PROTOCOLS = ('cross-subject', 'released')
SHARES = (0.5, 0.25, 0.25)
"""Shares of train, val and test, of the clips and (if cross-subject) of the subjects. MA-52 has 50, 25 and 25 %."""
_PLAN, _REST = 99, 96  # streams of random numbers


@dataclass(frozen=True)
class SyntheticSettings(DatasetSettings):
    """Settings of a synthetic MA-52. They determine every pixel.

    Raises:
        ValueError: If a value is out of range.
    """

    clips: int = 2080
    """Number of clips in all splits."""
    size: tuple[int, int] = (112, 134)
    """Width and height of the videos in pixels."""
    seed: int = 0
    """Seed of all random numbers."""
    counts: str = 'uniform'
    """Number of clips per action: ``'uniform'``, or ``'long-tailed'`` for at least one clip and the proportions of
    MA-52's train split."""
    protocol: str = 'cross-subject'
    """Split of the subjects. ``'cross-subject'`` puts every subject in one split. ``'released'`` puts every subject in
    all splits, as in the released split of MA-52."""
    subjects: int = 200
    """Number of subjects."""
    variety: str = 'normal'
    """How much camera, light and room vary: ``'normal'``, or ``'high'`` for close-ups that cut off feet and head,
    cluttered rooms, hidden faces and stronger effects of the camera."""
    rest: int = 0
    """Number of further clips in all splits, of people at rest, with the label 52."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, value, known in (('counts', self.counts, COUNTS), ('protocol', self.protocol, PROTOCOLS)):
            if value not in known:
                raise ValueError(f'{name} {value!r}: must be one of {", ".join(known)}')
        get_variety(self.variety)
        if not 4 <= self.subjects <= 9999:
            raise ValueError(f'{self.subjects} subjects: must be from 4 (one in each split) to 9999')
        if self.clips < 4:
            raise ValueError(f'{self.clips} clips: must be at least 4 (one in each split)')
        if self.rest < 0:
            raise ValueError(f'{self.rest} clips of people at rest: must not be negative')
        smallest = min(_split_sizes(self.clips))
        if self.counts == 'long-tailed' and smallest < len(MA52):
            raise ValueError(
                f'{self.clips} clips: the smallest split would have {smallest}, fewer than one for each of the '
                f'{len(MA52)} actions; choose at least {4 * len(MA52)} clips, or uniform counts'
            )


class PlanEntry(NamedTuple):
    """One clip of the plan."""

    split: int
    """Index of the split: 0 train, 1 val, 2 test."""
    index: int
    """Index of the clip in its split."""
    label: int
    """Fine label, 0 to 51, or 52 of a person at rest."""
    subject_id: int
    """Index of the subject."""
    name: str
    """File name ``SSSS_BB_NNNN.mp4``: subject, body part from 00, and a counter from 0001."""


def _split_sizes(total: int) -> tuple[int, int, int]:
    """Return how many of a total are in train, val and test."""
    val = round(total * SHARES[1])
    test = round(total * SHARES[2])
    return total - val - test, val, test


def class_counts(num_clips: int, counts: str, rng: np.random.Generator) -> np.ndarray:
    """Return the number of clips of each action.

    Args:
        num_clips (int): Number of clips of all actions.
        counts (str): ``'uniform'`` or ``'long-tailed'``.
        rng (np.random.Generator): Random number generator that breaks ties.

    Returns:
        np.ndarray: Number of clips, shape (52,).
    """
    minimum = 1 if counts == 'long-tailed' else 0
    weights = np.array([a.train_clips if counts == 'long-tailed' else 1 for a in MA52.actions], float)
    ideal = weights / weights.sum() * (num_clips - minimum * len(MA52))
    result = np.floor(ideal).astype(int)
    num_missing = num_clips - minimum * len(MA52) - result.sum()
    # The largest remainders are rounded up. Ties are in random order.
    order = np.lexsort((rng.random(len(MA52)), -np.round(ideal - result, 9)))
    result[order[:num_missing]] += 1
    return result + minimum


def make_plan(settings: SyntheticSettings) -> list[PlanEntry]:
    """Return the plan of a dataset.

    Args:
        settings (SyntheticSettings): Settings of the dataset.

    Returns:
        list[PlanEntry]: Every clip, in the order of the splits.
    """
    rng = make_generator(settings.seed, _PLAN)
    # The index is part of the file name, as in MA-52.
    everyone = FIRST_SUBJECTS['MA-52'] + rng.permutation(settings.subjects)
    if settings.protocol == 'released':
        groups = [everyone] * 3
    else:
        train, val, _ = _split_sizes(settings.subjects)
        groups = np.split(everyone, [train, train + val])
    counters = np.zeros((settings.subjects, len(MA52_REST.groups)), int)
    # Clips at rest have a generator of their own, so that all other clips are the same without them.
    rest_rng = make_generator(settings.seed, _REST)
    plan = []
    sizes = zip(_split_sizes(settings.clips), _split_sizes(settings.rest))
    for split, ((num_clips, num_rests), group) in enumerate(zip(sizes, groups)):
        counts = class_counts(num_clips, settings.counts, rng)
        labels = rng.permutation(np.repeat(np.arange(len(MA52)), counts))
        subjects = group[rng.integers(len(group), size=num_clips)]
        labels = np.append(labels, np.full(num_rests, len(MA52_REST) - 1))
        subjects = np.append(subjects, group[rest_rng.integers(len(group), size=num_rests)])
        for index, (label, subject) in enumerate(zip(labels.tolist(), subjects.tolist())):
            part = int(MA52_REST.fine_to_coarse[label])
            counters[subject, part] += 1
            name = f'{subject:04d}_{part:02d}_{counters[subject, part]:04d}.mp4'
            plan.append(PlanEntry(split, index, label, subject, name))
    return plan


def annotation_lines(plan: list[PlanEntry], split: int) -> str:
    """Return the annotation file of a split as in MA-52: ``name.mp4 label``, sorted by name, with CRLF line ends."""
    return ''.join(sorted(f'{entry.name} {entry.label}\r\n' for entry in plan if entry.split == split))
