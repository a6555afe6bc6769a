"""Predictions of a test run: reading, checking, and matching with an annotation list."""

import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from mmaction_microaction.label_sets import MA52, LabelSet, find_label_set
from mmaction_microaction.utils.messages import first_few, format_count
from mmaction_microaction.utils.pickles import load_pickle

from .annotations import read_annotations


def read_clip_names(ann_file: str | Path, label_set: LabelSet = MA52) -> list[str]:
    """Read the names of the clips of an annotation list, with or without labels.

    Args:
        ann_file (str | Path): Path of the annotation list, see ``read_annotations``.
        label_set (LabelSet): Label set of the list. Defaults to that of MA-52.

    Returns:
        list[str]: Names of the clips, in the order of the list.

    Raises:
        FileNotFoundError: If the list does not exist.
        ValueError: If the list is malformed.
    """
    annotations = read_annotations(ann_file, check_names=False, unlabeled=True, label_set=label_set)
    return [annotation.filename for annotation in annotations]


class Predictions(NamedTuple):
    """Predictions for N clips."""

    scores: np.ndarray
    """Fine probabilities, shape (N, C)."""
    labels: np.ndarray | None
    """True fine labels, shape (N,), int. None if a clip has no label."""
    names: list[str] | None
    """Names of the clips. None if the file has no names."""
    unreadable: list[str]
    """Names of the clips that could not be read in the test, and have the scores of black frames."""
    from_dump: bool
    """Whether the file was written by ``mim test --dump``, and not by the authors' test script."""
    label_set: LabelSet
    """Label set of the scores."""


def read_predictions(
    path: str | Path, clips: Sequence[str] | None = None, label_set: LabelSet | None = None
) -> Predictions:
    """Read a file of predictions without executing code from it.

    Two formats are supported: the list of dicts that ``mim test --dump`` writes, and the list of probabilities, or the
    array, that the authors' test script writes. The content of the file determines the format.

    Args:
        path (str | Path): Path of the pickle.
        clips (Sequence[str], optional): Names of the clips in order, for error messages about files without names.
            Defaults to None.
        label_set (LabelSet, optional): Label set of the scores. Defaults to None: the label set that the file contains
            or, if it contains none and has 52 scores for each clip, that of MA-52.

    Returns:
        Predictions: Predictions, in the order of the file.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If the file contains no predictions, or scores that are not probabilities. The message contains the
            file and the clip.

    See Also:
        :func:`read_labeled_predictions`, which requires true labels; :func:`read_scores`, which sorts the scores in
        the order of an annotation list.

    Examples:
        >>> import pickle
        >>> import tempfile
        >>> sample = {'video_id': 'nod.mp4', 'pred_score': np.eye(52)[9], 'gt_label': 9}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, 'predictions.pkl')
        ...     _ = path.write_bytes(pickle.dumps([sample]))
        ...     predictions = read_predictions(path)
        >>> predictions.names, predictions.labels.tolist(), predictions.scores.shape
        (['nod.mp4'], [9], (1, 52))
    """
    samples = load_pickle(path)
    if not isinstance(samples, list) and getattr(samples, 'ndim', 0) != 2:
        raise ValueError(
            f'{path} contains a {type(samples).__name__}, not a list with one prediction per clip, as mim test --dump '
            "and the authors' test script write it"
        )
    if not len(samples):
        raise ValueError(f'{path} contains no predictions')

    def where(index: int, name: str | None = None) -> str:
        clip = f' ({clips[index]})' if clips and index < len(clips) else ''
        return f'{path}, row {index + 1}{clip}' if name is None else f'{path}, {name}'

    if not isinstance(samples[0], dict):
        label_set = _find_label_set(label_set, None, samples[0], path)
        rows = [_check_row(row, where(index), len(label_set)) for index, row in enumerate(samples)]
        return Predictions(np.stack(rows), None, None, [], from_dump=False, label_set=label_set)
    named = any('video_id' in sample for sample in samples if isinstance(sample, dict))
    rows, labels, names, unreadable = [], [], [], []
    for index, sample in enumerate(samples):
        position = f'{path}, prediction {index + 1}'
        *name, scores = _get_values(sample, ['video_id', 'pred_score'] if named else ['pred_score'], position)
        names += map(str, name)
        if index == 0:
            label_set = _find_label_set(label_set, sample.get('label_set'), scores, path)
        rows.append(_check_row(scores, where(index, *name), len(label_set)))
        labels.append(_get_label(sample, position))
        if sample.get('unreadable'):
            unreadable.append(names[-1] if named else f'clip {index + 1}')
    labels = None if None in labels else np.array(labels)
    return Predictions(np.stack(rows), labels, names or None, unreadable, from_dump=True, label_set=label_set)


