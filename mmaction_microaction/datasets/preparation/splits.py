"""Splits of labelled clips, with scikit-learn: by subject where the subjects are known, else stratified by class."""

import warnings
from collections.abc import Iterator, Sequence

import numpy as np
from sklearn.model_selection import (
    GroupShuffleSplit,
    LeaveOneGroupOut,
    StratifiedGroupKFold,
    StratifiedKFold,
    StratifiedShuffleSplit,
)

from mmaction_microaction.utils.messages import format_count

_CANDIDATES = 100
"""Number of random divisions of the subjects, of which the best one is taken."""


def hold_out(
    labels: Sequence[int], subjects: Sequence[str] | None, share: float, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Divide clips into two parts.

    With subjects, no subject is in both parts. Of 100 random divisions of the subjects, the result is the one in which
    the share of held-out clips is, class by class, closest to the wanted one. Without subjects, the same share of each
    class is held out; a class with a single clip is not.

    Args:
        labels (Sequence[int]): Class of each clip, shape (N,).
        subjects (Sequence[str] | None): Subject of each clip, shape (N,), or None if the subjects are not known.
        share (float): Share of the clips to hold out, between 0 and 1.
        seed (int): Random seed. Defaults to 0.

    Returns:
        tuple[np.ndarray, np.ndarray]: Sorted indices of the other clips, and of those that are held out.

    Raises:
        ValueError: If there are too few clips or subjects for two parts.

    Examples:
        >>> kept, held_out = hold_out([0, 0, 0, 1, 1, 1], ['a', 'b', 'c', 'a', 'b', 'c'], 0.33)
        >>> len(kept), len(held_out)
        (4, 2)
    """
    labels = np.asarray(labels)
    if subjects is None:
        return _hold_out_clips(labels, share, seed)
    num_subjects = len(set(subjects))
    if num_subjects < 2:
        raise ValueError(f'{num_subjects} subject cannot be in two splits; record more people, or leave out --subjects')
    wanted = share * np.bincount(labels)
    test_size = min(max(round(share * num_subjects), 1), num_subjects - 1)
    splitter = GroupShuffleSplit(_CANDIDATES, test_size=test_size, random_state=seed)
    candidates = splitter.split(labels, groups=np.asarray(subjects))
    kept, held_out = min(
        candidates, key=lambda parts: np.abs(np.bincount(labels[parts[1]], minlength=len(wanted)) - wanted).sum()
    )
    return np.sort(kept), np.sort(held_out)


def _hold_out_clips(labels: np.ndarray, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Divide clips without regard to subjects. A class with a single clip stays in the first part."""
    counts = np.bincount(labels)
    several = np.flatnonzero(counts[labels] > 1)
    num_classes = np.count_nonzero(counts > 1)
    if not len(several):
        raise ValueError('every class has a single clip, which cannot be in two splits; add clips')
    # The splitter wants at least one clip per class in both parts.
    test_size = min(max(round(share * len(several)), num_classes), len(several) - num_classes)
    splitter = StratifiedShuffleSplit(1, test_size=test_size, random_state=seed)
    _, chosen = next(splitter.split(several, labels[several]))
    held_out = np.sort(several[chosen])
    return np.setdiff1d(np.arange(len(labels)), held_out), held_out


def make_folds(
    labels: Sequence[int], subjects: Sequence[str] | None, num_folds: int | None, seed: int = 0
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Divide clips for cross-validation. Each clip is held out in exactly one fold.

    Args:
        labels (Sequence[int]): Class of each clip, shape (N,).
        subjects (Sequence[str] | None): Subject of each clip, shape (N,), or None if the subjects are not known. No
            subject is in both parts of a fold.
        num_folds (int | None): Number of folds. None makes one fold per subject, in the order of their names.
        seed (int): Random seed. Defaults to 0.

    Yields:
        tuple[np.ndarray, np.ndarray]: Indices of the clips to train on, and of those that are held out.

    Raises:
        ValueError: If there are fewer subjects or clips than folds, or no subjects for one fold per subject.

    Examples:
        >>> [held_out.tolist() for _, held_out in make_folds([0, 0, 1, 1], ['a', 'b', 'a', 'b'], None)]
        [[0, 2], [1, 3]]
    """
    labels = np.asarray(labels)
    if num_folds is None and subjects is None:
        raise ValueError('one fold per subject needs the subjects; pass --subjects')
    num_subjects = len(labels) if subjects is None else len(set(subjects))
    if num_subjects < (num_folds or 2):
        raise ValueError(
            f'too few people, {format_count(num_subjects, "subject")}, for {num_folds or 2} folds; record more'
        )
    most = np.bincount(labels).max()
    if most < (num_folds or 0):
        raise ValueError(
            f'no class has more than {format_count(most, "clip")}, too few for {num_folds} folds; use fewer folds'
        )
    if num_folds is None:
        splitter = LeaveOneGroupOut()
    elif subjects is None:
        splitter = StratifiedKFold(num_folds, shuffle=True, random_state=seed)
    else:
        splitter = StratifiedGroupKFold(num_folds, shuffle=True, random_state=seed)
    groups = None if subjects is None else np.asarray(subjects)
    with warnings.catch_warnings():
        warnings.filterwarnings('ignore', 'The least populated class')  # make_lists names such classes
        yield from splitter.split(np.zeros(len(labels)), labels, groups)
