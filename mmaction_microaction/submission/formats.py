"""What the challenges' files look like, and the rows that predictions become in them."""

import os
from typing import NamedTuple

import numpy as np

from mmaction_microaction.evaluation.functional import rank_body_parts, rank_classes
from mmaction_microaction.label_sets.ma52 import NUM_ACTIONS, NUM_BODY_PARTS

FILE_NAME = 'prediction.csv'
"""Name of the table, at the top level of the zip file."""
TOP_K = 5


class SubmissionFormat(NamedTuple):
    """Columns of a table of predictions."""

    id_column: str
    columns: dict
    """Title of every other column: how many classes its labels, which count from 0, belong to."""
    note: str = ''
    """What whoever uses the format should know."""

    @property
    def header(self):
        """list[str]: Titles of all columns."""
        return [self.id_column, *self.columns]


SUBMISSION_FORMATS = {
    # MAC 2025 and the standing Codabench page.
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
        "the challenge's page asks for the format codabench since MAC 2025; it refuses that of 2024: KeyError: 'vid'",
    ),
}


def predicted_labels(scores, format='codabench', coarse_from='top1'):
    """Turn probabilities into the labels that a format asks for.

    Args:
        scores (np.ndarray): Fine probabilities, shape (N, 52).
        format (str): ``'codabench'``: the five best actions, then five body parts; ``'2024'``: body part, action.
        coarse_from (str): ``'top1'``: the body part of each action, as the authors derive it, so that parts repeat;
            ``'sum'``: different body parts, by the sum of the probabilities of their actions.

    Returns:
        np.ndarray: Shape (N, 10) or (N, 2), in the order of the format's columns.

    Raises:
        ValueError: If an option is unknown.
    """
    if format not in SUBMISSION_FORMATS:
        raise ValueError(f'format must be one of {", ".join(map(repr, SUBMISSION_FORMATS))}, got {format!r}')
    if coarse_from not in ('top1', 'sum'):
        raise ValueError(f"coarse_from must be 'top1' or 'sum', got {coarse_from!r}")
    actions, parts = rank_classes(scores), rank_body_parts(scores, coarse_from)
    if format == '2024':
        return np.stack([parts[:, 0], actions[:, 0]], axis=1)
    return np.concatenate([actions[:, :TOP_K], parts[:, :TOP_K]], axis=1)


def clip_ids(names, ids='name'):
    """Turn the names of clips into what stands in the first column.

    The lists read ``test0000.mp4``. Whether the challenge's page wants the names with or without ``.mp4`` is not said
    where its columns are: they stay as listed by default; should the page refuse them, try the other.

    Args:
        names (Sequence[str]): Names as in the annotation list.
        ids (str): ``'name'``: ``test0000.mp4``; ``'stem'``: ``test0000``.

    Returns:
        list[str]: One per name.

    Raises:
        ValueError: If the option is unknown, or two names differ only in what is left out.
    """
    if ids not in ('name', 'stem'):
        raise ValueError(f"ids must be 'name' or 'stem', got {ids!r}")
    if ids == 'name':
        return list(names)
    stems = {}
    for name in names:
        other = stems.setdefault(os.path.splitext(name)[0], name)
        if other != name:
            raise ValueError(f"{other} and {name} differ only in what follows the dot; keep it with ids='name'.")
    return [os.path.splitext(name)[0] for name in names]
