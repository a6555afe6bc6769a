"""Reads predicted scores, and puts them in the order of an annotation list."""

import warnings
from collections import Counter
from typing import NamedTuple

import numpy as np
import torch

from mmaction_microaction.label_sets.ma52 import NUM_ACTIONS
from mmaction_microaction.utils.messages import first_few
from mmaction_microaction.utils.pickles import load_pickle

from .annotations import read_annotations


def read_clip_names(ann_file):
    """Read the names of the clips of an annotation list; labels do not matter here.

    Args:
        ann_file (str | Path): See ``read_annotations``.

    Returns:
        list[str]: In the order of the list.

    Raises:
        FileNotFoundError: If there is no such list.
        ValueError: If the list is malformed.
    """
    return [annotation.filename for annotation in read_annotations(ann_file, check_names=False, unlabelled=True)]


class Predictions(NamedTuple):
    """Predictions of N clips."""

    scores: np.ndarray
    """Fine probabilities, shape (N, 52)."""
    labels: np.ndarray | None
    """True fine labels, shape (N,), int; None if some clip has none."""
    names: list[str] | None
    """Names of the clips; None if some clip has none."""
    unreadable: list[str]
    """Names of clips that could not be read when they were tested, and whose scores are of black frames."""
    from_dump: bool
    """Whether ``mim test --dump`` wrote the file, rather than the authors' test script."""


def read_predictions(path, clips=None):
    """Read a file of predictions without running code from it.

    The contents tell two kinds of file apart: the list of dicts that ``mim test --dump`` writes, and the list of
    probabilities, or the array, that the authors' test script writes.

    Args:
        path (str | Path): The pickled list.
        clips (Sequence[str], optional): Names of the clips in order, for errors about files that name none.

    Returns:
        Predictions: In the order of the file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file contains no predictions, or scores that are no probabilities. The message names the
            file and the clip.
    """
    samples = load_pickle(path)
    if not isinstance(samples, list) and getattr(samples, 'ndim', 0) != 2:
        raise ValueError(
            f'{path} holds a {type(samples).__name__}, not the list with a prediction per clip that mim test --dump '
            "and the authors' test script write."
        )
    if not len(samples):
        raise ValueError(f'{path} holds no predictions.')

    def where(index, name=None):
        clip = f' ({clips[index]})' if clips and index < len(clips) else ''
        return f'{path}, row {index + 1}{clip}' if name is None else f'{path}, {name}'

    if not isinstance(samples[0], dict):
        rows = [_check_row(row, where(index)) for index, row in enumerate(samples)]
        return Predictions(np.stack(rows), None, None, [], from_dump=False)
    named = any('video_id' in sample for sample in samples if isinstance(sample, dict))
    rows, labels, names, unreadable = [], [], [], []
    for index, sample in enumerate(samples):
        place = f'{path}, prediction {index + 1}'
        *name, scores = _take(sample, ['video_id', 'pred_score'] if named else ['pred_score'], place)
        names += map(str, name)
        rows.append(_check_row(scores, where(index, *name)))
        labels.append(_label_of(sample, place))
        if sample.get('unreadable'):
            unreadable.append(names[-1] if named else f'clip {index + 1}')
    labels = None if None in labels else np.array(labels)
    return Predictions(np.stack(rows), labels, names or None, unreadable, from_dump=True)


def read_labelled_predictions(path):
    """Read dumped predictions that can be compared with the truth.

    Args:
        path (str | Path): As written by ``mim test --dump``.

    Returns:
        Predictions: With labels, and with nothing unreadable.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: As :func:`read_predictions`, and if the split is anonymised, so that there are no true labels, or
            if some of the clips could not be read.
    """
    predictions = read_predictions(path)
    labels, unreadable = predictions.labels, predictions.unreadable
    if labels is None or not ((labels >= 0) & (labels < NUM_ACTIONS)).all():
        raise ValueError(f'{path} has no true labels from 0 to {NUM_ACTIONS - 1}: is the split anonymised?')
    if unreadable:
        raise ValueError(
            f'{path}: {len(unreadable):,} clips could not be read when they were tested, {unreadable[0]} for one, and '
            'have scores of black frames only. Replace them and test again.'
        )
    return predictions


