"""Tables of videos with several actions each, in the format of MMA-52: reading and checking."""

import csv
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mmaction_microaction.label_sets import MA52, LabelSet
from mmaction_microaction.utils.paths import find_guide
from mmaction_microaction.video.files import VIDEO_ENDINGS

from .annotations import enumerate_lines, read_lines
from .list_rows import ListReader

COLUMNS = ('video_id', 'start_frame', 'end_frame', 'class', 'total_frames', 'fps')
"""Titles of the columns that a table must have. The release also has ``id``, the number of the row."""

_INTEGER = re.compile(r'[0-9]{1,9}(\.0*)?')  # spreadsheets may write 9.0
_PLACEHOLDER_ID = re.compile(r'test\d{4}(\.mp4)?')
_PLACEHOLDER_FRAMES = (0, 20)


class Instance(NamedTuple):
    """One action of a video."""

    start_frame: int
    """First frame, from 0."""
    end_frame: int
    """Frame at which the action ends. MMA-52 takes its time as the end."""
    label: int
    """Fine label."""


class AnnotatedVideo(NamedTuple):
    """Annotation of one video.

    Examples:
        >>> video = AnnotatedVideo('a', 300, 30.0, (Instance(31, 240, 0), Instance(60, 150, 8)))
        >>> video.segments.tolist(), video.labels.tolist(), video.duration, video.filename
        ([[1.0333, 8.0], [2.0, 5.0]], [0, 8], 10.0, 'a.mp4')
    """

    video_id: str
    """Name of the video in the table, such as ``val0000``."""
    total_frames: int
    """Number of frames according to the table. The file may have fewer."""
    fps: float
    """Frames per second."""
    instances: tuple[Instance, ...]
    """Actions, in the order of the table. They may overlap, also if their labels are equal."""

    @property
    def filename(self) -> str:
        """str: Name of the video file: the ``video_id``, with ``.mp4`` unless it already has a suffix."""
        return self.video_id if self.video_id.lower().endswith(VIDEO_ENDINGS) else f'{self.video_id}.mp4'

    @property
    def duration(self) -> float:
        """float: Duration in seconds, rounded to four digits as by the authors."""
        return round(self.total_frames / self.fps, 4)

    @property
    def segments(self) -> np.ndarray:
        """np.ndarray: Start and end of each action in seconds, rounded to four digits as by the authors, shape (N, 2),
        float64."""
        times = [(round(i.start_frame / self.fps, 4), round(i.end_frame / self.fps, 4)) for i in self.instances]
        return np.array(times, dtype=float).reshape(-1, 2)

    @property
    def labels(self) -> np.ndarray:
        """np.ndarray: Fine label of each action, shape (N,), int64."""
        return np.array([instance.label for instance in self.instances], dtype=np.int64)


def is_detection_table(path: str | Path) -> bool:
    """Return whether a file is a table in the format of :func:`read_detection_annotations`, by its suffix and header.

    Args:
        path (str | Path): Path of the file, which need not exist.

    Returns:
        bool: Whether the first line contains the columns ``video_id`` and ``start_frame``.
    """
    if Path(path).suffix.lower() != '.csv' or not Path(path).is_file():
        return False
    with open(path, 'rb') as file:
        titles = _titles(file.readline(10_000).decode('utf-8-sig', errors='replace'))
    return {'video_id', 'start_frame'} <= set(titles)


def read_detection_annotations(path: str | Path, label_set: LabelSet = MA52) -> list[AnnotatedVideo]:
    """Read a table with a row for each action of each video.

    The table is a CSV file with the columns of :data:`COLUMNS`, in any order. Other columns are ignored. The rows of a
    video may be in any order and anywhere. A row whose ``start_frame``, ``end_frame`` and ``class`` are empty lists a
    video without actions. A ``class`` is a number, or the code or name of an action.

    Args:
        path (str | Path): Path of the table.
        label_set (LabelSet): Label set of the labels. Defaults to that of MA-52, which MMA-52 shares.

    Returns:
        list[AnnotatedVideo]: Annotation of each video, in the order of the first rows.

    Raises:
        FileNotFoundError: If the table does not exist.
        ValueError: If the table is empty or lacks a column, or a row is malformed, ends before it starts or after its
            video, has an unknown class, repeats another row, or has another ``total_frames`` or ``fps`` than the first
            row of its video. The message contains the file, all such lines, and the remedies.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, 'val.csv')
        ...     _ = path.write_text(f'{",".join(COLUMNS)}\\na,31,240,0,300,30.0\\na,60,150,8,300,30.0\\n')
        ...     read_detection_annotations(path)[0].instances[1]
        Instance(start_frame=60, end_frame=150, label=8)
    """
    guide = find_guide('data/mma52/README.md')
    remedy = f'{guide} explains how to get MMA-52 and where to put it.'
    lines = read_lines(path, remedy, 'row of a table')
    titles = _titles(lines[0])
    missing = [title for title in COLUMNS if title not in titles]
    if missing:
        raise ValueError(
            f'{path}, line 1: the header lacks {", ".join(missing)}; a table of MMA-52 has {",".join(COLUMNS)}. An '
            f'older release has no fps and other videos: use the present one, see {guide}.'
        )
    reader = _RowReader(titles, ListReader(label_set), label_set)
    problems = {}
    for line_number, line in enumerate(lines[1:], start=2):
        if line.strip():
            try:
                reader.read(line, line_number)
            except _RowError as error:
                problems[line_number] = f'line {line_number}: {error}'
    if problems:
        raise ValueError(f'{path}, {enumerate_lines(problems)}. Correct or remove these lines.')
    if not reader.videos:
        raise ValueError(f'{path} is empty; it should contain one row per action below the header')
    return [AnnotatedVideo(name, *facts, tuple(reader.instances[name])) for name, facts in reader.videos.items()]


