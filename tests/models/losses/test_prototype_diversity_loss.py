import math

import pytest
import torch
from mmaction.registry import MODELS

VECTORS = torch.tensor([[3.0, 0.0], [1.0, 1.0]], dtype=torch.float64)


@pytest.mark.parametrize('has_gradient', [True, False])
def test_value_by_hand_and_gradient(has_gradient):
    vectors = VECTORS.clone().requires_grad_()
    loss = MODELS.build(dict(type='PrototypeDiversityLoss', loss_weight=0.2, has_gradient=has_gradient))(vectors)
    # Two ones on the diagonal, and twice the cosine of 45 degrees.
    assert loss.item() == pytest.approx(0.2 * math.sqrt(2 + 2 * 0.5))
    assert loss.requires_grad == has_gradient


def test_training_pushes_prototypes_apart():
    vectors = VECTORS.clone().requires_grad_()
    loss = MODELS.build(dict(type='PrototypeDiversityLoss', loss_weight=1))
    optimizer = torch.optim.SGD([vectors], lr=0.5)
    for _ in range(200):
        optimizer.zero_grad()
        value = loss(vectors)
        value.backward()
        optimizer.step()
    assert value.item() == pytest.approx(math.sqrt(2), abs=1e-3)  # orthogonal
