"""F1 scores of a single-label classification, from true and predicted labels."""

import numpy as np


def count_matches(labels, predictions, num_classes):
    """Count, per class, what precision and recall are made of.

    Args:
        labels (np.ndarray): True labels, integers of shape (N,), 0 to num_classes - 1.
        predictions (np.ndarray): Predicted labels, likewise; -1 where there is no prediction.
        num_classes (int): Number of classes K.

    Returns:
        tuple[np.ndarray, np.ndarray, np.ndarray]: True positives, support (how often a class is true) and how often it
        is predicted, each of shape (K,).

    Raises:
        ValueError: If the shapes differ, there is no sample, or a value is no class.
    """
    labels, predictions = np.asarray(labels), np.asarray(predictions)
    if labels.shape != predictions.shape or labels.ndim != 1 or not labels.size:
        raise ValueError(
            f'expected two arrays of the same length, at least 1, got shapes {labels.shape} and {predictions.shape}'
        )
    for name, values, least in (('label', labels, 0), ('prediction', predictions, -1)):
        if values.min() < least or values.max() >= num_classes:
            wrong = int(np.flatnonzero((values < least) | (values >= num_classes))[0])
            raise ValueError(f'{name} {values[wrong]} of sample {wrong} is not one of 0 to {num_classes - 1}')
    return tuple(
        np.bincount(values, minlength=num_classes)
        for values in (labels[labels == predictions], labels, predictions[predictions >= 0])
    )


def f1_macro(labels, predictions, num_classes):
    """Mean of the F1 scores of the classes: what the challenges and the authors' evaluation report.

    A class that is neither true nor predicted anywhere has no F1 score and does not count, as in scikit-learn's
    ``f1_score(average='macro')`` without ``labels``, which the authors call.

    Args:
        labels, predictions, num_classes: See :func:`count_matches`.

    Returns:
        float: 0 to 1.
    """
    hits, support, predicted = count_matches(labels, predictions, num_classes)
    present = support + predicted > 0
    return float(np.mean(2 * hits[present] / (support + predicted)[present]))


def f1_micro(labels, predictions, num_classes):
    """F1 of the pooled counts (Guo et al., Eq. 4): with one label per sample, the top-1 accuracy.

    A missing prediction is pooled as one that is wrong.

    Args:
        labels, predictions, num_classes: See :func:`count_matches`.

    Returns:
        float: 0 to 1.
    """
    hits, support, _ = (counts.sum() for counts in count_matches(labels, predictions, num_classes))
    return float(hits / support)


def f1_macro_of_means(labels, predictions, num_classes):
    """Harmonic mean of macro precision and macro recall: Eq. 5 of Guo et al. as it is printed.

    A class that is never predicted has precision 0, one that is never true recall 0; a class that is neither does not
    count.

    Args:
        labels, predictions, num_classes: See :func:`count_matches`.

    Returns:
        float: 0 to 1.
    """
    hits, support, predicted = count_matches(labels, predictions, num_classes)
    present = support + predicted > 0
    precision = np.mean(hits[present] / np.maximum(predicted[present], 1))
    recall = np.mean(hits[present] / np.maximum(support[present], 1))
    return float(2 * precision * recall / (precision + recall)) if precision + recall else 0.0
