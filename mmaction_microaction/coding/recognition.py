"""Runs a network on the files of a recording, for each person in it."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mmaction_microaction.inference import FramedVideo, MicroActionInferencer, NoPersonError, SeveralPeopleWarning
from mmaction_microaction.inference.results import DetectionResult, TimelineResult
from mmaction_microaction.video.reader import Video

from .recordings import Recording
from .scores_file import RecordingScores

UNKNOWN = 'unknown'
"""Name of the only person in a file of a recording whose other files show several."""


class _Part(NamedTuple):
    """A person in a file of a recording."""

    file: int
    """Index of the file."""
    person: str
    """Name of the person."""
    absences: list[tuple[float, float]]
    """Start and end of each absence in seconds of the file."""
    result: TimelineResult | DetectionResult | None
    """Result of the network. None if no joints of the person were found in the file."""


def recognize_recording(
    inferencer: MicroActionInferencer,
    recording: Recording,
    num_people: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> RecordingScores:
    """Run a network on all files of a recording. The times of a file begin where the file before it ends.

    Windows in which a person is absent are left out. A file that does not show a person of other files is an absence of
    this person, and so is a file in which a network of joints finds none.

    Args:
        inferencer (MicroActionInferencer): The network, with ``longest_clip=0``.
        recording (Recording): The recording.
        num_people (int, optional): Number of people that the recording should show. A warning says if a file shows
            another number. Defaults to None: any number.
        progress (Callable[[int, int], None], optional): Function that is called with the part of the work that is done,
            in thousandths, and 1,000. Defaults to None.

    Returns:
        RecordingScores: Scores of each person, with the names of :meth:`.MicroActionInferencer.people`. Its settings
        contain the start of each file in seconds, ``media_starts``.

    Raises:
        FileNotFoundError: If a file is missing.
        NoPersonError: If the network needs joints, and no file shows a person.
        ValueError: If a file cannot be read as a video.
    """
    parts, borders, rates = [], [0.0], []
    texts: list[str] = []
    missing = None
    # Bytes, since durations are known only after all packets of a file were read.
    sizes = [file.stat().st_size for file in recording.media]
    with _collecting_warnings(recording.media, texts):
        for index, path in enumerate(recording.media):
            video = Video(path)
            people = inferencer.find_people(video)
            shown = []
            for person, framed in enumerate(people):
                for start, end in framed.absences:
                    warnings.warn(
                        f'{path}: {framed.person or "the person"} is not seen from {start:.0f} to {end:.0f} s; nothing '
                        'is coded there',
                        stacklevel=2,
                    )
                done = (sum(sizes[:index]) + sizes[index] * person / len(people)) / sum(sizes)
                share = sizes[index] / len(people) / sum(sizes)
                try:
                    result = inferencer(framed, progress and partial(_report, progress, done, share))
                except NoPersonError as error:
                    missing, result = error, None
                    whom = f' of {framed.person}' if framed.person else ''
                    warnings.warn(f'{error}; nothing{whom} is coded in this file', stacklevel=2)
                if result is not None or framed.person:
                    shown.append(framed)
                    parts.append(_Part(index, framed.person, framed.absences, result))
            if num_people is not None and len(shown) != num_people:
                warnings.warn(_describe_number(path, shown, num_people), stacklevel=2)
            borders.append(borders[-1] + video.duration)
            rates.append(video.fps)
    if all(part.result is None for part in parts):
        raise missing
    return _join_results(recording, _unify_names(recording, parts, texts), borders, rates[0], inferencer, texts)


def _unify_names(recording: Recording, parts: list[_Part], texts: list[str]) -> list[_Part]:
    """Name the only person of a file like nobody in the other files, and add warnings about files that differ."""
    people = {part.file: [other.person for other in parts if other.file == part.file] for part in parts}
    alone = [file for file, names in people.items() if names == ['']]
    several = {file: names for file, names in people.items() if file not in alone}
    if alone and several:
        texts.append(
            f'some files of {recording.name} show one person, others several; the only person is called {UNKNOWN}'
        )
        parts = [part._replace(person=part.person or UNKNOWN) for part in parts]
    if len({frozenset(names) for names in several.values()}) > 1:
        shown = '; '.join(f'{recording.media[file].name}: {", ".join(names)}' for file, names in several.items())
        texts.append(
            f'the files of {recording.name} show different people ({shown}). People are not followed from file to '
            'file, so each of these names is coded as another person; to name them, code the files without --join, '
            'each with its own --subjects'
        )
    return parts


def _report(progress: Callable[[int, int], None], done: float, share: float, part: int, total: int) -> None:
    progress(round(1000 * (done + share * part / max(total, 1))), 1000)


def _describe_number(path: Path, people: Sequence[FramedVideo], num_people: int) -> str:
    names = ', '.join(person.person for person in people if person.person)
    shown = {0: 'nobody', 1: '1 person'}.get(len(people), f'{len(people)} people ({names})')
    return (
        f'{path} shows {shown}, but {num_people} {"was" if num_people == 1 else "were"} expected; look at the results'
    )


@contextmanager
def _collecting_warnings(media: Sequence[Path], texts: list[str]) -> Iterator[None]:
    """Collect the warnings about files, without their folders, and show the others as usual."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always', UserWarning)
        yield
    for warning in caught:
        text = str(warning.message)
        if any(str(file) in text for file in media):
            for file in media:
                text = text.replace(str(file), file.name)
            # This class says how to choose people with another command.
            if not issubclass(warning.category, SeveralPeopleWarning) and text not in texts:
                texts.append(text)
        else:
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)


