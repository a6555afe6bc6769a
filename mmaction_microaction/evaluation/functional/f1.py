"""F1 scores of single-label classification, from true and predicted labels."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def check_labels(labels: ArrayLike, predictions: ArrayLike, num_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Check true and predicted labels, and return them as arrays.

    Args:
        labels (ArrayLike): True labels, integers from 0 to num_classes - 1, shape (N,).
        predictions (ArrayLike): Predicted labels, integers from 0 to num_classes - 1, shape (N,); -1 for a sample
            without a prediction.
        num_classes (int): Number of classes K.

    Returns:
        tuple[np.ndarray, np.ndarray]: Labels and predictions.

    Raises:
        ValueError: If the shapes differ, there is no sample, or a value is not an integer or out of range. The message
            names the sample.

    Examples:
        >>> check_labels([0, 1], [1, -1], num_classes=2)
        (array([0, 1]), array([ 1, -1]))
    """
    labels, predictions = np.asarray(labels), np.asarray(predictions)
    if labels.shape != predictions.shape or labels.ndim != 1 or not labels.size:
        raise ValueError(
            f'expected two arrays of the same length, at least 1, got shapes {labels.shape} and {predictions.shape}'
        )
    for name, values, minimum in (('label', labels, 0), ('prediction', predictions, -1)):
        if values.dtype.kind not in 'iu':
            raise ValueError(f'{name}s must be integers, got {values.dtype}')
        wrong = np.flatnonzero((values < minimum) | (values >= num_classes))
        if wrong.size:
            sample = wrong[0]
            raise ValueError(f'{name} {values[sample]} of sample {sample} is not one of 0 to {num_classes - 1}')
    return labels, predictions


def count_matches(
    labels: ArrayLike, predictions: ArrayLike, num_classes: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Count the samples of each class that precision and recall are computed from.

    Args:
        labels (ArrayLike): True labels, integers from 0 to num_classes - 1, shape (N,).
        predictions (ArrayLike): Predicted labels, integers from 0 to num_classes - 1, shape (N,); -1 for a sample
            without a prediction.
        num_classes (int): Number of classes K.

    Returns:
        tuple[np.ndarray, np.ndarray, np.ndarray]: True positives, support (number of samples with this label) and
        number of samples with this prediction, each of shape (K,).

    Raises:
        ValueError: If the shapes differ, there is no sample, or a value is out of range. The message names the sample.

    Examples:
        >>> true_positives, support, predicted = count_matches([0, 0, 1], [0, 1, 1], num_classes=3)
        >>> true_positives.tolist(), support.tolist(), predicted.tolist()
        ([1, 1, 0], [2, 1, 0], [1, 2, 0])
    """
    labels, predictions = check_labels(labels, predictions, num_classes)
    return tuple(
        np.bincount(values, minlength=num_classes)
        for values in (labels[labels == predictions], labels, predictions[predictions >= 0])
    )


def f1_macro(labels: ArrayLike, predictions: ArrayLike, num_classes: int) -> float:
    """Return the mean of the F1 scores of the classes, which the challenges and the authors' evaluation report.

    A class that is neither true nor predicted has no F1 score and is left out, as in scikit-learn's
    ``f1_score(average='macro')`` without ``labels``, which the authors call.

    Args:
        labels (ArrayLike): True labels, integers from 0 to num_classes - 1, shape (N,).
        predictions (ArrayLike): Predicted labels, shape (N,); -1 for a sample without a prediction.
        num_classes (int): Number of classes K.

    Returns:
        float: Macro F1, 0 to 1.

    Raises:
        ValueError: If the shapes differ, there is no sample, or a value is out of range. The message names the sample.

    See Also:
        :func:`f1_macro_of_means`, the definition that the paper prints.

    Examples:
        >>> round(f1_macro([0, 0, 1], [0, 2, 1], num_classes=4), 4)  # (2 / 3 + 1 + 0) / 3
        0.5556
    """
    true_positives, support, predicted = count_matches(labels, predictions, num_classes)
    present = support + predicted > 0
    return float(np.mean(2 * true_positives[present] / (support + predicted)[present]))


def f1_micro(labels: ArrayLike, predictions: ArrayLike, num_classes: int) -> float:
    """Return the F1 score of the pooled counts (Guo et al., Eq. 4).

    With one label per sample it equals the top-1 accuracy. A missing prediction counts as wrong.

    Args:
        labels (ArrayLike): True labels, integers from 0 to num_classes - 1, shape (N,).
        predictions (ArrayLike): Predicted labels, shape (N,); -1 for a sample without a prediction.
        num_classes (int): Number of classes K.

    Returns:
        float: Micro F1, 0 to 1.

    Raises:
        ValueError: If the shapes differ, there is no sample, or a value is out of range. The message names the sample.

    Examples:
        >>> f1_micro([0, 0, 1, 1], [0, 2, 1, -1], num_classes=4)
        0.5
    """
    true_positives, support, _ = count_matches(labels, predictions, num_classes)
    return float(true_positives.sum() / support.sum())


def f1_macro_of_means(labels: ArrayLike, predictions: ArrayLike, num_classes: int) -> float:
    """Return the harmonic mean of macro precision and macro recall, as Eq. 5 of Guo et al. is printed.

    A class that is never predicted has precision 0. A class that is never true has recall 0. A class that is neither
    true nor predicted is left out.

    Args:
        labels (ArrayLike): True labels, integers from 0 to num_classes - 1, shape (N,).
        predictions (ArrayLike): Predicted labels, shape (N,); -1 for a sample without a prediction.
        num_classes (int): Number of classes K.

    Returns:
        float: Macro F1, 0 to 1.

    Raises:
        ValueError: If the shapes differ, there is no sample, or a value is out of range. The message names the sample.

    See Also:
        :func:`f1_macro`, the definition of the challenges and of scikit-learn.

    Examples:
        >>> f1_macro_of_means([0, 0, 1], [0, 1, 1], num_classes=4)  # precision (1 + 1/2) / 2, recall (1/2 + 1) / 2
        0.75
    """
    true_positives, support, predicted = count_matches(labels, predictions, num_classes)
    present = support + predicted > 0
    precision = np.mean(true_positives[present] / np.maximum(predicted[present], 1))
    recall = np.mean(true_positives[present] / np.maximum(support[present], 1))
    return float(2 * precision * recall / (precision + recall)) if precision + recall else 0.0
