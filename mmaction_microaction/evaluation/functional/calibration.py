"""Calibration: whether predictions with a confidence of 70 % are correct seven times out of ten."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike


class Calibration(NamedTuple):
    """Confidence and accuracy of the clips in M bins. Arrays have shape (M,)."""

    confidence: np.ndarray
    """Mean confidence of the clips in a bin, 0 to 1; NaN for an empty bin."""
    accuracy: np.ndarray
    """Share of the clips in a bin that are predicted correctly, 0 to 1; NaN for an empty bin."""
    clips: np.ndarray
    """Number of clips in a bin."""
    error: float
    """Expected calibration error, 0 to 1; lower is better."""


def calibration_bins(correct: ArrayLike, confidences: ArrayLike, n_bins: int = 15) -> Calibration:
    r"""Compare the confidence of a network with its accuracy.

    The confidence of a clip is the probability of its predicted class. Clips are sorted by confidence into bins of
    equal width; bin m is :math:`(\frac{m-1}{M}, \frac{m}{M}]`. The expected calibration error is

    .. math:: ECE = \sum_{m=1}^{M} \frac{|B_m|}{N} \, |acc(B_m) - conf(B_m)|

    (Naeini et al., AAAI 2015; Guo et al., *On Calibration of Modern Neural Networks*, ICML 2017, Eq. 3). It depends on
    the number of bins and on the number of clips. Compare it only between runs on the same clips.

    Args:
        correct (ArrayLike): Whether the prediction is correct, booleans of shape (N,).
        confidences (ArrayLike): Probability of the predicted class, shape (N,).
        n_bins (int): Number of bins M. Defaults to 15, as in Guo et al.

    Returns:
        Calibration: The bins, by ascending confidence, and the error.

    Raises:
        ValueError: If the shapes differ, there is no clip, ``correct`` has values other than 0 and 1, a confidence
            is not a probability, or ``n_bins`` is below 1.

    Examples:
        >>> calibration = calibration_bins([True, False, True, True], [0.4, 0.4, 0.9, 0.9], n_bins=2)
        >>> calibration.accuracy.tolist()
        [0.5, 1.0]
        >>> round(calibration.error, 4)  # (0.5 - 0.4) / 2 + (1 - 0.9) / 2
        0.1
    """
    if n_bins < 1:
        raise ValueError(f'n_bins must be at least 1, got {n_bins}')
    correct, confidences = np.asarray(correct, dtype=float), np.asarray(confidences, dtype=float)
    if correct.shape != confidences.shape or correct.ndim != 1 or not correct.size:
        raise ValueError(
            f'expected two arrays of the same length, at least 1, got shapes {correct.shape} and {confidences.shape}'
        )
    if not np.isin(correct, (0, 1)).all():
        raise ValueError('correct must be True or False for each clip')
    # Written so that NaN fails too. A sum over views may exceed 1 by rounding.
    if not (confidences.min() >= 0 and confidences.max() <= 1 + 1e-6):
        raise ValueError(f'confidences must be 0 to 1, got {confidences.min():.4g} to {confidences.max():.4g}')
    bin_of_clip = np.searchsorted(np.linspace(0, 1, n_bins + 1)[1:-1], confidences, side='left')
    clips = np.bincount(bin_of_clip, minlength=n_bins)

    def mean_of_bins(values: np.ndarray) -> np.ndarray:
        sums = np.bincount(bin_of_clip, weights=values, minlength=n_bins)
        return np.divide(sums, clips, out=np.full(n_bins, np.nan), where=clips > 0)

    confidence, accuracy = mean_of_bins(confidences), mean_of_bins(correct)
    error = np.nansum(clips * np.abs(accuracy - confidence)) / len(confidences)
    return Calibration(confidence, accuracy, clips, float(error))
