"""Reading of untrusted files in no more memory than their size justifies."""

import json
import os
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor


def read_limited(path: str | Path, max_size: int, content: str) -> bytes:
    """Read a file, unless it is larger than files of its kind can be.

    Args:
        path (str | Path): Path of the file.
        max_size (int): Largest accepted size in bytes.
        content (str): Description of the content, for the error message.

    Returns:
        bytes: Content of the file.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If the file is larger than ``max_size``.
    """
    with open(path, 'rb') as file:
        data = file.read(max_size + 1)  # os.path.getsize would not work for a pipe.
    if len(data) > max_size:
        size = max(os.path.getsize(path), len(data))
        raise ValueError(
            f'{path} has {size / 2**20:,.0f} MiB, but {content} has at most {max_size / 2**20:,.0f} MiB: is it the '
            'right file?'
        )
    return data


def parse_json(text: str | bytes) -> Any:
    """Parse JSON.

    Args:
        text (str | bytes): JSON text. Bytes are in UTF-8, with or without a byte-order mark.

    Returns:
        Any: Value that the text describes.

    Raises:
        ValueError: If the text is not JSON or is nested too deeply.
    """
    try:
        return json.loads(text.decode('utf-8-sig') if isinstance(text, bytes) else text)
    except RecursionError:
        raise ValueError('its lists and objects are nested too deeply') from None


def parse_xml(data: bytes, root: str, max_elements: int) -> ET.Element:
    """Parse XML without a document type declaration, so that no entity grows and no other file is read.

    Args:
        data (bytes): XML text.
        root (str): Expected name of the outermost element.
        max_elements (int): Largest accepted number of elements.

    Returns:
        ET.Element: The outermost element.

    Raises:
        ValueError: If the text is not XML, has another outermost element, a document type declaration or more elements.
    """
    builder = ET.TreeBuilder()
    parser = expat.ParserCreate()
    count = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if count == 1 and name != root:
            raise ValueError(f'its outermost element is <{name:.60}>, not <{root}>')
        if count > max_elements:
            raise ValueError(f'it has more than {max_elements:,} elements')
        builder.start(name, attributes)

    def refuse(*_: Any) -> None:
        raise ValueError('it has a document type declaration (<!DOCTYPE …>), which is not accepted; remove it')

    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise ValueError(f'line {error.lineno}: it is not XML ({expat.ErrorString(error.code)})') from None
    except LookupError as error:
        raise ValueError(f'its text cannot be decoded ({error})') from None
    return builder.close()


def check_num_fields(data: bytes, message: 'Descriptor', max_fields: int) -> None:
    """Check that a serialised Protocol Buffers message does not have too many fields, each of which takes memory.

    Args:
        data (bytes): Serialised message.
        message (Descriptor): Descriptor of the message.
        max_fields (int): Largest accepted number of fields in the message and its nested messages. Packed numbers
            count as a field each.

    Raises:
        ValueError: If the message has more fields, or the data is damaged or has another format.
    """
    known = {}
    stack = [(0, len(data), message)]
    count = 0
    while stack:
        start, end, message = stack.pop()
        if message.full_name not in known:
            known[message.full_name] = {field.number: field for field in message.fields}
        fields = known[message.full_name]
        while start < end:
            count += 1
            tag, start = _varint(data, start, end)
            field, kind = fields.get(tag >> 3), tag & 7
            if kind == 0:
                _, start = _varint(data, start, end)
            elif kind in (1, 5):
                start += 8 if kind == 1 else 4
            elif kind == 2:
                length, start = _varint(data, start, end)
                if field is not None and field.message_type is not None:
                    stack.append((start, start + length, field.message_type))
                elif field is not None and field.cpp_type != field.CPPTYPE_STRING:
                    count += length  # packed numbers, each of at least one byte
                start += length
            else:
                raise ValueError('it is damaged, or a file of another kind')
            if count > max_fields:
                raise ValueError(f'it has more than {max_fields:,} parts')
        if start != end:
            raise ValueError('it is damaged')


def _varint(data: bytes, start: int, end: int) -> tuple[int, int]:
    """Return a variable-length integer, and the position after it."""
    value = 0
    for shift in range(0, 70, 7):
        if start >= end:
            raise ValueError('it is damaged')
        byte = data[start]
        start += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, start
    raise ValueError('it is damaged')
