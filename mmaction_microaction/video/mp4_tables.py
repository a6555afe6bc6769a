"""Rejects MP4 files whose tables claim more than the file can contain, for which FFmpeg would allocate gigabytes."""

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

MIN_FRAME_BYTES = 16
"""Smallest plausible size of a frame."""
ALWAYS_ALLOWED = 5_000_000
"""Number of index entries for which no file is rejected. FFmpeg allocates up to 72 bytes for each."""
CONTAINERS = (
    b'dinf', b'edts', b'ilst', b'ipco', b'iprp', b'mdia', b'minf', b'moof', b'moov', b'mvex', b'schi', b'sinf', b'stbl',
    b'traf', b'trak', b'tref', b'udta', b'wave',
)  # fmt: skip
"""Boxes in which FFmpeg looks for tables, wherever they are in the file."""
TABLES = (b'cmov', b'elst', b'hdlr', b'stsz', b'stts', b'stz2', b'trun')
"""Boxes that are read here."""
_CHUNK = 2**20


def check_tables(path: str | Path) -> None:
    """Raise an error if an MP4 or QuickTime file claims more samples, edits or fragments than fit into it.

    Args:
        path (str | Path): Path of a file of any format.

    Raises:
        OSError: If the file cannot be read.
        ValueError: If the tables cannot be true.
    """
    size = os.path.getsize(path)
    tracks = [_Track()]
    with open(path, 'rb') as file:
        for kind, start, end in _boxes(file, 0, size):
            if kind == b'trak':
                tracks.append(_Track())
            elif kind == b'cmov':
                raise ValueError(
                    f'{path} has a compressed header, as old versions of QuickTime wrote; encode it again, as MP4'
                )
            elif kind in TABLES and end - start >= 8:
                file.seek(start)
                tracks[-1].read(kind, file.read(min(end - start, 16)))
    entries = sum(track.num_entries() for track in tracks)
    if entries > max(size // MIN_FRAME_BYTES, ALWAYS_ALLOWED):
        raise ValueError(f'{path} has {size:,} bytes, but claims {entries:,} frames; it is damaged: encode it again')


class _Track:
    """Numbers that the tables of a track claim."""

    def __init__(self) -> None:
        self.samples = self.edits = self.fragments = 0
        self.handlers, self.has_unit_durations = set(), []

    def read(self, kind: bytes, head: bytes) -> None:
        """Read the first bytes of a table, after its version and flags."""
        first, second, third = struct.unpack('>3I', head[4:].ljust(12, b'\0'))
        if kind == b'elst':
            self.edits += first
        elif kind == b'trun':
            self.fragments += first
        elif kind == b'hdlr':
            self.handlers.add(second.to_bytes(4, 'big'))
        elif kind == b'stts':
            self.has_unit_durations.append((first, third) == (1, 1))
        else:
            self.samples += second

    def num_entries(self) -> int:
        """Return the number of entries of the index that FFmpeg builds."""
        # FFmpeg indexes chunks instead of samples for sound whose samples all last one time unit.
        is_sound = b'soun' in self.handlers and not self.handlers & {b'vide', b'subp', b'clcp'}
        is_chunked = is_sound and self.has_unit_durations and all(self.has_unit_durations)
        samples = self.samples // 1024 if is_chunked else self.samples
        return samples * max(self.edits, 1) + self.fragments


def _boxes(file: BinaryIO, start: int, end: int, depth: int = 0) -> Iterator[tuple[bytes, int, int]]:
    """Yield each box as (kind, start and end of its content), nested ones as deep as FFmpeg looks."""
    while start + 8 <= end:
        file.seek(start)
        head = file.read(16)
        size, kind = struct.unpack('>I4s', head[:8])
        content_start = start + 8
        if size == 1 and len(head) == 16:
            size, content_start = struct.unpack('>Q', head[8:])[0], start + 16
        box_end = end if size == 0 else min(start + size, end)
        if box_end < content_start:
            return
        yield kind, content_start, box_end
        if depth < 10:
            if kind == b'stsd':
                # The fields before the nested boxes differ between codecs, so the tables are searched for by name.
                for table in TABLES:
                    yield from ((table, index + 4, box_end) for index in _search(file, table, content_start, box_end))
            else:
                yield from _boxes(file, _first_nested(file, kind, content_start, box_end), box_end, depth + 1)
        start = box_end


def _first_nested(file: BinaryIO, kind: bytes, start: int, end: int) -> int:
    """Return where the first nested box starts, or the end of the box if it has none."""
    if kind in CONTAINERS:
        return start
    if kind == b'meta':
        return next((index - 4 for index in _search(file, b'hdlr', start, end) if (index - start) % 4 == 0), end)
    if kind in (b'free', b'hoov'):  # some writers renamed the header like this
        file.seek(start + 4)
        return start if file.read(4) in (b'cmov', b'mvhd') else end
    return end


def _search(file: BinaryIO, name: bytes, start: int, end: int) -> Iterator[int]:
    """Yield each offset of a name in a section of a file, which is read in chunks."""
    for chunk_start in range(start, end, _CHUNK):
        file.seek(chunk_start)
        chunk = file.read(min(_CHUNK + len(name) - 1, end - chunk_start))
        index = chunk.find(name)
        while index >= 0:
            yield chunk_start + index
            index = chunk.find(name, index + 1)
