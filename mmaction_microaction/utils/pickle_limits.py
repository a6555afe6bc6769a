"""Limits on the memory that a pickle may take, checked before its objects are built.

A pickle states the size of each array and of the table of its shared objects, and it can refer to one object any number
of times. None of these numbers is bounded by the size of the file.
"""

import pickletools
from collections import OrderedDict
from itertools import chain
from typing import Any, BinaryIO

import numpy as np
import torch

ALWAYS = 2**26
"""Bytes that any file may take, however small it is."""
MAX_DEPTH = 50
"""Deepest accepted nesting of lists. Files that MMEngine saves have about 10 levels."""
CONTAINER_SIZE = 72
"""Bytes charged for an empty list, dict or tuple."""
_PUTS = {'PUT', 'BINPUT', 'LONG_BINPUT'}
_CONTAINERS = {'EMPTY_LIST', 'EMPTY_DICT', 'LIST', 'DICT', 'TUPLE', 'TUPLE1', 'TUPLE2', 'TUPLE3'}
_NEVER_NEEDED = {
    'EMPTY_SET', 'ADDITEMS', 'FROZENSET', 'NEXT_BUFFER', 'READONLY_BUFFER', 'EXT1', 'EXT2', 'EXT4', 'INST', 'OBJ',
    'NEWOBJ_EX', 'PERSID',
}  # fmt: skip


class TooLargeError(Exception):
    """A part of a file that would take more memory than the size of the file justifies."""


class Budget:
    """Memory that loading a file may take: four times the size of the file, plus :data:`ALWAYS`.

    Args:
        size (int): Size of the file in bytes.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.total = self.left = 4 * size + ALWAYS

    def charge(self, num_bytes: int, what: str) -> None:
        """Subtract bytes from what is left.

        Args:
            num_bytes (int): Number of bytes.
            what (str): Description of the objects that take them, for the error message.

        Raises:
            TooLargeError: If fewer bytes are left.
        """
        self.left -= num_bytes
        if self.left < 0:
            raise TooLargeError(f'{what} would take more memory than {self.size:,} bytes justify')


def check_opcodes(file: BinaryIO, budget: Budget) -> None:
    """Check the instructions of a pickle before any of them is executed.

    Args:
        file (BinaryIO): File at the start of the pickle. Afterwards it is at the end of the pickle.
        budget (Budget): Budget that is charged for lists, dicts and tuples.

    Raises:
        TooLargeError: If the containers would take more memory than is left, or the pickle has an instruction that no
            supported file needs.
        ValueError: If the file is not a pickle or is truncated.
    """
    for index, (opcode, argument, _) in enumerate(pickletools.genops(file)):
        if opcode.name in _PUTS and argument > index + 1000:  # pickletools.optimize may leave gaps
            raise TooLargeError(f'a table of {argument:,} objects after {index:,} instructions')
        if opcode.name in _NEVER_NEEDED:
            raise TooLargeError(f'the instruction {opcode.name}, which no file of numbers needs')
        if opcode.name in _CONTAINERS:
            budget.charge(CONTAINER_SIZE, 'so many lists, dicts and tuples')


def check_sharing(value: Any, budget: Budget) -> None:
    """Check that a value stays within its budget when every reference to a shared object is counted.

    Args:
        value (Any): Nested lists, tuples and dicts of strings, numbers, arrays and tensors.
        budget (Budget): Budget of the file. Its total is the limit.

    Raises:
        TooLargeError: If the value would take more memory, or its lists are nested deeper than :data:`MAX_DEPTH`.
    """
    known = {}

    def measure(value: Any, depth: int) -> tuple[int, int]:
        """Return size in bytes and height of nesting."""
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
                raise TooLargeError(f'lists in lists, more than {MAX_DEPTH} deep')
            items = chain(value.keys(), value.values()) if isinstance(value, dict) else value
            size = height = 0
            for item in items:
                item_size, item_height = measure(item, depth + 1)
                size, height = size + item_size, max(height, item_height)
                if size > budget.total:
                    raise TooLargeError(
                        f'repeated references to one object would take more memory than {budget.size:,} bytes justify'
                    )
            known[id(value)] = size + 8, height + 1
        size, height = known[id(value)]
        if depth + height > MAX_DEPTH + 1:
            raise TooLargeError(f'lists in lists, more than {MAX_DEPTH} deep')
        return size, height

    measure(value, 0)
