"""How much memory a pickle, or a file of ``torch.save``, would take, found out without building what it describes.

Numbers in a pickle say how large an array, a tensor or the table of what is referred to will be, and one object can be
referred to any number of times. Nothing of that is in proportion to the size of the file.
"""

import io
import pickle
import pickletools
import zipfile
from collections import OrderedDict
from itertools import chain

import numpy as np
import torch

ALWAYS = 2**26
"""Bytes that a file may take whatever its size."""
MAX_DEPTH = 50
"""Lists in lists; what MMEngine saves needs ten."""
_OBJECT, _CONTAINER = 200, 72
"""Bytes of an array or a tensor without its numbers, and of an empty dict."""
_PUTS = {'PUT', 'BINPUT', 'LONG_BINPUT'}
_CONTAINERS = {'EMPTY_LIST', 'EMPTY_DICT', 'LIST', 'DICT', 'TUPLE', 'TUPLE1', 'TUPLE2', 'TUPLE3'}
_NEVER_NEEDED = {
    'EMPTY_SET', 'ADDITEMS', 'FROZENSET', 'NEXT_BUFFER', 'READONLY_BUFFER', 'EXT1', 'EXT2', 'EXT4', 'INST', 'OBJ',
    'NEWOBJ_EX', 'PERSID',
}  # fmt: skip


class TooLarge(Exception):
    """Says what would take more memory than the size of a file justifies."""


class Budget:
    """What loading a file may take: four times its size, and 64 MiB for small ones.

    Args:
        size (int): Bytes of the file.
    """

    def __init__(self, size):
        self.size = size
        self.total = self.left = 4 * size + ALWAYS
        self.stand_in = _make_stand_in(self)
        self.start = b''  # of the last file of torch.save within this one, the same in all of them

    def charge(self, number, what):
        """Take some bytes.

        Args:
            number (int): How many.
            what (str): For what, for the error.

        Raises:
            TooLarge: If that is more than is left.
        """
        self.left -= number
        if self.left < 0:
            raise TooLarge(f'{what} would take more memory than {self.size:,} bytes justify')


def check_opcodes(file, budget):
    """Check the instructions of a pickle before anything follows them.

    Args:
        file (BinaryIO): At the start of the pickle; afterwards behind its end.
        budget (Budget): Is charged for the lists, dicts and tuples.

    Raises:
        TooLarge: If they would take more memory than is left, or one is of a kind that no file here has.
        ValueError: If it is no pickle, or cut short.
    """
    for number, (opcode, argument, _) in enumerate(pickletools.genops(file)):
        if opcode.name in _PUTS and argument > number + 1000:  # optimizers of pickles may leave gaps
            raise TooLarge(f'a table of {argument:,} objects after {number:,} instructions')
        if opcode.name in _NEVER_NEEDED:
            raise TooLarge(f'the instruction {opcode.name}, which no file of numbers needs')
        if opcode.name in _CONTAINERS:
            budget.charge(_CONTAINER, 'so many lists, dicts and tuples')


def check_sharing(value, budget):
    """Check that a value would not be much larger than its file if everything in it was there only once.

    Args:
        value (Any): Lists, tuples, dicts, strings, numbers, arrays and tensors.
        budget (Budget): What they may take.

    Raises:
        TooLarge: If they would take more, or lists are nested too deep.
    """
    known = {}

    def measure(value, depth):
        """Return bytes and height."""
        kind = type(value)
        if kind in (str, bytes, bytearray):
            return len(value), 0
        if isinstance(value, np.ndarray):
            return 8 * value.size, 0
        if isinstance(value, torch.Tensor):
            return 8 * value.numel(), 0
        if kind not in (list, tuple, dict, OrderedDict):
            return 8, 0
        if id(value) not in known:
            if depth > MAX_DEPTH:
                raise TooLarge(f'lists in lists, more than {MAX_DEPTH} deep')
            items = chain(value.keys(), value.values()) if isinstance(value, dict) else value
            size = height = 0
            for item in items:
                below = measure(item, depth + 1)
                size, height = size + below[0], max(height, below[1])
                if size > budget.total:
                    raise TooLarge(
                        f'what is referred to again and again would take more memory than {budget.size:,} bytes justify'
                    )
            known[id(value)] = size + 8, height + 1
        size, height = known[id(value)]
        if depth + height > MAX_DEPTH + 1:
            raise TooLarge(f'lists in lists, more than {MAX_DEPTH} deep')
        return size, height

    measure(value, 0)


def charge_for_view(budget, available, item_size, offset, size, stride):
    """Check that a tensor is within its storage, and charge for its numbers.

    Args:
        budget (Budget): Is charged.
        available (int): Bytes of the storage.
        item_size (int): Bytes of a number.
        offset, size, stride: Layout of the tensor, as PyTorch has it.

    Raises:
        TooLarge: If it is not, or takes more than is left.
    """
    size, stride = tuple(size), tuple(stride)
    numbers = (offset, *size, *stride)
    if len(size) != len(stride) or not all(type(number) is int and number >= 0 for number in numbers):
        raise TooLarge(f'a tensor of size {size} and stride {stride}')
    count, last = 1, offset
    for length, step in zip(size, stride):
        count, last = count * length, last + (length - 1) * step
    if count and (last + 1) * item_size > available:
        raise TooLarge(f'a tensor of size {size} in a storage of {available:,} bytes')
    budget.charge(_OBJECT + count * item_size, f'a tensor of size {size}')


