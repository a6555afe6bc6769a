"""Detected actions of many videos: arrays, and the files that contain them."""

from __future__ import annotations

import csv
import io
import math
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import torch

from mmaction_microaction.label_sets import MA52, LabelSet
from mmaction_microaction.utils.messages import first_few, format_count
from mmaction_microaction.utils.pickles import load_pickle
from mmaction_microaction.utils.untrusted import read_limited

from .annotations import enumerate_lines
from .detection_annotations import AnnotatedVideo

COLUMNS = {
    'mmad': ('video_id', 't_start', 't_end', 'class', 'score'),
    'mmad-2026': ('video-id', 't-start', 't-end', 'label', 'score'),
}
"""Titles of the columns of a table, by format: track 2 of the challenges of 2024 and 2025, and of 2026. Both begin with
another column, which contains the number of the row."""
MAX_SIZE = 2**27
"""Largest size of a table in bytes. 1,000 rows for each of the 1,475 val videos of MMA-52 have 70 MB."""

# float() would also accept 1_000 and digits of other scripts, which other programs refuse.
_NUMBER = re.compile(r'[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?')


class Instances(NamedTuple):
    """N true actions of any number of videos."""

    video_ids: np.ndarray
    """Name of the video of each action, shape (N,)."""
    segments: np.ndarray
    """Start and end in seconds, float64, shape (N, 2)."""
    labels: np.ndarray
    """Fine labels, int64, shape (N,)."""


class Detections(NamedTuple):
    """N detected actions of any number of videos. Their order decides between equal scores."""

    video_ids: np.ndarray
    """Name of the video of each action, shape (N,)."""
    segments: np.ndarray
    """Start and end in seconds, float64, shape (N, 2)."""
    labels: np.ndarray
    """Fine labels, int64, shape (N,)."""
    scores: np.ndarray
    """Scores, float64, shape (N,). Only their order matters."""


def collect_instances(videos: Sequence[AnnotatedVideo]) -> Instances:
    """Join the actions of annotated videos.

    Args:
        videos (Sequence[AnnotatedVideo]): Annotated videos.

    Returns:
        Instances: Their actions, in the same order.
    """
    return Instances(
        np.array([video.video_id for video in videos for _ in video.instances], dtype=str),
        np.concatenate([np.zeros((0, 2)), *(video.segments for video in videos)]),
        np.concatenate([np.zeros(0, np.int64), *(video.labels for video in videos)]),
    )


def collect_detections(samples: Iterable[tuple[str, Mapping[str, Any]]]) -> Detections:
    """Join the detections of tested videos.

    Args:
        samples (Iterable[tuple[str, Mapping[str, Any]]]): For each video, its name and its ``pred_detections``:
            ``segments`` in seconds, shape (M, 2), ``labels`` and ``scores``, shape (M,), as tensors or arrays.

    Returns:
        Detections: Their detections, in the same order.

    Raises:
        ValueError: If the shapes do not fit, or a value is not a finite number. The message contains the video.

    Examples:
        >>> sample = dict(segments=np.array([[0.5, 2]]), labels=np.array([9]), scores=np.array([0.8]))
        >>> collect_detections([('val0000', sample)]).segments.tolist()
        [[0.5, 2.0]]
    """
    names, columns = [], ([np.zeros((0, 2))], [np.zeros(0, np.int64)], [np.zeros(0)])
    for name, found in samples:
        try:
            segments, labels, scores = (to_array(found[key]) for key in ('segments', 'labels', 'scores'))
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise ValueError(
                f'{name}: expected segments, labels and scores ({type(error).__name__}: {error})'
            ) from None
        shapes = [array.shape for array in (segments, labels, scores)]
        if shapes != [(len(labels), 2), (len(labels),), (len(labels),)]:
            raise ValueError(f'{name}: segments, labels and scores must have shapes (M, 2), (M,), (M,), got {shapes}')
        if not (np.isfinite(segments).all() and np.isfinite(scores).all()):
            raise ValueError(f'{name}: a time or score is NaN or infinite; did the training diverge?')
        names += [name] * len(labels)
        for column, array, dtype in zip(columns, (segments, labels, scores), (float, np.int64, float)):
            column.append(array.astype(dtype))
    return Detections(np.array(names, dtype=str), *map(np.concatenate, columns))


