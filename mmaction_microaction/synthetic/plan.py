"""Which clips a data set consists of: splits, class counts, subjects and names."""

from dataclasses import asdict, dataclass
from typing import NamedTuple

import numpy as np

from mmaction_microaction.label_sets.ma52 import ACTIONS, BODY_PARTS, FINE_TO_COARSE, NUM_ACTIONS

from .clip import video_size

COUNTS = ('uniform', 'long-tailed')
PROTOCOLS = ('cross-subject', 'released')
SHARES = (0.5, 0.25, 0.25)
"""Shares of train, val and test in the clips and, across subjects, in the subjects; MA-52 has 50, 25 and 25 %."""


@dataclass(frozen=True)
class Settings:
    """What determines a data set, to the last pixel.

    Attributes:
        clips (int): Number of clips in all splits together.
        size (tuple[int, int]): Width and height of the videos in pixels.
        seed (int): Seed of all random numbers.
        counts (str): ``'uniform'``, or ``'long-tailed'``: proportional to the train counts of MA-52, at least one each.
        protocol (str): ``'cross-subject'``: no subject is in two splits; ``'released'``: all splits share the subjects,
            as in the released split of MA-52.
        subjects (int): Number of subjects.

    Raises:
        ValueError: If a value makes no data set.
    """

    clips: int = 2080
    size: tuple = (112, 134)
    seed: int = 0
    counts: str = 'uniform'
    protocol: str = 'cross-subject'
    subjects: int = 200

    def __post_init__(self):
        object.__setattr__(self, 'size', video_size('x'.join(map(str, self.size))))
        if self.seed < 0:
            raise ValueError(f'seed {self.seed}: must not be negative')
        for name, value, known in (('counts', self.counts, COUNTS), ('protocol', self.protocol, PROTOCOLS)):
            if value not in known:
                raise ValueError(f'{name} {value!r}: must be one of {", ".join(known)}')
        if not 4 <= self.subjects <= 9999:
            raise ValueError(f'{self.subjects} subjects: must be from 4, for one in each split, to 9999')
        if self.clips < 4:
            raise ValueError(f'{self.clips} clips: must be at least 4, for one in each split')
        smallest = min(_shares(self.clips))
        if self.counts == 'long-tailed' and smallest < NUM_ACTIONS:
            raise ValueError(
                f'{self.clips} clips leave {smallest} for the smallest split, too few for one of each of the '
                f'{NUM_ACTIONS} actions: ask for at least {4 * NUM_ACTIONS} clips, or for uniform counts'
            )

    def asdict(self):
        """dict: The settings, ready for JSON."""
        return {**asdict(self), 'size': list(self.size)}


class Entry(NamedTuple):
    """A clip of the plan."""

    split: int
    index: int
    label: int
    subject_id: int
    name: str
    """File name, ``SSSS_BB_NNNN.mp4``: subject, body part counted from 0, running number."""


def _shares(total):
    """Split a number into train, val and test."""
    val = round(total * SHARES[1])
    test = round(total * SHARES[2])
    return total - val - test, val, test


def class_counts(num_clips, counts, rng):
    """Number of clips of each action.

    Args:
        num_clips (int): Their sum.
        counts (str): ``'uniform'`` or ``'long-tailed'``.
        rng (np.random.Generator): Settles which actions get one more.

    Returns:
        np.ndarray: Shape (52,).
    """
    least = 1 if counts == 'long-tailed' else 0
    weights = np.array([a.train_clips if counts == 'long-tailed' else 1 for a in ACTIONS], float)
    ideal = weights / weights.sum() * (num_clips - least * NUM_ACTIONS)
    result = np.floor(ideal).astype(int)
    missing = num_clips - least * NUM_ACTIONS - result.sum()
    # Largest remainders first, ties in random order.
    order = np.lexsort((rng.random(NUM_ACTIONS), -np.round(ideal - result, 9)))
    result[order[:missing]] += 1
    return result + least


def make_plan(settings):
    """List the clips of a data set.

    Args:
        settings (Settings): The data set.

    Returns:
        list[Entry]: All clips, split by split.
    """
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence((settings.seed, 99))))
    everyone = rng.permutation(settings.subjects)
    if settings.protocol == 'released':
        groups = [everyone] * 3
    else:
        train, val, _ = _shares(settings.subjects)
        groups = np.split(everyone, [train, train + val])
    numbers = np.zeros((settings.subjects, len(BODY_PARTS)), int)
    plan = []
    for split, (num_clips, group) in enumerate(zip(_shares(settings.clips), groups)):
        counts = class_counts(num_clips, settings.counts, rng)
        labels = rng.permutation(np.repeat(np.arange(NUM_ACTIONS), counts))
        subjects = group[rng.integers(len(group), size=num_clips)]
        for index, (label, subject) in enumerate(zip(labels.tolist(), subjects.tolist())):
            part = int(FINE_TO_COARSE[label])
            numbers[subject, part] += 1
            name = f'{subject:04d}_{part:02d}_{numbers[subject, part]:04d}.mp4'
            plan.append(Entry(split, index, label, subject, name))
    return plan


def list_lines(plan, split):
    """Lines of a split's list, as in MA-52: ``name.mp4 label``, sorted by name, ended by CRLF."""
    return ''.join(sorted(f'{entry.name} {entry.label}\r\n' for entry in plan if entry.split == split))
