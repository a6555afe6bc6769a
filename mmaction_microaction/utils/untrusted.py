"""Reading files from elsewhere in no more memory than their size justifies."""

import json
import os


def read_limited(path, most, content):
    """Read a file that is known to be small.

    Args:
        path (str | Path): The file.
        most (int): Bytes that it may have.
        content (str): What such a file holds, for errors.

    Returns:
        bytes: All of it.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is larger.
    """
    with open(path, 'rb') as file:
        data = file.read(most + 1)  # not its size: a pipe has none
    if len(data) > most:
        size = max(os.path.getsize(path), len(data))
        raise ValueError(
            f'{path} has {size / 2**20:,.0f} MiB, too much for {content}, which needs no more than '
            f'{most / 2**20:,.0f} MiB; is it the right file?'
        )
    return data


def parse_json(text):
    """Parse JSON.

    Args:
        text (str | bytes): JSON, in UTF-8 with or without a byte-order mark.

    Returns:
        Any: Its content.

    Raises:
        ValueError: If it is no JSON, or nested too deep to be read.
    """
    try:
        return json.loads(text.decode('utf-8-sig') if isinstance(text, bytes) else text)
    except RecursionError:
        raise ValueError('its lists and objects are nested too deep') from None


def count_fields(data, message, most):
    """Refuse a file of Protocol Buffers that has far more parts than its kind needs: each takes memory when it is read.

    Args:
        data (bytes): The file.
        message (google.protobuf.descriptor.Descriptor): Of what it holds.
        most (int): Fields that it may have, of all messages in it, packed numbers among them.

    Raises:
        ValueError: If it has more, or is no such file.
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
                    count += length  # packed numbers of a byte or more
                start += length
            else:
                raise ValueError('it is no file of its kind, or damaged')
            if count > most:
                raise ValueError(f'it has more than {most:,} parts')
        if start != end:
            raise ValueError('it is damaged')


def _varint(data, start, end):
    """Read a whole number; return it, and where it ends."""
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
