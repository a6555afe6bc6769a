import numpy as np
import pytest
import torch
from mmaction.registry import METRICS

from mmaction_microaction.evaluation.functional import reversed_pair_accuracies


def test_accuracies_by_hand():
    scores = np.array(
        [
            [0.3, 0.2, 0.5],  # class 0 ranks above class 1: correct, although class 2 is the best
            [0.1, 0.2, 0.7],  # wrong
            [0.1, 0.1, 0.8],  # a tie counts as half
            [0.2, 0.3, 0.5],  # class 1 ranks above class 0: correct
            [0.9, 0.1, 0.0],  # class 2 is not in the pair (0, 1)
        ]
    )
    labels = [0, 0, 0, 1, 2]
    # Pair (0, 1): half of class 0 and all of class 1, so 3/4. Pair (0, 2): no clip scores higher in its own class.
    assert reversed_pair_accuracies(labels, scores, [(0, 1), (0, 2)]) == [pytest.approx(0.75), 0]
    assert np.isnan(reversed_pair_accuracies(labels[:3], scores[:3], [(0, 1)])[0])


def evaluate(rows):
    """Evaluate rows of true and predicted label with the registered metric."""
    metric = METRICS.build(dict(type='ReversedPairsMetric'))
    scores = torch.full((len(rows), 52), 0.01)
    for row, (_, prediction) in zip(scores, rows):
        row[prediction] = 0.49
    samples = [dict(pred_score=row, gt_label=torch.tensor([label])) for row, (label, _) in zip(scores, rows)]
    metric.process({}, samples)
    return metric.evaluate(len(rows))


def test_metric_is_the_mean_over_the_pairs():
    # Retracting (17) and stretching (18) arms, retracting (29) and stretching (30) feet. Labels 26 and 27 do not occur.
    metrics = evaluate([(17, 17), (18, 18), (29, 29), (30, 29), (0, 17)])
    assert metrics == {'reversed_pairs/top1': pytest.approx(75)}


def test_metric_without_any_pair_is_nan():
    assert np.isnan(evaluate([(0, 0), (1, 1)])['reversed_pairs/top1'])
