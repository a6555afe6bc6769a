"""Tiers: the rows in which programs such as ELAN and Praat show coded events."""

from collections.abc import Iterable
from typing import NamedTuple

from mmaction_microaction.structures.coding import CodedEvent, Coding


class Tier(NamedTuple):
    """Events of one person that belong to one row, and do not overlap."""

    person: str
    """Name of the person."""
    row: str
    """Group of the actions, or the action if it has no group."""
    index: int
    """0, or a positive number if the tier holds events that overlap those of the tiers before."""
    events: list[CodedEvent]
    """Events, sorted by time."""


def list_rows(coding: Coding) -> dict[tuple[str, str], list[CodedEvent]]:
    """Sort the events into rows: one for each person and group, or for each person and action without a group.

    Args:
        coding (Coding): Coded recording.

    Returns:
        dict[tuple[str, str], list[CodedEvent]]: Events of each person and row. The rows of a person are in the order of
        the label set, or sorted by name if it is not known. They contain all groups of the label set.
    """
    label_set = coding.label_set
    order = {name: index for index, name in enumerate((label_set.groups or label_set.names) if label_set else ())}
    rows = {}
    for person in coding.people or ('',):
        events = coding.of(person)
        names = {event.group or event.action for event in events}
        names |= set(label_set.groups) if label_set else set()
        for name in sorted(names, key=lambda name: (order.get(name, len(order)), name)):
            rows[person, name] = [event for event in events if (event.group or event.action) == name]
    return rows


def split_overlaps(spans: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Distribute spans of time over as few layers as possible, so that those of a layer do not overlap.

    Args:
        spans (Iterable[tuple[int, int]]): Starts and ends, sorted by start.

    Returns:
        list[list[int]]: Positions of the spans in each layer.

    Examples:
        >>> split_overlaps([(0, 10), (5, 20), (10, 15)])
        [[0, 2], [1]]
    """
    layers, ends = [], []
    for index, (start, end) in enumerate(spans):
        layer = next((number for number, last in enumerate(ends) if last <= start), len(layers))
        if layer == len(layers):
            layers.append([])
            ends.append(end)
        layers[layer].append(index)
        ends[layer] = end
    return layers
