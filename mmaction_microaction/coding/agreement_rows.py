"""Rows of the tables of agreement: numbers of units and events, and what follows from them."""

import math
from collections.abc import Sequence

import numpy as np
from sklearn.metrics import confusion_matrix

from mmaction_microaction.evaluation.functional import (
    BinaryAgreement,
    binary_agreement,
    nominal_agreement,
    omission_agreement,
)

from .compared_pair import NONE, ComparedPair
from .result_tables import none_if_nan

UNIT_COLUMNS = (
    *('recording', 'person', 'action', 'units', 'both', 'only_A', 'only_B', 'neither', 'agreement_percent', 'kappa'),
    *('pabak', 'positive_agreement_percent', 'prevalence_A_percent', 'prevalence_B_percent', 'note'),
)
"""Columns of the table of units."""
EVENT_COLUMNS = (
    *('recording', 'person', 'action', 'events_A', 'events_B', 'same_action', 'other_action', 'only_A', 'only_B'),
    *('agreement_percent', 'kappa', 'kappa_matched', 'positive_agreement_percent'),
    *('precision_percent', 'recall_percent', 'note'),
)
"""Columns of the table of events."""

_FEW = 5
_RARE_PERCENT, _HIGH_PERCENT, _LOW_KAPPA = 5, 90, 0.6


def compare_states(members: Sequence[ComparedPair]) -> tuple:
    """Compare what both sides say of each unit, all actions together.

    Args:
        members (Sequence[ComparedPair]): People in recordings.

    Returns:
        tuple: Values of :data:`UNIT_COLUMNS` behind the action. The counts are those of units with any action.
    """
    states = [[state for pair in members for state in pair.states_of(side)] for side in (0, 1)]
    indices = {state: index for index, state in enumerate(sorted({*states[0], *states[1]}))}
    first, second = (np.array([indices[state] for state in side], dtype=int) for side in states)
    result = nominal_agreement(first, second)
    note = ''
    if math.isnan(result.kappa):
        note = 'kappa undefined: both always say the same' if result.n else 'nothing to compare'
    present = binary_agreement(*(np.array(list(map(bool, side)), dtype=bool) for side in states))
    return (
        *(result.n, present.both, present.only_first, present.only_second, present.neither),
        *(_percent(result.agreement), none_if_nan(result.kappa), None, None),
        *(*map(_percent, present.prevalence), note),
    )


def compare_units(members: Sequence[ComparedPair], action: str) -> tuple:
    """Compare in which units an action is present.

    Args:
        members (Sequence[ComparedPair]): People in recordings.
        action (str): Name of the action.

    Returns:
        tuple: Values of :data:`UNIT_COLUMNS` behind the action.
    """
    first, second = (np.concatenate([pair.units_of(side, action) for pair in members]) for side in (0, 1))
    result = binary_agreement(first, second)
    return (
        *(result.n, *result, _percent(result.agreement), none_if_nan(result.kappa), none_if_nan(result.pabak)),
        *(_percent(result.positive_agreement), *map(_percent, result.prevalence), _note(result, 'units')),
    )


def _note(result: BinaryAgreement, noun: str) -> str:
    """Return what a reader should know before believing kappa."""
    counts = result.both + result.only_first, result.both + result.only_second
    if result.n == result.neither:
        return 'kappa undefined: neither has it'
    if math.isnan(result.kappa):
        return 'kappa undefined: both always have it'
    for name, own, other in ('A', *counts), ('B', *counts[::-1]):
        if own and not other:
            return f'kappa is 0 because only {name} has it'
    notes = []
    if min(counts) < _FEW:
        notes.append(f'fewer than {_FEW} {noun}: uncertain')
    rare = 100 * max(counts) / result.n < _RARE_PERCENT
    if rare and 100 * result.agreement >= _HIGH_PERCENT and result.kappa < _LOW_KAPPA:
        notes.append('rare action: see positive agreement')
    return '; '.join(notes)


