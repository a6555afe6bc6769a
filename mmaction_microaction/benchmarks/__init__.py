from .complexity import Complexity, measure_complexity
from .data import compare_loading
from .infer import compare_runtimes
from .model import compare_models
from .timing import Comparison, alternate, describe_machine

__all__ = [
    'Comparison',
    'Complexity',
    'alternate',
    'compare_loading',
    'compare_models',
    'compare_runtimes',
    'describe_machine',
    'measure_complexity',
]
