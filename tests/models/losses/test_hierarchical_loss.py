import math

import pytest
import torch
import torch.nn.functional as F
from helpers.label_sets import FOUR, TWO_HUNDRED
from mmaction.registry import MODELS

from mmaction_microaction.label_sets import MA52
from mmaction_microaction.models.losses import HierarchicalLoss, hierarchical_loss

SETS = pytest.mark.parametrize('label_set', [MA52, TWO_HUNDRED], ids=lambda label_set: label_set.name)


def batch(label_set, clips=6, soft=False, seed=0):
    """Return logits and labels, or a weight for each action."""
    generator = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(clips, len(label_set), generator=generator, dtype=torch.float64)
    labels = torch.randint(0, len(label_set), (clips,), generator=generator)
    if soft:
        other = torch.randint(0, len(label_set), (clips,), generator=generator)
        labels = 0.7 * F.one_hot(labels, len(label_set)) + 0.3 * F.one_hot(other, len(label_set)).double()
    return logits, labels


def plain_loss(logits, labels, label_set, gamma):
    """Compute the loss of the groups in loops, from groups by name."""
    total = 0
    for row, target in zip(logits, labels):
        scale = sum(math.exp(z) for z in row.tolist())
        weights = target.tolist() if target.dim() else [float(c == target) for c in range(len(label_set))]
        for group in label_set.groups:
            p = sum(math.exp(z) / scale for z, action in zip(row.tolist(), label_set.actions) if action.group == group)
            y = sum(w for w, action in zip(weights, label_set.actions) if action.group == group)
            total -= y * (1 - p) ** gamma * math.log(p)
    return total / len(logits)


@SETS
@pytest.mark.parametrize('gamma', [0, 2])
@pytest.mark.parametrize('soft', [False, True], ids=['labels', 'blended'])
def test_value_equals_that_of_a_loop(label_set, gamma, soft):
    logits, labels = batch(label_set, soft=soft)
    loss = HierarchicalLoss(group_weight=0.25, gamma=gamma, label_set=label_set.to_dict())
    losses = loss(logits, labels)
    assert losses.keys() == {'loss_cls', 'loss_group'}
    assert losses['loss_cls'].item() == pytest.approx(F.cross_entropy(logits, labels).item())
    assert losses['loss_group'].item() == pytest.approx(0.25 * plain_loss(logits, labels, label_set, gamma), rel=1e-12)


@SETS
@pytest.mark.parametrize('gamma', [0, 1.5, 2])
def test_gradient(label_set, gamma):
    logits, labels = batch(label_set, clips=2)
    targets, table = F.one_hot(labels, len(label_set)).double(), torch.from_numpy(label_set.fine_to_coarse.copy())
    assert torch.autograd.gradcheck(lambda z: hierarchical_loss(z, targets, table, gamma), logits.requires_grad_())


def test_confusion_within_a_body_part_costs_nothing():
    # Actions 9 and 10 are both of the head; action 24 is of the lower limb.
    logits = torch.full((1, 52), -100.0)
    logits[0, 10] = 100
    within, between = (HierarchicalLoss()(logits, torch.tensor([label])) for label in (9, 24))
    assert within['loss_group'].item() == pytest.approx(0, abs=1e-6)
    assert between['loss_group'].item() == pytest.approx(
        200 - math.log(8), rel=1e-5
    )  # the lower limb has eight actions
    assert within['loss_cls'] == between['loss_cls']


@pytest.mark.parametrize('gamma', [0, 2])
def test_certain_predictions_in_half_precision_have_a_finite_loss_and_gradient(gamma):
    logits = torch.full((2, 52), -3e4, dtype=torch.float16)
    logits[:, 9] = 3e4
    logits.requires_grad_()
    with torch.autocast('cpu', dtype=torch.float16):
        loss = HierarchicalLoss(gamma=gamma)(logits, torch.tensor([9, 24]))['loss_group']
    loss.backward()
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(6e4 / 2, rel=1e-2)
    assert logits.grad.isfinite().all()


def test_base_can_be_another_loss():
    loss = MODELS.build(dict(type='HierarchicalLoss', base=dict(type='CrossEntropyLoss', loss_weight=3)))
    logits, labels = batch(MA52)
    assert loss(logits, labels)['loss_cls'].item() == pytest.approx(3 * F.cross_entropy(logits, labels).item())


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        (dict(label_set=FOUR.to_dict()), 'HierarchicalLoss needs groups, which the label set gestures does not have'),
        (dict(gamma=0.5), 'gamma must be 0 or at least 1, got 0.5'),
    ],
)
def test_wrong_settings_are_named(settings, message):
    with pytest.raises(ValueError, match=message):
        HierarchicalLoss(**settings)


def test_another_number_of_classes_is_named():
    with pytest.raises(ValueError, match='has 52 actions, but the network has 7 classes; set label_set'):
        HierarchicalLoss()(torch.zeros(1, 7), torch.tensor([0]))
