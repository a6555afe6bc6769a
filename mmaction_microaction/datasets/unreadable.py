"""Replaces clips that cannot be read, and counts them."""

import copy
import errno
import logging
import time
from collections.abc import Callable, Sequence

import torch
from mmengine.dataset import Compose
from mmengine.logging import print_log

from mmaction_microaction.datasets.transforms.black_frames import decode_black
from mmaction_microaction.datasets.transforms.decoding_steps import is_decoder
from mmaction_microaction.utils.messages import last_line

# Errors of the storage or of a machine under load, which have nothing to do with the clip.
_STORAGE_ERRORS = {
    getattr(errno, name)
    for name in (
        'EAGAIN', 'EBUSY', 'ECONNABORTED', 'ECONNREFUSED', 'ECONNRESET', 'EHOSTDOWN', 'EHOSTUNREACH', 'EINTR', 'EMFILE',
        'ENETDOWN', 'ENETRESET', 'ENETUNREACH', 'ENFILE', 'ENOBUFS', 'ENOLCK', 'ENOTCONN', 'EREMOTEIO', 'ESHUTDOWN',
        'ESTALE', 'ETIMEDOUT',
    )
    if hasattr(errno, name)
}  # fmt: skip
# EIO may also come from a damaged disk, and from FFmpeg for some damaged files.
_TEMPORARY_ERRORS = {*_STORAGE_ERRORS, errno.EIO}
_PAUSES = (0.5, 2)
# Errors of the program or of the installation, not of the clip.
_PROGRAM_ERRORS = (AttributeError, ImportError, NameError, TypeError)


def count_reading_steps(transforms: Sequence[Callable]) -> int:
    """Count the transforms of a pipeline up to its decoder. Errors of these are attributed to the clip.

    Args:
        transforms (Sequence[Callable]): Transforms of the pipeline.

    Returns:
        int: Number of transforms; 0 if the pipeline has no decoder.
    """
    return max((count for count, step in enumerate(transforms, start=1) if is_decoder(step)), default=0)


