"""Transforms of pipelines, registered in MMAction2's ``TRANSFORMS``."""

from .decoding_steps import is_decoder, is_opener, selects_poses
from .detection import LoadFeatures, PackDetectionInputs, SampleFramesAtRate
from .faces import CropFace, FormatFaces
from .frame_store_decoding import FrameStoreDecode, FrameStoreInit
from .joints import PerturbJoints, ResamplePoses
from .person import CropToPerson
from .poses import CropToJoints, DecodeRGBPose
from .processing import AddFlippedViews, SubtractMeanFrame
from .sparse_pyav import SparsePyAVDecode, SparsePyAVInit

__all__ = [
    'AddFlippedViews',
    'CropFace',
    'CropToJoints',
    'CropToPerson',
    'DecodeRGBPose',
    'FormatFaces',
    'FrameStoreDecode',
    'FrameStoreInit',
    'LoadFeatures',
    'PackDetectionInputs',
    'PerturbJoints',
    'ResamplePoses',
    'SampleFramesAtRate',
    'SparsePyAVDecode',
    'SparsePyAVInit',
    'SubtractMeanFrame',
    'is_decoder',
    'is_opener',
    'selects_poses',
]
