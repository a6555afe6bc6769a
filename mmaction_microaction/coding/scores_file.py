"""Scores of a network in a recording, before thresholds turn them into bouts, and their ``.npz`` files."""

import io
import json
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mmaction_microaction.label_sets import LabelSet
from mmaction_microaction.utils.files import write_whole
from mmaction_microaction.utils.untrusted import parse_json, read_limited

MAX_SIZE = 2**30
"""Largest size of a file in bytes, and of its content. A day of five people has 180 million bytes."""


@dataclass
class RecordingScores:
    """What a network found in a recording: probabilities of windows, or detections.

    Examples:
        >>> label_set = LabelSet.from_dict({'actions': ['nodding', 'waving']})
        >>> windows = np.array([0.0, 1.0]), np.array([1.0, 2.0]), np.array([[0.9, 0.1], [0.2, 0.8]])
        >>> scores = RecordingScores('talk', np.array(['P1', 'P1']), *windows, label_set=label_set, duration=2.0)
        >>> scores.is_detector, scores.people
        (False, ('P1',))
    """

    recording: str
    """Name of the recording."""
    person: np.ndarray = field(repr=False)
    """Name of the person of each row, shape (W,)."""
    starts: np.ndarray = field(repr=False)
    """Start of each window or detection in seconds, shape (W,)."""
    ends: np.ndarray = field(repr=False)
    """End of each window or detection in seconds, shape (W,)."""
    scores: np.ndarray = field(repr=False)
    """Probabilities of each window, shape (W, C), or score of each detection, shape (W,)."""
    labels: np.ndarray | None = field(default=None, repr=False)
    """Fine label of each detection, shape (W,). None for windows."""
    label_set: LabelSet = field(kw_only=True, repr=False)
    """Label set of the network."""
    duration: float = field(kw_only=True)
    """Duration of the recording in seconds."""
    fps: float | None = None
    """Frames per second. None if it is not known."""
    media: tuple[str, ...] = ()
    """Paths of the video files, in the order in which they follow each other."""
    people: tuple[str, ...] = ()
    """Names of the people from left to right, also of those without rows."""
    absences: dict[str, list[list[float]]] = field(default_factory=dict)
    """For each person, start and end in seconds of each time without the person."""
    warnings: list[str] = field(default_factory=list)
    """What made the result incomplete or less reliable."""
    settings: dict[str, Any] = field(default_factory=dict, repr=False)
    """Settings of the program and its network, for JSON."""

    def __post_init__(self) -> None:
        self.media = tuple(map(str, self.media))
        self.people = tuple(dict.fromkeys([*self.people, *np.unique(self.person).tolist()]))

    @property
    def is_detector(self) -> bool:
        """Whether the rows are detections. Otherwise, they are windows."""
        return self.labels is not None


_TABLES = ('person', 'starts', 'ends', 'scores')
_INFO = ('recording', 'duration', 'fps', 'media', 'people', 'absences', 'warnings', 'settings')


def write_recording_scores(scores: RecordingScores, path: str | Path) -> None:
    """Write the scores of a recording as ``.npz``, completely or not at all.

    The file contains the arrays ``person``, ``starts``, ``ends``, ``scores`` and ``actions``, for detections also
    ``labels``, and a JSON text ``info``. ``np.load(path, allow_pickle=False)`` reads it.

    Args:
        scores (RecordingScores): The scores.
        path (str | Path): Path of the file.

    Raises:
        OSError: If the file cannot be written.
    """
    tables = {name: np.ascontiguousarray(getattr(scores, name)) for name in _TABLES}
    tables['person'] = tables['person'].astype(str)
    tables['scores'] = tables['scores'].astype(np.float32)
    if scores.is_detector:
        tables['labels'] = np.asarray(scores.labels, np.int64)
    info = {name: getattr(scores, name) for name in _INFO}
    info['label_set'] = scores.label_set.to_dict()
    # As bytes, since file names need not be UTF-8.
    text = np.frombuffer(json.dumps(info, allow_nan=False).encode(), np.uint8)
    content = io.BytesIO()
    np.savez_compressed(content, actions=np.array(scores.label_set.names), info=text, **tables)
    write_whole(path, content.getvalue())


def read_recording_scores(path: str | Path) -> RecordingScores:
    """Read a file that :func:`write_recording_scores` wrote.

    Args:
        path (str | Path): Path of the file.

    Returns:
        RecordingScores: The scores.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If the file is damaged or something else.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(read_limited(path, MAX_SIZE, 'a file of scores'))) as archive:
            tables = {name: _read_array(archive, name) for name in (*_TABLES, 'info')}
            labels = _read_array(archive, 'labels') if 'labels.npy' in archive.namelist() else None
        info = parse_json(tables.pop('info').astype(np.uint8).tobytes())
        label_set = LabelSet.from_dict(info.pop('label_set'), str(path))
        scores = RecordingScores(**tables, labels=labels, label_set=label_set, **{name: info[name] for name in _INFO})
        _check_shapes(scores)
        return scores
    except FileNotFoundError:
        raise FileNotFoundError(f'{path}: no such file') from None
    except (KeyError, TypeError, ValueError, AttributeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(
            f'{path} does not contain the scores of "microaction code" ({type(error).__name__}: {error}); delete it '
            'to have the recording coded again'
        ) from None


def _read_array(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    """Read an array in no more memory than the content of the archive has, whatever its header says."""
    with archive.open(f'{name}.npy') as file:
        data = file.read(MAX_SIZE + 1)
    if len(data) > MAX_SIZE:
        raise ValueError(f'{name} has more than {MAX_SIZE:,} bytes')
    stream = io.BytesIO(data)
    version = np.lib.format.read_magic(stream)
    read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, is_fortran, dtype = read_header(stream)
    if dtype.kind not in 'fiuU':
        raise ValueError(f'{name} contains {dtype}')
    if is_fortran:
        raise ValueError(f'{name} is in the order of Fortran')
    content = data[stream.tell() :]
    return (np.frombuffer(content, dtype) if content else np.zeros(0, dtype)).reshape(shape)


def _check_shapes(scores: RecordingScores) -> None:
    count = len(scores.starts)
    expected = {'person': (count,), 'starts': (count,), 'ends': (count,)}
    expected['scores'] = (count,) if scores.is_detector else (count, len(scores.label_set))
    if scores.is_detector:
        expected['labels'] = (count,)
    for name, shape in expected.items():
        if getattr(scores, name).shape != shape:
            raise ValueError(f'{name} has the shape {getattr(scores, name).shape} instead of {shape}')
    for name in ('starts', 'ends', 'scores'):
        if getattr(scores, name).dtype.kind != 'f' or not np.isfinite(getattr(scores, name)).all():
            raise ValueError(f'{name} are not finite numbers')
    if scores.is_detector and count and not 0 <= scores.labels.min() <= scores.labels.max() < len(scores.label_set):
        raise ValueError('a label is out of range')
