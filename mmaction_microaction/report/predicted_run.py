"""Predictions of a test run, and the metrics that a report contains."""

from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from mmaction_microaction.evaluation.functional import (
    Calibration,
    PerClassMetrics,
    calibration_bins,
    confusion_matrix,
    micro_action_metrics,
    per_class_metrics,
    rank_classes,
)
from mmaction_microaction.label_sets import LabelSet
from mmaction_microaction.structures.predictions import Predictions, read_labeled_predictions
from mmaction_microaction.utils.messages import first_few, format_count


class PredictedRun:
    """Predictions of N clips, and metrics that are computed when they are first used.

    Several files are the folds of a cross-validation, whose clips are different. The run contains the clips of all
    folds.

    Args:
        paths (str | Path | Sequence[str | Path]): Predictions as written by ``mim test --dump``, one file or several.
        label_set (LabelSet, optional): Label set of the predictions. Defaults to None: the label set that the files
            contain or, if they contain none and have 52 scores for each clip, that of MA-52.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If a file contains no predictions with true labels, or scores that are not probabilities; if files
            have different label sets, or share a clip.
    """

    def __init__(self, paths: str | Path | Sequence[str | Path], label_set: LabelSet | None = None) -> None:
        self.paths = [Path(path) for path in ([paths] if isinstance(paths, (str, Path)) else paths)]
        folds = [read_labeled_predictions(path, label_set) for path in self.paths]
        _check_folds(self.paths, folds)
        self.label_set = folds[0].label_set
        self.scores = np.concatenate([fold.scores for fold in folds])
        self.labels = np.concatenate([fold.labels for fold in folds])
        self.names = None if folds[0].names is None else [name for fold in folds for name in fold.names]
        self.fold_sizes = [len(fold.labels) for fold in folds]
        self.predictions = rank_classes(self.scores)[:, 0]

    def __len__(self) -> int:
        return len(self.labels)

    def name_of(self, index: int) -> str:
        """Return the name of a clip, or its position in the file, counted from 1, if the file has no names."""
        return self.names[index] if self.names else f'clip {index + 1}'

    @property
    def confidences(self) -> np.ndarray:
        """Probabilities of the predicted actions, shape (N,)."""
        return self.scores.max(axis=1)

    def most_confident(self, mask: np.ndarray) -> np.ndarray:
        """Sort some of the clips by descending confidence.

        Args:
            mask (np.ndarray): Whether each clip is included, booleans of shape (N,).

        Returns:
            np.ndarray: Indices of the included clips.
        """
        indices = np.flatnonzero(mask)
        return indices[np.argsort(-self.confidences[indices], kind='stable')]

    @cached_property
    def metrics(self) -> dict[str, float]:
        """Metrics of all clips, see :func:`.micro_action_metrics`."""
        return micro_action_metrics(self.labels, self.scores, label_set=self.label_set)

    @cached_property
    def fold_metrics(self) -> list[dict[str, float]]:
        """Metrics of the clips of each file, see :func:`.micro_action_metrics`."""
        ends = np.cumsum(self.fold_sizes)[:-1]
        return [
            micro_action_metrics(labels, scores, label_set=self.label_set)
            for labels, scores in zip(np.split(self.labels, ends), np.split(self.scores, ends))
        ]

    @cached_property
    def per_class(self) -> PerClassMetrics:
        """Metrics of each action."""
        return per_class_metrics(self.labels, self.predictions, len(self.label_set))

    @cached_property
    def confusion(self) -> np.ndarray:
        """Confusion matrix, shape (C, C). Rows are true actions."""
        return confusion_matrix(self.labels, self.predictions, len(self.label_set))

    @cached_property
    def calibration(self) -> Calibration:
        """Confidence and accuracy in 15 bins."""
        # Half-precision probabilities may exceed 1 by rounding.
        return calibration_bins(self.predictions == self.labels, np.minimum(self.confidences, 1))


def _check_folds(paths: Sequence[Path], folds: Sequence[Predictions]) -> None:
    """Check that several files of predictions are about different clips with the same labels."""
    sources = {}
    for path, fold in zip(paths, folds):
        if fold.label_set != folds[0].label_set:
            raise ValueError(
                f'{paths[0]} has the label set {folds[0].label_set.name}, but {path} has {fold.label_set.name}: folds '
                'of one run need the same label set'
            )
        if len(folds) > 1 and fold.names is None:
            raise ValueError(
                f'{path} has no names of clips (video_id), so it is not known whether its clips are in another fold, '
                'too: test with ClipDataset'
            )
        for name in set(fold.names or []):
            if name in sources:
                raise ValueError(
                    f'the clip {name} is in {sources[name]} and in {path}, but folds consist of different clips; '
                    '--compare compares two runs on the same clips'
                )
            sources[name] = path


def check_same_clips(first: PredictedRun, second: PredictedRun) -> None:
    """Check that two runs can be compared.

    Args:
        first, second (PredictedRun): Runs to compare. Clips with names may be in any order.

    Raises:
        ValueError: If the runs differ in their label sets, clips or labels. The message names the files and a clip.
    """
    first_path, second_path = (first_few(run.paths, 3) for run in (first, second))
    if first.label_set != second.label_set:
        raise ValueError(
            f'{first_path} has the label set {first.label_set.name}, but {second_path} has {second.label_set.name}: '
            'only runs with the same actions can be compared'
        )
    if first.names and second.names:
        first_clips, second_clips = (sorted(zip(run.names, run.labels.tolist())) for run in (first, second))
    else:
        first_clips, second_clips = (list(enumerate(run.labels.tolist(), start=1)) for run in (first, second))
    if first_clips == second_clips:
        return
    counts, other_counts = Counter(first_clips), Counter(second_clips)
    clip, label = next(iter((counts - other_counts) + (other_counts - counts)))
    raise ValueError(
        f'{first_path} ({format_count(len(first), "clip")}) and {second_path} ({format_count(len(second), "clip")}) '
        f'do not contain the same clips: only one file contains clip {clip} with label {label}. Test both networks on '
        'the same list.'
    )
