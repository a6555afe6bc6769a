"""Reads files of features."""

from pathlib import Path

import numpy as np

from mmaction_microaction.label_sets import MA52, LabelSet
from mmaction_microaction.structures.annotations import is_anonymized, read_annotations
from mmaction_microaction.utils.messages import format_count
from mmaction_microaction.utils.pickles import load_pickle


def read_features(path: str | Path, ann_file: str | Path, label_set: LabelSet = MA52) -> tuple[np.ndarray, np.ndarray]:
    """Read features that ``mim test`` wrote with MMAction2's ``FeatureHead``, without executing code from the file.

    Args:
        path (str | Path): Pickled list of features, each of shape (C,), in the order of the annotation list.
        ann_file (str | Path): Annotation list that was tested. It provides the labels, which the file lacks.
        label_set (LabelSet): Label set of the list. Defaults to that of MA-52.

    Returns:
        tuple[np.ndarray, np.ndarray]: Features, shape (N, C), and true fine labels, shape (N,).

    Raises:
        FileNotFoundError: If one of the files is missing.
        ValueError: If the file contains no features, the number of features differs from the number of listed clips, or
            the list is anonymised.
    """
    annotations = read_annotations(ann_file, check_names=False, label_set=label_set)
    if is_anonymized(annotations, label_set):
        raise ValueError(f'{ann_file} is anonymised, so it has no labels to colour by; test the validation split.')
    try:
        features = np.stack([np.asarray(feature, dtype=np.float32) for feature in load_pickle(path)])
    except (TypeError, ValueError) as error:
        raise ValueError(
            f'{path} contains no features ({type(error).__name__}: {error}); test with '
            'model.cls_head.type=FeatureHead, as "microaction features --help" shows.'
        ) from None
    if features.ndim != 2 or len(features) != len(annotations):
        raise ValueError(
            f'{path} contains features of shape {features.shape}, but {ann_file} lists '
            f'{format_count(len(annotations), "clip")}: is it the list that was tested?'
        )
    return features, np.array([annotation.label for annotation in annotations])
