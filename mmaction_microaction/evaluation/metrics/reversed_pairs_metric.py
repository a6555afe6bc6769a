from collections.abc import Sequence

import numpy as np
from mmaction.registry import METRICS
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from mmaction_microaction.evaluation.functional import reversed_pair_accuracies
from mmaction_microaction.label_sets import LabelSet, find_label_set
from mmaction_microaction.structures.predictions import get_scores


@METRICS.register_module()
class ReversedPairsMetric(BaseMetric):
    """Accuracy on pairs of actions in which each action is the other one played backwards.

    The value is a percentage, see :func:`.reversed_pair_accuracies`; chance is 50 %. A network that ignores the order
    of the frames exceeds it if the actions of a pair differ in more than their direction, so compare with TSN. Use the
    metric beside ``MicroActionMetric``.

    Examples:
        >>> test_evaluator = [dict(type='MicroActionMetric'), dict(type='ReversedPairsMetric')]  # in a config
    """

    default_prefix = 'reversed_pairs'

    def process(self, data_batch: dict | None, data_samples: Sequence[dict]) -> None:
        """Collect the scores and labels of a batch.

        Args:
            data_batch (dict | None): Not used.
            data_samples (Sequence[dict]): Samples with ``pred_score`` of shape (C,) and ``gt_label`` of shape (1,).
        """
        for sample in data_samples:
            self.results.append((get_scores(sample), int(sample['gt_label'])))

    def compute_metrics(self, results: list[tuple[np.ndarray, int]]) -> dict[str, float]:
        """Compute the accuracy on the pairs, and log each pair.

        Args:
            results (list[tuple[np.ndarray, int]]): Scores and label of each clip.

        Returns:
            dict[str, float]: ``top1``, the mean over the pairs whose actions both occur, in percent; NaN if there is
            no such pair.

        Raises:
            ValueError: If the label set of the dataset has no reversed pairs.
        """
        scores, labels = (np.array(column) for column in zip(*results))
        label_set = find_label_set(self.dataset_meta, scores.shape[1], 'the dataset')
        _require_pairs(label_set)
        accuracies = 100 * np.array(reversed_pair_accuracies(labels, scores, label_set.reversed_pairs))
        for (a, b), accuracy in zip(label_set.reversed_pairs, accuracies):
            outcome = 'one of the two has no clip' if np.isnan(accuracy) else f'{accuracy:.2f} % told apart'
            print_log(f'{label_set.names[a]} / {label_set.names[b]}: {outcome} (chance level 50 %)', logger='current')
        known = accuracies[~np.isnan(accuracies)]
        return {'top1': float(known.mean()) if known.size else float('nan')}

    def metric_names(self) -> list[str]:
        """Return the names of all metrics, for :class:`CheckSetupHook`.

        Returns:
            list[str]: Keys of :meth:`compute_metrics`.

        Raises:
            ValueError: If the label set of the dataset has no reversed pairs.
        """
        content = (self.dataset_meta or {}).get('label_set')
        if content is not None:
            _require_pairs(LabelSet.from_dict(content))
        return ['top1']


def _require_pairs(label_set: LabelSet) -> None:
    if not label_set.reversed_pairs:
        raise ValueError(f'the label set {label_set.name} has no reversed_pairs: leave out ReversedPairsMetric')
