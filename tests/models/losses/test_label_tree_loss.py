import math

import numpy as np
import pytest
import torch
from mmaction.registry import MODELS

from mmaction_microaction.label_sets import MA52


def naive_loss(fine, coarse, labels, groups):
    """Sum over the states of the tree: a group alone, or a class together with its group."""
    total = 0
    for f, g, y in zip(fine, coarse, labels):
        a = [1 / (1 + math.exp(-x)) for x in g]
        b = [1 / (1 + math.exp(-x)) for x in f]
        partition = sum(math.exp(value) for value in a)
        partition += sum(math.exp(a[group] + b[k]) for k, group in enumerate(groups))
        total += math.log(partition) - a[groups[y]] - b[y]
    return total / len(labels)


@pytest.mark.parametrize('groups', [MA52.fine_to_coarse, np.array([1, 0, 1, 2, 0])], ids=['MA-52', 'own'])
def test_equals_plain_loops(groups):
    rng = np.random.default_rng(0)
    fine, coarse = 3 * rng.normal(size=(9, len(groups))), 3 * rng.normal(size=(9, groups.max() + 1))
    labels = rng.integers(0, len(groups), 9)
    loss = MODELS.build(dict(type='LabelTreeLoss', loss_weight=2))
    value = loss(*map(torch.tensor, (fine, coarse, labels, groups))).item()
    assert value == pytest.approx(2 * naive_loss(fine, coarse, labels, groups), rel=1e-12)


def test_value_of_a_network_that_knows_nothing():
    # 7 states of value 0.5 and 52 of value 1, of which one is true.
    expected = math.log(7 * math.exp(0.5) + 52 * math.e) - 1
    loss = MODELS.build(dict(type='LabelTreeLoss'))
    zeros = torch.zeros(1, 52), torch.zeros(1, 7), torch.tensor([9]), torch.tensor(MA52.fine_to_coarse)
    assert loss(*zeros).item() == pytest.approx(expected, rel=1e-6)
    assert expected == pytest.approx(4.03, abs=0.005)
