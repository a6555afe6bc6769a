"""Refuses MP4 files whose tables claim more than the file can hold, for which FFmpeg would allocate gigabytes."""

import os
import struct

LEAST_BYTES = 16
"""A frame is no smaller."""
ALWAYS_ALLOWED = 5_000_000
"""Entries of an index that no file is refused for: FFmpeg takes up to 72 bytes each."""
CONTAINERS = (
    b'dinf', b'edts', b'ilst', b'ipco', b'iprp', b'mdia', b'minf', b'moof', b'moov', b'mvex', b'schi', b'sinf', b'stbl',
    b'traf', b'trak', b'tref', b'udta', b'wave',
)  # fmt: skip
"""Boxes in which FFmpeg looks for tables, whatever box they are in themselves."""
TABLES = (b'cmov', b'elst', b'hdlr', b'stsz', b'stts', b'stz2', b'trun')
_PIECE = 2**20


def check_tables(path):
    """Refuse an MP4 or QuickTime file with more samples, edits of samples or fragments than fit into it.

    Args:
        path (str | Path): A file of any kind.

    Raises:
        OSError: If it cannot be read.
        ValueError: If its tables cannot be true.
    """
    size = os.path.getsize(path)
    tracks = [_Track()]
    with open(path, 'rb') as file:
        for kind, start, end in _boxes(file, 0, size):
            if kind == b'trak':
                tracks.append(_Track())
            elif kind == b'cmov':
                raise ValueError(f'{path} has a compressed header, as QuickTime of old wrote; encode it anew, as MP4')
            elif kind in TABLES and end - start >= 8:
                file.seek(start)
                tracks[-1].read(kind, file.read(min(end - start, 16)))
    entries = sum(track.num_entries() for track in tracks)
    if entries > max(size // LEAST_BYTES, ALWAYS_ALLOWED):
        raise ValueError(f'{path} has {size:,} bytes, but claims {entries:,} frames; it is damaged: encode it anew')


class _Track:
    """What the tables of a track claim."""

    def __init__(self):
        self.samples = self.edits = self.fragments = 0
        self.handlers, self.lasts_units = set(), []

    def read(self, kind, head):
        """Read the beginning of a table, after its version and flags."""
        first, second, third = struct.unpack('>3I', head[4:].ljust(12, b'\0'))
        if kind == b'elst':
            self.edits += first
        elif kind == b'trun':
            self.fragments += first
        elif kind == b'hdlr':
            self.handlers.add(second.to_bytes(4, 'big'))
        elif kind == b'stts':
            self.lasts_units.append((first, third) == (1, 1))
        else:
            self.samples += second

    def num_entries(self):
        """Count the entries of the index that FFmpeg makes."""
        # FFmpeg lists chunks, not samples, of sound whose samples each last a unit.
        is_sound = b'soun' in self.handlers and not self.handlers & {b'vide', b'subp', b'clcp'}
        is_plain = is_sound and self.lasts_units and all(self.lasts_units)
        samples = self.samples // 1024 if is_plain else self.samples
        return samples * max(self.edits, 1) + self.fragments


def _boxes(file, start, end, depth=0):
    """List boxes and those in them, as (kind, start and end of the content), as deep as FFmpeg looks."""
    while start + 8 <= end:
        file.seek(start)
        head = file.read(16)
        size, kind = struct.unpack('>I4s', head[:8])
        begin = start + 8
        if size == 1 and len(head) == 16:
            size, begin = struct.unpack('>Q', head[8:])[0], start + 16
        stop = end if size == 0 else min(start + size, end)
        if stop < begin:
            return
        yield kind, begin, stop
        if depth < 10:
            if kind == b'stsd':
                # Each kind of picture or sound has other fields before the boxes in it.
                for table in TABLES:
                    yield from ((table, place + 4, stop) for place in _search(file, table, begin, stop))
            else:
                yield from _boxes(file, _first_inside(file, kind, begin, stop), stop, depth + 1)
        start = stop


def _first_inside(file, kind, begin, stop):
    """Say where the boxes in a box begin: at its end if it has none."""
    if kind in CONTAINERS:
        return begin
    if kind == b'meta':
        return next((place - 4 for place in _search(file, b'hdlr', begin, stop) if (place - begin) % 4 == 0), stop)
    if kind in (b'free', b'hoov'):  # some writers renamed the header so
        file.seek(begin + 4)
        return begin if file.read(4) in (b'cmov', b'mvhd') else stop
    return stop


def _search(file, name, begin, stop):
    """Find where a name stands in a part of a file, in no more memory than a piece of it."""
    for start in range(begin, stop, _PIECE):
        file.seek(start)
        piece = file.read(min(_PIECE + len(name) - 1, stop - start))
        place = piece.find(name)
        while place >= 0:
            yield start + place
            place = piece.find(name, place + 1)
