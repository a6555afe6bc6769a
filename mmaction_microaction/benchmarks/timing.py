"""Comparison of the times of two functions on a noisy machine: alternately, in one process, as ratios."""

import os
import platform
import time
from collections.abc import Callable
from statistics import median
from typing import NamedTuple

import torch
from mmengine.logging import MMLogger


class Comparison(NamedTuple):
    """Measurements of two ways to do the same task."""

    title: str
    """Description of the task."""
    unit: str
    """Unit of the measurements."""
    baseline: list[float]
    """Measurements of the baseline, one per round."""
    ours: list[float]
    """Measurements of the way that is compared with the baseline, one per round."""

    @property
    def ratios(self) -> list[float]:
        """Ratio of ``ours`` to ``baseline`` for each round."""
        return [ours / baseline for ours, baseline in zip(self.ours, self.baseline)]

    def as_dict(self) -> dict:
        """Return all measurements and ratios in a dict that can be written as JSON."""
        return {**self._asdict(), 'ratios': self.ratios, 'median_ratio': median(self.ratios)}

    def __str__(self):
        ratios = sorted(self.ratios)
        spread = f'  ({ratios[0]:.3f} to {ratios[-1]:.3f}, {len(ratios)} rounds)' if len(ratios) > 1 else ''
        return (
            f'{self.title:<24}{median(self.baseline):>10.3f} {self.unit:<3}{median(self.ours):>10.3f} {self.unit:<3}'
            f'{median(ratios):>8.3f}x{spread}'
        )


def alternate(title: str, baseline: Callable, ours: Callable, rounds: int, warmup: int = 1) -> Comparison:
    """Time two functions alternately, after calls of each that are not timed.

    Args:
        title (str): Description of the task.
        baseline (Callable): Function that does the task in the baseline's way.
        ours (Callable): Function that does the same task in the way to be compared.
        rounds (int): Number of measurements per function.
        warmup (int): Number of calls per function that are not timed. Defaults to 1.

    Returns:
        Comparison: Measurements in seconds.
    """
    result = Comparison(title, 's', [], [])
    for index in range(-warmup, rounds):
        # The second function may find warmer caches, so the order alternates.
        pairs = [(baseline, result.baseline), (ours, result.ours)]
        for function, seconds in pairs if index % 2 else reversed(pairs):
            start = time.perf_counter()
            function()
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            if index >= 0:
                seconds.append(time.perf_counter() - start)
    return result


def silence_logs() -> None:
    """Suppress the logs of datasets and metrics in this process and the processes that it forks."""
    MMLogger.get_current_instance().setLevel('ERROR')


def describe_machine() -> str:
    """Return a description of the machine: processor, cores, threads, GPU and versions of Python and PyTorch."""
    processor = platform.processor() or platform.machine()
    if os.path.exists('/proc/cpuinfo'):
        with open('/proc/cpuinfo') as file:
            names = [line.partition(':')[2].strip() for line in file if line.startswith('model name')]
        processor = names[0] if names else processor
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else 'no GPU'
    return (
        f'{processor}, {os.cpu_count()} cores, {torch.get_num_threads()} threads, {device}; '
        f'Python {platform.python_version()}, PyTorch {torch.__version__}'
    )
