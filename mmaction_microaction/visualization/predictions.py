"""Reads what ``mim test mmaction … --dump predictions.pkl`` writes."""

from typing import NamedTuple

import numpy as np

from mmaction_microaction.pickles import load_pickle
from mmaction_microaction.taxonomy import NUM_ACTIONS


class Predictions(NamedTuple):
    """Predictions of N clips."""

    scores: np.ndarray
    """Fine probabilities, shape (N, 52)."""
    labels: np.ndarray
    """True fine labels, shape (N,)."""
    names: list | None
    """Names of the clips; None if not all of them have one."""


def read_predictions(path):
    """Read dumped predictions, without running code from the file.

    Args:
        path (str | Path): Pickled list of dicts with ``pred_score`` of shape (52,) and ``gt_label`` of shape (1,).

    Returns:
        Predictions: Scores, labels and, where ``MA52Dataset`` gave them (``video_id``), names.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is no such list, or of an anonymised split, which has no true labels, or some of the
            clips could not be read.
    """
    samples = load_pickle(path)
    try:
        scores = np.stack([np.asarray(sample['pred_score'], dtype=float) for sample in samples])
        labels = np.array([int(sample['gt_label']) for sample in samples])
        names = [sample.get('video_id') for sample in samples]
        unreadable = [name for sample, name in zip(samples, names) if sample.get('unreadable')]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f'{path} is not what mim test --dump writes ({type(error).__name__}: {error})') from None
    if scores.shape[1:] != (NUM_ACTIONS,):
        raise ValueError(f'{path}: expected {NUM_ACTIONS} scores per clip, got shape {scores.shape[1:]}')
    if not ((labels >= 0) & (labels < NUM_ACTIONS)).all():
        raise ValueError(f'{path} has no true labels from 0 to {NUM_ACTIONS - 1}: is the split anonymised?')
    if unreadable:
        raise ValueError(
            f'{path}: {len(unreadable):,} clips could not be read when they were tested, {unreadable[0]} for one, and '
            'have scores of black frames only. Replace them and test again.'
        )
    return Predictions(scores, labels, None if None in names else [str(name) for name in names])
