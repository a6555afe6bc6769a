"""Datasets and transforms, registered in MMAction2's ``DATASETS`` and ``TRANSFORMS``."""

from .clip_dataset import ClipDataset
from .ma52_pro_dataset import MA52ProDataset
from .mma52_dataset import MMA52Dataset
from .pose_clip_dataset import PoseClipDataset
from .transforms import (
    AddFlippedViews,
    CropFace,
    CropToJoints,
    CropToPerson,
    DecodeRGBPose,
    FormatFaces,
    FrameStoreDecode,
    FrameStoreInit,
    LoadFeatures,
    PackDetectionInputs,
    PerturbJoints,
    ResamplePoses,
    SampleFramesAtRate,
    SparsePyAVDecode,
    SparsePyAVInit,
    SubtractMeanFrame,
)

__all__ = [
    'AddFlippedViews',
    'ClipDataset',
    'CropFace',
    'CropToJoints',
    'CropToPerson',
    'DecodeRGBPose',
    'FormatFaces',
    'FrameStoreDecode',
    'FrameStoreInit',
    'LoadFeatures',
    'MA52ProDataset',
    'MMA52Dataset',
    'PackDetectionInputs',
    'PerturbJoints',
    'PoseClipDataset',
    'ResamplePoses',
    'SampleFramesAtRate',
    'SparsePyAVDecode',
    'SparsePyAVInit',
    'SubtractMeanFrame',
]
