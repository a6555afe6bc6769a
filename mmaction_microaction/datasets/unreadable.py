"""What becomes of clips that cannot be read."""

import numpy as np
import torch
from mmaction.datasets.transforms import DecordDecode, DecordInit, OpenCVDecode, OpenCVInit, PyAVDecode, PyAVInit
from mmcv.transforms import BaseTransform

from .loading import FrameStoreDecode, FrameStoreInit
from .video_decoding import SampledFramesDecode, SampledFramesInit

_INITS = (DecordInit, OpenCVInit, PyAVInit, FrameStoreInit, SampledFramesInit)
_DECODES = (DecordDecode, OpenCVDecode, PyAVDecode, FrameStoreDecode, SampledFramesDecode)


def last_line(error):
    """Return what an error says in the end; decord's begin with a stack trace."""
    return str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__


def count_reading_steps(transforms):
    """Count the transforms of a pipeline up to the one that decodes: what fails there is the fault of the clip.

    Args:
        transforms (list[Callable]): The pipeline.

    Returns:
        int: 0 if none decodes.
    """
    return max((place for place, step in enumerate(transforms, start=1) if isinstance(step, _DECODES)), default=0)


def show_nothing(transforms):
    """Let a pipeline give black frames, of the shapes of any other clip.

    Args:
        transforms (list[Callable]): The pipeline.

    Returns:
        list[Callable]: The same without reading.
    """
    init, decode = _BlackInit(), _BlackDecode()
    return [init if isinstance(step, _INITS) else decode if isinstance(step, _DECODES) else step for step in transforms]


class _BlackInit(BaseTransform):
    def transform(self, results):
        results['total_frames'], results['avg_fps'] = 1, 30
        return results


class _BlackDecode(BaseTransform):
    def transform(self, results):
        results['frame_inds'] = results['frame_inds'].reshape(-1)
        results['imgs'] = [np.zeros((256, 256, 3), np.uint8) for _ in results['frame_inds']]
        results['original_shape'] = results['img_shape'] = (256, 256)
        return results


class UnreadableClips:
    """Which clips of a dataset could not be read; what one worker of a data loader notes, all processes know.

    Args:
        num_clips (int): Of the dataset.
    """

    # Without a lock: a byte per clip is written whole, and whoever writes it writes the same.
    _BEFORE, _NOW = 1, 2

    def __init__(self, num_clips):
        self._states = torch.zeros(num_clips, dtype=torch.uint8).share_memory_()

    def add(self, number):
        """Note a clip.

        Args:
            number (int): Its place in the dataset.

        Returns:
            bool: Whether it is the first time in this run.
        """
        first = self._states[number] == 0
        self._states[number] = self._NOW
        return bool(first)

    def begin_epoch(self):
        """Begin to count anew."""
        self._states[self._states == self._NOW] = self._BEFORE

    def of_epoch(self):
        """Return the places of those of this epoch, list[int]."""
        return (self._states == self._NOW).nonzero().flatten().tolist()
