"""Loading of checkpoints without executing code from them."""

import os
import pickle
from urllib.parse import urlparse

import numpy as np
import torch
import torch.utils.checkpoint
from mmengine.logging import HistoryBuffer
from mmengine.runner import checkpoint as mmengine_checkpoint

from mmaction_microaction.utils.pickle_limits import Budget, TooLargeError
from mmaction_microaction.utils.pickles import Array, Dtype, make_array, make_number
from mmaction_microaction.utils.torch_file_limits import TorchFileChecker


def load_checkpoints_safely():
    """Load MMEngine's checkpoints with ``weights_only=True``, and reject files with other objects by name.

    Fixes ``_pickle.UnpicklingError: Weights only load failed … Unsupported global: GLOBAL
    mmengine.logging.history_buffer.HistoryBuffer`` in ``mim test`` and ``--resume`` (PyTorch 2.6 and later). Besides
    tensors and plain containers, MMEngine saves logged values: ``HistoryBuffer`` objects with NumPy arrays of
    numbers, and single NumPy numbers such as the best score.
    """
    torch.serialization.add_safe_globals(
        [
            (_HistoryBuffer, 'mmengine.logging.history_buffer.HistoryBuffer'),
            (_history_buffer_statistic, 'builtins.getattr'),
            (Array, 'numpy.ndarray'),
            (Dtype, 'numpy.dtype'),
            # NumPy 1 and 2 save the same two functions under different names; files of both can be read.
            *[(function, f'numpy.{core}.multiarray.{name}')
              for core in ('core', '_core')
              for function, name in ((make_array, '_reconstruct'), (make_number, 'scalar'))],
        ]
    )  # fmt: skip
    mmengine_checkpoint.CheckpointLoader.register_scheme(prefixes='', loader=load_from_local, force=True)
    mmengine_checkpoint.load_url = _load_from_url


class _HistoryBuffer(HistoryBuffer):
    """``HistoryBuffer`` that checks its state: two arrays of numbers, and no methods from the checkpoint."""

    def __setstate__(self, state):
        arrays = [state.get(name) for name in ('_log_history', '_count_history')]
        lengths = {array.shape if isinstance(array, np.ndarray) else None for array in arrays}
        length = state.get('max_length')
        if len(lengths) != 1 or not all(shape and len(shape) == 1 for shape in lengths) or type(length) is not int:
            raise pickle.UnpicklingError('the logged values of a HistoryBuffer are not two arrays of equal length')
        self._log_history, self._count_history = (array.view(np.ndarray) for array in arrays)
        self.max_length = length
        self._set_default_statistics()
        self.__class__ = HistoryBuffer


def _history_buffer_statistic(cls, name):
    """Replace ``getattr``, with which pickle refers to the four methods that a ``HistoryBuffer`` saves.

    The original ``getattr`` would return any attribute of any object to a malicious checkpoint.
    """
    if cls is not _HistoryBuffer or name not in ('min', 'max', 'mean', 'current'):
        raise pickle.UnpicklingError(f'a checkpoint must not access the attribute {name!r} of {cls!r}')
    return getattr(HistoryBuffer, name)


def load_from_local(filename: str, map_location=None):
    """Load a checkpoint file without executing code from it.

    Args:
        filename (str): Path of the checkpoint; ``~`` is the home folder.
        map_location (str, optional): Device of the tensors, see :func:`torch.load`. Defaults to None.

    Returns:
        object: The content of the checkpoint, usually a dict.

    Raises:
        FileNotFoundError: If the file does not exist.
        pickle.UnpicklingError: If the file contains objects that MMEngine does not save, or would need far
            more memory than its size.
        RuntimeError: If the file is damaged.
    """
    filename = os.path.expanduser(filename)
    _check_memory(filename)
    try:
        return torch.load(filename, map_location=map_location, weights_only=True)
    except pickle.UnpicklingError as error:
        try:
            culprits = ', '.join(torch.serialization.get_unsafe_globals_in_checkpoint(filename))
        except Exception:  # not a zip archive, whose objects PyTorch cannot list
            culprits = ''
        raise pickle.UnpicklingError(
            f'{filename} is refused, since loading it could run code: in addition to weights and logged '
            f'values, it contains {culprits or "other objects"}. If you trust its origin, save only its weights: '
            "torch.save({'state_dict': torch.load(FILE, weights_only=False)['state_dict']}, NEW_FILE). "
            f'PyTorch says: {str(error).splitlines()[-1].strip() if culprits else error}'
        ) from None


def _check_memory(filename):
    """Reject a checkpoint that would need far more memory than its size. Other kinds of files are left to PyTorch."""
    with open(filename, 'rb') as file:
        if not file.read(4).startswith((b'PK\x03\x04', b'\x80')):
            return
        file.seek(0)
        size = os.path.getsize(filename)
        try:
            TorchFileChecker(Budget(size)).check(file, size)
        except TooLargeError as error:
            raise pickle.UnpicklingError(
                f'{filename} is refused, since loading it could take all memory: {error}. Download or save it again.'
            ) from None
        except Exception as error:  # a damaged file can fail in any way
            raise RuntimeError(f'{filename} is damaged ({type(error).__name__}: {error})') from None


def _load_from_url(url, model_dir=None, map_location=None, progress=True):
    """Replace ``torch.hub.load_state_dict_from_url``, which executes code in the files that it downloads."""
    folder = model_dir or os.path.join(torch.hub.get_dir(), 'checkpoints')
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, os.path.basename(urlparse(url).path))
    if not os.path.exists(path):
        print(f'Downloading: "{url}" to {path}', flush=True)
        torch.hub.download_url_to_file(url, path, progress=progress)
    return load_from_local(path, map_location)