def to_array(values: Any) -> np.ndarray:
    """Convert a tensor on any device, or a list or array, into an array.

    Args:
        values (Any): Numbers.

    Returns:
        np.ndarray: The same numbers. Those of a floating-point tensor are float64.
    """
    if torch.is_tensor(values):
        values = values.detach().cpu()
        return (values.double() if values.is_floating_point() else values).numpy()
    return np.asarray(values)


def read_detections(path: str | Path, label_set: LabelSet = MA52) -> Detections:
    """Read a table in the columns of a challenge, see :data:`COLUMNS`, or a file that ``mim test --dump`` wrote.

    The columns may be in any order, and other columns are ignored. A row that ends before it starts is read: it is
    wrong in every evaluation. Detections in videos that could not be read in the test are left out, as
    :class:`.DetectionMetric` does, and a warning names these videos.

    Args:
        path (str | Path): Path of the table (``.csv``) or of the dump (``.pkl``).
        label_set (LabelSet): Label set of the labels. Defaults to that of MA-52.

    Returns:
        Detections: Detections in the order of the file, which may be none.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If the file is not such a table or dump, or a row lacks a field, or has a time or score that is not
            a finite number, or an unknown label. The message contains the file, all such lines, and the remedy.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, 'found.csv')
        ...     _ = path.write_text(',video_id,t_start,t_end,class,score\\n0,a,2.5,8.25,0,0.8\\n')
        ...     read_detections(path).segments.tolist()
        [[2.5, 8.25]]
    """
    if str(path).endswith(('.pkl', '.pickle')):
        return _read_dump(path, label_set)
    try:
        content = io.BytesIO(read_limited(path, MAX_SIZE, 'a table of detections'))
        rows = csv.reader(io.TextIOWrapper(content, 'utf-8-sig', newline=''))
        header = [field.strip() for field in next(rows, [])]
        columns = find_columns(header)
        if columns is None:
            expected = ' or '.join(','.join(titles) for titles in COLUMNS.values())
            raise ValueError(f'{path}, line 1: the header should have the columns {expected}, got {header!r:.200}')
        return _parse_rows(rows, columns, path, label_set)
    except FileNotFoundError:
        raise FileNotFoundError(f'{path}: no such file of detections') from None
    except UnicodeDecodeError as error:
        raise ValueError(f'{path} is not a text file in UTF-8 ({error}); unpack it if it is a zip file') from None
    except csv.Error as error:
        raise ValueError(f'{path}, line {rows.line_num}: {error}; correct or remove the line') from None


