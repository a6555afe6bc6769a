from .ma52_dataset import MA52Dataset
from .transforms import SubtractMeanFrame

__all__ = ['MA52Dataset', 'SubtractMeanFrame']
