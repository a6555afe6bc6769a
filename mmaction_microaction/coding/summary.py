"""Summaries of coded recordings: how often and how long each person does what."""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from mmaction_microaction.label_sets import LabelSet, normalize_name
from mmaction_microaction.structures.coding import CodedEvent, Coding
from mmaction_microaction.utils.messages import first_few

from .result_tables import ResultTable, none_if_nan

MAX_BINS = 100_000
"""Largest number of time bins of a recording."""

_MEASURES = ('n', 'total_s', 'mean_s', 'sd_s', 'per_minute', 'percent_of_time')
SUMMARY_COLUMNS = ('recording', 'person', 'group', 'code', 'action', *_MEASURES, 'first_onset_s', 'observed_s')
"""Columns of the table of recordings, people and actions."""
PEOPLE_COLUMNS = ('person', 'group', 'code', 'action', 'recordings', *_MEASURES, 'observed_s')
"""Columns of the table of people over all recordings."""
BIN_COLUMNS = (
    *('recording', 'person', 'bin', 'start_s', 'end_s', 'group', 'code', 'action'),
    *('n', 'total_s', 'per_minute', 'percent_of_time'),
)
"""Columns of the table of time bins."""
WIDE_MEASURES = ('n', 'total_s', 'per_minute', 'percent_of_time')
"""Measures with a wide table, which has a column for each action."""

_SLACK = 1e-6


class SummarizedAction(NamedTuple):
    """An action that has rows in a summary, also if it never happens."""

    name: str
    """Name of the action."""
    code: str
    """Short name, or ``''``."""
    group: str
    """Group, or ``''``."""


def find_actions(codings: Sequence[Coding], label_set: LabelSet | None = None) -> list[SummarizedAction]:
    """Return the actions of a summary: those of the label sets, then others that happen.

    Args:
        codings (Sequence[Coding]): Coded recordings.
        label_set (LabelSet, optional): Label set to use instead of those of the recordings. Defaults to None.

    Returns:
        list[SummarizedAction]: The actions, each of them once. Names that differ in case, spaces, hyphens or
        underscores are the same.
    """
    actions = {}
    label_sets = [label_set] if label_set else [coding.label_set for coding in codings if coding.label_set]
    for each in label_sets:
        for action in each.actions:
            code = '' if action.code == str(action.index) else action.code
            actions.setdefault(normalize_name(action.name), SummarizedAction(action.name, code, action.group or ''))
    others = sorted({(event.group, event.action, event.code) for coding in codings for event in coding.events})
    for group, name, code in others:
        actions.setdefault(normalize_name(name), SummarizedAction(name, code, group))
    return list(actions.values())


def summarize_codings(
    codings: Sequence[Coding],
    actions: Sequence[SummarizedAction],
    bin_seconds: float | None = None,
    duration: float | None = None,
) -> list[ResultTable]:
    """Summarise coded recordings.

    The total is the sum of the durations of the events. The share of time counts seconds in which an action happens
    twice at once only once. Rates and shares refer to the time in which the person was in the picture
    (:func:`observed_seconds`), also before the first event. An event across the border of two time bins is counted in
    the bin in which it begins, and its seconds in the bin in which they are.

    Args:
        codings (Sequence[Coding]): Coded recordings, each of them once.
        actions (Sequence[SummarizedAction]): Actions that have rows, see :func:`find_actions`.
        bin_seconds (float, optional): Duration of a time bin in seconds. Defaults to None, for no time bins.
        duration (float, optional): Duration in seconds of recordings whose files do not contain it. Defaults to None:
            their rates and shares are empty.

    Returns:
        list[ResultTable]: Recordings, people and, if requested, time bins; then the wide tables.

    Raises:
        ValueError: If there are no actions, time bins are too many, or time bins are requested and a duration is not
            known.
    """
    if not actions:
        raise ValueError('the recordings have no events; choose the actions of the rows by --label-set')
    rows, bins = [], []
    for coding in codings:
        seconds = recording_seconds(coding, duration)
        if bin_seconds and seconds is None:
            raise ValueError(
                f'{coding.recording}: time bins need the duration of the recording, which its file does not contain; '
                'use --duration'
            )
        edges = _find_edges(coding.recording, seconds, bin_seconds) if bin_seconds else []
        for person in coding.people or ('',):
            absences = coding.absences_of(person)
            observed = observed_seconds(coding, person, duration)
            for action, events in _split_by_action(coding.of(person), actions):
                onset = events[0].start if events else None
                names = (action.group, action.code, action.name)
                rows.append((coding.recording, person, *names, *_measure(events, observed), onset, observed))
                for index, values in enumerate(_measure_bins(events, edges, absences)):
                    where = (coding.recording, person, index + 1, *edges[index : index + 2])
                    bins.append((*where, *names, *values))
    tables = [
        ResultTable('summary', SUMMARY_COLUMNS, rows),
        ResultTable('people', PEOPLE_COLUMNS, _summarize_people(codings, actions, duration)),
    ]
    if bin_seconds:
        tables.append(ResultTable('bins', BIN_COLUMNS, bins))
    keys = {'summary': ('recording', 'person'), 'bins': ('recording', 'person', 'bin', 'start_s', 'end_s')}
    for table in [table for table in tables if table.name in keys]:
        tables += [_widen(table, keys[table.name], measure) for measure in WIDE_MEASURES]
    return tables