def check_torch_file(file, size, budget):
    """Check what ``torch.load`` would build of a file.

    Args:
        file (BinaryIO): What ``torch.save`` wrote, in either of its formats.
        size (int): Bytes of it.
        budget (Budget): What it may take, which may be that of a file around it.

    Raises:
        TooLarge: If it would take more.
        Exception: Of many kinds, if it is damaged.
    """
    if file.read(4) != b'PK\x03\x04':
        _check_old_torch_file(file, size, budget)
        return
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        if any(member.compress_type != zipfile.ZIP_STORED for member in members):
            raise TooLarge('a member that is compressed, as torch.save writes none')
        if sum(member.file_size for member in members) > size:
            raise TooLarge('members that are larger than the file')
        if len({member.filename for member in members}) < len(members):
            raise TooLarge('several members of one name')
        sizes = {member.filename.partition('/data/')[2]: member.file_size for member in members}
        for member in members:
            if member.filename.rpartition('/')[2] == 'data.pkl':
                content = archive.read(member)
                check_opcodes(io.BytesIO(content), budget)
                _Sizes(content, size, sizes, budget).load()


def _check_old_torch_file(file, size, budget):
    """Check a file of the format before PyTorch 1.6, five pickles and then the numbers."""
    file.seek(0)
    if not (budget.start and file.read(len(budget.start)) == budget.start):
        file.seek(0)
        for _ in range(3):  # a mark, a version, the kind of machine
            check_opcodes(file, budget)
        end = file.tell()
        file.seek(0)
        budget.start = file.read(end)
    start = file.tell()
    check_opcodes(file, budget)
    end = file.tell()
    file.seek(start)
    _Sizes(file.read(end - start), size, None, budget).load()
    check_opcodes(file, budget)  # names of the storages


_ITEM_SIZES = {
    'Bool': 1, 'Byte': 1, 'Char': 1, 'Short': 2, 'Half': 2, 'BFloat16': 2, 'Int': 4, 'Float': 4, 'Long': 8, 'Double': 8,
    'ComplexFloat': 8, 'ComplexDouble': 16, 'QUInt8': 1, 'QInt8': 1, 'QInt32': 4, 'QUInt4x2': 1, 'QUInt2x4': 1,
    'Untyped': 1,
}  # fmt: skip
_HARMLESS = {
    'torch.Size', 'torch.device', 'torch._utils._rebuild_parameter', 'torch._utils._rebuild_parameter_with_state',
    'torch.serialization._get_layout', 'torch.nn.parameter.Parameter',
}  # fmt: skip


class _Sizes(pickle.Unpickler):
    """Follows a pickle of ``torch.save`` with stand-ins for all objects, and charges for what they would take.

    Args:
        content (bytes): The pickle.
        size (int): Bytes of the whole file.
        sizes (dict[str, int], optional): Bytes of each storage by its key; None where the pickle itself says how large
            they are.
        budget (Budget): Is charged.
    """

    def __init__(self, content, size, sizes, budget):
        super().__init__(io.BytesIO(content))
        self._size, self._sizes, self._budget = size, sizes, budget
        self._stand_in = budget.stand_in
        self._known = {}

    def persistent_load(self, identity):
        if type(identity) is not tuple or identity[0] not in ('storage', b'storage'):
            return self._stand_in()  # of source code, which torch.load refuses
        _, item_size, key, _, count = identity[:5]
        size = item_size * count
        most = self._size if self._sizes is None else self._sizes.get(key, 0)
        if not 0 <= size <= most:
            raise TooLarge(f'a storage of {size:,} bytes where there are {most:,}')
        if self._known.setdefault(key, size) != size:
            raise TooLarge(f'a storage of {size:,} bytes and of {self._known[key]:,}')
        return size, item_size

    def load(self):
        found = super().load()
        self._budget.charge(sum(self._known.values()), 'so many storages')
        return found

    def find_class(self, module, name):
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
                raise TooLarge(f'the object {full}, which no state_dict has')
        if full == 'collections.OrderedDict':
            return OrderedDict
        return self._bytes if full == '_codecs.encode' else self._stand_in

    def _tensor(self, storage, offset, size, stride, *_):
        charge_for_view(self._budget, *storage, offset, size, stride)
        return _Tensor()

    def _tensor_of_type(self, storage, offset, size, stride, requires_grad, hooks, dtype, *_):
        charge_for_view(self._budget, storage[0], dtype.itemsize, offset, size, stride)
        return _Tensor()

    def _bytes(self, text, encoding='latin1'):
        self._budget.charge(_OBJECT + len(text), 'so many bytes')
        return text.encode('latin1')


class _Tensor:
    """Stands for a tensor, which no state may give another size."""

    def __setstate__(self, state):
        raise TooLarge('a tensor that is changed after it is built')


def _make_stand_in(budget):
    """Make a class that takes everything, does nothing, and charges for bytes, texts and numbers that it is given."""

    def charge(values):
        sizes = (len(value) if type(value) in (str, bytes) else value if type(value) is int else 0 for value in values)
        budget.charge(_OBJECT + sum(map(abs, sizes)), 'so many arrays')

    class StandIn:
        def __new__(cls, *args):
            charge(args)
            return super().__new__(cls)

        def __init__(self, *args):
            pass

        def __setstate__(self, state):
            charge(state if type(state) is tuple else ())

        def __setitem__(self, key, value):
            pass

        def append(self, item):
            pass

        def extend(self, items):
            pass

    return StandIn
