"""Measurements of speed and memory, for ``microaction benchmark``."""

from .complexity import Complexity, measure_complexity
from .data import compare_loading
from .decoding import compare_decoders
from .growth import SIZES, compare_growth
from .infer import compare_runtimes
from .model import compare_models
from .run_memory import RunMemory, follow_memory
from .timing import Comparison, alternate, describe_machine
from .train import WAYS, compare_training

__all__ = [
    'SIZES',
    'WAYS',
    'Comparison',
    'Complexity',
    'RunMemory',
    'alternate',
    'compare_decoders',
    'compare_growth',
    'compare_loading',
    'compare_models',
    'compare_runtimes',
    'compare_training',
    'describe_machine',
    'follow_memory',
    'measure_complexity',
]
