"""Names, codes and groups of the actions that a dataset distinguishes.

A label set is data: a YAML file in this package, such as ``ma52.yaml``, or a file of a user. See :func:`get_label_set`.
"""

from .action import REST, Action, normalize_name
from .files import MA52, MA52_REST, find_label_set, get_label_set, is_ma52, list_label_sets
from .label_set import LabelSet

__all__ = [
    'MA52',
    'MA52_REST',
    'REST',
    'Action',
    'LabelSet',
    'find_label_set',
    'get_label_set',
    'is_ma52',
    'list_label_sets',
    'normalize_name',
]
