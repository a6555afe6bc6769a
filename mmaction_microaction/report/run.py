"""A test run and what follows from its predictions."""

from collections import Counter
from functools import cached_property
from pathlib import Path

import numpy as np

from mmaction_microaction.evaluation.functional import (
    calibration_bins,
    confusion_matrix,
    micro_action_scores,
    per_class_scores,
    rank_classes,
)
from mmaction_microaction.label_sets.ma52 import NUM_ACTIONS
from mmaction_microaction.structures.predictions import read_labelled_predictions


class PredictedRun:
    """Predictions of N clips, and the numbers of the report.

    Args:
        path (str | Path): What ``mim test --dump`` wrote.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it holds no predictions with true labels, or scores that are no probabilities.
    """

    def __init__(self, path):
        self.path = Path(path)
        self.scores, self.labels, self.names = read_labelled_predictions(path)[:3]
        self.predictions = rank_classes(self.scores)[:, 0]

    def __len__(self):
        return len(self.labels)

    def name_of(self, number):
        """Name a clip; without names, by its place in the file."""
        return self.names[number] if self.names else f'clip {number + 1}'

    @property
    def confidences(self):
        """np.ndarray: Probability of the predicted action, shape (N,)."""
        return self.scores.max(axis=1)

    def most_confident(self, chosen):
        """Order clips by the probability of their predicted action.

        Args:
            chosen (np.ndarray): Which, booleans of shape (N,).

        Returns:
            np.ndarray: Their numbers, the most confident first.
        """
        numbers = np.flatnonzero(chosen)
        return numbers[np.argsort(-self.confidences[numbers], kind='stable')]

    @cached_property
    def metrics(self):
        """dict[str, float]: The paper's Table II, see :func:`.micro_action_scores`."""
        return micro_action_scores(self.labels, self.scores)

    @cached_property
    def per_class(self):
        """PerClass: Scores of the 52 actions."""
        return per_class_scores(self.labels, self.predictions, NUM_ACTIONS)

    @cached_property
    def confusion(self):
        """np.ndarray: Counts, shape (52, 52); rows are the true actions."""
        return confusion_matrix(self.labels, self.predictions, NUM_ACTIONS)

    @cached_property
    def calibration(self):
        """Calibration: Confidence and accuracy in 15 bins."""
        return calibration_bins(self.predictions == self.labels, np.minimum(self.confidences, 1))


def check_same_clips(first, second):
    """Make sure that two runs can be compared.

    Args:
        first, second (PredictedRun): The clips may be in any order where they have names.

    Raises:
        ValueError: If they are not of the same clips with the same labels. The message names the files and a clip.
    """
    if first.names and second.names:
        known, other = (sorted(zip(run.names, run.labels.tolist())) for run in (first, second))
    else:
        known, other = (list(enumerate(run.labels.tolist(), start=1)) for run in (first, second))
    if known == other:
        return
    clip, label = next(iter((Counter(known) - Counter(other)) + (Counter(other) - Counter(known))))
    raise ValueError(
        f'{first.path} ({len(first):,} clips) and {second.path} ({len(second):,} clips) are not of the same clips: '
        f'clip {clip} with label {label} is not in both alike. Test both networks on the same list.'
    )
