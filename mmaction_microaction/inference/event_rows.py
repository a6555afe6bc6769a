"""Arranges the events of people in rows, with colours, for the bands below videos."""

from collections.abc import Sequence
from typing import NamedTuple

from mmaction_microaction.label_sets import MA52, LabelSet
from mmaction_microaction.structures.coding import CodedEvent, sort_events
from mmaction_microaction.visualization.interval_rows import assign_lanes
from mmaction_microaction.visualization.style import group_color

OTHERS = 'others'
"""Name of the row that people share if there are too many."""


class EventRow(NamedTuple):
    """A row of events."""

    person: str
    """Name of the person, or :data:`OTHERS`."""
    name: str
    """Name of the group, or of the action if there are no groups. ``''`` for a row with all events of a person."""
    events: list[CodedEvent]
    """Events, sorted by their start."""


def color_key(event: CodedEvent) -> str:
    """Return what determines the colour and the row of an event: its group, or its action if it has no group."""
    return event.group or event.action


class EventColors:
    """Colours of groups or, without groups, of actions.

    Groups and actions of a label set have the same colours as in all figures.

    Attributes:
        keys (list[str]): Groups or actions that occur, in the order of the label set, then of the alphabet.

    Args:
        events (Sequence[CodedEvent]): The events.
        label_set (LabelSet, optional): Label set of the events. Defaults to None: MA-52's, if it has all the groups.
    """

    keys: list[str]

    def __init__(self, events: Sequence[CodedEvent], label_set: LabelSet | None = None) -> None:
        found = {color_key(event) for event in events}
        label_set = label_set or (MA52 if found <= set(MA52.groups) else None)
        names = (label_set.groups or label_set.names) if label_set else ()
        order = [*names, *sorted(found.difference(names))]
        self.keys = [name for name in order if name in found]
        self._colors = {name: group_color(index) for index, name in enumerate(order)}

    def __call__(self, key: str) -> str:
        """Return the colour of a group or an action, ``'#rrggbb'``."""
        return self._colors[key]


def arrange_events(
    events: Sequence[CodedEvent], people: Sequence[str], keys: Sequence[str], max_rows: int
) -> list[EventRow]:
    """Arrange events in rows.

    One person who does one thing at a time has one row. Otherwise, each person has a row for each group that occurs or,
    without groups, for each action. If these are too many, each person has one row, and if people are too many, too,
    the last ones share a row.

    Args:
        events (Sequence[CodedEvent]): The events.
        people (Sequence[str]): Names of the people, in order.
        keys (Sequence[str]): Groups or actions that occur, in order, see :class:`EventColors`.
        max_rows (int): Maximum number of rows.

    Returns:
        list[EventRow]: The rows. A person without events has an empty row.

    Examples:
        >>> events = [CodedEvent(0, 2, 'nodding', 'P1', group='head'), CodedEvent(1, 3, 'waving', 'P2', group='arm')]
        >>> [(row.person, row.name) for row in arrange_events(events, ['P1', 'P2'], ['head', 'arm'], max_rows=8)]
        [('P1', 'head'), ('P2', 'arm')]
    """
    events = sort_events(events)
    whole = [EventRow(person, '', [event for event in events if event.person == person]) for person in people]
    if len(whole) == 1 and max(assign_lanes(events), default=0) == 0:
        return whole
    rows = []
    for row in whole:
        found = {key: [event for event in row.events if color_key(event) == key] for key in keys}
        parts = [EventRow(row.person, key, part) for key, part in found.items() if part]
        rows += parts or [row]
    if len(rows) <= max_rows:
        return rows
    if len(whole) > max_rows:
        rest = [event for row in whole[max_rows - 1 :] for event in row.events]
        whole[max_rows - 1 :] = [EventRow(OTHERS, '', sort_events(rest))]
    return whole