def recording_seconds(coding: Coding, duration: float | None = None) -> float | None:
    """Return the duration of a recording.

    Args:
        coding (Coding): The coded recording.
        duration (float, optional): Duration in seconds if the recording does not have one. Defaults to None.

    Returns:
        float | None: Duration in seconds, at least up to the end of the last event; None if it is not known.
    """
    known = coding.duration or duration
    return None if known is None else max([known, *(event.end for event in coding.events)])


def observed_seconds(coding: Coding, person: str, duration: float | None = None) -> float | None:
    """Return how long a person was observed: the duration of the recording without the person's absences.

    Args:
        coding (Coding): The coded recording.
        person (str): Name of the person.
        duration (float, optional): As in :func:`recording_seconds`. Defaults to None.

    Returns:
        float | None: Seconds, to the millisecond; None if the duration is not known.

    Raises:
        ValueError: If the absences in the settings of the coding are malformed.
    """
    seconds = recording_seconds(coding, duration)
    return None if seconds is None else round(seconds - _count_covered(coding.absences_of(person), 0, seconds), 3)


def note_summary(
    codings: Sequence[Coding], label_set: LabelSet | None = None, duration: float | None = None
) -> list[str]:
    """Return what a reader of a summary should know about its recordings.

    Args:
        codings (Sequence[Coding]): Coded recordings.
        label_set (LabelSet, optional): Label set that was chosen. Defaults to None.
        duration (float, optional): As in :func:`summarize_codings`. Defaults to None.

    Returns:
        list[str]: Sentences, in no case or some.
    """
    notes = []
    unknown = [coding.recording for coding in codings if recording_seconds(coding, duration) is None]
    if unknown:
        notes.append(f'no rates, since the duration is not known: {first_few(unknown)}; use --duration')
    for coding in codings:
        known = coding.duration or duration
        last = max((event.end for event in coding.events), default=0)
        if known and last > known + 1:
            notes.append(
                f'{coding.recording}: the last event ends at {last:.1f} s, after the recording ({known:.1f} s)'
            )
    if label_set:
        names = {normalize_name(name) for name in label_set.names}
        used = {event.action for coding in codings for event in coding.events}
        others = sorted(name for name in used if normalize_name(name) not in names)
        if others:
            notes.append(f'not in the label set {label_set.title}, but in the recordings: {first_few(others, 20)}')
    return notes


def _split_by_action(
    events: Sequence[CodedEvent], actions: Sequence[SummarizedAction]
) -> Iterator[tuple[SummarizedAction, list[CodedEvent]]]:
    by_name = {}
    for event in events:
        by_name.setdefault(normalize_name(event.action), []).append(event)
    for action in actions:
        yield action, by_name.get(normalize_name(action.name), [])


