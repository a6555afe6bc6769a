"""Limits on the memory that a file of ``torch.save`` may take, checked before its tensors are built.

A file of ``torch.save`` is a pickle that refers to storages of numbers. :mod:`.pickle_limits` has the limits that apply
for every pickle.
"""

import io
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any, BinaryIO, Self

import torch

from .pickle_limits import Budget, TooLargeError, check_opcodes

OBJECT_SIZE = 200
"""Bytes charged for an array or a tensor in addition to its numbers."""
_ITEM_SIZES = {
    'Bool': 1, 'Byte': 1, 'Char': 1, 'Short': 2, 'Half': 2, 'BFloat16': 2, 'Int': 4, 'Float': 4, 'Long': 8, 'Double': 8,
    'ComplexFloat': 8, 'ComplexDouble': 16, 'QUInt8': 1, 'QInt8': 1, 'QInt32': 4, 'QUInt4x2': 1, 'QUInt2x4': 1,
    'Untyped': 1,
}  # fmt: skip
_HARMLESS = {
    'torch.Size', 'torch.device', 'torch._utils._rebuild_parameter', 'torch._utils._rebuild_parameter_with_state',
    'torch.serialization._get_layout', 'torch.nn.parameter.Parameter',
}  # fmt: skip


def charge_for_view(
    budget: Budget, available: int, item_size: int, offset: int, size: Sequence[int], stride: Sequence[int]
) -> None:
    """Check that a tensor is within its storage, and charge for its numbers.

    Args:
        budget (Budget): Budget that is charged.
        available (int): Size of the storage in bytes.
        item_size (int): Size of a number in bytes.
        offset, size, stride: Layout of the tensor, as in ``torch.Tensor.as_strided``.

    Raises:
        TooLargeError: If the tensor reaches beyond its storage, or takes more memory than is left.
    """
    size, stride = tuple(size), tuple(stride)
    layout = (offset, *size, *stride)
    if len(size) != len(stride) or not all(type(number) is int and number >= 0 for number in layout):
        raise TooLargeError(f'a tensor of size {size} and stride {stride}')
    count, last = 1, offset
    for length, step in zip(size, stride):
        count, last = count * length, last + (length - 1) * step
    if count and (last + 1) * item_size > available:
        raise TooLargeError(f'a tensor of size {size} in a storage of {available:,} bytes')
    budget.charge(OBJECT_SIZE + count * item_size, f'a tensor of size {size}')


class TorchFileChecker:
    """Checker of one or several files of ``torch.save`` that share a budget, such as the tensors within a pickle.

    Args:
        budget (Budget): Budget that is charged.
    """

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        # Making a class takes longer than checking a small file.
        self._stand_in = _make_stand_in(budget)
        self._legacy_start = b''  # of the last file of the old format; it is the same in all of them

    def check(self, file: BinaryIO, size: int) -> None:
        """Check what ``torch.load`` would build from a file.

        Args:
            file (BinaryIO): File that ``torch.save`` wrote, in the zip format or in the format before PyTorch 1.6.
            size (int): Size of the file in bytes.

        Raises:
            TooLargeError: If the tensors would take more memory than is left.
            Exception: If the file is damaged. The type depends on the damage.
        """
        if file.read(4) == b'PK\x03\x04':
            self._check_zip(file, size)
        else:
            self._check_legacy(file, size)

    def _check_zip(self, file: BinaryIO, size: int) -> None:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if any(member.compress_type != zipfile.ZIP_STORED for member in members):
                raise TooLargeError('a compressed member, which torch.save never writes')
            if sum(member.file_size for member in members) > size:
                raise TooLargeError('members that are larger than the file')
            if len({member.filename for member in members}) < len(members):
                raise TooLargeError('several members with the same name')
            sizes = {member.filename.partition('/data/')[2]: member.file_size for member in members}
            for member in members:
                if member.filename.rpartition('/')[2] == 'data.pkl':
                    content = archive.read(member)
                    check_opcodes(io.BytesIO(content), self._budget)
                    self._charge_for_storages(content, size, sizes)

    def _check_legacy(self, file: BinaryIO, size: int) -> None:
        """Check a file of the format before PyTorch 1.6: five pickles, followed by the numbers."""
        file.seek(0)
        if not (self._legacy_start and file.read(len(self._legacy_start)) == self._legacy_start):
            file.seek(0)
            for _ in range(3):  # magic number, version and byte order
                check_opcodes(file, self._budget)
            end = file.tell()
            file.seek(0)
            self._legacy_start = file.read(end)
        start = file.tell()
        check_opcodes(file, self._budget)
        end = file.tell()
        file.seek(start)
        self._charge_for_storages(file.read(end - start), size, None)
        check_opcodes(file, self._budget)  # names of the storages

    def _charge_for_storages(self, content: bytes, size: int, sizes: dict[str, int] | None) -> None:
        _SizeUnpickler(content, size, sizes, self._budget, self._stand_in).load()


