"""Pickled predictions, read without running code from the file and in no more memory than its size justifies."""

import io
import pickle
from collections import OrderedDict

import numpy as np
import torch

from .pickle_limits import Budget, TooLarge, charge_for_view, check_opcodes, check_sharing, check_torch_file


def load_pickle(path):
    """Load a pickle that holds nothing but plain values and containers, NumPy arrays of numbers, and tensors.

    Args:
        path (str | Path): The file, of any pickle protocol.

    Returns:
        Any: What was pickled.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is empty or no pickle, or asks for anything else, of which nothing is imported or called, or
            for far more memory than it has bytes.
    """
    with open(path, 'rb') as file:
        content = file.read()
    if not content:
        raise ValueError(f'{path} is empty; write it again.')
    budget = Budget(len(content))
    try:
        check_opcodes(io.BytesIO(content), budget)
        found = _Unpickler(content, budget).load()
        check_sharing(found, budget)
        return found
    except _Refused as error:
        raise ValueError(
            f'{path} is refused, since loading it could run code: it asks for {error}. Predictions need nothing but '
            'lists, dicts, strings, numbers, NumPy arrays of numbers and tensors; save them so.'
        ) from None
    except TooLarge as error:
        raise ValueError(
            f'{path} is refused, since loading it could take all memory: {error}. Save the predictions anew.'
        ) from None
    except Exception as error:  # a damaged file can fail in any way
        raise ValueError(f'{path} is not a pickle, or damaged ({type(error).__name__}: {error}).') from None


class _Refused(pickle.UnpicklingError):
    """Names what a file may not ask for."""


class _Unpickler(pickle.Unpickler):
    """Knows a few functions, and charges a budget for what they make."""

    def __init__(self, content, budget):
        super().__init__(io.BytesIO(content))
        self._budget = budget
        self._allowed = {
            'collections.OrderedDict': self._ordered_dict,
            '_codecs.encode': self._bytes,
            '__builtin__.bytes': self._bytes,
            'numpy.dtype': self._dtype,
            'numpy.ndarray': Array,
            'numpy._core.multiarray._reconstruct': self._array,
            'numpy._core.multiarray.scalar': make_number,
            'numpy._core.numeric._frombuffer': self._array_from_buffer,
            'torch.storage._load_from_bytes': self._storage,
            'torch._utils._rebuild_tensor_v2': self._tensor,
        }

    def find_class(self, module, name):
        # NumPy 1 and 2 save the same functions under different names.
        found = self._allowed.get(f'{module}.{name}'.replace('numpy.core.', 'numpy._core.'))
        if found is None:
            raise _Refused(f'{module}.{name}')
        return found

    def _charge(self, number):
        self._budget.charge(200 + number, 'so many arrays')

    def _ordered_dict(self):
        self._charge(0)
        return OrderedDict()

    def _bytes(self, text='', encoding='latin1'):
        # Protocols 0 to 2 write bytes as text in Latin-1, and empty ones as a call without arguments.
        self._charge(len(text))
        return text.encode('latin1')

    def _dtype(self, name, align=False, copy=False):
        self._charge(0)
        return Dtype(name)

    def _array(self, subtype, shape, code):
        array = make_array()
        array.charge = self._charge
        return array

    def _array_from_buffer(self, data, dtype, shape, order):
        self._charge(0)
        return np.frombuffer(data, dtype.dtype).reshape(shape, order=order)

    def _storage(self, data):
        self._charge(len(data))
        check_torch_file(io.BytesIO(data), len(data), self._budget)
        # PyTorch's own function for this loads with weights_only=False.
        return torch.load(io.BytesIO(data), map_location='cpu', weights_only=True)

    def _tensor(self, storage, offset, size, stride, *_):
        item_size = storage.dtype.itemsize
        charge_for_view(self._budget, storage._untyped_storage.nbytes(), item_size, offset, size, stride)
        return torch._utils._rebuild_tensor(storage, offset, size, stride)


class Dtype:
    """Stands for ``numpy.dtype``, which believes whatever flags a file gives it, so that numbers pass for pointers."""

    def __init__(self, name, align=False, copy=False):
        self.dtype = np.dtype(name)
        if self.dtype.kind not in 'biuf':
            raise _Refused(f'a NumPy array of {self.dtype}')

    def __setstate__(self, state):
        self.dtype = self.dtype.newbyteorder(state[1])


class Array(np.ndarray):
    """An array whose state is taken from a :class:`Dtype` and bytes only."""

    charge = None

    def __new__(cls, *_):
        return super().__new__(cls, (0,))

    def __setstate__(self, state):
        version, shape, dtype, fortran, data = state
        if type(dtype) is not Dtype or type(data) is not bytes:
            raise _Refused('a NumPy array of objects')
        if self.charge:
            self.charge(len(data))
        super().__setstate__((version, shape, dtype.dtype, fortran, data))

    def __reduce_ex__(self, protocol):
        # Saved again, it is a plain array.
        return self.view(np.ndarray).__reduce_ex__(protocol)


def make_array(*_):
    """Take the place of NumPy's ``_reconstruct``: an empty array, whatever shape a file gives it."""
    return Array()


def make_number(dtype, data):
    """Take the place of NumPy's ``scalar``: a number of its bytes."""
    return np.frombuffer(data, dtype.dtype)[0]
