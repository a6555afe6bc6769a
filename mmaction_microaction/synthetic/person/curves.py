"""Time courses of movements. Each function maps times in seconds, shape (T,), to values of shape (T,)."""

import numpy as np


def ramp(times: np.ndarray, start: float, end: float) -> np.ndarray:
    """Return a minimum-jerk rise from 0 before `start` to 1 after `end`, the usual time course of a reaching limb."""
    u = np.clip((times - start) / max(end - start, 1e-6), 0.0, 1.0)
    return u * u * u * (10.0 + u * (6.0 * u - 15.0))


def pulse(times: np.ndarray, start: float, top: float, fall: float, end: float) -> np.ndarray:
    """Return a rise from 0 at `start` to 1 at `top`, and a fall from 1 at `fall` to 0 at `end`."""
    return ramp(times, start, top) - ramp(times, fall, end)


def oscillation(times: np.ndarray, start: float, end: float, frequency: float, phase: float = 0.0) -> np.ndarray:
    """Return a sine of amplitude 1 between `start` and `end` with soft ends, and 0 elsewhere; `frequency` in hertz."""
    edge = min(0.12, 0.25 * (end - start))
    return pulse(times, start, start + edge, end - edge, end) * np.sin(2 * np.pi * frequency * (times - start) + phase)


def taps(times: np.ndarray, start: float, end: float, frequency: float) -> np.ndarray:
    """Return the height of a tapping hand, 0 at each tap and at most 1; `frequency` in taps per second."""
    edge = min(0.12, 0.25 * (end - start))
    return pulse(times, start, start + edge, end - edge, end) * (
        0.5 - 0.5 * np.cos(2 * np.pi * frequency * (times - start))
    )


def wander(times: np.ndarray, rng: np.random.Generator, cutoff: float) -> np.ndarray:
    """Return a smooth random drift with unit variance.

    Args:
        times (np.ndarray): Times in seconds, shape (T,).
        rng (np.random.Generator): Random number generator that draws frequencies and phases.
        cutoff (float): Highest frequency in hertz.

    Returns:
        np.ndarray: Drift, shape (T,).
    """
    frequencies = rng.uniform(0.15, 1.0, 4) * cutoff
    phases = rng.uniform(0.0, 2 * np.pi, 4)
    return np.sin(2 * np.pi * frequencies * times[:, None] + phases).sum(-1) / np.sqrt(2.0)
