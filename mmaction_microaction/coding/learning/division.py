"""Divides the clips of coded people into those to train on and those to test with."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from mmaction_microaction.datasets.preparation.splits import hold_out, make_folds
from mmaction_microaction.utils.messages import first_few

from .pieces import Piece

ValSplit = Literal['person', 'recording', 'time']
PLACES = ('', 'left', 'right', 'largest')
"""Names of the person finder that say where somebody is. So do numbers."""


class Division(NamedTuple):
    """How clips are divided. Indices are those of the clips."""

    subjects: list[str]
    """Who, or which recording, must not be in two parts, for each clip."""
    train: np.ndarray
    """Clips on which the exported network is trained."""
    val: np.ndarray | None
    """Clips that choose its best epoch and test it. None if :attr:`folds` test it."""
    folds: list[tuple[np.ndarray, np.ndarray]]
    """Clips to train on and to test with, for each fold of a cross-validation."""


def name_subjects(pieces: Sequence[Piece], split: ValSplit) -> list[str]:
    """Return who must not be in two parts, for each clip.

    A name is the same person in all recordings. A place, such as ``left`` or no name at all, is another person in each
    recording.

    Args:
        pieces (Sequence[Piece]): The clips.
        split (ValSplit): ``'person'``, ``'recording'`` or ``'time'``.

    Returns:
        list[str]: Name of the person or, with ``'recording'``, of the recording.

    Examples:
        >>> name_subjects([Piece('talk', 'P1', 0, 0, 1), Piece('talk', 'left', 0, 0, 1)], 'person')
        ['P1', 'talk left']
    """
    if split == 'recording':
        return [piece.recording for piece in pieces]
    return [
        f'{piece.recording} {piece.person}'.strip() if piece.person in PLACES or piece.person.isdecimal()
        else piece.person
        for piece in pieces
    ]  # fmt: skip


def divide(
    pieces: Sequence[Piece], split: ValSplit, share: float = 0.2, folds: int | str | None = None, seed: int = 0
) -> Division:
    """Divide clips so that no person is in two parts.

    Args:
        pieces (Sequence[Piece]): The clips.
        split (ValSplit): ``'person'``: no person is in two parts. ``'recording'``: no recording is. ``'time'``: the
            last events of each person and category are held out, so that a single person is enough, and the scores are
            those for known people.
        share (float): Share of the clips to hold out. Defaults to 0.2.
        folds (int | str, optional): Number of folds, or ``'people'`` for one per person (or recording). Defaults to
            None: one part is held out.
        seed (int): Random seed. Defaults to 0.

    Returns:
        Division: The parts.

    Raises:
        ValueError: If there are too few people.
    """
    subjects = name_subjects(pieces, split)
    labels = [piece.label for piece in pieces]
    everything = np.arange(len(pieces))
    if split == 'time':
        if folds is not None:
            raise ValueError('--folds need people or recordings; leave out --val-split time')
        return Division(subjects, *_hold_out_last(pieces, share), [])
    people = sorted(set(subjects))
    if len(people) < 2:
        thing = 'recording' if split == 'recording' else 'person'
        raise ValueError(
            f'all clips are of one {thing} ({people[0] or "without a name"}), so a network cannot be tested with '
            f'another one; code more of them, or hold out the last events of each category with --val-split time. '
            'Its scores are then those for a person the network knows'
        )
    if folds is None:
        return Division(subjects, *hold_out(labels, subjects, share, seed), [])
    if folds != 'people' and folds > len(people):
        raise ValueError(f'--folds {folds} needs as many people; there are {len(people)}: {first_few(people)}')
    parts = list(make_folds(labels, subjects, None if folds == 'people' else folds, seed))
    return Division(subjects, everything, None, parts)


def _hold_out_last(pieces: Sequence[Piece], share: float) -> tuple[np.ndarray, np.ndarray]:
    """Hold out the last events of each person and category, with all of their pieces."""
    groups = {}
    for index, piece in enumerate(pieces):
        event = piece.event or (piece.start, piece.end)
        key = piece.recording, *((event.start, event.end) if piece.event else event)
        groups.setdefault((piece.person, piece.label), {}).setdefault(key, []).append(index)
    held_out = []
    for events in groups.values():
        ordered = sorted(events)
        count = min(max(round(share * len(ordered)), 1), len(ordered) - 1)
        held_out += [index for key in ordered[len(ordered) - count :] for index in events[key]]
    if not held_out:
        raise ValueError('no category has two events, so none can be held out; code more events')
    val = np.array(sorted(held_out))
    return np.setdiff1d(np.arange(len(pieces)), val), val
