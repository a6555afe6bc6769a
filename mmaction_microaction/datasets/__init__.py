from .face_transforms import CropFace, FormatFaces
from .loading import FrameStoreDecode, FrameStoreInit
from .ma52_dataset import MA52Dataset
from .ma52_pro_dataset import MA52ProDataset
from .transforms import SubtractMeanFrame
from .video_decoding import SampledFramesDecode, SampledFramesInit

__all__ = [
    'CropFace',
    'FormatFaces',
    'FrameStoreDecode',
    'FrameStoreInit',
    'MA52Dataset',
    'MA52ProDataset',
    'SampledFramesDecode',
    'SampledFramesInit',
    'SubtractMeanFrame',
]
