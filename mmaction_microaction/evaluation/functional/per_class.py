"""What is right and wrong class by class."""

from typing import NamedTuple

import numpy as np

from .f1 import count_matches


class PerClass(NamedTuple):
    """Scores of each of K classes, every field of shape (K,)."""

    precision: np.ndarray
    """0 to 1; NaN for a class that is never predicted."""
    recall: np.ndarray
    """0 to 1; NaN for a class that is never true."""
    f1: np.ndarray
    """0 to 1; NaN for a class that is neither. The mean of the others is :func:`f1_macro`."""
    support: np.ndarray
    """How often the class is true."""
    predicted: np.ndarray
    """How often it is predicted."""


class ConfusedPair(NamedTuple):
    """Two different classes, of which one was taken for the other."""

    true: int
    predicted: int
    clips: int
    share: float
    """Of the clips of the true class, 0 to 1."""


def per_class_scores(labels, predictions, num_classes):
    """Compute precision, recall and F1 of every class.

    As scikit-learn's ``precision_recall_fscore_support(labels=range(num_classes), zero_division=nan)``.

    Args:
        labels, predictions, num_classes: See :func:`count_matches`.

    Returns:
        PerClass: The scores; NaN stands where one is not defined.

    Raises:
        ValueError: See :func:`count_matches`.
    """
    hits, support, predicted = count_matches(labels, predictions, num_classes)
    return PerClass(
        _ratio(hits, predicted), _ratio(hits, support), _ratio(2 * hits, support + predicted), support, predicted
    )


def confusion_matrix(labels, predictions, num_classes):
    """Count how often each class was taken for each.

    As scikit-learn's ``confusion_matrix(labels=range(num_classes))``.

    Args:
        labels, predictions, num_classes: See :func:`count_matches`.

    Returns:
        np.ndarray: Counts, shape (K, K); rows are the true classes.

    Raises:
        ValueError: See :func:`count_matches`; and if a sample has no prediction.
    """
    count_matches(labels, predictions, num_classes)  # for its errors
    if np.min(predictions) < 0:
        raise ValueError(f'sample {int(np.argmin(predictions))} has no prediction, hence no column')
    pairs = np.asarray(labels) * num_classes + np.asarray(predictions)
    return np.bincount(pairs, minlength=num_classes**2).reshape(num_classes, num_classes)


def most_confused_pairs(counts, limit=None):
    """List the classes that were taken for another one most often.

    Args:
        counts (np.ndarray): Confusion matrix, shape (K, K); rows are the true classes.
        limit (int, optional): Length of the list. Defaults to all pairs that were confused at all.

    Returns:
        list[ConfusedPair]: By falling number of clips; of equal numbers, the larger share of the true class first.
    """
    counts = np.asarray(counts)
    true, predicted = np.nonzero(counts * (1 - np.eye(len(counts), dtype=int)))
    clips = counts[true, predicted]
    shares = clips / counts.sum(axis=1)[true]
    order = np.lexsort((predicted, true, -shares, -clips))[:limit]
    return [ConfusedPair(int(true[i]), int(predicted[i]), int(clips[i]), float(shares[i])) for i in order]


def frequency_groups(train_clips):
    """Divide classes into thirds by how often they were trained on: head, medium and tail.

    Args:
        train_clips (np.ndarray): Clips per class, shape (K,).

    Returns:
        np.ndarray: Shape (K,): 0 for the most frequent third, 1, and 2 for the rarest. Where K is no multiple of 3 the
        first groups are larger by one; of equally frequent classes the lower index comes first.
    """
    order = np.argsort(-np.asarray(train_clips), kind='stable')
    groups = np.empty(len(order), dtype=int)
    for group, classes in enumerate(np.array_split(order, 3)):
        groups[classes] = group
    return groups


def mean_by_group(values, groups):
    """Average over the classes of each group that have a value.

    Args:
        values (np.ndarray): One number per class, shape (K,), NaN where it is not defined.
        groups (np.ndarray): Group of each class, 0 to 2, shape (K,).

    Returns:
        np.ndarray: Shape (3,); NaN for a group without any value.
    """
    values, groups = np.asarray(values, dtype=float), np.asarray(groups)
    known = ~np.isnan(values)
    sums = np.bincount(groups[known], weights=values[known], minlength=3)
    return _ratio(sums, np.bincount(groups[known], minlength=3))


def _ratio(numerator, denominator):
    """Divide where there is something to divide by; NaN elsewhere."""
    return np.divide(numerator, denominator, out=np.full(len(denominator), np.nan), where=denominator > 0)
