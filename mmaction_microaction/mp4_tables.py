"""Refuses MP4 files whose tables claim more than the file can hold, for which FFmpeg would allocate gigabytes."""

import os
import struct

LEAST_BYTES = 16
"""A frame is no smaller."""
ALWAYS_ALLOWED = 5_000_000
"""Entries of an index that no file is refused for: FFmpeg takes up to 72 bytes each."""
CONTAINERS = (
    b'dinf', b'edts', b'mdia', b'minf', b'moof', b'moov', b'mvex', b'stbl', b'traf', b'trak', b'tref', b'udta', b'wave',
)  # fmt: skip
"""Boxes in which FFmpeg looks for tables."""
FIRST = (*CONTAINERS, b'free', b'ftyp', b'mdat', b'pnot', b'sidx', b'skip', b'styp', b'uuid', b'wide')


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
        if file.read(8)[4:] not in FIRST:
            return
        for kind, start, end in _boxes(file, 0, size):
            if kind == b'trak':
                tracks.append(_Track())
            elif kind == b'cmov':
                raise ValueError(f'{path} has a compressed header, as QuickTime of old wrote; encode it anew, as MP4')
            elif kind in _Track.TABLES and end - start >= 8:
                file.seek(start)
                tracks[-1].read(kind, file.read(min(end - start, 16)))
    entries = sum(track.num_entries() for track in tracks)
    if entries > max(size // LEAST_BYTES, ALWAYS_ALLOWED):
        raise ValueError(f'{path} has {size:,} bytes, but claims {entries:,} frames; it is damaged: encode it anew')


class _Track:
    """What the tables of a track claim."""

    TABLES = (b'elst', b'stsz', b'stts', b'stz2', b'trun')

    def __init__(self):
        self.samples = self.edits = self.fragments = 0
        self.is_plain_sound = False

    def read(self, kind, head):
        """Read the beginning of a table, after its version and flags."""
        first, second, third = struct.unpack('>3I', head[4:].ljust(12, b'\0'))
        if kind == b'elst':
            self.edits += first
        elif kind == b'trun':
            self.fragments += first
        elif kind == b'stts':
            # One sample after the other, each lasting a unit: FFmpeg does not list them.
            self.is_plain_sound = (first, third) == (1, 1)
        else:
            self.samples += second

    def num_entries(self):
        """Count the entries of the index that FFmpeg makes."""
        samples = self.samples // 1024 if self.is_plain_sound else self.samples
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
        if kind in CONTAINERS and depth < 10:
            yield from _boxes(file, begin, stop, depth + 1)
        start = stop
