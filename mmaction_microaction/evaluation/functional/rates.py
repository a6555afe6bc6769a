"""Rates of events, and their intervals of confidence."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2


def poisson_interval(counts: ArrayLike, confidence: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Return the exact interval of confidence of the expected number of events (Garwood, *Biometrika*, 1936).

    It holds for events that happen independently of each other. For events that come in series, it is too narrow.

    Args:
        counts (ArrayLike): Numbers of events, of any shape.
        confidence (float): Level of confidence, above 0 and below 1. Defaults to 0.95.

    Returns:
        tuple[np.ndarray, np.ndarray]: Lower and upper ends, in the shape of the counts. Divide them by the duration of
        the observation for an interval of the rate.

    Raises:
        ValueError: If a number is negative or not whole, or the level is not between 0 and 1.

    Examples:
        >>> lower, upper = poisson_interval([0, 10])
        >>> lower.round(2).tolist(), upper.round(2).tolist()
        ([0.0, 4.8], [3.69, 18.39])
    """
    counts = np.asarray(counts, dtype=float)
    if not ((counts >= 0) & (counts == np.floor(counts))).all():
        raise ValueError(f'expected numbers of events, got {counts.tolist()!r:.60}')
    if not 0 < confidence < 1:
        raise ValueError(f'confidence must be above 0 and below 1, got {confidence}')
    tail = (1 - confidence) / 2
    # The quantile of 0 degrees of freedom is not defined; the lower end is then 0.
    lower = np.where(counts > 0, chi2.ppf(tail, 2 * np.maximum(counts, 1)) / 2, 0.0)
    return lower, chi2.ppf(1 - tail, 2 * (counts + 1)) / 2
