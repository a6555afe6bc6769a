"""A person in a recording as two coders coded them: units of time, and events that belong together."""

import math
from dataclasses import dataclass

import numpy as np

from mmaction_microaction.evaluation.functional import match_events, occupied_units
from mmaction_microaction.label_sets import normalize_name
from mmaction_microaction.structures.coding import CodedEvent

from .sides import CodedPair

NONE = ''
"""Action of an event that a side does not have. No action has this name, whereas one may be called ``none``."""
MAX_UNITS = 10_000_000
"""Largest number of units of a recording. A day has 864,000 units of 0.1 s."""


@dataclass(frozen=True)
class AgreementSettings:
    """Rules by which codings are compared."""

    unit: float = 1.0
    """Duration of a unit of time in seconds."""
    tolerance: float | None = 0.5
    """Largest difference of the starts of two events that are matched, in seconds. None if :attr:`overlap` is used."""
    overlap: float | None = None
    """Smallest overlap of two events that are matched, as a share of the longer one."""
    reference: str | None = None
    """Side that is the truth for precision and recall, ``'A'`` or ``'B'``. None for neither."""

    def check(self) -> None:
        """Check the values.

        Raises:
            ValueError: If a value is out of range.
        """
        if not (math.isfinite(self.unit) and self.unit > 0):
            raise ValueError(f'unit must be above 0 s, got {self.unit:g}')
        if self.tolerance is not None and not (math.isfinite(self.tolerance) and self.tolerance >= 0):
            raise ValueError(f'tolerance must be 0 s or more, got {self.tolerance:g}')
        if self.overlap is not None and not 0 < self.overlap <= 1:
            raise ValueError(f'overlap must be above 0 and at most 1, got {self.overlap:g}')
        if (self.tolerance is None) == (self.overlap is None):
            raise ValueError('give either a tolerance of the starts or an overlap')


class ComparedPair:
    """A person in a recording, with units and matched events.

    Attributes:
        pair (CodedPair): Events of both sides.
        num_units (int): Number of units of time.
        labels (tuple[list[str], list[str]]): Names of the actions of the events of A and B.
        units (tuple[dict[str, np.ndarray], ...]): Units in which each action of A and B takes place.
        rows (list[tuple[int | None, int | None]]): Indices of events of A and B that belong together; None for one
            that is missing.

    Args:
        pair (CodedPair): Events of both sides.
        names (dict[str, str]): Spelling of each action, by normalised name.
        settings (AgreementSettings): Rules of the comparison.

    Raises:
        ValueError: If there are too many units, or point events would have to overlap.
    """

    def __init__(self, pair: CodedPair, names: dict[str, str], settings: AgreementSettings) -> None:
        self.pair = pair
        sides = (pair.first, pair.second)
        if settings.overlap is not None and any(event.start == event.end for side in sides for event in side):
            raise ValueError(
                f'{pair.recording} has point events, which have no duration that could overlap; '
                'compare by --tolerance instead of --overlap'
            )
        self.num_units = math.ceil(pair.duration / settings.unit - 1e-6)
        if self.num_units > MAX_UNITS:
            raise ValueError(
                f'{pair.recording} has {self.num_units:,} units of {settings.unit:g} s, but at most {MAX_UNITS:,} are '
                'possible; use a longer unit'
            )
        # A recording whose only event is a point event at 0 s has a unit, too.
        self.num_units = max(self.num_units, int(any(sides)))
        self.labels = tuple([names[normalize_name(event.action)] for event in side] for side in sides)
        segments = tuple(np.array([(event.start, event.end) for event in side]).reshape(-1, 2) for side in sides)
        self.units = tuple(
            {
                action: occupied_units(segment[[label == action for label in labels]], settings.unit, self.num_units)
                for action in set(labels)
            }
            for segment, labels in zip(segments, self.labels)
        )
        matched = match_events(*segments, *map(_as_array, self.labels), settings.tolerance, settings.overlap).tolist()
        others = [set(range(len(side))) - {pair[index] for pair in matched} for index, side in enumerate(sides)]
        rows = [*map(tuple, matched), *((index, None) for index in others[0]), *((None, index) for index in others[1])]
        self.rows = sorted(rows, key=lambda row: (min(event.start for event in self.events_of(row)), row[0] is None))

    def events_of(self, row: tuple[int | None, int | None]) -> list[CodedEvent]:
        """Return the one or two events of a row."""
        return [side[i] for side, i in zip((self.pair.first, self.pair.second), row) if i is not None]

    def actions_of(self, row: tuple[int | None, int | None]) -> tuple[str, str]:
        """Return what A and B say in a row."""
        return tuple(NONE if i is None else labels[i] for labels, i in zip(self.labels, row))

    def units_of(self, side: int, action: str) -> np.ndarray:
        """Return the units in which an action takes place according to a side."""
        return self.units[side].get(action, np.zeros(self.num_units, dtype=bool))

    def states_of(self, side: int) -> list[tuple[str, ...]]:
        """Return the actions that take place in each unit according to a side."""
        states = [[] for _ in range(self.num_units)]
        for action, occupied in sorted(self.units[side].items()):
            for index in np.flatnonzero(occupied):
                states[index].append(action)
        return list(map(tuple, states))


def _as_array(labels: list[str]) -> np.ndarray:
    return np.array(labels, dtype=str)
