"""Duration of MANet's recipe on the whole of MA-52, computed from measured speeds."""

from collections.abc import Mapping
from math import ceil
from typing import NamedTuple

EPOCHS = 80
TRAIN_CLIPS = 11_250
VAL_CLIPS = 5_586
"""Sizes of the splits of MA-52; each epoch ends with a validation."""


class RecipeEstimate(NamedTuple):
    """What a training run needs, and how long it takes."""

    clips_per_second: float
    """Training clips per second that keep the GPU busy."""
    workers: dict[str, int]
    """Number of workers, with one core each, that load as many clips, by source of the clips."""
    hours: float
    """Hours of training and validation if the GPU never waits for clips."""
    hours_here: dict[str, float]
    """Hours with one worker per core of this machine, by source of the clips."""


def estimate_recipe(
    step_seconds: float, batch_size: int, clips_per_second: float, rates: Mapping[str, float], cores: int
) -> RecipeEstimate:
    """Estimate the duration of 80 epochs of MANet's recipe, each with a validation.

    Loading, training and inference overlap, so that the slowest of them determines the duration. Clips of the
    validation take as long to load as clips of the training. The start of the workers in each epoch, checkpoints and
    logs are not counted.

    Args:
        step_seconds (float): Duration of a training step.
        batch_size (int): Number of clips per step.
        clips_per_second (float): Speed of inference during validation.
        rates (Mapping[str, float]): Clips that one core loads per second, by source of the clips.
        cores (int): Number of cores that load clips.

    Returns:
        RecipeEstimate: Speed that loading must reach, workers, and hours.

    Examples:
        >>> estimate = estimate_recipe(0.1, 10, 200, {'frame store': 30}, cores=2)
        >>> estimate.clips_per_second, estimate.workers, round(estimate.hours, 2)
        (100.0, {'frame store': 4}, 3.12)
    """
    needed = batch_size / step_seconds
    steps = ceil(TRAIN_CLIPS / batch_size)
    train, val = steps * step_seconds, VAL_CLIPS / clips_per_second
    return RecipeEstimate(
        needed,
        {source: ceil(needed / rate) for source, rate in rates.items()},
        EPOCHS * (train + val) / 3600,
        {
            source: EPOCHS * (max(train, TRAIN_CLIPS / rate / cores) + max(val, VAL_CLIPS / rate / cores)) / 3600
            for source, rate in rates.items()
        },
    )
