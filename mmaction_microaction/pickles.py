"""Pickled predictions, read without running code from the file."""

import io
import pickle
from collections import OrderedDict

import numpy as np
import torch


def load_pickle(path):
    """Load a pickle that holds nothing but plain values and containers, NumPy arrays of numbers, and tensors.

    Args:
        path (str | Path): The file, of any pickle protocol.

    Returns:
        Any: What was pickled.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is empty or no pickle, or asks for anything else; nothing of that is imported or called.
    """
    with open(path, 'rb') as file:
        content = file.read()
    if not content:
        raise ValueError(f'{path} is empty; write it again.')
    try:
        return _Unpickler(io.BytesIO(content)).load()
    except _Refused as error:
        raise ValueError(
            f'{path} is refused, since loading it could run code: it asks for {error}. Predictions need nothing but '
            'lists, dicts, strings, numbers, NumPy arrays of numbers and tensors; save them so.'
        ) from None
    except Exception as error:  # a damaged file can fail in any way
        raise ValueError(f'{path} is not a pickle, or damaged ({type(error).__name__}: {error}).') from None


class _Refused(Exception):
    """Names what a file may not ask for."""


class _Unpickler(pickle.Unpickler):
    def find_class(self, module, name):
        # NumPy 1 and 2 save the same functions under different names.
        found = _ALLOWED.get(f'{module}.{name}'.replace('numpy.core.', 'numpy._core.'))
        if found is None:
            raise _Refused(f'{module}.{name}')
        return found


class _Dtype:
    """Stands for ``numpy.dtype``, which believes whatever flags a file gives it, so that numbers pass for pointers."""

    def __init__(self, name, align=False, copy=False):
        self.dtype = np.dtype(name)
        if self.dtype.kind not in 'biuf':
            raise _Refused(f'a NumPy array of {self.dtype}')

    def __setstate__(self, state):
        self.dtype = self.dtype.newbyteorder(state[1])


class _Array(np.ndarray):
    """An array whose state is taken from a :class:`_Dtype` and bytes only."""

    def __setstate__(self, state):
        version, shape, dtype, fortran, data = state
        if type(dtype) is not _Dtype or type(data) is not bytes:
            raise _Refused('a NumPy array of objects')
        super().__setstate__((version, shape, dtype.dtype, fortran, data))


def _new_array(subtype, shape, code):
    return np.ndarray.__new__(_Array, (0,))


def _array_from_buffer(data, dtype, shape, order):
    return np.frombuffer(data, dtype.dtype).reshape(shape, order=order)


def _number(dtype, data):
    return np.frombuffer(data, dtype.dtype)[0]


def _bytes(text='', encoding='latin1'):
    # Protocols 0 to 2 write bytes as text in Latin-1, and empty ones as a call without arguments.
    return text.encode('latin1')


def _storage(data):
    # PyTorch's own function for this loads with weights_only=False.
    return torch.load(io.BytesIO(data), map_location='cpu', weights_only=True)


def _tensor(storage, offset, size, stride, *_):
    return torch._utils._rebuild_tensor(storage, offset, size, stride)


_ALLOWED = {
    'collections.OrderedDict': OrderedDict,
    '_codecs.encode': _bytes,
    '__builtin__.bytes': _bytes,
    'numpy.dtype': _Dtype,
    'numpy.ndarray': 'numpy.ndarray',  # only ever an argument of the next
    'numpy._core.multiarray._reconstruct': _new_array,
    'numpy._core.multiarray.scalar': _number,
    'numpy._core.numeric._frombuffer': _array_from_buffer,
    'torch.storage._load_from_bytes': _storage,
    'torch._utils._rebuild_tensor_v2': _tensor,
}
