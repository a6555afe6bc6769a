"""Formats of the challenges' submissions, and conversion of predictions into their rows."""

import os
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mmaction_microaction.evaluation.functional import rank_body_parts, rank_classes
from mmaction_microaction.label_sets.ma52 import NUM_ACTIONS, NUM_BODY_PARTS

FILE_NAME = 'prediction.csv'
"""Name of the table, which is at the top level of the zip file."""
TOP_K = 5
"""Number of ranked labels in the format ``'codabench'``."""


class SubmissionFormat(NamedTuple):
    """Columns of a table of predictions."""

    id_column: str
    """Title of the first column, which identifies the clips."""
    columns: dict[str, int]
    """Number of classes of every other column, by its title. Labels count from 0."""
    note: str = ''
    """Advice for users of the format."""

    @property
    def header(self):
        """list[str]: Titles of all columns."""
        return [self.id_column, *self.columns]


SUBMISSION_FORMATS = {
    # MAC 2025 and the permanent Codabench page.
    'codabench': SubmissionFormat(
        'vid',
        {
            **{f'action_pred_{k}': NUM_ACTIONS for k in range(1, TOP_K + 1)},
            **{f'body_pred_{k}': NUM_BODY_PARTS for k in range(1, TOP_K + 1)},
        },
    ),
    # MAC 2024.
    '2024': SubmissionFormat(
        'id',
        {'pred_label_1': NUM_BODY_PARTS, 'pred_label_2': NUM_ACTIONS},
        "since MAC 2025, the challenge's page requires the format codabench and rejects 2024 with KeyError: 'vid'",
    ),
}


def check_options(format='codabench', coarse_from='top1', ids='name'):
    """Check the options of a submission.

    Args:
        format (str): Format of the submission, see :func:`predicted_labels`.
        coarse_from (str): Source of the body parts, see :func:`predicted_labels`.
        ids (str): Identifiers of the clips, see :func:`clip_ids`.

    Raises:
        ValueError: If an option has an unknown value.
    """
    choices = {
        'format': (format, tuple(SUBMISSION_FORMATS)),
        'coarse_from': (coarse_from, ('top1', 'sum')),
        'ids': (ids, ('name', 'stem')),
    }
    for option, (value, allowed) in choices.items():
        if value not in allowed:
            raise ValueError(f'{option} must be one of {", ".join(map(repr, allowed))}, got {value!r}')


def predicted_labels(scores: np.ndarray, format: str = 'codabench', coarse_from: str = 'top1') -> np.ndarray:
    """Convert probabilities into the labels of a submission.

    Args:
        scores (np.ndarray): Fine probabilities, shape (N, 52).
        format (str): Format of the submission. ``'codabench'`` has the five best actions and five body parts,
            ``'2024'`` has the best body part and the best action. Defaults to ``'codabench'``.
        coarse_from (str): Source of the body parts. ``'top1'`` is the body part of each action, as the authors derive
            it, so that body parts may repeat. ``'sum'`` ranks the body parts by the sum of the probabilities of their
            actions. Defaults to ``'top1'``.

    Returns:
        np.ndarray: Labels in the order of the columns of the format, shape (N, 10) or (N, 2).

    Raises:
        ValueError: If an option has an unknown value.
    """
    check_options(format, coarse_from)
    actions, parts = rank_classes(scores), rank_body_parts(scores, coarse_from)
    if format == '2024':
        return np.stack([parts[:, 0], actions[:, 0]], axis=1)
    return np.concatenate([actions[:, :TOP_K], parts[:, :TOP_K]], axis=1)


def clip_ids(names: Sequence[str], ids: str = 'name') -> list[str]:
    """Convert the names of clips into the identifiers of the first column.

    The challenge's page does not state if identifiers have the extension ``.mp4``. By default they are the names of
    the annotation list, which have it. If the page rejects these, try ``'stem'``.

    Args:
        names (Sequence[str]): Names of the clips in the annotation list.
        ids (str): Kind of identifier: ``'name'`` such as ``test0000.mp4``, or ``'stem'`` such as ``test0000``. Defaults
            to ``'name'``.

    Returns:
        list[str]: Identifier of each clip.

    Raises:
        ValueError: If the kind is unknown, or two names differ only in their extension.
    """
    check_options(ids=ids)
    if ids == 'name':
        return list(names)
    stems = {}
    for name in names:
        other = stems.setdefault(os.path.splitext(name)[0], name)
        if other != name:
            raise ValueError(f"{other} and {name} differ only in the extension; keep it with ids='name'")
    return [os.path.splitext(name)[0] for name in names]
