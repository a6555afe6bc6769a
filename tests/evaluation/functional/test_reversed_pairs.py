import numpy as np
import pytest
import torch
from mmaction.registry import METRICS

from mmaction_microaction.evaluation.functional import reversed_pair_accuracies


def test_by_hand():
    scores = np.array(
        [
            [0.3, 0.2, 0.5],  # 0 before 1: right, although 2 is best
            [0.1, 0.2, 0.7],  # wrong
            [0.1, 0.1, 0.8],  # a tie counts as half
            [0.2, 0.3, 0.5],  # 1 before 0: right
            [0.9, 0.1, 0.0],  # class 2: plays no part in (0, 1)
        ]
    )
    labels = [0, 0, 0, 1, 2]
    # Of class 0 half is right, of class 1 all: 3/4. Classes 0 and 2: of class 0 none is before 2, nor 2 before 0.
    assert reversed_pair_accuracies(scores, labels, [(0, 1), (0, 2)]) == [pytest.approx(0.75), 0]
    assert np.isnan(reversed_pair_accuracies(scores[:3], labels[:3], [(0, 1)])[0])


def evaluate(rows):
    """Score (label, guessed label) rows with the registered metric."""
    metric = METRICS.build(dict(type='ReversedPairsMetric'))
    scores = torch.full((len(rows), 52), 0.01)
    for row, (_, guess) in zip(scores, rows):
        row[guess] = 0.49
    samples = [dict(pred_score=row, gt_label=torch.tensor([label])) for row, (label, _) in zip(scores, rows)]
    metric.process({}, samples)
    return metric.evaluate(len(rows))


def test_metric_takes_the_mean_over_the_pairs():
    # Retracting (17) and stretching (18) arms, retracting (29) and stretching (30) feet; 26 and 27 do not occur.
    metrics = evaluate([(17, 17), (18, 18), (29, 29), (30, 29), (0, 17)])
    assert metrics == {'reversed_pairs/top1': pytest.approx(75)}


def test_metric_without_any_pair_gives_no_number():
    assert np.isnan(evaluate([(0, 0), (1, 1)])['reversed_pairs/top1'])