def _join_results(
    recording: Recording,
    parts: Sequence[_Part],
    borders: Sequence[float],
    fps: float,
    inferencer: MicroActionInferencer,
    texts: list[str],
) -> RecordingScores:
    """Join the results of all people in all files, which begin and end at the borders."""
    rows: dict[str, list] = {name: [] for name in ('person', 'starts', 'ends', 'scores', 'labels')}
    absences: dict[str, list[list[float]]] = {}
    for part in parts:
        if part.result is None:
            continue
        offset = borders[part.file]
        starts, ends, scores, labels = _take_rows(part.result)
        middles = (starts + ends) / 2
        present = np.ones(len(starts), bool)
        for start, end in part.absences:
            present &= (middles < start) | (middles > end)
            absences.setdefault(part.person, []).append([start + offset, end + offset])
        for name, values in (('starts', starts + offset), ('ends', ends + offset), ('scores', scores)):
            rows[name].append(values[present])
        rows['person'].append(np.full(present.sum(), part.person))
        rows['labels'].append(labels[present])
    seen = {(part.person, part.file) for part in parts if part.result is not None}
    for person in {part.person for part in parts}:
        away = [[*span] for file, span in enumerate(pairwise(borders)) if (person, file) not in seen]
        if away:
            absences[person] = sorted([*absences.get(person, []), *away])
    tables = {name: np.concatenate(values) for name, values in rows.items()}
    # From left to right, as in the first file that shows all.
    order = {'left': 0, 'right': 1}
    people = sorted({part.person for part in parts}, key=lambda name: (order.get(name, 2), name))
    return RecordingScores(
        recording.name,
        **{name: tables[name] for name in ('person', 'starts', 'ends', 'scores')},
        labels=tables['labels'] if inferencer.is_detector else None,
        label_set=inferencer.label_set,
        duration=borders[-1],
        fps=fps,
        media=tuple(str(file) for file in recording.media),
        people=tuple(people),
        absences=absences,
        warnings=texts,
        settings={'media_starts': [round(start, 3) for start in borders[:-1]]},
    )


def _take_rows(result: TimelineResult | DetectionResult) -> tuple[np.ndarray, ...]:
    """Return starts, ends, scores and labels of the windows or detections of a result."""
    if isinstance(result, DetectionResult):
        starts, ends = result.segments.T
        return starts, ends, result.scores, result.labels
    return result.starts, result.ends, result.scores, np.zeros(len(result.starts), int)
