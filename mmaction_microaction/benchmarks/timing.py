"""Comparing two pieces of work on a noisy machine: in turn, in one process, as ratios."""

import os
import platform
import time
from statistics import median
from typing import NamedTuple

import torch
from mmengine.logging import MMLogger


class Comparison(NamedTuple):
    """Measurements of the same work done in two ways, taken in turn."""

    title: str
    unit: str
    baseline: list
    """One measurement per round of the way that ours is held against."""
    ours: list

    @property
    def ratios(self):
        """list[float]: Ours relative to the baseline, per round."""
        return [ours / baseline for ours, baseline in zip(self.ours, self.baseline)]

    def as_dict(self):
        """dict: Everything measured, for JSON."""
        return {**self._asdict(), 'ratios': self.ratios, 'median_ratio': median(self.ratios)}

    def __str__(self):
        ratios = sorted(self.ratios)
        spread = f'  ({ratios[0]:.3f} to {ratios[-1]:.3f}, {len(ratios)} rounds)' if len(ratios) > 1 else ''
        return (
            f'{self.title:<24}{median(self.baseline):>10.3f} {self.unit:<3}{median(self.ours):>10.3f} {self.unit:<3}'
            f'{median(ratios):>8.3f}x{spread}'
        )


def alternate(title, baseline, ours, rounds):
    """Time two functions in turn, after one call of each that does not count.

    Args:
        title (str): What is compared.
        baseline (Callable): The work done in the way that ours is held against.
        ours (Callable): The same work done in our way.
        rounds (int): How often each is timed.

    Returns:
        Comparison: Seconds.
    """
    result = Comparison(title, 's', [], [])
    for number in range(-1, rounds):
        # Whoever runs second may find warmer caches: take turns at that, too.
        pairs = [(baseline, result.baseline), (ours, result.ours)]
        for function, seconds in pairs if number % 2 else reversed(pairs):
            start = time.perf_counter()
            function()
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            if number >= 0:
                seconds.append(time.perf_counter() - start)
    return result


def silence_logs():
    """Keep what datasets and metrics log out of the tables, in this process and those that it forks."""
    MMLogger.get_current_instance().setLevel('ERROR')


def describe_machine():
    """Describe what the numbers were measured on.

    Returns:
        str: Processor, cores, threads and versions.
    """
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
