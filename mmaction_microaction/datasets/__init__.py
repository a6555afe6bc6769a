from .loading import FrameStoreDecode, FrameStoreInit
from .ma52_dataset import MA52Dataset
from .transforms import SubtractMeanFrame
from .video_decoding import SampledFramesDecode, SampledFramesInit

__all__ = [
    'FrameStoreDecode',
    'FrameStoreInit',
    'MA52Dataset',
    'SampledFramesDecode',
    'SampledFramesInit',
    'SubtractMeanFrame',
]
