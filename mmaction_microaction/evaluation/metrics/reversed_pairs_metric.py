import numpy as np
from mmaction.registry import METRICS
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from mmaction_microaction.evaluation.functional import reversed_pair_accuracies
from mmaction_microaction.label_sets.ma52 import ACTIONS, REVERSED_PAIRS
from mmaction_microaction.structures.predictions import scores_of


@METRICS.register_module()
class ReversedPairsMetric(BaseMetric):
    """How well a network tells apart the actions that are each other played backwards.

    Chance, and the most that a network can reach that ignores the order of the frames, is 50 %. Use it beside
    ``MicroActionMetric``:

    >>> evaluator = [dict(type='MicroActionMetric'), dict(type='ReversedPairsMetric')]
    """

    default_prefix = 'reversed_pairs'

    def process(self, data_batch, data_samples):
        """Collect scores and labels of a batch.

        Args:
            data_batch (dict): Not used.
            data_samples (Sequence[dict]): With ``pred_score`` of shape (52,) and ``gt_label`` of shape (1,).
        """
        for sample in data_samples:
            self.results.append((scores_of(sample), int(sample['gt_label'])))

    def compute_metrics(self, results):
        """Score the clips of the pairs, and log each pair.

        Args:
            results (list[tuple[np.ndarray, int]]): Scores and label per clip.

        Returns:
            dict[str, float]: ``top1``, the mean over the pairs of which both actions occur, in percent; NaN if none.
        """
        scores, labels = (np.array(column) for column in zip(*results))
        accuracies = 100 * np.array(reversed_pair_accuracies(scores, labels, REVERSED_PAIRS))
        for (a, b), accuracy in zip(REVERSED_PAIRS, accuracies):
            known = 'no clip of at least one of them' if np.isnan(accuracy) else f'{accuracy:.2f} % told apart'
            print_log(f'{ACTIONS[a].name} / {ACTIONS[b].name}: {known} (chance 50 %)', logger='current')
        known = accuracies[~np.isnan(accuracies)]
        return {'top1': float(known.mean()) if known.size else float('nan')}