def read_scores(path, ann_file):
    """Read a file of predictions in the order of an annotation list.

    Predictions without ``video_id``, which tests with other datasets than :class:`MA52Dataset` write, are taken in the
    order of the list if they are as many, with a warning.

    Args:
        path (str | Path): See :func:`read_predictions`.
        ann_file (str | Path): Annotation list of the clips.

    Returns:
        tuple[list[str], np.ndarray]: Names in the order of the list, and their fine probabilities, shape (N, 52). A
        warning names clips that could not be read when they were tested.

    Raises:
        FileNotFoundError: If one of the files is missing.
        ValueError: As :func:`read_predictions`, and if the predictions do not fit the list.
    """
    names = read_clip_names(ann_file)
    predictions = read_predictions(path, clips=names)
    if predictions.names is not None:
        if predictions.unreadable:
            warnings.warn(f'{path}: {name_black_rows(predictions.unreadable)}', stacklevel=2)
        return names, predictions.scores[positions_of(names, predictions.names, path, ann_file)]
    if len(predictions.scores) != len(names):
        raise ValueError(
            f'{path} holds {len(predictions.scores):,} rows of scores, but {ann_file} lists {len(names):,} clips: is '
            'it the list that was tested?'
        )
    if predictions.from_dump:
        warnings.warn(
            f'{path} names no clips, as MA52Dataset would (video_id): its predictions are taken in the order of '
            f'{ann_file}; make sure that this is the list that was tested',
            stacklevel=2,
        )
    return names, predictions.scores


def scores_of(sample, key='pred_score'):
    """Return the scores of a tested sample for a metric.

    Args:
        sample (dict): With a tensor under ``key``; ``unreadable`` marks a clip whose scores are of black frames.
        key (str): Defaults to ``'pred_score'``.

    Returns:
        np.ndarray: float64; all NaN for an unreadable clip, so that it counts as not recognised.
    """
    scores = sample[key].cpu().double().numpy()
    return np.full_like(scores, np.nan) if sample.get('unreadable') else scores


def check_probabilities(scores, clip):
    """Check that the scores of a clip are probabilities of the 52 actions.

    Args:
        scores (np.ndarray): Scores of one clip, shape (52,).
        clip (str): Name of the clip, for errors.

    Raises:
        ValueError: If there are not 52 scores, or they are negative, NaN or do not add up to 1.
    """
    if scores.shape != (NUM_ACTIONS,):
        raise ValueError(
            f'{clip}: expected {NUM_ACTIONS} scores, got shape {scores.shape}; is num_classes of the head '
            f'{NUM_ACTIONS}?'
        )
    # Half precision is exact to about 1e-3.
    if not (scores.min() >= 0 and abs(scores.sum() - 1) < 1e-2):
        raise ValueError(
            f'{clip}: scores are not probabilities (sum {scores.sum():.4g}, least {scores.min():.4g}). NaN '
            "means that the training diverged; otherwise set average_clips='prob' in the head."
        )


def _take(sample, keys, where):
    """Return some entries of a prediction."""
    lacking = [key for key in keys if not isinstance(sample, dict) or sample.get(key) is None]
    if lacking:
        raise ValueError(
            f'{where} lacks {" and ".join(lacking)}: test with MA52Dataset, and end its pipeline in PackActionInputs.'
        )
    return [sample[key] for key in keys]


def _label_of(sample, where):
    """Return the true label of a prediction, or None."""
    label = sample.get('gt_label')
    try:
        return None if label is None else int(label)
    except (TypeError, ValueError) as error:
        raise ValueError(f'{where} has no true label but {label!r:.40} ({error})') from None


def name_black_rows(names):
    """Say which rows are worth nothing, since ``unreadable_as_missing`` of the dataset let black frames be scored.

    Args:
        names (Sequence[str]): Names of the clips, one or more.

    Returns:
        str: A sentence.
    """
    count = f'{len(names):,}'
    return f'clips that could not be read, whose rows are of black frames ({count}): {first_few(names)}; replace them'


def _check_row(row, clip):
    """Return the probabilities of one clip as an array."""
    try:
        row = np.asarray(row.double() if torch.is_tensor(row) else row, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f'{clip}: expected 52 scores, got {row!r:.40}') from None
    check_probabilities(row, clip)
    return row


def positions_of(names, found, source, ann_file):
    """Find every clip of a list among predictions.

    Args:
        names (Sequence[str]): Names of the list, all different.
        found (Sequence[str]): Names of the predictions, in any order.
        source (str | Path): Where the predictions are from, for errors.
        ann_file (str | Path): The list, for errors.

    Returns:
        list[int]: For each name of the list its position in ``found``.

    Raises:
        ValueError: If the two do not hold the same names, each once.
    """
    positions = {name: position for position, name in enumerate(found)}
    listed = set(names)
    problems = [
        f'{what} ({len(clips):,}): {first_few(clips)}'
        for what, clips in (
            ('clips of the list without a prediction', [name for name in names if name not in positions]),
            ('predictions of no clip of the list', [name for name in positions if name not in listed]),
            ('predicted more than once', [name for name, count in Counter(found).items() if count > 1]),
        )
        if clips
    ]
    if problems:
        raise ValueError(f'{source} does not fit {ann_file}: {"; ".join(problems)}. Is it the list that was tested?')
    return [positions[name] for name in names]
