"""What becomes of clips that cannot be read."""

import copy
import errno
import logging
import time

import numpy as np
import torch
from mmaction.datasets.transforms import DecordDecode, DecordInit, OpenCVDecode, OpenCVInit, PyAVDecode, PyAVInit
from mmcv.transforms import BaseTransform
from mmengine.dataset import Compose
from mmengine.logging import print_log

from mmaction_microaction.datasets.transforms.loading import FrameStoreDecode, FrameStoreInit
from mmaction_microaction.datasets.transforms.video_decoding import SparsePyAVDecode, SparsePyAVInit
from mmaction_microaction.utils.messages import last_line

_INITS = (DecordInit, OpenCVInit, PyAVInit, FrameStoreInit, SparsePyAVInit)
_DECODES = (DecordDecode, OpenCVDecode, PyAVDecode, FrameStoreDecode, SparsePyAVDecode)

# What a storage or a machine under load answers now and then, and what has nothing to do with the clip.
_STORAGE = {
    getattr(errno, name)
    for name in (
        'EAGAIN', 'EBUSY', 'ECONNABORTED', 'ECONNREFUSED', 'ECONNRESET', 'EHOSTDOWN', 'EHOSTUNREACH', 'EINTR', 'EMFILE',
        'ENETDOWN', 'ENETRESET', 'ENETUNREACH', 'ENFILE', 'ENOBUFS', 'ENOLCK', 'ENOTCONN', 'EREMOTEIO', 'ESHUTDOWN',
        'ESTALE', 'ETIMEDOUT',
    )
    if hasattr(errno, name)
}  # fmt: skip
# A damaged disk answers so too, and FFmpeg of some damaged files.
_PASSING = {*_STORAGE, errno.EIO}
_PAUSES = (0.5, 2)
# Errors of the program or of what is installed, whatever the clip.
_NOT_OF_READING = (AttributeError, ImportError, NameError, TypeError)


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
        if 'face_file' in results:
            results['face_file'] = None
        return results


class _BlackDecode(BaseTransform):
    def transform(self, results):
        results['frame_inds'] = results['frame_inds'].reshape(-1)
        results['imgs'] = [np.zeros((256, 256, 3), np.uint8) for _ in results['frame_inds']]
        results['original_shape'] = results['img_shape'] = (256, 256)
        return results


class ReplaceUnreadableMixin:
    """Makes a dataset, whose class comes after this one, replace clips that cannot be read.

    In training, a random other clip takes the place of one, which is logged once; :class:`UnreadableClipsHook` counts
    them per epoch. In ``test_mode`` it ends the run.

    Errors of the storage are tried again twice, after pauses; one that stays ends the run, and so do a lack of memory
    and errors of the program: none of them is the clip's fault. EIO that stays counts as an unreadable clip.

    Args:
        max_unreadable (float): Of all clips, the share that may be unreadable in an epoch of training. One clip
            may be unless it is 0. Defaults to 0.01.
        unreadable_as_missing (bool): Whether an unreadable clip in ``test_mode`` is scored as not recognised: the
            network sees black frames instead, and the sample says ``unreadable``. Defaults to False.
    """

    def __init__(self, *args, max_unreadable=0.01, unreadable_as_missing=False, **kwargs):
        self.max_unreadable = max_unreadable
        self.unreadable_as_missing = unreadable_as_missing
        super().__init__(*args, **kwargs)

    def full_init(self):
        """Read the list, unless it has been read."""
        if not self._fully_initialized:
            super().full_init()
            self.unreadable = UnreadableClips(len(self))

    def prepare_data(self, idx):
        """Run the pipeline on a clip.

        Args:
            idx (int): Index of the sample.

        Returns:
            dict | None: What the pipeline gives, or None for an unreadable clip, upon which another one is taken.

        Raises:
            MemoryError, OSError: If the memory or the storage fails.
            ValueError: If the clip cannot be read in ``test_mode``, or too many cannot in training.
        """
        steps = count_reading_steps(self.pipeline.transforms)
        try:
            sample = self._read(idx, steps)
        except _NOT_OF_READING:
            raise
        except MemoryError as error:
            raise MemoryError(f'{self._describe(idx, error)}: the memory does not suffice for it.') from error
        except Exception as error:  # decoders raise anything, down to IndexError
            if getattr(error, 'errno', None) in _STORAGE:
                raise OSError(
                    error.errno,
                    f'{self._describe(idx, error)}, also after {len(_PAUSES)} pauses: the storage or the limits of the '
                    'machine fail, not the clip. Mend them, and go on with --resume.',
                ) from error
            return self._replace_unreadable(idx, error)
        return self._run(self.pipeline.transforms[steps:], sample)

    def _read(self, idx, steps):
        """Run the first steps of the pipeline on a clip, and again after errors that may pass."""
        for pause in (*_PAUSES, None):
            sample = self.get_data_info(idx)
            try:
                return self._run(self.pipeline.transforms[:steps], sample)
            except Exception as error:
                # Decoders that are not PyAV hide the reason of the system, which reading the bytes may bring out.
                error = error if isinstance(error, (OSError, *_NOT_OF_READING)) else _error_of_storage(sample) or error
                if pause is None or getattr(error, 'errno', None) not in _PASSING:
                    raise error
            time.sleep(pause)

    def _describe(self, idx, error):
        reason = f'{type(error).__name__}: {last_line(error).rstrip(".")}'
        return f'{self.get_data_info(idx)["filename"]} cannot be read ({reason})'

    @property
    def num_unreadable_allowed(self):
        """float: Number of clips that may be unreadable in an epoch of training."""
        return self.max_unreadable and min(max(1, self.max_unreadable * len(self)), len(self) - 1)

    def _run(self, transforms, sample):
        """Run some of the pipeline's transforms as the pipeline does, whatever class a tool has put in its place."""
        part = copy.copy(self.pipeline)
        part.transforms = transforms
        return part(sample)

    def _replace_unreadable(self, idx, error):
        """Return what takes the place of a clip, or raise."""
        clip = self.get_data_info(idx)
        what = self._describe(idx, error)
        if self.test_mode and not self.unreadable_as_missing:
            raise ValueError(
                f'{what}. Replace it, or set unreadable_as_missing=True of the dataset to score it as not recognised.'
            ) from error
        first = self.unreadable.add(idx)
        unreadable = len(self.unreadable.of_epoch())
        if not self.test_mode and unreadable > self.num_unreadable_allowed:
            raise ValueError(
                f'{what}; with it, {unreadable:,} of the {len(self):,} clips of {self.ann_file} are unreadable in this '
                f'epoch, more than max_unreadable={self.max_unreadable} of the dataset allows. Replace them.'
            ) from error
        if first:
            instead = 'it is scored as not recognised' if self.test_mode else 'another clip takes its place'
            print_log(f'{what}; {instead}.', logger='current', level=logging.WARNING)
        if not self.test_mode:
            return None
        sample = Compose(show_nothing(self.pipeline.transforms))(clip)
        sample['data_samples'].set_metainfo(dict(unreadable=True))
        return sample


def _error_of_storage(sample):
    """Return the error that reading a clip's bytes ends with, if it is one that may pass; else None."""
    try:
        with open(sample['filename'], 'rb') as file:
            while file.read(1 << 20):
                pass
    except OSError as error:
        return error if error.errno in _PASSING else None
    return None


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
