"""Predictions of several networks for the same clips: reading, matching by name, and writing of a dump."""

import pickle
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from mmaction_microaction.label_sets import LabelSet
from mmaction_microaction.utils.files import write_whole
from mmaction_microaction.utils.messages import first_few, format_count

from .predictions import Predictions, read_predictions


class AlignedPredictions(NamedTuple):
    """Predictions of M networks for the same N clips."""

    scores: np.ndarray
    """Fine probabilities, shape (M, N, C)."""
    labels: np.ndarray | None
    """True fine labels, shape (N,), int. None if no file has labels."""
    names: list[str]
    """Names of the clips, in the order of the first file."""
    unreadable: list[str]
    """Names of the clips that at least one network could not read."""
    label_set: LabelSet
    """Label set of the scores."""


def read_aligned_predictions(paths: Sequence[str | Path], label_set: LabelSet | None = None) -> AlignedPredictions:
    """Read the predictions of several networks, and match the clips by their names.

    Args:
        paths (Sequence[str | Path]): Files that ``mim test --dump`` wrote, in any order of the clips.
        label_set (LabelSet, optional): Label set of the scores, see :func:`.read_predictions`. Defaults to None.

    Returns:
        AlignedPredictions: Predictions, in the order of the first file.

    Raises:
        FileNotFoundError: If a file does not exist.
        ValueError: If :func:`.read_predictions` rejects a file, a file has no names of clips, or the files differ in
            their label sets, clips or labels. The message contains the files, the number of clips and their names.
    """
    runs = [read_predictions(path, label_set=label_set) for path in paths]
    first, first_path = runs[0], paths[0]
    for path, run in zip(paths, runs):
        _check_names(path, run)
        if run.label_set != first.label_set:
            raise ValueError(
                f'{first_path} has the label set {first.label_set.name}, but {path} has {run.label_set.name}: only '
                'networks with the same actions can be fused'
            )
        for names, others, source, other in (
            (first.names, run.names, first_path, path),
            (run.names, first.names, path, first_path),
        ):
            known = set(others)
            missing = [name for name in names if name not in known]
            if missing:
                raise ValueError(
                    f'{other} lacks {format_count(len(missing), "clip")} of {source}: {first_few(missing)}. Test both '
                    'networks on the same list.'
                )
    positions = [{name: index for index, name in enumerate(run.names)} for run in runs]
    orders = [[position[name] for name in first.names] for position in positions]
    labels = None
    for path, run, order in zip(paths, runs, orders):
        if run.labels is None:
            continue
        own = run.labels[order]
        if labels is None:
            labels, source = own, path
        wrong = [first.names[index] for index in np.flatnonzero(own != labels)]
        if wrong:
            raise ValueError(
                f'the labels of {format_count(len(wrong), "clip")} differ in {source} and {path}: {first_few(wrong)}. '
                'Test both networks on the same list.'
            )
    unreadable = {name for run in runs for name in run.unreadable}
    return AlignedPredictions(
        np.stack([run.scores[order] for run, order in zip(runs, orders)]),
        labels,
        first.names,
        [name for name in first.names if name in unreadable],
        first.label_set,
    )


def _check_names(path: str | Path, run: Predictions) -> None:
    """Check that every clip has a name of its own."""
    if run.names is None:
        raise ValueError(
            f'{path} has no names of clips (video_id), so its clips cannot be matched with those of another file: '
            'test with ClipDataset and --dump'
        )
    repeated = [name for name, count in Counter(run.names).items() if count > 1]
    if repeated:
        raise ValueError(f'{path} predicts {format_count(len(repeated), "clip")} more than once: {first_few(repeated)}')


def write_predictions(
    path: str | Path,
    names: Sequence[str],
    scores: np.ndarray,
    label_set: LabelSet,
    labels: np.ndarray | None = None,
    unreadable: Sequence[str] = (),
) -> None:
    """Write predictions like ``mim test --dump``.

    Args:
        path (str | Path): Path of the pickle.
        names (Sequence[str]): Names of N clips.
        scores (np.ndarray): Fine probabilities, shape (N, C).
        label_set (LabelSet): Label set of the scores.
        labels (np.ndarray, optional): True fine labels, shape (N,). Defaults to None.
        unreadable (Sequence[str]): Names of the clips that could not be read. Defaults to none.

    Raises:
        OSError: If the file cannot be written.
    """
    content, unreadable = label_set.to_dict(), set(unreadable)
    samples = []
    for index, (name, row) in enumerate(zip(names, scores)):
        sample = {'video_id': name, 'pred_score': torch.tensor(row), 'label_set': content}
        if labels is not None:
            sample['gt_label'] = torch.tensor([int(labels[index])])
        if name in unreadable:
            sample['unreadable'] = True
        samples.append(sample)
    write_whole(path, pickle.dumps(samples))
