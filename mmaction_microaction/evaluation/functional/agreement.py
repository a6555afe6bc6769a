"""Agreement of two coders: on units of time, and on events."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.metrics import cohen_kappa_score

_SLACK = 1e-6
"""Time in seconds that rounding may add to a difference. Files of coded recordings have milliseconds."""


class Agreement(NamedTuple):
    """Agreement of two coders who assign one of several categories to each unit."""

    n: int
    """Number of units."""
    agreement: float
    """Share of the units with equal categories, 0 to 1; NaN without units."""
    kappa: float
    """Cohen's kappa, at most 1; NaN if it is not defined."""


class BinaryAgreement(NamedTuple):
    """Agreement of two coders on whether something is present, as counts of units."""

    both: int
    """Units in which both coders say that it is present."""
    only_first: int
    """Units in which only the first coder says so."""
    only_second: int
    """Units in which only the second coder says so."""
    neither: int
    """Units in which neither coder says so."""

    @property
    def n(self) -> int:
        """int: Number of units."""
        return sum(self)

    @property
    def agreement(self) -> float:
        """float: Share of the units in which the coders agree, 0 to 1; NaN without units."""
        return _divide(self.both + self.neither, self.n)

    @property
    def kappa(self) -> float:
        """float: Cohen's kappa; NaN if both coders say the same of all units."""
        if not self.n or self.n in (self.both, self.neither):
            return math.nan
        return float(cohen_kappa_score([1, 1, 0, 0], [1, 0, 1, 0], labels=[0, 1], sample_weight=self))

    @property
    def pabak(self) -> float:
        """float: Kappa if presence and absence were equally frequent, 2 * agreement - 1 (Byrt et al., 1993)."""
        return 2 * self.agreement - 1

    @property
    def positive_agreement(self) -> float:
        """float: Agreement on presence, 2 * both / (units of the first + units of the second); NaN without any.

        If one of the coders is the truth, it is the F1 score (Cicchetti and Feinstein, 1990).
        """
        return _divide(2 * self.both, 2 * self.both + self.only_first + self.only_second)

    @property
    def prevalence(self) -> tuple[float, float]:
        """tuple[float, float]: Share of the units in which it is present, according to each coder."""
        return _divide(self.both + self.only_first, self.n), _divide(self.both + self.only_second, self.n)


def binary_agreement(first: ArrayLike, second: ArrayLike) -> BinaryAgreement:
    """Compare two coders who say of each unit whether something is present.

    Args:
        first, second (ArrayLike): Booleans of each coder, shape (N,).

    Returns:
        BinaryAgreement: Counts of the units, from which kappa and others follow.

    Raises:
        ValueError: If the shapes differ.

    Examples:
        >>> result = binary_agreement([1, 1, 0, 0, 0], [1, 0, 0, 0, 0])
        >>> result
        BinaryAgreement(both=1, only_first=1, only_second=0, neither=3)
        >>> result.agreement, round(result.kappa, 4)  # by chance: 0.4 * 0.2 + 0.6 * 0.8 = 0.56; (0.8 - 0.56) / 0.44
        (0.8, 0.5455)
    """
    first, second = _check_pair(np.asarray(first, dtype=bool), np.asarray(second, dtype=bool))
    counts = [first & second, first & ~second, ~first & second, ~first & ~second]
    return BinaryAgreement(*(int(np.count_nonzero(count)) for count in counts))


def nominal_agreement(first: ArrayLike, second: ArrayLike) -> Agreement:
    """Compare two coders who assign one of several categories to each unit.

    Args:
        first, second (ArrayLike): Category of each unit, strings or integers, shape (N,).

    Returns:
        Agreement: Agreement and kappa. Kappa is NaN if both coders use the same single category, or without units.

    Raises:
        ValueError: If the shapes differ.

    Examples:
        >>> nominal_agreement(['a', 'a', 'b', 'c'], ['a', 'b', 'b', 'c']).agreement
        0.75
    """
    first, second = _check_pair(np.asarray(first), np.asarray(second))
    if not first.size:
        return Agreement(0, math.nan, math.nan)
    is_defined = len(np.union1d(first, second)) > 1
    kappa = float(cohen_kappa_score(first, second)) if is_defined else math.nan
    return Agreement(len(first), float(np.mean(first == second)), kappa)


