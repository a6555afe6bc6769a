"""Scores of Tables VI and VII: emotions, and micro-actions of which several occur in a video."""

import numpy as np

from mmaction_microaction.label_sets.ma52 import EMOTIONS

from .accuracy import rank_classes
from .f1 import f1_macro
from .per_class import per_class_scores


def emotion_scores(scores, labels):
    """Compute the scores of the emotions (section VI-B).

    Of equal scores the first emotion is predicted. An emotion that is neither true nor predicted has no F1 score and
    does not count in UF1; one that is never true has no accuracy and does not count in UAR. This is scikit-learn's
    ``f1_score`` of ``average='macro'`` and ``'weighted'``, and ``balanced_accuracy_score``.

    Args:
        scores (np.ndarray): Of each emotion, shape (N, 5).
        labels (np.ndarray): True emotions, shape (N,).

    Returns:
        dict[str, float]: In percent: ``Acc``; ``F1_weighted``, the mean of the F1 scores, each weighted by how often
        the emotion is true; ``UF1``, their plain mean; ``UAR``, the plain mean of the accuracies per emotion; and
        these, ``Acc_joy`` and so on, NaN for an emotion that is never true.

    Raises:
        ValueError: If shapes or values do not fit.
    """
    scores, labels = np.asarray(scores), np.asarray(labels)
    if scores.shape != (len(labels), len(EMOTIONS)):
        raise ValueError(f'expected scores of shape ({len(labels)}, {len(EMOTIONS)}), got {scores.shape}')
    predictions = rank_classes(scores)[:, 0]
    per_class = per_class_scores(labels, predictions, len(EMOTIONS))
    result = {
        'Acc': np.mean(labels == predictions),
        'F1_weighted': np.average(np.nan_to_num(per_class.f1), weights=per_class.support),
        'UF1': f1_macro(labels, predictions, len(EMOTIONS)),
        'UAR': np.nanmean(per_class.recall),
        **{f'Acc_{emotion}': recall for emotion, recall in zip(EMOTIONS, per_class.recall)},
    }
    return {name: 100 * float(value) for name, value in result.items()}


def average_precisions(scores, labels):
    """Average precision of each row of scores: the mean, over what is true, of the precision down to its score.

    As scikit-learn's ``average_precision_score`` and ``label_ranking_average_precision_score``, which differ where
    nothing is true: the one then gives 0, the other 1. Over the columns it is the ranking of the videos for each class.

    Args:
        scores (np.ndarray): Shape (N, K).
        labels (np.ndarray): 1 for what is true and 0 for what is not, same shape.

    Returns:
        np.ndarray: 0 to 1, shape (N,); NaN where nothing is true.

    Raises:
        ValueError: If the shapes differ, or a label is neither 0 nor 1.
    """
    scores, labels = np.asarray(scores), np.asarray(labels)
    if scores.ndim != 2 or scores.shape != labels.shape:
        raise ValueError(f'expected scores and labels of one shape (N, K), got {scores.shape} and {labels.shape}')
    if not np.isin(labels, (0, 1)).all():
        raise ValueError('labels must be 0 or 1')
    return np.array([_average_precision(*row) for row in zip(scores, labels.astype(bool))])


def _average_precision(scores, true):
    """Average precision of one ranking; equal scores share the last of their ranks."""
    if not true.any():
        return np.nan
    rank = len(scores) - np.searchsorted(np.sort(scores), scores[true])
    hits = true.sum() - np.searchsorted(np.sort(scores[true]), scores[true])
    return np.mean(hits / rank)
