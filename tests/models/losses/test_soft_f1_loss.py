import pytest
import torch
import torch.nn.functional as F
from helpers.label_sets import FOUR, TWO_HUNDRED
from sklearn.metrics import f1_score

from mmaction_microaction.label_sets import MA52
from mmaction_microaction.models.losses import SoftF1Loss, soft_f1


def batch(num_classes, clips=8, seed=0):
    generator = torch.Generator().manual_seed(seed)
    logits = 2 * torch.randn(clips, num_classes, generator=generator, dtype=torch.float64)
    return logits, torch.randint(0, num_classes, (clips,), generator=generator)


def plain_soft_f1(probabilities, targets):
    """Compute both scores from true positives, false positives and false negatives, in loops."""
    sums, scores = [0, 0, 0], []
    for c in range(probabilities.size(1)):
        tp = fp = fn = 0
        for p, y in zip(probabilities[:, c].tolist(), targets[:, c].tolist()):
            tp, fp, fn = tp + p * y, fp + p * (1 - y), fn + (1 - p) * y
        sums = [a + b for a, b in zip(sums, (tp, fp, fn))]
        if targets[:, c].sum() > 0:
            scores.append(2 * tp / (2 * tp + fp + fn))
    tp, fp, fn = sums
    return sum(scores) / len(scores), 2 * tp / (2 * tp + fp + fn)


@pytest.mark.parametrize('blended', [False, True])
def test_scores_equal_those_of_a_loop(blended):
    logits, labels = batch(10)
    targets = F.one_hot(labels, 10).double()
    if blended:
        targets = 0.6 * targets + 0.4 * targets.flip(0)
    probabilities = logits.softmax(1)
    assert [score.item() for score in soft_f1(probabilities, targets)] == pytest.approx(
        plain_soft_f1(probabilities, targets), rel=1e-12
    )


def test_scores_of_certain_predictions_are_those_of_scikit_learn():
    # Every true class is predicted for another clip, and no other class is.
    labels, predictions = torch.tensor([0, 0, 1, 2, 2, 3]), torch.tensor([0, 1, 1, 2, 3, 0])
    macro, micro = soft_f1(F.one_hot(predictions, 6).double(), F.one_hot(labels, 6).double())
    assert macro.item() == pytest.approx(f1_score(labels, predictions, average='macro'))
    assert micro.item() == pytest.approx(f1_score(labels, predictions, average='micro'))


@pytest.mark.parametrize('label_set', [MA52, TWO_HUNDRED], ids=lambda label_set: label_set.name)
def test_loss_equals_that_of_a_loop(label_set):
    logits, labels = batch(len(label_set))
    losses = SoftF1Loss(fine_weight=0.5, group_weight=1.5, label_set=label_set.to_dict())(logits, labels)
    probabilities, targets = logits.softmax(1), F.one_hot(labels, len(label_set)).double()
    groups = [
        torch.stack(
            [
                sum(values[:, index] for index, action in enumerate(label_set.actions) if action.group == group)
                for group in label_set.groups
            ],
            dim=1,
        )
        for values in (probabilities, targets)
    ]
    assert losses['loss_cls'].item() == pytest.approx(F.cross_entropy(logits, labels).item())
    assert losses['loss_f1'].item() == pytest.approx(0.5 * (2 - sum(plain_soft_f1(probabilities, targets))))
    assert losses['loss_group_f1'].item() == pytest.approx(1.5 * (2 - sum(plain_soft_f1(*groups))))


def test_gradient():
    logits, labels = batch(52, clips=3)
    loss = SoftF1Loss()
    assert torch.autograd.gradcheck(
        lambda z: sum(value for name, value in loss(z, labels).items() if 'f1' in name), logits.requires_grad_()
    )


def test_a_class_that_is_not_in_the_batch_does_not_count():
    # Both clips are of class 0 and are recognised with 0.5: TP = 1, and the sums are 1 and 2.
    probabilities = torch.tensor([[0.5, 0.5, 0.0], [0.5, 0.0, 0.5]])
    macro, _ = soft_f1(probabilities, torch.tensor([[1.0, 0, 0]] * 2))
    assert macro.item() == pytest.approx(2 / 3)


def test_smoothed_labels_do_not_add_classes():
    logits, labels = batch(52)
    hard = F.one_hot(labels, 52).double()
    smooth = 0.9 * hard + 0.1 / 52
    macro, _ = soft_f1(logits.softmax(1), smooth)
    present = labels.unique()
    totals = logits.softmax(1).sum(0) + smooth.sum(0)
    expected = (2 * (logits.softmax(1) * smooth).sum(0) / totals)[present].mean()
    assert macro.item() == pytest.approx(expected.item())


def test_two_classes_with_equal_weights_are_both_in_the_batch():
    probabilities, targets = torch.tensor([[0.8, 0.2]]), torch.tensor([[0.5, 0.5]])
    assert [score.item() for score in soft_f1(probabilities, targets)] == pytest.approx(
        [(2 * 0.4 / 1.3 + 2 * 0.1 / 0.7) / 2, 2 * 0.5 / 2]
    )


def test_a_single_group_is_always_right():
    label_set = {'name': 'hands', 'actions': [{'name': name, 'group': 'hand'} for name in ('waving', 'pointing')]}
    losses = SoftF1Loss(label_set=label_set)(*batch(2))
    assert losses['loss_group_f1'].item() == pytest.approx(0)


def test_perfect_and_wrong_predictions_of_one_clip():
    right = torch.full((1, 52), -1e4, dtype=torch.float16)
    right[0, 9] = 1e4
    right.requires_grad_()
    with torch.autocast('cpu', dtype=torch.float16):
        perfect, wrong = (SoftF1Loss()(right, torch.tensor([label])) for label in (9, 24))
    assert [perfect[name].item() for name in ('loss_f1', 'loss_group_f1')] == pytest.approx([0, 0])
    assert [wrong[name].item() for name in ('loss_f1', 'loss_group_f1')] == pytest.approx([2, 2])
    sum(wrong.values()).backward()
    assert right.grad.isfinite().all()


def test_terms_are_added_to_those_of_another_loss():
    logits, labels = batch(52)
    losses = SoftF1Loss(base=dict(type='HierarchicalLoss'))(logits, labels)
    assert losses.keys() == {'loss_cls', 'loss_group', 'loss_f1', 'loss_group_f1'}


def test_a_label_set_without_groups_has_no_terms_of_groups():
    with pytest.raises(ValueError, match='SoftF1Loss with a group_weight needs groups'):
        SoftF1Loss(label_set=FOUR.to_dict())
    logits, labels = batch(4)
    losses = SoftF1Loss(group_weight=0, label_set=FOUR.to_dict())(logits, labels)
    assert losses.keys() == {'loss_cls', 'loss_f1'}
    with pytest.raises(ValueError, match='has 52 actions, but the network has 4'):
        SoftF1Loss()(logits, labels)
