"""Whether a confidence of 70 % is right seven times out of ten."""

from typing import NamedTuple

import numpy as np


class Calibration(NamedTuple):
    """Confidence and accuracy of M bins of clips; arrays have shape (M,)."""

    confidence: np.ndarray
    """Mean confidence of the clips of a bin, 0 to 1; NaN for an empty bin."""
    accuracy: np.ndarray
    """Share of them that are right, 0 to 1; NaN for an empty bin."""
    clips: np.ndarray
    """Number of clips in a bin."""
    error: float
    """Expected calibration error, 0 to 1."""


def calibration_bins(confidences, right, bins=15):
    r"""Compare how sure a network is with how often it is right.

    Clips are sorted into bins of equal width by their confidence, the probability of the best class, bin m being
    :math:`(\frac{m-1}{M}, \frac{m}{M}]`. The expected calibration error is

    .. math:: ECE = \sum_{m=1}^{M} \frac{|B_m|}{N} \, |acc(B_m) - conf(B_m)|

    (Naeini et al., AAAI 2015; Guo et al., *On Calibration of Modern Neural Networks*, ICML 2017, Eq. 3). It depends on
    the number of bins and on that of clips, and is comparable only between runs on the same clips.

    Args:
        confidences (np.ndarray): Probability of the predicted class, shape (N,).
        right (np.ndarray): Whether the prediction is right, booleans of shape (N,).
        bins (int): Number of bins M. Defaults to 15, as in Guo et al.

    Returns:
        Calibration: The bins, from unsure to sure, and the error.

    Raises:
        ValueError: If the shapes differ, there is no clip, or a confidence is no probability.
    """
    confidences, right = np.asarray(confidences, dtype=float), np.asarray(right, dtype=float)
    if confidences.shape != right.shape or confidences.ndim != 1 or not confidences.size:
        raise ValueError(
            f'expected two arrays of the same length, at least 1, got shapes {confidences.shape} and {right.shape}'
        )
    # Written so that NaN fails too. A sum over views may exceed 1 by rounding.
    if not (confidences.min() >= 0 and confidences.max() <= 1 + 1e-6):
        raise ValueError(f'confidences must be 0 to 1, got {confidences.min():.4g} to {confidences.max():.4g}')
    bin_of_clip = np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], confidences, side='left')
    clips = np.bincount(bin_of_clip, minlength=bins)
    confidence, accuracy = (
        np.divide(
            np.bincount(bin_of_clip, weights=values, minlength=bins), clips, out=np.full(bins, np.nan), where=clips > 0
        )
        for values in (confidences, right)
    )
    error = np.nansum(clips * np.abs(accuracy - confidence)) / len(confidences)
    return Calibration(confidence, accuracy, clips, float(error))