def _measure(events: Sequence[CodedEvent], seconds: float | None) -> tuple:
    """Return the values of the measures. The standard deviation is that of a sample, of at least two events."""
    durations = np.array([event.duration for event in events])
    mean = durations.mean() if len(durations) else math.nan
    deviation = durations.std(ddof=1) if len(durations) > 1 else math.nan
    occupied = _count_covered(_spans_of(events), 0, math.inf)
    return (
        *(len(events), round(float(durations.sum()), 6), none_if_nan(mean), none_if_nan(deviation)),
        *_relate(len(events), occupied, seconds),
    )


def _relate(count: int, occupied: float, seconds: float | None) -> tuple[float | None, float | None]:
    """Return the events per minute and the percentage of the time."""
    if not seconds:
        return None, None
    return round(60 * count / seconds, 6), round(100 * occupied / seconds, 6)


def _spans_of(events: Sequence[CodedEvent]) -> list[tuple[float, float]]:
    return [(event.start, event.end) for event in events]


def _count_covered(spans: Sequence[tuple[float, float]], start: float, end: float) -> float:
    """Return the seconds between two times that are in at least one span. The spans are sorted."""
    covered, free = 0.0, start
    for first, last in spans:
        covered += max(min(last, end) - max(first, free), 0)
        free = max(free, last)
    return covered


def _find_edges(recording: str, seconds: float, bin_seconds: float) -> list[float]:
    if not (math.isfinite(bin_seconds) and bin_seconds > 0):
        raise ValueError(f'a time bin must be longer than 0 s, got {bin_seconds:g}')
    count = max(math.ceil(seconds / bin_seconds - _SLACK), 1)
    if count > MAX_BINS:
        raise ValueError(f'{recording} has {count:,} time bins, but at most {MAX_BINS:,} are possible; use longer ones')
    return [*(round(index * bin_seconds, 6) for index in range(count)), round(seconds, 6)]


def _measure_bins(
    events: Sequence[CodedEvent], edges: Sequence[float], absences: Sequence[tuple[float, float]]
) -> Iterator[tuple]:
    spans = _spans_of(events)
    starts = np.array([event.start for event in events]) + _SLACK
    # An event at the very end of the recording belongs to the last bin.
    indices = np.clip(np.searchsorted(edges, starts, side='right') - 1, 0, max(len(edges) - 2, 0))
    for index, (start, end) in enumerate(pairwise(edges)):
        count = int(np.count_nonzero(indices == index)) if events else 0
        total = sum(max(min(event.end, end) - max(event.start, start), 0) for event in events)
        observed = end - start - _count_covered(absences, start, end)
        yield count, round(total, 6), *_relate(count, _count_covered(spans, start, end), round(observed, 6))


def _summarize_people(codings: Sequence[Coding], actions: Sequence[SummarizedAction], duration: float | None) -> list:
    rows = []
    for person in dict.fromkeys(person for coding in codings for person in coding.people or ('',)):
        own = [coding for coding in codings if person in (coding.people or ('',))]
        seconds = [observed_seconds(coding, person, duration) for coding in own]
        total = None if None in seconds else sum(seconds)
        parts = [dict(_split_by_action(coding.of(person), actions)) for coding in own]
        for action in actions:
            events = [event for part in parts for event in part[action]]
            occupied = sum(_count_covered(_spans_of(part[action]), 0, math.inf) for part in parts)
            measures = (*_measure(events, None)[:4], *_relate(len(events), occupied, total))
            observed = None if total is None else round(total, 3)
            rows.append((person, action.group, action.code, action.name, len(own), *measures, observed))
    return rows


def _widen(table: ResultTable, keys: Sequence[str], measure: str) -> ResultTable:
    """Return a table with a row for each combination of the keys, and a column for each action."""
    indices = [table.columns.index(key) for key in keys]
    action, value = table.columns.index('action'), table.columns.index(measure)
    rows = {}
    for row in table.rows:
        rows.setdefault(tuple(row[index] for index in indices), {})[row[action]] = row[value]
    actions = list(dict.fromkeys(row[action] for row in table.rows))
    name = f'{"bins " if table.name == "bins" else ""}wide {measure}'
    return ResultTable(name, (*keys, *actions), [(*key, *map(row.get, actions)) for key, row in rows.items()])
