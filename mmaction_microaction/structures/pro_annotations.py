"""Annotation lists of MA-52-Pro: reading and checking."""

from pathlib import Path
from typing import NamedTuple

from mmaction_microaction.label_sets.ma52_pro import EMOTIONS
from mmaction_microaction.utils.paths import find_guide
from mmaction_microaction.utils.untrusted import parse_json

from .annotations import enumerate_lines, read_lines
from .intervals import Interval, parse_interval

GUIDE = 'data/ma52_pro/README.md'
"""Path of the description of the lists."""


class ProSample(NamedTuple):
    """Annotation of one video of MA-52-Pro."""

    video: str
    """Path of the video, relative to the video folder of the split."""
    emotion: int
    """Label of the emotion, an index into :data:`~.ma52_pro.EMOTIONS`."""
    actions: list[Interval]
    """Micro-actions of the video, which may overlap."""
    faces: str | None
    """Path of the face track, relative to the face track folder of the split. None if there is no track."""


def read_pro_annotations(path: str | Path) -> list[ProSample]:
    """Read a JSON Lines file with one object per video, in the format of ``data/ma52_pro/README.md``.

    Args:
        path (str | Path): Path of the list.

    Returns:
        list[ProSample]: Annotation of each video, in the order of the list.

    Raises:
        FileNotFoundError: If the list does not exist.
        ValueError: If the list is empty, or a line is malformed, repeats a video, or has an invalid emotion, label,
            code or time. The message contains the file, all such lines, and the remedies.
    """
    lines = read_lines(path, f'{find_guide(GUIDE)} describes the list and where to put it.', 'JSON object')
    first_lines, samples, problems = {}, [], {}
    for line_number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        where = f'line {line_number}'
        try:
            sample = _parse_line(line, where)
            first = first_lines.setdefault(sample.video, line_number)
            if first != line_number:
                raise ValueError(f'{where}: {sample.video} is already listed in line {first}; remove one of them')
            samples.append(sample)
        except ValueError as error:
            problems[line_number] = str(error).rstrip('.')
    if problems:
        raise ValueError(f'{path}, {enumerate_lines(problems)}')
    if not samples:
        raise ValueError(f'{path} is empty; it should contain one JSON object per line')
    return samples


def _parse_line(line: str, where: str) -> ProSample:
    """Parse one line. The argument ``where`` names the line in error messages."""
    try:
        content = parse_json(line)
    except ValueError as error:
        raise ValueError(f'{where} is not JSON ({error}); correct or remove it') from None
    if not isinstance(content, dict):
        raise ValueError(f'{where}: expected a JSON object, got {line!r}; correct or remove it')
    missing = [key for key in ('video', 'emotion', 'actions') if key not in content]
    if missing:
        raise ValueError(f'{where} lacks {", ".join(map(repr, missing))}; {find_guide(GUIDE)} describes the keys')
    video, emotion, actions = (content[key] for key in ('video', 'emotion', 'actions'))
    faces = content.get('faces')
    if not (isinstance(video, str) and video):
        raise ValueError(f"{where}: 'video' should be the name of a file, got {video!r}")
    if not (faces is None or (isinstance(faces, str) and faces)):
        raise ValueError(
            f"{where}: 'faces' should be the name of a file, got {faces!r}; leave it out if there is no face track"
        )
    if emotion not in EMOTIONS:
        raise ValueError(f"{where}: 'emotion' of {video} should be one of {', '.join(EMOTIONS)}, got {emotion!r}")
    if not isinstance(actions, list):
        raise ValueError(f"{where}: 'actions' of {video} should be a list of objects, got {actions!r}")
    actions = [parse_interval(action, f'{where}: action {i} of {video}') for i, action in enumerate(actions, start=1)]
    return ProSample(video, EMOTIONS.index(emotion), actions, faces)