def _find_label_set(label_set: LabelSet | None, content: Any, first: Any, path: str | Path) -> LabelSet:
    """Return the given label set, or the one in the file, or the one that the number of scores implies."""
    found = None if content is None else LabelSet.from_dict(content, f'{path}: its label set')
    if label_set is None:
        return found or find_label_set(None, first.numel() if torch.is_tensor(first) else np.size(first), path)
    if found not in (None, label_set):
        raise ValueError(f'{path} contains scores of the label set {found.name}, not of {label_set.name}')
    return label_set


def read_labeled_predictions(path: str | Path, label_set: LabelSet | None = None) -> Predictions:
    """Read predictions that have true labels and no unreadable clips.

    Args:
        path (str | Path): Path of the file that ``mim test --dump`` wrote.
        label_set (LabelSet, optional): Label set of the scores, see :func:`read_predictions`. Defaults to None.

    Returns:
        Predictions: Predictions with labels.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If :func:`read_predictions` rejects the file, the split is anonymised and has no true labels, or a
            clip could not be read.

    See Also:
        :func:`read_predictions`, which accepts predictions without labels.
    """
    predictions = read_predictions(path, label_set=label_set)
    labels, unreadable, count = predictions.labels, predictions.unreadable, len(predictions.label_set)
    if labels is None or not ((labels >= 0) & (labels < count)).all():
        raise ValueError(f'{path} has no true labels from 0 to {count - 1}: is the split anonymised?')
    if unreadable:
        raise ValueError(
            f'{path}: {format_count(len(unreadable), "clip")} could not be read in the test, and had black frames '
            f'instead: {first_few(unreadable)}. Replace each of them, and test again.'
        )
    return predictions


def read_scores(path: str | Path, ann_file: str | Path, label_set: LabelSet = MA52) -> tuple[list[str], np.ndarray]:
    """Read a file of predictions in the order of an annotation list.

    Datasets other than :class:`ClipDataset` dump predictions without names (``video_id``). If the counts match,
    they are assumed to be in the order of the list, with a warning. Another warning names the clips that
    could not be read in the test.

    Args:
        path (str | Path): Path of the predictions, see :func:`read_predictions`.
        ann_file (str | Path): Path of the annotation list of the clips.
        label_set (LabelSet): Label set of both files. Defaults to that of MA-52.

    Returns:
        tuple[list[str], np.ndarray]: Names of the clips in the order of the list, and their fine probabilities, shape
        (N, C).

    Raises:
        FileNotFoundError: If one of the files does not exist.
        ValueError: If :func:`read_predictions` rejects the file, or the predictions do not match the list.

    See Also:
        :func:`read_predictions`, which needs no annotation list.
    """
    names = read_clip_names(ann_file, label_set)
    predictions = read_predictions(path, names, label_set)
    if predictions.names is not None:
        if predictions.unreadable:
            warnings.warn(f'{path}: {describe_unreadable(predictions.unreadable)}', stacklevel=2)
        return names, predictions.scores[match_names(names, predictions.names, path, ann_file)]
    if len(predictions.scores) != len(names):
        raise ValueError(
            f'{path} contains {format_count(len(predictions.scores), "row")} of scores, but {ann_file} lists '
            f'{format_count(len(names), "clip")}: is it the list that was tested?'
        )
    if predictions.from_dump:
        warnings.warn(
            f'{path} has no names of clips (video_id), which ClipDataset writes: its predictions are assumed '
            f'to be in the order of {ann_file}; make sure that this is the list that was tested',
            stacklevel=2,
        )
    return names, predictions.scores


def get_scores(sample: dict, key: str = 'pred_score') -> np.ndarray:
    """Return the scores of a tested sample for a metric.

    Args:
        sample (dict): Tested sample with a tensor of scores. ``unreadable`` marks a clip that could not be read.
        key (str): Key of the scores in the sample. Defaults to ``'pred_score'``.

    Returns:
        np.ndarray: Scores as float64. All are NaN for an unreadable clip, so that it counts as not recognised.
    """
    scores = sample[key].cpu().double().numpy()
    return np.full_like(scores, np.nan) if sample.get('unreadable') else scores