def omission_agreement(table: ArrayLike) -> Agreement:
    """Compare two coders on events that each of them may have omitted.

    An event that only one coder has is in the last row or column. The last cell is empty by construction: nobody counts
    the events that both omitted. The agreement by chance is therefore that of quasi-independence, which iterative
    proportional fitting finds, as in EasyDIAg and ELAN (Holle and Rein, *Behavior Research Methods*, 2015).

    Args:
        table (ArrayLike): Numbers of events, shape (K + 1, K + 1). Rows are the categories of the first coder, columns
            those of the second; the last ones are omissions.

    Returns:
        Agreement: Agreement and kappa. Kappa is NaN if fewer than two categories occur: agreement by chance on one
        category is not defined if omissions of both are not known.

    Raises:
        ValueError: If the table is not square, or its last cell is not 0.

    Examples:
        >>> result = omission_agreement([[4, 1, 1], [1, 4, 1], [1, 1, 0]])
        >>> result.n, round(result.agreement, 4), round(result.kappa, 4)
        (14, 0.5714, 0.3333)
    """
    table = np.asarray(table, dtype=float)
    if table.ndim != 2 or table.shape[0] != table.shape[1] or table[-1, -1]:
        raise ValueError(f'expected a square table whose last cell is 0, got shape {table.shape}')
    total = table.sum()
    observed = _divide(np.trace(table), total)
    occurring = table.sum(axis=0)[:-1] + table.sum(axis=1)[:-1]
    if np.count_nonzero(occurring) < 2:
        return Agreement(int(total), observed, math.nan)
    expected = _divide(np.trace(_fit_quasi_independence(table)), total)
    kappa = math.nan if expected > 1 - 1e-9 else (observed - expected) / (1 - expected)
    return Agreement(int(total), observed, float(kappa))


def _fit_quasi_independence(table: np.ndarray, max_iterations: int = 10_000) -> np.ndarray:
    """Return expected counts with the margins of a table, independent except for the last cell, which is 0."""
    rows, columns = table.sum(axis=1, keepdims=True), table.sum(axis=0, keepdims=True)
    expected = np.ones_like(table)
    expected[-1, -1] = 0
    for _ in range(max_iterations):
        for margin, axis in ((rows, 1), (columns, 0)):
            sums = expected.sum(axis=axis, keepdims=True)
            expected *= np.divide(margin, sums, out=np.zeros_like(sums), where=sums > 0)
        if np.abs(expected.sum(axis=1, keepdims=True) - rows).max() < 1e-10 * max(table.sum(), 1):
            break
    return expected


def occupied_units(segments: ArrayLike, unit: float, num_units: int) -> np.ndarray:
    """Return the units of time in which events take place, also if they fill only a part of a unit.

    Args:
        segments (ArrayLike): Starts and ends of the events in seconds, shape (N, 2). A point event belongs to one unit.
        unit (float): Duration of a unit in seconds.
        num_units (int): Number of units M, from 0 seconds on. Earlier events belong to the first unit, later ones to
            the last.

    Returns:
        np.ndarray: Whether an event takes place in each unit, booleans of shape (M,).

    Raises:
        ValueError: If ``unit`` is not above 0.

    Examples:
        >>> occupied_units([[0.5, 1.5], [4, 4]], unit=1, num_units=5).tolist()
        [True, True, False, False, True]
    """
    if not unit > 0:
        raise ValueError(f'unit must be above 0 s, got {unit}')
    segments = _check_segments(segments)
    first = np.floor((segments[:, 0] + _SLACK) / unit).astype(int)
    last = np.maximum(np.ceil((segments[:, 1] - _SLACK) / unit).astype(int) - 1, first)
    occupied = np.zeros(num_units, dtype=bool)
    for start, end in zip(*np.clip([first, last], 0, num_units - 1)):
        occupied[start : end + 1] = True
    return occupied


