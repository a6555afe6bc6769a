"""Datasets and transforms, registered in MMAction2's ``DATASETS`` and ``TRANSFORMS``."""

from .ma52_dataset import MA52Dataset
from .ma52_pro_dataset import MA52ProDataset
from .transforms import (
    CropFace,
    FormatFaces,
    FrameStoreDecode,
    FrameStoreInit,
    SparsePyAVDecode,
    SparsePyAVInit,
    SubtractMeanFrame,
)

__all__ = [
    'CropFace',
    'FormatFaces',
    'FrameStoreDecode',
    'FrameStoreInit',
    'MA52Dataset',
    'MA52ProDataset',
    'SparsePyAVDecode',
    'SparsePyAVInit',
    'SubtractMeanFrame',
]
