"""Formats of the challenges' submissions, and conversion of predictions into their rows."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np

from mmaction_microaction.evaluation.functional import COARSE_FROM, rank_classes, rank_groups
from mmaction_microaction.label_sets import MA52

FILE_NAME = 'prediction.csv'
"""Name of the table, which is at the top level of the zip file."""
TOP_K = 5
"""Number of ranked labels in the format ``'codabench'``."""


class SubmissionFormat(NamedTuple):
    """Columns of a table of predictions, their labels and their checks."""

    id_column: str
    """Title of the first column, which identifies the clips."""
    columns: dict[str, int]
    """Number of classes of every other column, by its title. Labels count from 0."""
    select_labels: Callable[[np.ndarray, np.ndarray], np.ndarray]
    """Function that selects the labels of the columns, shape (N, K), from the ranked actions, shape (N, C), and the
    ranked body parts."""
    note: str = ''
    """Advice for users of the format."""
    check_row: Callable[[dict[str, str]], Iterable[str]] = lambda labels: ()
    """Function that returns the problems of a row, besides labels out of range, from its labels by column."""
    note_rows: Callable[[list[list[str]]], Iterable[str]] = lambda rows: ()
    """Function that returns the valid but unusual properties of a table from the fields of all rows."""

    @property
    def header(self) -> list[str]:
        """list[str]: Titles of all columns."""
        return [self.id_column, *self.columns]


def _select_top_k(actions: np.ndarray, parts: np.ndarray) -> np.ndarray:
    return np.concatenate([actions[:, :TOP_K], parts[:, :TOP_K]], axis=1)


def _select_best(actions: np.ndarray, parts: np.ndarray) -> np.ndarray:
    return np.stack([parts[:, 0], actions[:, 0]], axis=1)


def _check_actions_differ(labels: dict[str, str]) -> Iterator[str]:
    actions = [label for column, label in labels.items() if column.startswith('action_pred')]
    if len({label.lstrip('0') for label in actions}) < len(actions):
        yield f'the actions {", ".join(actions)} are not all different'


def _note_repeated_parts(rows: list[list[str]]) -> Iterator[str]:
    repeating = sum(len(set(parts)) < len(parts) for parts in (row[1 + TOP_K :] for row in rows))
    if repeating:
        yield f'body parts repeat in {repeating:,} of {len(rows):,} rows, as body parts of the top-5 actions do'


SUBMISSION_FORMATS = {
    # MAC 2025 and the permanent Codabench page.
    'codabench': SubmissionFormat(
        'vid',
        {
            **{f'action_pred_{k}': len(MA52) for k in range(1, TOP_K + 1)},
            **{f'body_pred_{k}': len(MA52.groups) for k in range(1, TOP_K + 1)},
        },
        _select_top_k,
        check_row=_check_actions_differ,
        note_rows=_note_repeated_parts,
    ),
    # MAC 2024.
    '2024': SubmissionFormat(
        'id',
        {'pred_label_1': len(MA52.groups), 'pred_label_2': len(MA52)},
        _select_best,
        "since MAC 2025, the challenge's page requires the format codabench and rejects 2024 with KeyError: 'vid'",
    ),
}
"""Formats by name."""


def check_submission_options(
    format: Literal['codabench', '2024'] = 'codabench',
    coarse_from: Literal['top1', 'sum', 'head'] = 'top1',
    ids: Literal['name', 'stem'] = 'name',
) -> None:
    """Check the options of a submission.

    Args:
        format (Literal['codabench', '2024']): Format of the submission, see :func:`predicted_labels`.
        coarse_from (Literal['top1', 'sum', 'head']): Source of the body parts, see :func:`predicted_labels`.
        ids (Literal['name', 'stem']): Identifiers of the clips, see :func:`clip_ids`.

    Raises:
        ValueError: If an option has an unknown value.
    """
    choices = {
        'format': (format, tuple(SUBMISSION_FORMATS)),
        'coarse_from': (coarse_from, COARSE_FROM),
        'ids': (ids, ('name', 'stem')),
    }
    for option, (value, allowed) in choices.items():
        if value not in allowed:
            raise ValueError(f'{option} must be one of {", ".join(map(repr, allowed))}, got {value!r}')


def predicted_labels(
    scores: np.ndarray,
    format: Literal['codabench', '2024'] = 'codabench',
    coarse_from: Literal['top1', 'sum', 'head'] = 'top1',
    coarse_scores: np.ndarray | None = None,
) -> np.ndarray:
    """Convert probabilities into the labels of a submission.

    Args:
        scores (np.ndarray): Fine probabilities, shape (N, C).
        format (Literal['codabench', '2024']): Format of the submission. ``'codabench'`` has the five best actions and
            five body parts, ``'2024'`` has the best body part and the best action. Defaults to ``'codabench'``.
        coarse_from (Literal['top1', 'sum', 'head']): Source of the body parts. ``'top1'`` is the body part of each
            action, as the authors derive it, so that body parts may repeat. ``'sum'`` ranks the body parts by the sum
            of the probabilities of their actions. ``'head'`` ranks them by ``coarse_scores``. Defaults to ``'top1'``.
        coarse_scores (np.ndarray, optional): Scores of the body parts from a classifier of their own, shape (N, number
            of body parts). Defaults to None.

    Returns:
        np.ndarray: Labels in the order of the columns of the format, shape (N, 10) or (N, 2).

    Raises:
        ValueError: If an option has an unknown value.
    """
    check_submission_options(format, coarse_from)
    groups = rank_groups(scores, coarse_from, coarse_scores=coarse_scores)
    return SUBMISSION_FORMATS[format].select_labels(rank_classes(scores), groups)


def clip_ids(names: Sequence[str], ids: Literal['name', 'stem'] = 'name') -> list[str]:
    """Convert the names of clips into the identifiers of the first column.

    The challenge's page does not state if identifiers have the extension ``.mp4``. By default they are the names of
    the annotation list, which have it. If the page rejects these, try ``'stem'``.

    Args:
        names (Sequence[str]): Names of the clips in the annotation list.
        ids (Literal['name', 'stem']): Kind of identifier: ``'name'`` such as ``test0000.mp4``, or ``'stem'`` such as
            ``test0000``. Defaults to ``'name'``.

    Returns:
        list[str]: Identifier of each clip.

    Raises:
        ValueError: If the kind is unknown, or two names differ only in their extension.
    """
    check_submission_options(ids=ids)
    if ids == 'name':
        return list(names)
    stems = {}
    for name in names:
        other = stems.setdefault(os.path.splitext(name)[0], name)
        if other != name:
            raise ValueError(f"{other} and {name} differ only in the extension; keep it with ids='name'")
    return [os.path.splitext(name)[0] for name in names]
