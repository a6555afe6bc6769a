"""Predictions of a test run, and the metrics that a report contains."""

from collections import Counter
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
from mmaction_microaction.label_sets.ma52 import NUM_ACTIONS
from mmaction_microaction.structures.predictions import read_labeled_predictions


class PredictedRun:
    """Predictions of N clips, and metrics that are computed when they are first used.

    Args:
        path (str | Path): Predictions as written by ``mim test --dump``.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file contains no predictions with true labels, or scores that are not probabilities.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.scores, self.labels, self.names = read_labeled_predictions(path)[:3]
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
        """Metrics of the paper's Table II, see :func:`.micro_action_metrics`."""
        return micro_action_metrics(self.labels, self.scores)

    @cached_property
    def per_class(self) -> PerClassMetrics:
        """Metrics of the 52 actions."""
        return per_class_metrics(self.labels, self.predictions, NUM_ACTIONS)

    @cached_property
    def confusion(self) -> np.ndarray:
        """Confusion matrix, shape (52, 52). Rows are true actions."""
        return confusion_matrix(self.labels, self.predictions, NUM_ACTIONS)

    @cached_property
    def calibration(self) -> Calibration:
        """Confidence and accuracy in 15 bins."""
        # Half-precision probabilities may exceed 1 by rounding.
        return calibration_bins(self.predictions == self.labels, np.minimum(self.confidences, 1))


def check_same_clips(first: PredictedRun, second: PredictedRun) -> None:
    """Check that two runs can be compared.

    Args:
        first, second (PredictedRun): Runs to compare. Clips with names may be in any order.

    Raises:
        ValueError: If the runs differ in their clips or labels. The message names the files and a clip.
    """
    if first.names and second.names:
        first_clips, second_clips = (sorted(zip(run.names, run.labels.tolist())) for run in (first, second))
    else:
        first_clips, second_clips = (list(enumerate(run.labels.tolist(), start=1)) for run in (first, second))
    if first_clips == second_clips:
        return
    counts, other_counts = Counter(first_clips), Counter(second_clips)
    clip, label = next(iter((counts - other_counts) + (other_counts - counts)))
    raise ValueError(
        f'{first.path} ({len(first):,} clips) and {second.path} ({len(second):,} clips) do not contain the same clips: '
        f'only one file contains clip {clip} with label {label}. Test both networks on the same list.'
    )
