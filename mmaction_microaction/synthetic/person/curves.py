"""Time courses of movements: each is a function of time in seconds, shape (T,), and returns shape (T,)."""

import numpy as np


def ramp(times, start, end):
    """Minimum-jerk rise from 0 before `start` to 1 after `end`: how a limb moves from one place to another."""
    u = np.clip((times - start) / max(end - start, 1e-6), 0.0, 1.0)
    return u * u * u * (10.0 + u * (6.0 * u - 15.0))


def pulse(times, start, reached, left, end):
    """Rise from 0 at `start` to 1 at `reached`, stay until `left`, fall back to 0 at `end`."""
    return ramp(times, start, reached) - ramp(times, left, end)


def oscillation(times, start, end, frequency, phase=0.0):
    """Sine of amplitude 1 between `start` and `end`, with soft ends, 0 elsewhere; `frequency` in hertz."""
    edge = min(0.12, 0.25 * (end - start))
    return pulse(times, start, start + edge, end - edge, end) * np.sin(2 * np.pi * frequency * (times - start) + phase)


def taps(times, start, end, frequency):
    """Heights between 0 and 1 of a hand that taps: 0 at each tap, `frequency` taps a second."""
    edge = min(0.12, 0.25 * (end - start))
    return pulse(times, start, start + edge, end - edge, end) * (
        0.5 - 0.5 * np.cos(2 * np.pi * frequency * (times - start))
    )


def wander(times, rng, cutoff):
    """Smooth random drift with unit variance.

    Args:
        times (np.ndarray): Shape (T,).
        rng (np.random.Generator): Source of the frequencies and phases.
        cutoff (float): Highest frequency in hertz.

    Returns:
        np.ndarray: Shape (T,).
    """
    frequencies = rng.uniform(0.15, 1.0, 4) * cutoff
    phases = rng.uniform(0.0, 2 * np.pi, 4)
    return np.sin(2 * np.pi * frequencies * times[:, None] + phases).sum(-1) / np.sqrt(2.0)
