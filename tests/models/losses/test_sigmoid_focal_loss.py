import math

import pytest
import torch

from mmaction_microaction.models import SigmoidFocalLoss


def plain_loss(logits, targets, alpha, gamma, weight, smoothing):
    """Compute Eq. 5 of the paper in a loop over all elements, with PyTorch scalars that keep their gradient."""
    total = 0
    for row, labels in zip(logits, targets):
        for label, (logit, target) in enumerate(zip(row, labels.tolist())):
            p = 1 / (1 + torch.exp(-logit))
            y = target * (1 - smoothing) + smoothing / 2
            total = total - y * weight[label] * alpha * (1 - p) ** gamma * torch.log(p)
            total = total - (1 - y) * (1 - alpha) * p**gamma * torch.log(1 - p)
    return total


@pytest.mark.parametrize('gamma', [0, 2])
@pytest.mark.parametrize('smoothing', [0, 0.2])
@pytest.mark.parametrize('weight', [None, [1, 3, 0.5, 2]])
def test_value_and_gradient_equal_those_of_a_loop(gamma, smoothing, weight, in_float64):
    generator = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(5, 4, generator=generator)
    targets = (torch.rand(5, 4, generator=generator) < 0.4).double()
    ours, plain = (logits.clone().requires_grad_() for _ in range(2))
    loss = SigmoidFocalLoss(alpha=0.3, gamma=gamma, class_weight=weight, label_smoothing=smoothing, loss_weight=2)
    loss(ours, targets).backward()
    expected = 2 * plain_loss(plain, targets, 0.3, gamma, weight or [1] * 4, smoothing)
    expected.backward()
    torch.testing.assert_close(loss(logits, targets), expected.detach(), rtol=1e-12, atol=0)
    torch.testing.assert_close(ours.grad, plain.grad, rtol=1e-10, atol=1e-14)


def test_value_by_hand():
    # p = 1/2: 0.25 · (1/2)² · ln 2 for the positive target, 0.75 · (1/2)² · ln 2 for the negative one.
    loss = SigmoidFocalLoss()(torch.zeros(1, 2), torch.tensor([[1, 0]]))
    assert loss.item() == pytest.approx(0.25 * math.log(2))


def test_extreme_half_precision_logits_have_a_finite_loss_and_gradient():
    logits = torch.tensor([[6e4, -6e4, 6e4, -6e4]], dtype=torch.float16, requires_grad=True)
    with torch.autocast('cpu', dtype=torch.float16):
        loss = SigmoidFocalLoss()(logits, torch.tensor([[1, 0, 0, 1]]))
    loss.backward()
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(0.75 * 6e4 + 0.25 * 6e4, rel=1e-2)
    assert logits.grad.isfinite().all()


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        (dict(alpha=1.5), 'alpha=1.5'),
        (dict(label_smoothing=-0.1), r'label_smoothing=-0\.1'),
        (dict(class_weight=[1, 0]), r'must be positive, got \[1, 0\]'),
    ],
)
def test_wrong_settings_are_named(settings, message):
    with pytest.raises(ValueError, match=message):
        SigmoidFocalLoss(**settings)


def test_wrong_number_of_weights_is_named():
    with pytest.raises(ValueError, match='class_weight has 2 numbers, the network has 3 classes'):
        SigmoidFocalLoss(class_weight=[1, 2])(torch.zeros(1, 3), torch.zeros(1, 3))