def format_detections(detections: Detections, header: Sequence[str]) -> str:
    """Format detections as a table in the columns of a challenge, without rounding.

    Args:
        detections (Detections): Detections, in the order of the rows.
        header (Sequence[str]): Titles of the columns: the number of the row, video, start, end, label and score.

    Returns:
        str: CSV table.

    Examples:
        >>> found = Detections(np.array(['a']), np.array([[2.5, 8.25]]), np.array([0]), np.array([0.8]))
        >>> format_detections(found, ['', *COLUMNS['mmad']])
        ',video_id,t_start,t_end,class,score\\n0,a,2.5,8.25,0,0.8\\n'
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator='\n')
    writer.writerow(header)
    columns = (detections.video_ids, *detections.segments.T, detections.labels, detections.scores)
    writer.writerows([index, *row] for index, row in enumerate(zip(*(column.tolist() for column in columns))))
    return text.getvalue()


def find_detection_format(header: Sequence[str]) -> Literal['mmad', 'mmad-2026'] | None:
    """Return the format of a table of detections.

    Args:
        header (Sequence[str]): Titles of the columns.

    Returns:
        Literal['mmad', 'mmad-2026'] | None: Key of :data:`COLUMNS`. None if the columns are those of no format.

    Examples:
        >>> find_detection_format(['', 'video_id', 't_start', 't_end', 'class', 'score'])
        'mmad'
    """
    return next((name for name, titles in COLUMNS.items() if set(titles) <= set(header)), None)


def find_columns(header: Sequence[str]) -> list[int] | None:
    """Return the positions of the video, start, end, label and score in a header.

    Args:
        header (Sequence[str]): Titles of the columns.

    Returns:
        list[int] | None: Five positions. None if the header has the columns of no format.
    """
    name = find_detection_format(header)
    return None if name is None else [header.index(title) for title in COLUMNS[name]]


def find_row_problem(video_id: str, start: str, end: str, label: str, score: str, label_set: LabelSet) -> str | None:
    """Return why a row of a table cannot be read.

    Args:
        video_id (str): Name of the video.
        start (str): Start, as text.
        end (str): End, as text.
        label (str): Label, as text.
        score (str): Score, as text.
        label_set (LabelSet): Label set of the labels.

    Returns:
        str | None: The problem, without the line. None if there is none.
    """
    if not video_id:
        return 'the name of the video is empty'
    for what, text in (('start', start), ('end', end), ('score', score)):
        if not (_NUMBER.fullmatch(text) and math.isfinite(float(text))):
            return f'{what} is {text[:40]!r}, which is not a finite number'
    # A label of 9.0 is what a table of floats contains.
    if not re.fullmatch(r'[0-9]{1,9}(\.0*)?', label) or int(label.partition('.')[0]) >= len(label_set):
        return f'label is {label[:40]!r}, which is not one of the {len(label_set)} actions 0 to {len(label_set) - 1}'
    return None


def _parse_rows(rows: Iterable[list[str]], columns: list[int], path: str | Path, label_set: LabelSet) -> Detections:
    """Convert the rows below the header into arrays."""
    names, numbers, problems = [], [], {}
    for row in rows:
        if not any(row):
            continue
        if len(row) <= max(columns):
            problems[rows.line_num] = f'expected at least {max(columns) + 1} fields, got {row!r:.80}'
            continue
        name, *fields = (row[column].strip() for column in columns)
        problem = find_row_problem(name, *fields, label_set)
        if problem:
            problems[rows.line_num] = problem
        else:
            names.append(name)
            numbers.append([float(field) for field in fields])
    if problems:
        problems = {line: f'line {line}: {problem}' for line, problem in problems.items()}
        raise ValueError(f'{path}, {enumerate_lines(problems)}. Correct or remove these lines.')
    numbers = np.array(numbers, dtype=float).reshape(-1, 4)
    return Detections(np.array(names, dtype=str), numbers[:, :2], numbers[:, 2].astype(np.int64), numbers[:, 3])


def _read_dump(path: str | Path, label_set: LabelSet) -> Detections:
    """Read the detections of a test run from a dump, without executing code from it."""
    samples = load_pickle(path)
    if not isinstance(samples, list) or not all(
        isinstance(sample, dict) and {'video_id', 'pred_detections'} <= sample.keys() for sample in samples
    ):
        raise ValueError(
            f'{path} does not contain detections (video_id and pred_detections of every sample), as mim test --dump '
            'writes them for a detector'
        )
    content = samples[0].get('label_set') if samples else None
    if content is not None:
        found = LabelSet.from_dict(content, f'{path}: its label set')
        if found != label_set:
            raise ValueError(f'{path} contains detections of the label set {found.name}, not of {label_set.name}')
    readable = [sample for sample in samples if not sample.get('unreadable')]
    if len(readable) < len(samples):
        names = [str(sample['video_id']) for sample in samples if sample.get('unreadable')]
        warnings.warn(
            f'{path}: {format_count(len(names), "video")} could not be read in the test: {first_few(names)}. The '
            'detections in black frames are left out; replace each of them',
            stacklevel=3,
        )
    try:
        detections = collect_detections((str(sample['video_id']), sample['pred_detections']) for sample in readable)
    except ValueError as error:
        raise ValueError(f'{path}, {error}') from None
    wrong = sorted(set(detections.labels[(detections.labels < 0) | (detections.labels >= len(label_set))].tolist()))
    if wrong:
        raise ValueError(f'{path}: labels {first_few(wrong)} are not among the {len(label_set)} actions')
    return detections
