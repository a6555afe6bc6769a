"""States whose starts and stops are separate records, as in BORIS and The Observer."""

from collections.abc import Iterable
from typing import NamedTuple

from mmaction_microaction.utils.messages import first_few


class Mark(NamedTuple):
    """A record of the start or the stop of a state, or of a point event."""

    time: float
    """Time in seconds."""
    person: str
    """Name of the person. ``''`` if there is none."""
    action: str
    """Name of the action."""
    kind: str
    """``'START'``, ``'STOP'``, ``'POINT'``, or ``'STATE'`` for a record that starts a state or stops the one that the
    same person is in."""
    modifiers: str = ''
    """Modifiers. Simultaneous states of one action may differ in them."""
    comment: str = ''
    """Remark of the coder."""


def pair_marks(marks: Iterable[Mark], where: str) -> list[tuple[Mark, Mark]]:
    """Find the stop of each state.

    A state stops with the next record of the same person, action and modifiers.

    Args:
        marks (Iterable[Mark]): The records of one recording.
        where (str): File and recording, for the message.

    Returns:
        list[tuple[Mark, Mark]]: Start and stop of each state, in the order of the starts. A point event is both.

    Raises:
        ValueError: If a state does not stop or does not start.
    """
    pairs, open_states, problems = [], {}, []
    for mark in sorted(marks, key=lambda mark: mark.time):
        if mark.kind == 'POINT':
            pairs.append((mark, mark))
            continue
        key = (mark.person, mark.action, mark.modifiers)
        start = open_states.pop(key, None)
        kind = mark.kind if mark.kind != 'STATE' else 'STOP' if start else 'START'
        if kind == 'STOP' and start:
            pairs.append((start, mark))
        elif kind == 'STOP':
            problems.append((mark, 'stops without a start'))
        else:
            if start:
                problems.append((start, f'does not stop before it starts again at {mark.time:g} s'))
            open_states[key] = mark
    problems += [(start, 'does not stop') for start in open_states.values()]
    if problems:
        texts = [_describe(mark, problem) for mark, problem in sorted(problems, key=lambda item: item[0].time)]
        raise ValueError(
            f'{where}: {first_few(texts, separator="; ")}; correct it in the program that wrote the file (in BORIS: '
            '"Fix unpaired events")'
        )
    return sorted(pairs, key=lambda pair: pair[0].time)


def join_comments(start: Mark, stop: Mark) -> str:
    """Join the modifiers and the remarks of a state.

    Args:
        start (Mark): Start of the state.
        stop (Mark): Stop of the state, or the start again.

    Returns:
        str: Texts that are not empty, separated by semicolons.

    Examples:
        >>> start, stop = Mark(1, 'P1', 'waving', 'START', 'left|fast', 'unsure'), Mark(2, 'P1', 'waving', 'STOP')
        >>> join_comments(start, stop)
        'modifiers: left|fast; unsure'
    """
    chosen = [name for name in start.modifiers.split('|') if name not in ('', 'None')]
    parts = [f'modifiers: {start.modifiers}' if chosen else '', start.comment]
    return '; '.join(filter(None, dict.fromkeys([*parts, stop.comment])))


def _describe(mark: Mark, problem: str) -> str:
    person = f' of {mark.person}' if mark.person else ' of no person'
    return f'"{mark.action}"{person} at {mark.time:g} s {problem}'
