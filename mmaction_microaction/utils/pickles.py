"""Reading of pickles without running code from them, in no more memory than their size justifies."""

import io
import pickle
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch

from .pickle_limits import Budget, TooLargeError, check_opcodes, check_sharing
from .torch_file_limits import OBJECT_SIZE, TorchFileChecker, charge_for_view


def load_pickle(path: str | Path) -> Any:
    """Load a pickle of plain values, containers, NumPy arrays of numbers, and tensors.

    Args:
        path (str | Path): Path of the pickle, of any protocol.

    Returns:
        Any: The pickled object.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If the file is empty or not a pickle, refers to any other function or class (nothing is imported or
            called), or would take far more memory than its size justifies.
    """
    try:
        content = Path(path).read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(f'{path}: no such file') from None
    if not content:
        raise ValueError(f'{path} is empty; write it again')
    budget = Budget(len(content))
    try:
        check_opcodes(io.BytesIO(content), budget)
        value = _Unpickler(content, budget).load()
        check_sharing(value, budget)
        return value
    except _RefusedError as error:
        raise ValueError(
            f'{path} is refused, since loading it could run code: it uses {error}. Save the predictions as lists, '
            'dicts, strings, numbers, NumPy arrays of numbers and tensors only.'
        ) from None
    except TooLargeError as error:
        raise ValueError(
            f'{path} is not a pickle of numbers, or loading it could take all memory: {error}. Use another file, or '
            'save this one again.'
        ) from None
    except Exception as error:  # a damaged file can fail in any way
        raise ValueError(f'{path} is not a pickle, or damaged ({type(error).__name__}: {error})') from None


class _RefusedError(pickle.UnpicklingError):
    """Use of a function, class or type that a file may not refer to."""


class _Unpickler(pickle.Unpickler):
    """Unpickler that knows only a few functions, and charges a budget for the objects that they create."""

    def __init__(self, content: bytes, budget: Budget) -> None:
        super().__init__(io.BytesIO(content))
        self._budget = budget
        self._torch_files = TorchFileChecker(budget)
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

    def find_class(self, module: str, name: str) -> Callable:
        # NumPy 1 and 2 save the same functions under different names.
        function = self._allowed.get(f'{module}.{name}'.replace('numpy.core.', 'numpy._core.'))
        if function is None:
            raise _RefusedError(f'{module}.{name}')
        return function

    def _charge(self, num_bytes: int) -> None:
        self._budget.charge(OBJECT_SIZE + num_bytes, 'so many arrays')

    def _ordered_dict(self) -> OrderedDict:
        self._charge(0)
        return OrderedDict()

    def _bytes(self, text: str = '', encoding: str = 'latin1') -> bytes:
        # Protocols 0 to 2 write bytes as text in Latin-1, and empty ones as a call without arguments.
        self._charge(len(text))
        return text.encode('latin1')

    def _dtype(self, name: str, align: bool = False, copy: bool = False) -> 'Dtype':
        self._charge(0)
        return Dtype(name)

    def _array(self, subtype: type, shape: tuple, code: bytes) -> 'Array':
        array = make_array()
        array.charge = self._charge
        return array

    def _array_from_buffer(self, data: bytes, dtype: 'Dtype', shape: tuple[int, ...], order: str) -> np.ndarray:
        self._charge(0)
        return np.frombuffer(data, dtype.dtype).reshape(shape, order=order)

    def _storage(self, data: bytes) -> Any:
        self._charge(len(data))
        self._torch_files.check(io.BytesIO(data), len(data))
        # torch.storage._load_from_bytes itself loads with weights_only=False.
        return torch.load(io.BytesIO(data), map_location='cpu', weights_only=True)

    def _tensor(
        self, storage: torch.TypedStorage, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: Any
    ) -> torch.Tensor:
        item_size = storage.dtype.itemsize
        charge_for_view(self._budget, storage._untyped_storage.nbytes(), item_size, offset, size, stride)
        return torch._utils._rebuild_tensor(storage, offset, size, stride)


class Dtype:
    """Stand-in for ``numpy.dtype``. NumPy accepts any flags from a file, even one that turns numbers into pointers."""

    def __init__(self, name: str, align: bool = False, copy: bool = False) -> None:
        self.dtype = np.dtype(name)
        if self.dtype.kind not in 'biuf':
            raise _RefusedError(f'a NumPy array of {self.dtype}')

    def __setstate__(self, state: tuple) -> None:
        self.dtype = self.dtype.newbyteorder(state[1])


class Array(np.ndarray):
    """Array whose state consists of a :class:`Dtype` and bytes only."""

    charge = None

    def __new__(cls, *_: Any) -> Self:
        return super().__new__(cls, (0,))

    def __setstate__(self, state: tuple) -> None:
        version, shape, dtype, fortran, data = state
        if type(dtype) is not Dtype or type(data) is not bytes:
            raise _RefusedError('a NumPy array of objects')
        if self.charge:
            self.charge(len(data))
        super().__setstate__((version, shape, dtype.dtype, fortran, data))

    def __reduce_ex__(self, protocol: int) -> tuple:
        # Pickle it as a plain array.
        return self.view(np.ndarray).__reduce_ex__(protocol)


def make_array(*_: Any) -> Array:
    """Return an empty array instead of NumPy's ``_reconstruct``, regardless of the shape in the file."""
    return Array()


def make_number(dtype: Dtype, data: bytes) -> np.number:
    """Return the number that bytes represent, instead of NumPy's ``scalar``."""
    return np.frombuffer(data, dtype.dtype)[0]
