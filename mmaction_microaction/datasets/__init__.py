from .loading import FrameStoreDecode, FrameStoreInit
from .ma52_dataset import MA52Dataset
from .transforms import SubtractMeanFrame

__all__ = ['FrameStoreDecode', 'FrameStoreInit', 'MA52Dataset', 'SubtractMeanFrame']
