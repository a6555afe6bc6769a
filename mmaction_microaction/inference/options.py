"""Options of the inferencer: their defaults, which depend on the network, and their ranges."""

from typing import NamedTuple

import numpy as np

DEFAULTS = {False: dict(window=1.5, min_score=0.0), True: dict(window=15.0, min_score=0.3)}
"""Default window and minimum score of a recognizer of clips (False) and of a detector (True). Clips of MA-52 last 1.9
seconds on average. The videos of MMA-52, on which detectors are trained, last 5 to 15 seconds."""


class Options(NamedTuple):
    """Options of the inferencer, see :class:`.MicroActionInferencer`."""

    batch_size: int
    """Number of windows that a recognizer scores at once."""
    longest_clip: float
    """Duration in seconds up to which a recognizer treats a video as one clip."""
    window: float
    """Length of a window in seconds."""
    step: float
    """Seconds from the start of one window to the start of the next."""
    switch_cost: float
    """Evidence that a change of the action requires."""
    min_score: float
    """Minimum score of an interval."""
    min_duration: float
    """Minimum duration of an interval in seconds."""


def complete_options(
    is_detector: bool,
    longest_window: float,
    *,
    batch_size: int,
    longest_clip: float,
    window: float | None,
    step: float | None,
    switch_cost: float,
    min_score: float | None,
    min_duration: float,
) -> Options:
    """Replace None by the default for a network, and check all options.

    Args:
        is_detector (bool): Whether the network is a detector.
        longest_window (float): Length of the longest window that the network accepts, in seconds.
        batch_size (int): Number of windows that a recognizer scores at once.
        longest_clip (float): Duration in seconds up to which a recognizer treats a video as one clip.
        window (float | None): Length of a window in seconds.
        step (float | None): Seconds from the start of one window to the start of the next.
        switch_cost (float): Evidence that a change of the action requires.
        min_score (float | None): Minimum score of an interval.
        min_duration (float): Minimum duration of an interval in seconds.

    Returns:
        Options: The options.

    Raises:
        ValueError: If an option is out of range.
    """
    if window is None:
        window = min(DEFAULTS[is_detector]['window'], longest_window)
    if step is None:
        step = 2 / 3 * window if is_detector else 0.5
    if min_score is None:
        min_score = DEFAULTS[is_detector]['min_score']
    for name, value, valid, expected in (
        ('batch_size', batch_size, batch_size >= 1, 'at least 1'),
        ('longest_clip', longest_clip, longest_clip >= 0, 'at least 0 s'),
        ('window', window, 0 < window < np.inf, 'above 0 s'),
        (
            'window',
            window,
            window <= longest_window,
            f'at most {longest_window:g} s, the length that the file was exported for',
        ),
        ('step', step, 0.01 <= step <= window, f'at least 0.01 s and at most the window, {window} s'),
        ('switch_cost', switch_cost, switch_cost >= 0, 'at least 0'),
        ('min_score', min_score, 0 <= min_score <= 1, 'a probability, from 0 to 1'),
        ('min_duration', min_duration, min_duration >= 0, 'at least 0 s'),
    ):
        if not valid:
            raise ValueError(f'{name} is {value}, but must be {expected}')
    return Options(batch_size, longest_clip, window, step, switch_cost, min_score, min_duration)
