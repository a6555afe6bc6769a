"""Metrics of each class, confusions between classes, and frequent and rare classes."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
import sklearn.metrics
from numpy.typing import ArrayLike
from sklearn.metrics import precision_recall_fscore_support

from .f1 import check_labels, count_matches


class PerClassMetrics(NamedTuple):
    """Metrics of each of K classes. All fields have shape (K,)."""

    precision: np.ndarray
    """Precision, 0 to 1; NaN for a class that is never predicted."""
    recall: np.ndarray
    """Recall, 0 to 1; NaN for a class that is never true."""
    f1: np.ndarray
    """F1 score, 0 to 1; NaN for a class that is neither true nor predicted. The mean of the other classes is
    :func:`f1_macro`."""
    support: np.ndarray
    """Number of samples with this label."""
    num_predicted: np.ndarray
    """Number of samples with this prediction."""


class ConfusedPair(NamedTuple):
    """A class that was mistaken for another one."""

    true: int
    """Index of the true class."""
    predicted: int
    """Index of the predicted class."""
    clips: int
    """Number of clips of the true class with this prediction."""
    share: float
    """Share of the clips of the true class, 0 to 1."""


def per_class_metrics(labels: ArrayLike, predictions: ArrayLike, num_classes: int) -> PerClassMetrics:
    """Return precision, recall and F1 of every class.

    It is scikit-learn's ``precision_recall_fscore_support(labels=range(num_classes), zero_division=nan)``.

    Args:
        labels (ArrayLike): True labels, integers from 0 to num_classes - 1, shape (N,).
        predictions (ArrayLike): Predicted labels, shape (N,); -1 for a sample without a prediction.
        num_classes (int): Number of classes K.

    Returns:
        PerClassMetrics: Metrics of each class; NaN where a metric is not defined.

    Raises:
        ValueError: If the shapes differ, there is no sample, or a value is out of range. The message names the sample.

    Examples:
        >>> metrics = per_class_metrics([0, 0, 1], [0, 2, 2], num_classes=3)
        >>> metrics.precision.tolist(), metrics.recall.tolist()
        ([1.0, nan, 0.0], [0.5, 0.0, nan])
    """
    _, _, num_predicted = count_matches(labels, predictions, num_classes)
    metrics = precision_recall_fscore_support(labels, predictions, labels=range(num_classes), zero_division=np.nan)
    return PerClassMetrics(*metrics, num_predicted)


def confusion_matrix(labels: ArrayLike, predictions: ArrayLike, num_classes: int) -> np.ndarray:
    """Count the samples of each true class by their predicted class.

    It is scikit-learn's ``confusion_matrix(labels=range(num_classes))``, and refuses what is not a label.

    Args:
        labels (ArrayLike): True labels, integers from 0 to num_classes - 1, shape (N,).
        predictions (ArrayLike): Predicted labels, integers from 0 to num_classes - 1, shape (N,).
        num_classes (int): Number of classes K.

    Returns:
        np.ndarray: Numbers of samples, shape (K, K). Rows are true classes, columns are predicted classes.

    Raises:
        ValueError: If the shapes differ, there is no sample, or a value is out of range, which includes -1. The
            message names the sample.

    Examples:
        >>> confusion_matrix([0, 0, 1], [0, 1, 1], num_classes=2).tolist()
        [[1, 1], [0, 1]]
    """
    labels, predictions = check_labels(labels, predictions, num_classes)
    if predictions.min() < 0:
        raise ValueError(f'sample {predictions.argmin()} has no prediction, so the matrix has no column for it')
    with warnings.catch_warnings():
        # scikit-learn doubts the matrix of a single class, although it is given the classes.
        warnings.filterwarnings('ignore', 'A single label was found')
        return sklearn.metrics.confusion_matrix(labels, predictions, labels=range(num_classes))


def most_confused_pairs(counts: ArrayLike, limit: int | None = None) -> list[ConfusedPair]:
    """List the most frequent confusions of two classes.

    Args:
        counts (ArrayLike): Confusion matrix, shape (K, K). Rows are true classes.
        limit (int, optional): Maximum number of pairs. Defaults to None: all pairs that were confused.

    Returns:
        list[ConfusedPair]: Pairs by descending number of clips, then by descending share of the true class.

    Examples:
        >>> most_confused_pairs([[9, 3], [1, 3]], limit=1)
        [ConfusedPair(true=0, predicted=1, clips=3, share=0.25)]
    """
    counts = np.asarray(counts)
    true, predicted = np.nonzero(counts * (1 - np.eye(len(counts), dtype=int)))
    clips = counts[true, predicted]
    shares = clips / counts.sum(axis=1)[true]
    order = np.lexsort((predicted, true, -shares, -clips))[:limit]
    return [ConfusedPair(int(true[i]), int(predicted[i]), int(clips[i]), float(shares[i])) for i in order]


def frequency_groups(train_clips: ArrayLike) -> np.ndarray:
    """Divide classes into thirds by their number of training clips: head, medium and tail.

    If K is not a multiple of 3, the first groups are larger by one class. Ties are sorted by ascending
    index.

    Args:
        train_clips (ArrayLike): Number of training clips of each class, shape (K,).

    Returns:
        np.ndarray: Group of each class, shape (K,): 0 for the most frequent third, 1 for the second and 2 for the
        rarest.

    Examples:
        >>> frequency_groups([50, 1, 20]).tolist()
        [0, 2, 1]
    """
    order = np.argsort(-np.asarray(train_clips), kind='stable')
    groups = np.empty(len(order), dtype=int)
    for group, classes in enumerate(np.array_split(order, 3)):
        groups[classes] = group
    return groups


def mean_by_group(values: ArrayLike, groups: ArrayLike) -> np.ndarray:
    """Return the mean over the classes of each group, leaving out classes without a value.

    Args:
        values (ArrayLike): Value of each class, shape (K,); NaN where it is not defined.
        groups (ArrayLike): Group of each class, 0 to 2, shape (K,), see :func:`frequency_groups`.

    Returns:
        np.ndarray: Mean of each group, shape (3,); NaN for a group without any value.

    Examples:
        >>> mean_by_group([0.5, np.nan, 0.25, 0.75], [0, 0, 1, 1]).tolist()
        [0.5, 0.5, nan]
    """
    values, groups = np.asarray(values, dtype=float), np.asarray(groups)
    known = ~np.isnan(values)
    sums = np.bincount(groups[known], weights=values[known], minlength=3)
    return _ratio(sums, np.bincount(groups[known], minlength=3))


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Divide elementwise; NaN where the denominator is 0."""
    return np.divide(numerator, denominator, out=np.full(len(denominator), np.nan), where=denominator > 0)
