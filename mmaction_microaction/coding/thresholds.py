"""Thresholds of the actions: their defaults, their files, and their fitting on coded recordings."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mmaction_microaction.inference.timeline import cut_scores
from mmaction_microaction.label_sets import LabelSet, normalize_name
from mmaction_microaction.structures.coding import CodedEvent, Coding
from mmaction_microaction.utils.files import write_whole
from mmaction_microaction.utils.untrusted import parse_json, read_limited

from .scores_file import RecordingScores

DEFAULTS = {False: 0.5, True: 0.3}
"""Threshold of a recognizer of clips (False) and of a detector (True). From 0.5 on, a recognizer finds an action more
probable than all others together. For a detector, it is the default of ``microaction demo``."""
MIN_EVENTS = 5
"""Minimum number of coded events of an action for which a threshold is fitted."""
MIN_UNITS = 10
"""Minimum number of time units above a fitted threshold, or above the default threshold of an action that is never
right."""
UNIT = 0.5
"""Time unit in seconds for detectors. Recognizers have the distance of their windows."""
FORMAT = 'microaction thresholds'
"""Name of the format, the value of ``format`` in a file."""
MAX_SIZE = 2**22
"""Largest size of a file in bytes."""


class FittedThreshold(NamedTuple):
    """Threshold of an action that was fitted on coded recordings."""

    action: str
    """Name of the action."""
    num_events: int
    """Number of coded events."""
    threshold: float | None
    """Lowest threshold with the wanted precision. None if there is none."""
    precision: float
    """Share of the time units above the threshold in which the action was coded. NaN without a threshold."""
    recall: float
    """Share of the time units in which the action was coded that are above the threshold. NaN without a threshold."""
    reason: str = ''
    """Why there is no threshold: ``'too few events'``, ``'precision not reached'`` or, for an action that people never
    coded although the network finds it, ``'never right'``."""


def make_threshold_table(
    label_set: LabelSet, is_detector: bool, threshold: float | None, thresholds: Mapping[str, float | None]
) -> np.ndarray:
    """Return the threshold of each action of a label set.

    Args:
        label_set (LabelSet): The label set.
        is_detector (bool): Whether the network is a detector.
        threshold (float | None): Threshold of the other actions. None for the default.
        thresholds (Mapping[str, float | None]): Thresholds by name of the action. None for an action that is never
            found.

    Returns:
        np.ndarray: Thresholds, shape (C,). That of an action that is never found is infinite.

    Raises:
        ValueError: If the label set has no action of a name.
    """
    table = np.full(len(label_set), DEFAULTS[is_detector] if threshold is None else threshold, float)
    labels = _labels_by_name(label_set)
    for name, value in thresholds.items():
        label = labels.get(normalize_name(name))
        if label is None:
            raise ValueError(f'there is a threshold for {name!r}, which is no action of the network ({label_set.name})')
        table[label] = np.inf if value is None else value
    return table


def _labels_by_name(label_set: LabelSet) -> dict[str, int]:
    """Return labels by normalized codes and names."""
    return {normalize_name(key): action.index for action in label_set.actions for key in (action.code, action.name)}


def write_thresholds(
    fitted: Iterable[FittedThreshold], precision: float, fitted_on: Sequence[str], path: str | Path
) -> None:
    """Write fitted thresholds as JSON.

    Actions with too few events are left out, and keep the default. Actions that do not reach the precision or are never
    right have null, and are never found.

    Args:
        fitted (Iterable[FittedThreshold]): The thresholds.
        precision (float): The wanted precision.
        fitted_on (Sequence[str]): Names of the coded recordings.
        path (str | Path): Path of the file.

    Raises:
        OSError: If the file cannot be written.
    """
    thresholds = {item.action: item.threshold for item in fitted if item.reason != 'too few events'}
    content = {
        'format': FORMAT,
        'version': 1,
        'precision': precision,
        'fitted_on': list(fitted_on),
        'thresholds': thresholds,
    }
    write_whole(path, (json.dumps(content, indent=1, ensure_ascii=False) + '\n').encode(errors='backslashreplace'))


def read_thresholds(path: str | Path) -> dict[str, float | None]:
    """Read thresholds that :func:`write_thresholds` or a person wrote.

    Args:
        path (str | Path): Path of the file.

    Returns:
        dict[str, float | None]: Thresholds by name of the action. None for an action that is never found.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If the file is malformed.
    """
    try:
        content = parse_json(read_limited(path, MAX_SIZE, 'a file of thresholds'))
        if not isinstance(content, Mapping) or content.get('format') != FORMAT:
            raise ValueError(f'"format" is not "{FORMAT}"')
        thresholds = dict(content['thresholds'])
        for name, value in thresholds.items():
            if value is not None and not (isinstance(value, (int, float)) and 0 <= value <= 1):
                raise ValueError(f'the threshold of {name!r} is {value!r}, but must be a number from 0 to 1, or null')
        return {name: value if value is None else float(value) for name, value in thresholds.items()}
    except FileNotFoundError:
        raise FileNotFoundError(f'{path}: no such file') from None
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f'{path} does not contain the thresholds of "microaction thresholds" ({type(error).__name__}: {error})'
        ) from None


def fit_thresholds(
    pairs: Sequence[tuple[RecordingScores, Coding]], precision: float, min_events: int = MIN_EVENTS
) -> list[FittedThreshold]:
    """Find for each action the lowest threshold whose precision on time units reaches a wanted one.

    A time unit is a piece of :func:`.cut_scores`, as long as the distance of the windows. The precision is the share of
    the units above the threshold in whose middle the action was coded.

    Args:
        pairs (Sequence[tuple[RecordingScores, Coding]]): Scores of recordings, and how people coded them. People
            without a coding have to be left out of the scores.
        precision (float): The wanted precision, above 0 and up to 1.
        min_events (int): Minimum number of coded events of an action. Defaults to 5.

    Returns:
        list[FittedThreshold]: A threshold for each action that was coded, by label. Actions that nobody coded, and that
        the default threshold finds in at least ten units, have none. ``rest``, which is no event, is not in the list.

    Raises:
        ValueError: If the networks of the recordings have different label sets.
    """
    label_set = pairs[0][0].label_set
    if any(scores.label_set != label_set for scores, _ in pairs):
        raise ValueError('the networks of the recordings have different actions; fit thresholds for each network')
    labels = _labels_by_name(label_set)
    num_events = np.zeros(len(label_set), int)
    tables, truths = [], []
    for scores, coding in pairs:
        for person, middles, step, table in _cut_people(scores):
            events = [(labels.get(normalize_name(event.action)), event) for event in coding.of(person)]
            events = [(label, event) for label, event in events if label is not None]
            np.add.at(num_events, [label for label, _ in events], 1)
            tables.append(table)
            truths.append(_mark_events(events, middles, step, len(label_set)))
    table, truth = np.concatenate(tables), np.concatenate(truths)
    limits = precision, min_events
    is_found = (table >= DEFAULTS[pairs[0][0].is_detector]).sum(0) >= MIN_UNITS
    return [
        _fit_action(label_set.names[label], int(num_events[label]), table[:, label], truth[:, label], *limits)
        for label in np.flatnonzero((num_events > 0) | is_found).tolist()
        if not label_set.actions[label].is_rest
    ]


def _cut_people(scores: RecordingScores) -> Iterator[tuple[str, np.ndarray, float, np.ndarray]]:
    """Yield the middles of time units of each person, their length, and the scores of all actions."""
    for person in scores.people:
        rows = scores.person == person
        starts, ends, values = scores.starts[rows], scores.ends[rows], scores.scores[rows]
        if not scores.is_detector:
            for pieces in cut_scores(starts, ends, values):
                yield person, pieces.middles, float(pieces.edges[1] - pieces.edges[0]), pieces.scores
            continue
        middles = np.arange(UNIT / 2, scores.duration, UNIT)
        table = np.zeros((len(middles), len(scores.label_set)))
        for start, end, label, score in zip(starts, ends, scores.labels[rows], values):
            units = slice(*np.searchsorted(middles, (start, end)))
            table[units, label] = np.maximum(table[units, label], score)
        yield person, middles, UNIT, table


def _mark_events(
    events: Sequence[tuple[int, CodedEvent]], middles: np.ndarray, step: float, num_actions: int
) -> np.ndarray:
    """Return whether each action was coded in the middle of each unit, shape (N, C)."""
    truth = np.zeros((len(middles), num_actions), bool)
    for label, event in events:
        first, stop = np.searchsorted(middles, (event.start, event.end))
        # An event between two middles, or at a point in time, counts for the nearest unit.
        if first == stop and len(middles):
            middle = (event.start + event.end) / 2
            nearest = int(np.abs(middles - middle).argmin())
            if abs(middles[nearest] - middle) <= step:
                first, stop = nearest, nearest + 1
        truth[first:stop, label] = True
    return truth


def _fit_action(
    action: str, num_events: int, scores: np.ndarray, truth: np.ndarray, precision: float, min_events: int
) -> FittedThreshold:
    """Find the lowest threshold of one action."""
    nothing = dict(threshold=None, precision=np.nan, recall=np.nan)
    if not num_events:
        return FittedThreshold(action, num_events, **nothing, reason='never right')
    if num_events < min_events:
        return FittedThreshold(action, num_events, **nothing, reason='too few events')
    order = np.argsort(-scores, kind='stable')
    ranked, hits = scores[order], truth[order].cumsum()
    precisions = hits / np.arange(1, len(hits) + 1)
    # Units of one score are above a threshold together.
    is_last = np.append(ranked[1:] < ranked[:-1], True)
    possible = np.flatnonzero(is_last & (precisions >= precision) & (np.arange(1, len(hits) + 1) >= MIN_UNITS))
    if not len(possible):
        return FittedThreshold(action, num_events, **nothing, reason='precision not reached')
    last = possible[-1]
    recall = float(hits[last] / max(hits[-1], 1))
    return FittedThreshold(action, num_events, float(ranked[last]), float(precisions[last]), recall)
