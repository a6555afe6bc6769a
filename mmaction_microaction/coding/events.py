"""Turns the scores of a network in a recording into coded events."""

from dataclasses import replace

import numpy as np

from mmaction_microaction.structures.coding import CodedEvent, Coding
from mmaction_microaction.version import __version__

from .bouts import find_bouts, select_detections
from .scores_file import RecordingScores
from .settings import CodingSettings
from .thresholds import make_threshold_table


def code_scores(scores: RecordingScores, settings: CodingSettings) -> Coding:
    """Turn the scores of a network in a recording into coded events. Its class ``rest``, if it has one, has no events.

    Args:
        scores (RecordingScores): The scores.
        settings (CodingSettings): The settings, of which those of the network are not needed.

    Returns:
        Coding: The coded recording.

    Raises:
        ValueError: If there is a threshold for an unknown action.
    """
    table = make_threshold_table(scores.label_set, scores.is_detector, settings.threshold, settings.thresholds)
    limits = dict(min_duration=settings.min_duration, label_set=scores.label_set, overlap=settings.overlap)
    events = []
    for person in scores.people:
        rows = scores.person == person
        starts, ends, values = scores.starts[rows], scores.ends[rows], scores.scores[rows]
        if scores.is_detector:
            segments = np.stack([starts, ends], axis=-1)
            found = select_detections(segments, scores.labels[rows], values, table, **limits)
        else:
            found = find_bouts(starts, ends, values, table, max_gap=settings.max_gap, **limits)
        for bout in found:
            if bout.action.is_rest:
                continue
            event = CodedEvent.from_interval(bout, person)
            # Files contain milliseconds and no digits that mean nothing.
            times = {'start': max(round(event.start, 3), 0.0), 'end': round(event.end, 3)}
            events.append(replace(event, **times, score=round(bout.score, 4)))
    return Coding(
        scores.recording,
        events,
        scores.duration,
        scores.media,
        scores.fps,
        scores.people,
        f'microaction {__version__}',
        {
            **settings.to_dict(),
            'media': scores.settings.get('media', []),
            'media_starts': scores.settings.get('media_starts', []),
            'warnings': scores.warnings,
            'absences': scores.absences,
        },
        scores.label_set.without_rest(),
    )


def rename_people(scores: RecordingScores, subjects: dict[str, str]) -> RecordingScores:
    """Give the people of a recording their names in the study. People without one keep theirs.

    Args:
        scores (RecordingScores): The scores. They may have been renamed before.
        subjects (dict[str, str]): Names in the study, by those of the person finder.

    Returns:
        RecordingScores: Scores with the new names. A warning is added if the recording lacks a person.
    """
    finder_names = scores.settings.get('finder_names', {})
    originals = {person: finder_names.get(person, person) for person in scores.people}
    names = {person: subjects.get(original, original) for person, original in originals.items()}
    if len(set(names.values())) < len(names):
        raise ValueError(f'{scores.recording}: two people would be called the same ({", ".join(names.values())})')
    start = 'no person is called '
    texts = [text for text in scores.warnings if not text.startswith(start)]
    missing = [key for key in subjects if key not in originals.values()]
    if missing:
        texts.append(f'{start}{", ".join(missing)} ({", ".join(f"{key}={subjects[key]}" for key in missing)})')
    return replace(
        scores,
        person=np.array([names[person] for person in scores.person.tolist()], str),
        people=tuple(names[person] for person in scores.people),
        absences={names[person]: spans for person, spans in scores.absences.items()},
        warnings=texts,
        settings={**scores.settings, 'finder_names': {names[person]: originals[person] for person in scores.people}},
    )
