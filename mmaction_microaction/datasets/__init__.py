from .ma52_dataset import MA52Dataset

__all__ = ['MA52Dataset']