def get_coarse_scores(sample: dict) -> np.ndarray:
    """Return the scores of the groups, such as body parts, of a tested sample.

    Args:
        sample (dict): Tested sample with a tensor ``coarse_score``.

    Returns:
        np.ndarray: Scores as float64. All are NaN for an unreadable clip.

    Raises:
        ValueError: If the network has no classifier of groups.
    """
    if 'coarse_score' not in sample:
        raise ValueError(
            "coarse_from='head' needs a network with classifiers of the groups, such as PCANHead; use 'top1' or 'sum'"
        )
    return get_scores(sample, 'coarse_score')


def check_probabilities(scores: np.ndarray, clip: str, num_classes: int) -> None:
    """Check that the scores of a clip are probabilities of all actions.

    Args:
        scores (np.ndarray): Scores of one clip, shape (C,).
        clip (str): Name of the clip, for the error message.
        num_classes (int): Number of actions, C.

    Raises:
        ValueError: If there are not C scores, or a score is negative or NaN, or their sum is not 1.
    """
    if scores.shape != (num_classes,):
        raise ValueError(
            f'{clip}: expected {num_classes} scores, got shape {scores.shape}; is num_classes of the head right?'
        )
    # The rounding error of half precision is about 1e-3.
    if not (scores.min() >= 0 and abs(scores.sum() - 1) < 1e-2):
        raise ValueError(
            f'{clip}: scores are not probabilities (sum {scores.sum():.4g}, minimum {scores.min():.4g}). NaN '
            "means that the training diverged; otherwise set average_clips='prob' in the head."
        )


def _get_values(sample: dict[str, Any], keys: Sequence[str], where: str) -> list[Any]:
    """Return the values of a prediction for several keys."""
    missing = [key for key in keys if not isinstance(sample, dict) or sample.get(key) is None]
    if missing:
        raise ValueError(
            f'{where} lacks {" and ".join(missing)}: test with ClipDataset and end its pipeline with PackActionInputs'
        )
    return [sample[key] for key in keys]


def _get_label(sample: dict[str, Any], where: str) -> int | None:
    """Return the true label of a prediction, or None if it has none."""
    label = sample.get('gt_label')
    try:
        return None if label is None else int(label)
    except (TypeError, ValueError) as error:
        raise ValueError(f'{where}: {label!r:.40} is not a label ({error})') from None


def describe_unreadable(names: Sequence[str]) -> str:
    """Describe clips that could not be read, and were scored on black frames.

    Datasets with ``unreadable_as_missing`` replace the frames of such clips.

    Args:
        names (Sequence[str]): Names of the clips, at least one.

    Returns:
        str: Description with the names of the first clips.
    """
    return (
        f'{format_count(len(names), "clip")} could not be read, and had black frames instead: {first_few(names)}; '
        'replace each of them'
    )


def _check_row(row: Any, clip: str, num_classes: int) -> np.ndarray:
    """Return the checked probabilities of one clip as an array."""
    try:
        row = np.asarray(row.double() if torch.is_tensor(row) else row, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f'{clip}: expected {num_classes} scores, got {row!r:.40}') from None
    check_probabilities(row, clip, num_classes)
    return row


def match_names(names: Sequence[str], predicted: Sequence[str], source: str | Path, ann_file: str | Path) -> list[int]:
    """Find every clip of a list among predictions.

    Args:
        names (Sequence[str]): Names of the list, all different.
        predicted (Sequence[str]): Names of the predictions, in any order.
        source (str | Path): Source of the predictions, for the error message.
        ann_file (str | Path): Path of the list, for the error message.

    Returns:
        list[int]: Index into ``predicted`` of each name of the list.

    Raises:
        ValueError: If the list and the predictions do not have the same names, each once.
    """
    indices = {name: index for index, name in enumerate(predicted)}
    listed = set(names)
    problems = [
        f'{what} ({len(clips):,}): {first_few(clips)}'
        for what, clips in (
            ('clips of the list without a prediction', [name for name in names if name not in indices]),
            ('predictions of clips that are not in the list', [name for name in indices if name not in listed]),
            ('clips predicted more than once', [name for name, count in Counter(predicted).items() if count > 1]),
        )
        if clips
    ]
    if problems:
        raise ValueError(f'{source} does not match {ann_file}: {"; ".join(problems)}. Is it the list that was tested?')
    return [indices[name] for name in names]
