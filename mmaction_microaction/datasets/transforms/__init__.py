from .faces import CropFace, FormatFaces
from .loading import FrameStoreDecode, FrameStoreInit
from .processing import SubtractMeanFrame
from .video_decoding import SampledFramesDecode, SampledFramesInit

__all__ = [
    'CropFace',
    'FormatFaces',
    'FrameStoreDecode',
    'FrameStoreInit',
    'SampledFramesDecode',
    'SampledFramesInit',
    'SubtractMeanFrame',
]