def tabulate_events(members: Sequence[ComparedPair], actions: Sequence[str]) -> np.ndarray:
    """Count the events by the actions of A and B.

    Args:
        members (Sequence[ComparedPair]): People in recordings.
        actions (Sequence[str]): Names of the K actions.

    Returns:
        np.ndarray: Numbers of events, shape (K + 1, K + 1). Rows are the actions of A, columns those of B; the last
        ones are events that a side does not have.
    """
    pairs = [pair.actions_of(row) for pair in members for row in pair.rows]
    labels = [*actions, NONE]
    if not pairs:
        return np.zeros((len(labels), len(labels)), dtype=int)
    indices = np.array([[labels.index(a), labels.index(b)] for a, b in pairs])
    return confusion_matrix(indices[:, 0], indices[:, 1], labels=range(len(labels)))


def compare_all_events(members: Sequence[ComparedPair], actions: Sequence[str], reference: str | None) -> tuple:
    """Compare the events, all actions together.

    Args:
        members (Sequence[ComparedPair]): People in recordings.
        actions (Sequence[str]): Names of all actions.
        reference (str | None): Side that is the truth, ``'A'`` or ``'B'``.

    Returns:
        tuple: Values of :data:`EVENT_COLUMNS` behind the action.
    """
    table = tabulate_events(members, actions)
    result = omission_agreement(table)
    inner = table[:-1, :-1]
    same, only_a, only_b = np.trace(inner), table[:-1, -1].sum(), table[-1, :-1].sum()
    first, second = np.repeat(np.indices(inner.shape).reshape(2, -1), inner.ravel(), axis=1)
    matched = nominal_agreement(first, second)
    counts = [int(value) for value in (table[:-1].sum(), table[:, :-1].sum())]
    note = ''
    if math.isnan(result.kappa):
        note = 'kappa undefined: fewer than two actions' if result.n else 'no events'
    return (
        *(*counts, int(same), int(inner.sum() - same), int(only_a), int(only_b)),
        *(_percent(result.agreement), none_if_nan(result.kappa), none_if_nan(matched.kappa)),
        *(_percent(2 * same / sum(counts) if sum(counts) else math.nan), *_score(same, counts, reference), note),
    )


def compare_events(members: Sequence[ComparedPair], action: str, reference: str | None) -> tuple:
    """Compare the events of an action.

    Args:
        members (Sequence[ComparedPair]): People in recordings.
        action (str): Name of the action.
        reference (str | None): Side that is the truth, ``'A'`` or ``'B'``.

    Returns:
        tuple: Values of :data:`EVENT_COLUMNS` behind the action.
    """
    pairs = [pair.actions_of(row) for pair in members for row in pair.rows]
    first, second = (np.array([pair[side] == action for pair in pairs], dtype=bool) for side in (0, 1))
    result = binary_agreement(first, second)
    counts = [result.both + result.only_first, result.both + result.only_second]
    missing = [sum(a == action and b == NONE for a, b in pairs), sum(a == NONE and b == action for a, b in pairs)]
    other = result.only_first + result.only_second - sum(missing)
    note = _note(result, 'events')
    if len({action for pair in pairs for action in pair} - {NONE}) < 2 and sum(counts):
        note = 'kappa undefined: there is no other action'
    kappa = None if note.startswith('kappa undefined') else none_if_nan(result.kappa)
    return (
        *(*counts, result.both, other, *missing, _percent(result.agreement), kappa, None),
        *(_percent(result.positive_agreement), *_score(result.both, counts, reference), note),
    )


def _score(matched: int, counts: Sequence[int], reference: str | None) -> tuple[float | None, float | None]:
    """Return precision and recall in percent, or None if no side is the truth."""
    if reference is None:
        return None, None
    true, found = counts if reference == 'A' else counts[::-1]
    return tuple(_percent(matched / count if count else math.nan) for count in (found, true))


def _percent(share: float) -> float | None:
    return none_if_nan(100 * share, 4)
