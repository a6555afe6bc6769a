import pytest
import torch
from mmaction.registry import MODELS

PROJECTIONS = torch.tensor([[1.0, 2.0], [0.0, 0.0]])
TARGETS = torch.tensor([[0.0, 0.0], [3.0, 1.0]])


@pytest.mark.parametrize(
    ('over_dims', 'weight', 'expected'),
    [
        ('mean', 50, 50 * (1 + 4 + 9 + 1) / 4),  # released code: mean over batch and dimensions
        ('sum', 5, 5 * ((1 + 4) + (9 + 1)) / 2),  # paper: squared norm, mean over the batch
    ],
)
def test_value_by_hand(over_dims, weight, expected):
    loss = MODELS.build(dict(type='JointEmbeddingLoss', loss_weight=weight, over_dims=over_dims))
    assert loss(PROJECTIONS, TARGETS).item() == pytest.approx(expected)


def test_refuses_an_unknown_reduction():
    with pytest.raises(ValueError, match="over_dims must be 'mean' or 'sum', got 'max'"):
        MODELS.build(dict(type='JointEmbeddingLoss', over_dims='max'))
