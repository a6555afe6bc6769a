"""Runs a network on the files of a recording, for each person in it."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np

from mmaction_microaction.inference import FramedVideo, MicroActionInferencer, SeveralPeopleWarning
from mmaction_microaction.inference.results import DetectionResult, TimelineResult
from mmaction_microaction.video.reader import Video

from .recordings import Recording
from .scores_file import RecordingScores

UNKNOWN = 'unknown'
"""Name of the only person in a file of a recording whose other files show several."""


def recognize_recording(
    inferencer: MicroActionInferencer,
    recording: Recording,
    num_people: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> RecordingScores:
    """Run a network on all files of a recording. The times of a file begin where the file before it ends.

    Windows in which a person is absent are left out.

    Args:
        inferencer (MicroActionInferencer): The network, with ``longest_clip=0``.
        recording (Recording): The recording.
        num_people (int, optional): Number of people that the recording should show. A warning says if a file shows
            another number. Defaults to None: any number.
        progress (Callable[[int, int], None], optional): Function that is called with the part of the work that is done,
            in thousandths, and 1,000. Defaults to None.

    Returns:
        RecordingScores: Scores of each person, with the names of :meth:`.MicroActionInferencer.people`.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If a file cannot be read as a video.
    """
    files, offset, rates = [], 0.0, []
    texts: list[str] = []
    # Bytes, since durations are known only after all packets of a file were read.
    sizes = [file.stat().st_size for file in recording.media]
    with _collecting_warnings(recording.media, texts):
        for index, path in enumerate(recording.media):
            video = Video(path)
            people = inferencer.find_people(video)
            if num_people is not None and len(people) != num_people:
                warnings.warn(_describe_number(path, people, num_people), stacklevel=2)
            for person, framed in enumerate(people):
                for start, end in framed.absences:
                    warnings.warn(
                        f'{path}: {framed.person or "the person"} is not seen from {start:.0f} to {end:.0f} s; nothing '
                        'is coded there',
                        stacklevel=2,
                    )
                done = (sum(sizes[:index]) + sizes[index] * person / len(people)) / sum(sizes)
                share = sizes[index] / len(people) / sum(sizes)
                result = inferencer(framed, progress and partial(_report, progress, done, share))
                files.append((offset, framed.person, framed.absences, result))
            offset += video.duration
            rates.append(video.fps)
    names = {name for _, name, _, _ in files}
    if '' in names and len(names) > 1:
        texts.append(
            f'some files of {recording.name} show one person, others several; the only person is called {UNKNOWN}'
        )
        files = [(start, name or UNKNOWN, absences, result) for start, name, absences, result in files]
    return _join_results(recording, files, offset, rates[0], inferencer, texts)


def _report(progress: Callable[[int, int], None], done: float, share: float, part: int, total: int) -> None:
    progress(round(1000 * (done + share * part / max(total, 1))), 1000)


def _describe_number(path: Path, people: Sequence[FramedVideo], num_people: int) -> str:
    names = ', '.join(person.person for person in people if person.person)
    shown = '1 person' if len(people) == 1 else f'{len(people)} people ({names})'
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
    files: Sequence[tuple[float, str, list[tuple[float, float]], TimelineResult | DetectionResult]],
    duration: float,
    fps: float,
    inferencer: MicroActionInferencer,
    texts: list[str],
) -> RecordingScores:
    """Join the results of all people in all files."""
    rows: dict[str, list] = {name: [] for name in ('person', 'starts', 'ends', 'scores', 'labels')}
    absences: dict[str, list[list[float]]] = {}
    for offset, person, absent, result in files:
        starts, ends, scores, labels = _take_rows(result)
        middles = (starts + ends) / 2
        present = np.ones(len(starts), bool)
        for start, end in absent:
            present &= (middles < start) | (middles > end)
            absences.setdefault(person, []).append([start + offset, end + offset])
        for name, values in (('starts', starts + offset), ('ends', ends + offset), ('scores', scores)):
            rows[name].append(values[present])
        rows['person'].append(np.full(present.sum(), person))
        rows['labels'].append(labels[present])
    tables = {name: np.concatenate(values) for name, values in rows.items()}
    # From left to right, as in the first file that shows all.
    order = {'left': 0, 'right': 1}
    people = sorted(dict.fromkeys(person for _, person, _, _ in files), key=lambda name: (order.get(name, 2), name))
    return RecordingScores(
        recording.name,
        **{name: tables[name] for name in ('person', 'starts', 'ends', 'scores')},
        labels=tables['labels'] if inferencer.is_detector else None,
        label_set=inferencer.label_set,
        duration=duration,
        fps=fps,
        media=tuple(str(file) for file in recording.media),
        people=tuple(people),
        absences=absences,
        warnings=texts,
    )


def _take_rows(result: TimelineResult | DetectionResult) -> tuple[np.ndarray, ...]:
    """Return starts, ends, scores and labels of the windows or detections of a result."""
    if isinstance(result, DetectionResult):
        starts, ends = result.segments.T
        return starts, ends, result.scores, result.labels
    return result.starts, result.ends, result.scores, np.zeros(len(result.starts), int)