def match_events(
    first: ArrayLike,
    second: ArrayLike,
    first_labels: ArrayLike,
    second_labels: ArrayLike,
    tolerance: float | None = None,
    overlap: float | None = None,
) -> np.ndarray:
    """Match the events of two coders, one to one.

    Two events can be matched if their starts differ by at most a tolerance or, instead, if they overlap for at least a
    share of the longer one. Labels do not have to be equal. Among all matchings, that with most pairs of equal labels
    is chosen; among those, that with most pairs; and among those, that whose starts and ends are nearest.

    Args:
        first, second (ArrayLike): Starts and ends in seconds, shapes (N, 2) and (M, 2).
        first_labels, second_labels (ArrayLike): Labels of the events, strings or integers, shapes (N,) and (M,).
        tolerance (float, optional): Largest difference of the starts in seconds. Defaults to None.
        overlap (float, optional): Smallest overlap as a share of the longer event, above 0 and at most 1. Defaults to
            None. Point events do not overlap.

    Returns:
        np.ndarray: Indices of matched events, shape (K, 2), by the index in ``first``.

    Raises:
        ValueError: If the shapes do not fit, or not exactly one of ``tolerance`` and ``overlap`` is given.

    Examples:
        >>> match_events([[0, 1], [5, 6]], [[0.4, 1], [8, 9]], ['a', 'b'], ['b', 'b'], tolerance=0.5).tolist()
        [[0, 0]]
    """
    if (tolerance is None) == (overlap is None):
        raise ValueError(f'give either a tolerance or an overlap, got {tolerance} and {overlap}')
    first, second = _check_segments(first), _check_segments(second)
    first_labels, second_labels = np.asarray(first_labels), np.asarray(second_labels)
    if first_labels.shape != first.shape[:1] or second_labels.shape != second.shape[:1]:
        raise ValueError(f'expected {len(first)} and {len(second)} labels')
    possible = np.array([*_find_possible_pairs(first, second, tolerance, overlap)], dtype=int).reshape(-1, 2)
    matched = []
    for rows, columns in _split_components(possible, len(first), len(second)):
        row_of, column_of = ({index: i for i, index in enumerate(each)} for each in (rows, columns))
        size = min(len(rows), len(columns))
        # A pair of equal labels outweighs all others together, and a pair outweighs the nearness of all pairs.
        pair_weight = size + 1
        label_weight = (pair_weight + 1) * (size + 1)
        weights = np.zeros((len(rows), len(columns)))
        for a, b in possible[np.isin(possible[:, 0], rows)]:
            nearness = 1 / (1 + np.abs(first[a] - second[b]).sum())
            is_equal = first_labels[a] == second_labels[b]
            weights[row_of[a], column_of[b]] = pair_weight + nearness + label_weight * is_equal
        for row, column in zip(*linear_sum_assignment(weights, maximize=True)):
            if weights[row, column]:
                matched.append((rows[row], columns[column]))
    return np.array(sorted(matched), dtype=int).reshape(-1, 2)


def _find_possible_pairs(
    first: np.ndarray, second: np.ndarray, tolerance: float | None, overlap: float | None
) -> Iterator[tuple[int, int]]:
    for index, (start, end) in enumerate(first):
        if overlap is None:
            possible = np.abs(second[:, 0] - start) <= tolerance + _SLACK
        else:
            common = np.minimum(second[:, 1], end) - np.maximum(second[:, 0], start)
            longest = np.maximum(second[:, 1] - second[:, 0], end - start)
            possible = (common > 0) & (common >= overlap * longest - _SLACK)
        for other in np.flatnonzero(possible):
            yield index, other


def _split_components(pairs: np.ndarray, n: int, m: int) -> Iterator[tuple[list[int], list[int]]]:
    """Yield the indices of events that are connected by possible pairs. They are few, even in a long recording."""
    if not len(pairs):
        return
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], n + pairs[:, 1])), shape=(n + m, n + m))
    _, components = connected_components(graph, directed=False)
    for component in np.unique(components[pairs[:, 0]]):
        members = np.flatnonzero(components == component)
        yield members[members < n].tolist(), (members[members >= n] - n).tolist()


def _check_pair(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if first.shape != second.shape or first.ndim != 1:
        raise ValueError(f'expected two arrays of the same length, got shapes {first.shape} and {second.shape}')
    return first, second


def _check_segments(segments: ArrayLike) -> np.ndarray:
    segments = np.asarray(segments, dtype=float)
    if not segments.size:
        return np.zeros((0, 2))
    if segments.ndim != 2 or segments.shape[1] != 2 or not (segments[:, 0] <= segments[:, 1]).all():
        raise ValueError(f'expected starts and ends, shape (N, 2), got shape {segments.shape}')
    return segments


def _divide(numerator: float, denominator: float) -> float:
    return float(numerator / denominator) if denominator else math.nan
