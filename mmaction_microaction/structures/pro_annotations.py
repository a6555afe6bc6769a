"""Reading and checking MA-52-Pro's annotation lists."""

from typing import NamedTuple

from mmaction_microaction.label_sets.ma52 import EMOTIONS
from mmaction_microaction.utils.untrusted import parse_json

from .annotations import enumerate_lines, read_lines
from .intervals import Interval, parse_interval


class ProSample(NamedTuple):
    """One line of an annotation list."""

    video: str
    """Path of the video below the split's video folder."""
    emotion: int
    """Index into :data:`EMOTIONS`."""
    actions: list[Interval]
    """The micro-actions, which may overlap."""
    faces: str | None
    """Path of the face track below the split's folder of face tracks, if there is one."""


def read_pro_annotations(path):
    """Read a JSON Lines file with an object for each video, in the form of ``data/ma52_pro/README.md``.

    Args:
        path (str | Path): The list.

    Returns:
        list[ProSample]: One per line that is not empty, in order.

    Raises:
        FileNotFoundError: If there is no such list.
        ValueError: If the list is empty or a line is malformed, repeats a video, or has an emotion, label, code or time
            that cannot be. The message gives the file, all such lines, and remedies.
    """
    lines = read_lines(path, 'data/ma52_pro/README.md says what it holds and where it goes.', 'JSON object')
    first_lines, samples, problems = {}, [], {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        where = f'line {number}'
        try:
            sample = _parse_line(line, where)
            first = first_lines.setdefault(sample.video, number)
            if first != number:
                raise ValueError(f'{where}: {sample.video} stands already in line {first}; remove one of the two.')
            samples.append(sample)
        except ValueError as error:
            problems[number] = str(error).rstrip('.')
    if problems:
        raise ValueError(f'{path}, {enumerate_lines(problems)}.')
    if not samples:
        raise ValueError(f'{path} is empty; it should hold one JSON object per line.')
    return samples


def _parse_line(line, where):
    """Turn one line into a :class:`ProSample`; ``where`` names the line in errors."""
    try:
        content = parse_json(line)
    except ValueError as error:
        raise ValueError(f'{where} is not JSON ({error}); correct or remove it.') from None
    if not isinstance(content, dict):
        raise ValueError(f'{where}: expected a JSON object, got {line!r}; correct or remove it.')
    lacking = [key for key in ('video', 'emotion', 'actions') if key not in content]
    if lacking:
        raise ValueError(f'{where} lacks {", ".join(map(repr, lacking))}; add it as data/ma52_pro/README.md says.')
    video, emotion, actions = (content[key] for key in ('video', 'emotion', 'actions'))
    faces = content.get('faces')
    if not (isinstance(video, str) and video):
        raise ValueError(f"{where}: 'video' should be the name of a file, got {video!r}.")
    if not (faces is None or (isinstance(faces, str) and faces)):
        raise ValueError(
            f"{where}: 'faces' should be the name of a file, got {faces!r}; leave it out if there is none."
        )
    if emotion not in EMOTIONS:
        raise ValueError(f"{where}: 'emotion' of {video} should be one of {', '.join(EMOTIONS)}, got {emotion!r}.")
    if not isinstance(actions, list):
        raise ValueError(f"{where}: 'actions' of {video} should be a list of objects, got {actions!r}.")
    actions = [parse_interval(action, f'{where}: action {i} of {video}') for i, action in enumerate(actions, start=1)]
    return ProSample(video, EMOTIONS.index(emotion), actions, faces)
