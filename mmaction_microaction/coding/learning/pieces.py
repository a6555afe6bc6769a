"""Cuts coded events and the rest between them into the times of clips."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from mmaction_microaction.structures.coding import CodedEvent, sort_events

REST_MARGIN = 0.25
"""Seconds between an event and the nearest clip of rest, since borders are coded within about this accuracy."""
MAX_OVERRUN = 1.0
"""Seconds by which an event may exceed its video, since players and coders round the end differently."""


class Lengths(NamedTuple):
    """Lengths of clips."""

    shortest: float = 1.0
    """Shortest clip in seconds. Shorter events are extended to both sides."""
    longest: float = 3.0
    """Longest clip in seconds. Longer events are cut into equal pieces."""
    usual: float = 1.5
    """Length in seconds of clips around point events and of rest, as of the windows in which videos are recognised."""
    most: int = 5
    """Largest number of pieces of an event, so that a single long event does not dominate a class. They are evenly
    distributed over the event."""


class Piece(NamedTuple):
    """Time of a clip."""

    recording: str
    """Name of the recording."""
    person: str
    """Name of the person."""
    label: int
    """Label of the category."""
    start: float
    """Start in seconds from the start of the recording."""
    end: float
    """End in seconds."""
    event: CodedEvent | None = None
    """The event. None for rest."""


def cut_event(start: float, end: float, duration: float, lengths: Lengths) -> list[tuple[float, float]]:
    """Return the times of the clips of an event.

    Args:
        start (float): Start of the event in seconds.
        end (float): End of the event in seconds. It is the start for a point event.
        duration (float): Duration of the recording in seconds.
        lengths (Lengths): Lengths of clips.

    Returns:
        list[tuple[float, float]]: Start and end of each clip, within the recording.

    Examples:
        >>> cut_event(4.0, 4.4, 60.0, Lengths())
        [(3.7, 4.7)]
        >>> cut_event(0.0, 4.0, 60.0, Lengths())
        [(0.0, 2.0), (2.0, 4.0)]
    """
    end = min(end, duration)
    count = math.ceil((end - start) / lengths.longest - 1e-9)
    if count > 1:
        edges = np.linspace(start, end, count + 1)
        chosen = np.unique(np.linspace(0, count - 1, min(count, lengths.most)).round().astype(int))
        return [(float(edges[index]), float(edges[index + 1])) for index in chosen]
    length = lengths.usual if end == start else max(end - start, lengths.shortest)
    length = min(length, duration)
    first = min(max((start + end - length) / 2, 0), duration - length)
    return [(round(first, 6), round(first + length, 6))]


def find_rest(
    events: Iterable[CodedEvent], coded: tuple[float, float], length: float, margin: float = REST_MARGIN
) -> list[tuple[float, float]]:
    """Return times without events.

    Args:
        events (Iterable[CodedEvent]): Events of a person, in any order. They may overlap.
        coded (tuple[float, float]): Start and end of the coded part of the recording in seconds.
        length (float): Length of a clip in seconds.
        margin (float): Smallest distance to an event in seconds. Defaults to :data:`REST_MARGIN`.

    Returns:
        list[tuple[float, float]]: Start and end of clips that do not overlap, as many as fit, in the middle of the
        times between events.

    Examples:
        >>> find_rest([CodedEvent(0, 1, 'nodding'), CodedEvent(5, 6, 'nodding')], (0, 6), length=1.5)
        [(1.5, 3.0), (3.0, 4.5)]
    """
    found, free = [], coded[0]
    for event in sort_events(events):
        found += _tile(free, min(event.start - margin, coded[1]), length)
        free = max(free, event.end + margin)
    return found + _tile(free, coded[1], length)


def _tile(start: float, end: float, length: float) -> list[tuple[float, float]]:
    count = int((end - start) / length + 1e-9)
    first = (start + end - count * length) / 2
    return [
        (round(first + index * length, 6), round(first + (index + 1) * length, 6)) for index in range(max(count, 0))
    ]


def sample_rest(candidates: Sequence[Sequence[Piece]], number: int, seed: int = 0) -> list[Piece]:
    """Choose clips of rest at random, as evenly from all people as possible.

    Args:
        candidates (Sequence[Sequence[Piece]]): Possible clips of each person.
        number (int): Number of clips to choose.
        seed (int): Random seed. Defaults to 0.

    Returns:
        list[Piece]: The chosen clips; all of them if there are too few.
    """
    generator = np.random.default_rng(seed)
    left = [[pieces[index] for index in generator.permutation(len(pieces))] for pieces in candidates]
    chosen = []
    while len(chosen) < number and any(left):
        for index in generator.permutation(len(left)):
            if left[index] and len(chosen) < number:
                chosen.append(left[index].pop())
    return sorted(chosen, key=lambda piece: piece[:5])
