"""Reads predicted scores and puts them into the order of an annotation list."""

import warnings
from collections import Counter

import numpy as np
import torch

from mmaction_microaction.datasets.annotations import read_annotations
from mmaction_microaction.evaluation.functional import check_probabilities
from mmaction_microaction.pickles import load_pickle


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


def read_scores(path, ann_file):
    """Read a file of predictions without running code from it.

    Two kinds are told apart by what they hold: that of ``mim test --dump``, dicts with ``pred_score`` and ``video_id``
    in any order, and that of the authors' test script, 52 probabilities per clip in the order of the list. Dicts
    without ``video_id``, which tests with other datasets than :class:`MA52Dataset` write, are taken in the order of the
    list, too, if they are as many, with a warning.

    Args:
        path (str | Path): The pickled list.
        ann_file (str | Path): Annotation list of the clips.

    Returns:
        tuple[list[str], np.ndarray]: Names in the order of the list, and their fine probabilities, shape (N, 52). A
        warning names clips that could not be read when they were tested.

    Raises:
        FileNotFoundError: If one of the files is missing.
        ValueError: If the file holds no predictions, or scores that are no probabilities, or does not fit the list. The
            message names file and clip.
    """
    names = read_clip_names(ann_file)
    samples = load_pickle(path)
    if not isinstance(samples, list) and getattr(samples, 'ndim', 0) != 2:
        raise ValueError(
            f'{path} holds a {type(samples).__name__}, not the list with a prediction per clip that mim test --dump '
            "and the authors' test script write."
        )
    if not len(samples):
        raise ValueError(f'{path} holds no predictions, but {ann_file} lists {len(names):,} clips.')
    if isinstance(samples[0], dict) and any('video_id' in sample for sample in samples if isinstance(sample, dict)):
        return names, _scores_by_name(samples, names, path, ann_file)
    if len(samples) != len(names):
        raise ValueError(
            f'{path} holds {len(samples):,} rows of scores, but {ann_file} lists {len(names):,} clips: is it the list '
            'that was tested?'
        )
    unnamed = isinstance(samples[0], dict)
    if unnamed:
        samples = [
            _take(sample, ['pred_score'], f'{path}, prediction {number}')[0]
            for number, sample in enumerate(samples, start=1)
        ]
    rows = [
        _check_row(row, f'{path}, row {number} ({name})') for number, (row, name) in enumerate(zip(samples, names), 1)
    ]
    if unnamed:
        warnings.warn(
            f'{path} names no clips, as MA52Dataset would (video_id): its predictions are taken in the order of '
            f'{ann_file}; make sure that this is the list that was tested',
            stacklevel=2,
        )
    return names, np.stack(rows)


def _scores_by_name(samples, names, path, ann_file):
    """Return the scores of a dump in the order of the names."""
    rows, found, unreadable = [], [], []
    for number, sample in enumerate(samples, start=1):
        name, scores = _take(sample, ['video_id', 'pred_score'], f'{path}, prediction {number}')
        found.append(str(name))
        rows.append(_check_row(scores, f'{path}, {found[-1]}'))
        if sample.get('unreadable'):
            unreadable.append(found[-1])
    if unreadable:
        warnings.warn(f'{path}: {name_black_rows(unreadable)}', stacklevel=3)
    return np.stack(rows)[positions_of(names, found, path, ann_file)]


def _take(sample, keys, where):
    """Return what a prediction holds under some keys."""
    lacking = [key for key in keys if not isinstance(sample, dict) or sample.get(key) is None]
    if lacking:
        raise ValueError(
            f'{where} lacks {" and ".join(lacking)}: test with MA52Dataset, and end its pipeline in PackActionInputs.'
        )
    return [sample[key] for key in keys]


def name_black_rows(names):
    """Say which rows are worth nothing, since ``unreadable_as_missing`` of the dataset let black frames be scored.

    Args:
        names (Sequence[str]): Names of the clips, one or more.

    Returns:
        str: A sentence.
    """
    named = f'{", ".join(names[:5])}{", …" if len(names) > 5 else ""}'
    return f'clips that could not be read, whose rows are of black frames ({len(names):,}): {named}; replace them'


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
        f'{what} ({len(clips):,}): {", ".join(clips[:5])}{", …" if len(clips) > 5 else ""}'
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