def has_placeholders(videos: Sequence[AnnotatedVideo]) -> bool:
    """Return whether a table has no true actions, as that of the challenge's test split.

    Args:
        videos (Sequence[AnnotatedVideo]): All videos of the table.

    Returns:
        bool: True if no video has an action, or if every video has a name such as ``test0000`` and one action, from
        frame 0 to frame 20. The authors hide the true actions of the test split behind such rows.
    """
    if not any(video.instances for video in videos):
        return True
    return all(
        len(video.instances) == 1
        and video.instances[0][:2] == _PLACEHOLDER_FRAMES
        and _PLACEHOLDER_ID.fullmatch(video.video_id)
        for video in videos
    )


class _RowError(ValueError):
    """Problem of one row."""


class _RowReader:
    """Reads the rows of a table one by one, and compares them with the earlier ones."""

    def __init__(self, titles: list[str], labels: ListReader, label_set: LabelSet) -> None:
        self.columns = {title: titles.index(title) for title in COLUMNS}
        self.labels = labels
        self.label_set = label_set
        self.videos = {}  # frames and rate, by name
        self.instances = {}
        self.lines = {}  # of the first row of a video, and of every instance

    def read(self, line: str, line_number: int) -> None:
        fields = _split(line)
        if len(fields) <= max(self.columns.values()):
            raise _RowError(f'expected at least {max(self.columns.values()) + 1} fields, got {_shorten(line)}')
        row = {title: fields[column] for title, column in self.columns.items()}
        name = row['video_id']
        if not name:
            raise _RowError('video_id is empty')
        total_frames = self.integer(row, 'total_frames')
        try:
            fps = float(row['fps'])
        except ValueError:
            fps = float('nan')
        if not (total_frames > 0 and 0 < fps <= 1000):
            raise _RowError(
                f'{name} has total_frames {row["total_frames"]} and fps {_shorten(row["fps"])}; both must be above 0, '
                'and fps at most 1000'
            )
        first = self.lines.setdefault(name, line_number)
        facts = self.videos.setdefault(name, (total_frames, fps))
        for title, value, earlier in zip(('total_frames', 'fps'), (total_frames, fps), facts):
            if value != earlier:
                raise _RowError(f'{title} of {name} is {value:g}, but {earlier:g} in line {first}')
        instances = self.instances.setdefault(name, [])
        if not (row['start_frame'] or row['end_frame'] or row['class']):
            return
        instance = self.parse_instance(row, total_frames)
        first = self.lines.setdefault((name, instance), line_number)
        if first != line_number:
            raise _RowError(f'the action of {name} is already in line {first}')
        instances.append(instance)

    def parse_instance(self, row: dict[str, str], total_frames: int) -> Instance:
        name = row['video_id']
        start, end = self.integer(row, 'start_frame'), self.integer(row, 'end_frame')
        if end <= start:
            raise _RowError(f'the action of {name} ends at frame {end}, not after its start at frame {start}')
        if end > total_frames:
            raise _RowError(f'the action of {name} ends at frame {end}, after the {total_frames} frames of the video')
        label = self.labels.parse_label(row['class'])
        if label is None or not 0 <= label < len(self.label_set):
            raise _RowError(
                f'class {_shorten(row["class"])} is not one of the {len(self.label_set)} actions 0 to '
                f'{len(self.label_set) - 1} of {self.label_set.title}'
            )
        return Instance(start, end, label)

    def integer(self, row: dict[str, str], title: str) -> int:
        if not _INTEGER.fullmatch(row[title]):
            raise _RowError(f'{title} of {row["video_id"]} is {_shorten(row[title])}, not an integer of at least 0')
        return int(row[title].partition('.')[0])


def _split(line: str) -> list[str]:
    """Return the fields of a line, or an empty list if they cannot be read."""
    try:
        return [field.strip() for field in next(csv.reader([line], skipinitialspace=True), [])]
    except csv.Error:
        return []


def _titles(line: str) -> list[str]:
    return [field.casefold() for field in _split(line)]


def _shorten(text: str) -> str:
    return f'{text[:60]!r}{"…" if len(text) > 60 else ""}'
