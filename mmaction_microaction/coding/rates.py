"""Numbers of events and observed time, for the figure of rates."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mmaction_microaction.label_sets import normalize_name
from mmaction_microaction.structures.coding import Coding
from mmaction_microaction.visualization.rates import MAX_SERIES

from .summary import observed_seconds

MAX_ROWS = 40
"""Largest number of rows of a figure."""


class Rates(NamedTuple):
    """Values of :func:`.plot_rates`."""

    counts: np.ndarray
    """Numbers of events, shape (R, S)."""
    minutes: np.ndarray
    """Observed time in minutes, shape (R, S)."""
    rows: list[str]
    """Names of the rows."""
    series: list[str]
    """Names of the series."""
    left_out: str
    """Remark on what is not in the figure, or an empty text."""


def count_rates(codings: Sequence[Coding], duration: float | None = None) -> Rates:
    """Count the events of each person over all recordings.

    Up to six people are series, and each action that happens has a row. Of more people, each has a row, and the most
    frequent groups or, without groups, actions are the series.

    Args:
        codings (Sequence[Coding]): Coded recordings, with at least one event.
        duration (float, optional): Duration in seconds of recordings whose files do not contain it. Defaults to None.

    Returns:
        Rates: Numbers of events and observed time.

    Raises:
        ValueError: If there are no events, or the duration of a recording is not known.
    """
    spelling = {normalize_name(event.action): event.action for coding in codings for event in coding.events}
    if not spelling:
        raise ValueError('the recordings have no events, so there are no rates to draw')
    people = list(dict.fromkeys(person for coding in codings for person in coding.people or ('',)))
    observed = Counter()
    for coding in codings:
        for person in coding.people or ('',):
            seconds = observed_seconds(coding, person, duration)
            if seconds is None:
                raise ValueError(f'{coding.recording}: rates need the duration of the recording; use --duration')
            observed[person] += seconds / 60
    absent = [person for person in people if not observed[person]]
    people = [person for person in people if observed[person]]
    if not people:
        raise ValueError('no person was observed at any time, so there are no rates to draw')
    few = len(people) <= MAX_SERIES
    has_groups = any(event.group for coding in codings for event in coding.events)
    counts = Counter()
    for coding in codings:
        for event in coding.events:
            key = (event.group or 'others') if has_groups and not few else spelling[normalize_name(event.action)]
            counts[event.person, key] += 1
    totals = Counter()
    for (_, key), count in counts.items():
        totals[key] += count
    kinds = [key for key, _ in totals.most_common(MAX_ROWS if few else MAX_SERIES)]
    shown = people if few else people[:MAX_ROWS]
    missing = {'groups' if has_groups and not few else 'actions': len(totals) - len(kinds)}
    missing['people'] = len(people) - len(shown)
    missing['people who were never in the picture'] = len(absent)
    left_out = ', '.join(f'{noun} left out: {count}' for noun, count in missing.items() if count)
    table = np.array([[counts[person, kind] for person in shown] for kind in kinds])
    minutes = np.array([[observed[person] for person in shown] for _ in kinds])
    names = [person or 'all' for person in shown]
    if few:
        return Rates(table, minutes, kinds, names, left_out)
    return Rates(table.T, minutes.T, names, kinds, left_out)