class ReplaceUnreadableMixin:
    """Mixin for datasets that replaces clips that cannot be read; list it before the dataset class.

    In training, an unreadable clip is replaced by another random clip and logged once; :class:`UnreadableClipsHook`
    counts the unreadable clips of each epoch. In ``test_mode``, an unreadable clip ends the run.

    After an error of the storage, the clip is read again up to two times, with pauses. A lasting error of the storage,
    a lack of memory and errors of the program end the run because the clip is not their cause. A clip with a lasting
    EIO counts as unreadable.

    Args:
        max_unreadable (float): Largest fraction of the clips that may be unreadable in an epoch of training. A positive
            value allows at least one clip. Defaults to 0.01.
        unreadable_as_missing (bool): Whether an unreadable clip in ``test_mode`` is scored as not recognised instead.
            The network receives black frames, and the sample has the metainfo ``unreadable``. Defaults to False.
    """

    def __init__(self, *args, max_unreadable: float = 0.01, unreadable_as_missing: bool = False, **kwargs) -> None:
        self.max_unreadable = max_unreadable
        self.unreadable_as_missing = unreadable_as_missing
        super().__init__(*args, **kwargs)

    def full_init(self) -> None:
        """Read the list if it has not been read yet."""
        if not self._fully_initialized:
            super().full_init()
            self.unreadable = UnreadableClips(len(self))

    def prepare_data(self, idx: int) -> dict | None:
        """Run the pipeline on a clip.

        Args:
            idx (int): Index of the sample.

        Returns:
            dict | None: Output of the pipeline, or None for an unreadable clip, which MMEngine replaces by another.

        Raises:
            MemoryError: If there is not enough memory.
            OSError: If the storage fails.
            ValueError: If the clip cannot be read in ``test_mode``, or too many clips cannot be read in training.
        """
        steps = count_reading_steps(self.pipeline.transforms)
        try:
            sample = self._read(idx, steps)
        except _PROGRAM_ERRORS:
            raise
        except MemoryError as error:
            raise MemoryError(f'{self._describe(idx, error)}: not enough memory.') from error
        except Exception as error:  # decoders raise anything, down to IndexError
            if getattr(error, 'errno', None) in _STORAGE_ERRORS:
                raise OSError(
                    error.errno,
                    f'{self._describe(idx, error)}, even after {len(_PAUSES)} retries: the storage or a limit of the '
                    'machine is the cause, not the clip. Fix it, and continue with --resume.',
                ) from error
            return self._replace_unreadable(idx, error)
        return self._run(self.pipeline.transforms[steps:], sample)

    def _read(self, idx, steps):
        """Run the first steps of the pipeline on a clip, and again after a temporary error."""
        for pause in (*_PAUSES, None):
            sample = self.get_data_info(idx)
            try:
                return self._run(self.pipeline.transforms[:steps], sample)
            except Exception as error:
                # Decoders other than PyAV hide the error of the system, which reading the bytes may reveal.
                if not isinstance(error, (OSError, *_PROGRAM_ERRORS)):
                    error = _find_temporary_error(sample) or error
                if pause is None or getattr(error, 'errno', None) not in _TEMPORARY_ERRORS:
                    raise error
            time.sleep(pause)

    def _describe(self, idx, error):
        reason = f'{type(error).__name__}: {last_line(error).rstrip(".")}'
        return f'{self.get_data_info(idx)["filename"]} cannot be read ({reason})'

    @property
    def num_unreadable_allowed(self) -> float:
        """float: Number of clips that may be unreadable in an epoch of training."""
        return self.max_unreadable and min(max(1, self.max_unreadable * len(self)), len(self) - 1)

    def _run(self, transforms, sample):
        """Run some transforms of the pipeline, in a pipeline of the same class."""
        part = copy.copy(self.pipeline)
        part.transforms = transforms
        return part(sample)

    def _replace_unreadable(self, idx, error):
        """Return the replacement of an unreadable clip, or raise an error."""
        clip = self.get_data_info(idx)
        problem = self._describe(idx, error)
        if self.test_mode and not self.unreadable_as_missing:
            raise ValueError(
                f'{problem}. Replace it, or set unreadable_as_missing=True of the dataset to score it as not '
                'recognised.'
            ) from error
        first = self.unreadable.add(idx)
        unreadable = len(self.unreadable.epoch_indices())
        if not self.test_mode and unreadable > self.num_unreadable_allowed:
            raise ValueError(
                f'{problem}; now {unreadable:,} of the {len(self):,} clips of {self.ann_file} are unreadable in '
                f'this epoch, more than max_unreadable={self.max_unreadable} of the dataset allows. Replace them.'
            ) from error
        if first:
            consequence = 'it is scored as not recognised' if self.test_mode else 'another clip replaces it'
            print_log(f'{problem}; {consequence}.', logger='current', level=logging.WARNING)
        if not self.test_mode:
            return None
        sample = Compose(decode_black(self.pipeline.transforms))(clip)
        sample['data_samples'].set_metainfo(dict(unreadable=True))
        return sample


def _find_temporary_error(sample):
    """Return the temporary error that reading the bytes of a clip raises, or None."""
    try:
        with open(sample['filename'], 'rb') as file:
            while file.read(1 << 20):
                pass
    except OSError as error:
        return error if error.errno in _TEMPORARY_ERRORS else None
    return None


class UnreadableClips:
    """Record of the unreadable clips of a dataset, shared by all workers of its data loader.

    Args:
        num_clips (int): Number of clips of the dataset.
    """

    # No lock is needed: writing a byte is atomic, and all processes write the same value.
    _BEFORE, _NOW = 1, 2

    def __init__(self, num_clips: int) -> None:
        self._states = torch.zeros(num_clips, dtype=torch.uint8).share_memory_()

    def add(self, index: int) -> bool:
        """Record an unreadable clip.

        Args:
            index (int): Index of the clip in the dataset.

        Returns:
            bool: Whether the clip is recorded for the first time in this run.
        """
        first = self._states[index] == 0
        self._states[index] = self._NOW
        return bool(first)

    def begin_epoch(self) -> None:
        """Start a new count."""
        self._states[self._states == self._NOW] = self._BEFORE

    def epoch_indices(self) -> list[int]:
        """Return the indices of the clips that were unreadable in this epoch."""
        return (self._states == self._NOW).nonzero().flatten().tolist()
