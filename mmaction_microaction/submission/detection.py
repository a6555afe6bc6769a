"""Submissions of track 2 of the challenges, multi-label micro-action detection (MMAD) on MMA-52."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from mmaction_microaction.label_sets import MA52
from mmaction_microaction.structures.detection_annotations import AnnotatedVideo
from mmaction_microaction.structures.detections import (
    COLUMNS,
    Detections,
    find_columns,
    find_detection_format,
    find_row_problem,
    format_detections,
)
from mmaction_microaction.utils.files import make_folder, write_whole
from mmaction_microaction.utils.messages import first_few, format_count

from .formats import FILE_NAME
from .writing import zip_table

MAX_PROBLEMS = 1000
"""Number of problems after which the check of a table ends."""


class DetectionFormat(NamedTuple):
    """Format of a table of detections."""

    header: list[str]
    """Titles of all columns. The first column contains the number of the row."""
    zipped: bool
    """Whether the table is uploaded as ``prediction.csv`` in a zip file. Otherwise it is ``submission.csv``."""
    note: str = ''
    """Advice for users of the format."""


DETECTION_FORMATS = {
    # MAC 2024 and 2025, as the organisers' baseline writes it and their samples have it.
    'mmad': DetectionFormat(['', *COLUMNS['mmad']], zipped=True),
    'mmad-2026': DetectionFormat(
        ['ID', *COLUMNS['mmad-2026']],
        zipped=False,
        note='the format of 2026 is that of a participant; no file of the organisers confirms it',
    ),
}
"""Formats by name."""


class DetectionReport(NamedTuple):
    """Result of :func:`check_detection_table`."""

    format: Literal['mmad', 'mmad-2026']
    """Key of :data:`DETECTION_FORMATS`."""
    rows: int
    """Number of rows below the header."""
    problems: list[str]
    """Reasons why the table is invalid. If a reason is about a line, it begins with the line number."""
    notes: list[str]
    """Properties that are unusual but valid."""


def write_detection_submission(
    out_dir: str | Path,
    detections: Detections,
    videos: Sequence[AnnotatedVideo],
    format: Literal['mmad', 'mmad-2026'] = 'mmad',
) -> Path:
    """Write the file to upload, and beside a zip file its table.

    All detections are written: a low score costs nothing in this metric. The rows of a video are together, best first,
    in the order of the videos. The same detections result in the same bytes.

    Args:
        out_dir (str | Path): Folder of the files, which is created if it does not exist.
        detections (Detections): Detections in the videos.
        videos (Sequence[AnnotatedVideo]): Videos of the split. They may have placeholders as actions.
        format (Literal['mmad', 'mmad-2026']): Format of the submission: ``'mmad'`` for 2024 and 2025, with
            ``prediction.csv`` in ``submission.zip``, or ``'mmad-2026'``, with ``submission.csv``. Defaults to
            ``'mmad'``.

    Returns:
        Path: Path of the file to upload.

    Raises:
        ValueError: If the format is unknown, or a detection is in another video.
    """
    if format not in DETECTION_FORMATS:
        raise ValueError(f'format must be one of {", ".join(map(repr, DETECTION_FORMATS))}, got {format!r}')
    order = {video.video_id: index for index, video in enumerate(videos)}
    unknown = sorted(set(detections.video_ids.tolist()) - order.keys())
    if unknown:
        raise ValueError(
            f'the split lacks {format_count(len(unknown), "video")} with detections: {first_few(unknown)}. Use the '
            'table of the videos that were tested'
        )
    positions = np.array([order[name] for name in detections.video_ids.tolist()], dtype=int)
    # The sort is stable: among equal scores the later detection counts as the better one, here as before.
    ranked = np.lexsort((-detections.scores, positions))
    detections = Detections(*(column[ranked] for column in detections))
    content = format_detections(detections, DETECTION_FORMATS[format].header).encode()

    out_dir = Path(out_dir)
    make_folder(out_dir)
    if not DETECTION_FORMATS[format].zipped:
        write_whole(out_dir / 'submission.csv', content)
        return out_dir / 'submission.csv'
    write_whole(out_dir / FILE_NAME, content)
    write_whole(out_dir / 'submission.zip', zip_table(content))
    return out_dir / 'submission.zip'


def check_detection_table(
    header: Sequence[str],
    rows: Iterable[tuple[int, list[str]]],
    is_zip: bool,
    videos: Sequence[AnnotatedVideo] | None = None,
) -> DetectionReport:
    """Check a table of detections as far as it is possible without the true actions.

    Args:
        header (Sequence[str]): Titles of the columns, see :func:`find_detection_format`.
        rows (Iterable[tuple[int, list[str]]]): Line number and fields of each row below the header.
        is_zip (bool): Whether the table is in a zip file.
        videos (Sequence[AnnotatedVideo], optional): Videos of the split. Defaults to None.

    Returns:
        DetectionReport: Report with the problems, at most about :data:`MAX_PROBLEMS`.
    """
    name = find_detection_format(header)
    format, columns = DETECTION_FORMATS[name], find_columns(header)
    known = None if videos is None else {video.video_id: video.duration for video in videos}
    problems, num_rows, predicted = [], 0, set()
    kinds = 'end before or at their start', 'lie outside of their video', 'have a score below 0 or above 1'
    unusual = dict.fromkeys(kinds, 0)
    for line, row in rows:
        num_rows += 1
        if len(problems) >= MAX_PROBLEMS:
            problems.append(f'the check ended in line {line}, after {MAX_PROBLEMS:,} problems')
            break
        if len(row) != len(header):
            problems.append(f'line {line}: {format_count(len(row), "column")} instead of {len(header)}')
            continue
        video_id, *fields = (row[column] for column in columns)
        problem = find_row_problem(video_id, *fields, MA52)
        if problem is None and known is not None and video_id not in known:
            problem = f'{video_id!r} is not a video of the table, which has names such as {next(iter(known))!r}'
        if problem is not None:
            problems.append(f'line {line}: {problem}')
            continue
        predicted.add(video_id)
        start, end, _, score = map(float, fields)
        outside = start < 0 or (known is not None and end > known[video_id] + 0.1)
        for what, applies in zip(unusual, (end <= start, outside, not 0 <= score <= 1)):
            unusual[what] += applies
    if not num_rows:
        problems.append('the table has no rows below the header')
    if is_zip and not format.zipped:
        problems.append(f'the format {name} is not zipped; upload the table itself')
    notes = [format.note] if format.note else []
    if list(header) != format.header:
        notes.append(f'the header is {",".join(header)[:200]!r}; usual is {",".join(format.header)!r}')
    notes += [f'{count:,} of {num_rows:,} rows {what}' for what, count in unusual.items() if count]
    if known is not None and len(predicted) < len(known):
        silent = [video for video in known if video not in predicted]
        notes.append(f'{len(silent):,} of the {len(known):,} videos have no detection: {first_few(silent)}')
    return DetectionReport(name, num_rows, problems, notes)
