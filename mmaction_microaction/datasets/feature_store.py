"""Stores the features of many videos in one file, as arrays that can be read one by one."""

import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .store_files import Store, StoreFormat, StoreWriter

REMEDY = 'Delete it and make it again with "microaction extract-features" (--splits names its split).'
DTYPES = ('float32', 'float16')
"""Types in which features may be stored."""


class FeatureSettings(NamedTuple):
    """Settings with which the features of a store are made."""

    config: str
    """Name of the config of the network."""
    fingerprint: int
    """Number of 60 bits that identifies the weights of the network and everything else that the features depend on."""
    steps_per_second: float
    """Steps of the features per second."""
    dtype: str
    """Type of the stored numbers, one of :data:`DTYPES`."""
    crop: str = 'none'
    """How the frames were cropped before the network saw them, as in :class:`.FrameSettings`."""
    short_side: int = 0
    """Length in pixels of the shorter side of the frames in the frame store that the network saw. 0: it saw videos."""
    frames_per_second: float = 0.0
    """Frames per second that the network saw. 0: not known."""
    backbone: int = 0
    """Number of 60 bits that identifies the weights of the backbone alone. 0: not known."""


_TABLES = """
    CREATE TABLE settings (config TEXT, fingerprint INTEGER, steps_per_second REAL, dtype TEXT{more});
    CREATE TABLE videos (name TEXT PRIMARY KEY, num_steps INTEGER, checksum INTEGER, features BLOB);
"""
_FORMAT = StoreFormat(
    kind='feature store',
    application_id=int.from_bytes(b'MAF1', 'big'),
    version=2,
    page_size=16384,
    tables=_TABLES.format(more=', crop TEXT, short_side INTEGER, frames_per_second REAL, backbone INTEGER'),
    key_table='videos',
    settings=FeatureSettings,
    remedy=REMEDY,
)
# Stores of version 1 do not say what the network saw.
FORMAT = _FORMAT._replace(earlier=_FORMAT._replace(version=1, tables=_TABLES.format(more='')))
"""Format of the file."""


class FeatureStoreWriter(StoreWriter):
    """Writes a feature store, see :class:`.StoreWriter`. Settings are a :class:`FeatureSettings`."""

    format = FORMAT

    def __init__(self, path: Path, settings: FeatureSettings) -> None:
        self.dtype = settings.dtype
        super().__init__(path, settings)

    def add(self, name: str, features: np.ndarray) -> None:
        """Write the features of a video in one transaction.

        Args:
            name (str): Name of the video in its table.
            features (np.ndarray): Features, shape (T, C).

        Raises:
            ValueError: If a feature is not finite, or too large for the type of the store.
        """
        with np.errstate(over='ignore'):
            stored = np.ascontiguousarray(features, dtype=self.dtype)
        if not np.isfinite(stored).all():
            raise ValueError(
                f'the features of {name} are not all finite as {self.dtype}: check the weights of the network'
                + ('; leave out --half' if np.isfinite(features).all() else '')
            )
        content = stored.astype(stored.dtype.newbyteorder('<')).tobytes()
        with self._transaction() as connection:
            row = (name, len(stored), _checksum(name, len(stored), content), content)
            connection.execute('INSERT INTO videos VALUES (?, ?, ?, ?)', row)


class FeatureStore(Store):
    """Reads a feature store, see :class:`.Store`. Settings are a :class:`FeatureSettings`."""

    format = FORMAT

    def __init__(self, path: str | Path) -> None:
        super().__init__(path)
        kinds = FeatureSettings.__annotations__.values()
        if not (
            all(isinstance(value, kind) for value, kind in zip(self.settings, kinds))
            and 0 < self.settings.steps_per_second < 1e6
            and self.settings.dtype in DTYPES
        ):
            raise ValueError(f'{path} is damaged: {self.settings} has values of the wrong type. {REMEDY}')

    def read(self, name: str) -> np.ndarray:
        """Read the features of a video.

        Args:
            name (str): Name of the video in its table.

        Returns:
            np.ndarray: Features, shape (T, C), float32.

        Raises:
            ValueError: If the store does not contain the video, or is damaged.
        """
        with self._reading():
            query = 'SELECT num_steps, checksum, features FROM videos WHERE name = ?'
            row = self._connect().execute(query, (name,)).fetchone()
        if row is None:
            raise ValueError(
                f'{self.path} has no features of the video {name}: set path of LoadFeatures to the features of its '
                'table, or write them with "microaction extract-features", whose --splits names the table'
            )
        num_steps, checksum, content = row
        if not (
            isinstance(content, bytes)
            and isinstance(num_steps, int)
            and num_steps > 0
            and len(content) % (num_steps * np.dtype(self.settings.dtype).itemsize) == 0
            and _checksum(name, num_steps, content) == checksum
        ):
            raise ValueError(f'{self.path} is damaged: the features of {name} have a wrong checksum. {REMEDY}')
        stored = np.frombuffer(content, np.dtype(self.settings.dtype).newbyteorder('<'))
        return stored.reshape(num_steps, -1).astype(np.float32)


def _checksum(name: str, num_steps: int, content: bytes) -> int:
    """Return the CRC-32 of features together with their video, so that videos cannot be mixed up."""
    return zlib.crc32(content, zlib.crc32(f'{name}\n{num_steps}'.encode()))
