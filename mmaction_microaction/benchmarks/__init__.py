from .model import compare_models
from .timing import Comparison, alternate, describe_machine

__all__ = ['Comparison', 'alternate', 'compare_models', 'describe_machine']