class _SizeUnpickler(pickle.Unpickler):
    """Unpickler that replaces every object by a stand-in and charges for the memory that the object would take.

    Args:
        content (bytes): Pickle within the file.
        size (int): Size of the whole file in bytes.
        sizes (dict[str, int] | None): Size of each storage in bytes by its key, or None if only the pickle states them.
        budget (Budget): Budget that is charged.
        stand_in (type): Class of the stand-ins.
    """

    def __init__(self, content: bytes, size: int, sizes: dict[str, int] | None, budget: Budget, stand_in: type) -> None:
        super().__init__(io.BytesIO(content))
        self._size, self._sizes, self._budget = size, sizes, budget
        self._stand_in = stand_in
        self._known = {}

    def persistent_load(self, identity: Any) -> Any:
        if type(identity) is not tuple or identity[0] not in ('storage', b'storage'):
            return self._stand_in()  # source code, which torch.load rejects
        _, item_size, key, _, count = identity[:5]
        size = item_size * count
        available = self._size if self._sizes is None else self._sizes.get(key, 0)
        if not 0 <= size <= available:
            raise TooLargeError(f'a storage of {size:,} bytes where there are {available:,}')
        if self._known.setdefault(key, size) != size:
            raise TooLargeError(f'a storage of {size:,} bytes and of {self._known[key]:,}')
        return size, item_size

    def load(self) -> Any:
        value = super().load()
        self._budget.charge(sum(self._known.values()), 'so many storages')
        return value

    def find_class(self, module: str, name: str) -> Any:
        full = f'{module}.{name}'
        if module.partition('.')[0] == 'torch':
            if name.endswith('Storage') and name.removesuffix('Storage') in _ITEM_SIZES:
                return _ITEM_SIZES[name.removesuffix('Storage')]
            if module == 'torch' and isinstance(getattr(torch, name, None), torch.dtype):
                return getattr(torch, name)
            if full in ('torch._utils._rebuild_tensor', 'torch._utils._rebuild_tensor_v2'):
                return self._tensor
            if full == 'torch._utils._rebuild_tensor_v3':
                return self._tensor_of_type
            if full not in _HARMLESS:
                raise TooLargeError(f'the object {full}, which no state_dict has')
        if full == 'collections.OrderedDict':
            return OrderedDict
        return self._bytes if full == '_codecs.encode' else self._stand_in

    def _tensor(
        self, storage: tuple[int, int], offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: Any
    ) -> '_Tensor':
        charge_for_view(self._budget, *storage, offset, size, stride)
        return _Tensor()

    def _tensor_of_type(
        self,
        storage: tuple[int, int],
        offset: int,
        size: tuple[int, ...],
        stride: tuple[int, ...],
        requires_grad: bool,
        hooks: Any,
        dtype: torch.dtype,
        *_: Any,
    ) -> '_Tensor':
        charge_for_view(self._budget, storage[0], dtype.itemsize, offset, size, stride)
        return _Tensor()

    def _bytes(self, text: str, encoding: str = 'latin1') -> bytes:
        self._budget.charge(OBJECT_SIZE + len(text), 'so many bytes')
        return text.encode('latin1')


class _Tensor:
    """Stand-in for a tensor. A state could change the size of the tensor, so it is rejected."""

    def __setstate__(self, state: Any) -> None:
        raise TooLargeError('a tensor that is changed after it is built')


def _make_stand_in(budget: Budget) -> type:
    """Return a class that accepts any call and only charges for the bytes, strings and numbers that it receives."""

    def charge(values: Iterable) -> None:
        sizes = (len(value) if type(value) in (str, bytes) else value if type(value) is int else 0 for value in values)
        budget.charge(OBJECT_SIZE + sum(map(abs, sizes)), 'so many arrays')

    class StandIn:
        def __new__(cls, *args: Any) -> Self:
            charge(args)
            return super().__new__(cls)

        def __init__(self, *args: Any) -> None:
            pass

        def __setstate__(self, state: Any) -> None:
            charge(state if type(state) is tuple else ())

        def __setitem__(self, key: Any, value: Any) -> None:
            pass

        def append(self, item: Any) -> None:
            pass

        def extend(self, items: Any) -> None:
            pass

    return StandIn
