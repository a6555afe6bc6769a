"""The losses of PCAN's prototypes against plain loops over samples, sets and classes."""

import math

import numpy as np
import pytest
import torch
from mmaction.registry import MODELS

from mmaction_microaction.models.heads.class_prototypes import ClassPrototypes
from mmaction_microaction.models.losses import PrototypeCalibrationLoss
from mmaction_microaction.models.losses.prototype_calibration_loss import split_samples

N, C, D = 20, 6, 5
GROUPS = np.array([0, 0, 0, 1, 1, 2])


def cosine(a, b):
    return (
        sum(x * y for x, y in zip(a, b)) / (math.dist(a, [0] * len(a)) + 1e-12) / (math.dist(b, [0] * len(b)) + 1e-12)
    )


def cross_entropy(scores, label):
    return math.log(sum(math.exp(score) for score in scores)) - scores[label]


def naive_terms(z, scores, labels, prototypes, coarse_correct=None, momentum=0.9, alpha=0.125, tau=0.125):
    """Compute the terms of the sets of false negatives and of false positives, and the updated prototypes."""
    predictions = [max(range(C), key=lambda k: row[k]) for row in scores]
    right = [prediction == label for prediction, label in zip(predictions, labels)]
    if coarse_correct is None:
        kinds = ['TP' if fine else 'FN1' for fine in right]
        names, scales = ['FN1'], [1]
    else:
        table = {(True, True): 'TP', (True, False): 'FN1', (False, True): 'FN2', (False, False): 'FN3'}
        kinds = [table[pair] for pair in zip(coarse_correct, right)]
        names, scales = ['FN1', 'FN2', 'FN3'], [1, 0.1, 0.5]
    new = []
    for k in range(C):
        members = [z[n] for n in range(N) if kinds[n] == 'TP' and labels[n] == k]
        mean = [sum(column) / len(members) for column in zip(*members)] if members else None
        new.append([momentum * p + (1 - momentum) * m for p, m in zip(prototypes[k], mean)] if mean else prototypes[k])

    terms = []
    for name, scale, sign in [*zip(names, scales, [1] * 3), ('FP', 1, -1)]:
        total = 0
        for n in range(N):
            similarities = [cosine(new[k], z[n]) for k in range(C)]
            k = labels[n]
            if name == 'FP':
                members = [z[m] for m in range(N) if not right[m] and predictions[m] == k]
            else:
                members = [z[m] for m in range(N) if kinds[m] == name and labels[m] == k]
            if members:
                center = [sum(column) for column in zip(*members)]
                p = math.exp(-cross_entropy(scores[n], k))
                similarities[k] += alpha * (1 - p) * (sign * cosine(center, z[n]) - 1)
            total += cross_entropy([scale * value / tau for value in similarities], k) / N
        terms.append(total)
    return terms, new


@pytest.fixture
def batch():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, C - 1, N)  # no sample of the last class
    scores = 2 * rng.normal(size=(N, C))
    scores[np.arange(N), labels] += 1
    coarse_correct = rng.random(N) < 0.6
    return rng.normal(size=(N, D)), scores, labels, coarse_correct


@pytest.mark.parametrize('hierarchical', [True, False])
def test_terms_and_update_equal_plain_loops(batch, hierarchical):
    z, scores, labels, coarse_correct = batch
    coarse_correct = coarse_correct if hierarchical else None
    module = ClassPrototypes(C, 3, D).double()
    before = module.prototypes.tolist()
    expected, new = naive_terms(z.tolist(), scores.tolist(), labels.tolist(), before, coarse_correct)

    z, scores, labels = map(torch.from_numpy, (z, scores, labels))
    correct = None if coarse_correct is None else torch.from_numpy(coarse_correct)
    sets = split_samples(labels, scores.argmax(dim=1), C, correct)
    assert len(sets) == (5 if hierarchical else 3)
    assert sets[:-1].sum() == N
    prototypes, centers, occupied = module.update(z, sets)
    loss = MODELS.build(dict(type='PrototypeCalibrationLoss', loss_weight=1))
    terms = loss.terms(z, prototypes, centers, occupied, scores, labels)
    np.testing.assert_allclose(terms, expected, rtol=1e-12)
    assert loss(z, prototypes, centers, occupied, scores, labels).item() == pytest.approx(sum(expected))
    np.testing.assert_allclose(module.prototypes, new, rtol=1e-12)
    # Some class has true positives, and the one without samples keeps its prototype.
    assert module.num_updates.max() == 1
    assert module.num_updates[-1] == 0
    assert module.prototypes[-1].tolist() == before[-1]


def test_without_calibration_the_terms_are_those_of_plain_similarities(batch):
    z, scores, labels, _ = batch
    module = ClassPrototypes(C, 3, D).double()
    expected, _ = naive_terms(z.tolist(), scores.tolist(), labels.tolist(), module.prototypes.tolist(), alpha=0)
    z, scores, labels = map(torch.from_numpy, (z, scores, labels))
    update = module.update(z, split_samples(labels, scores.argmax(dim=1), C))
    terms = PrototypeCalibrationLoss(calibration=0).terms(z, *update, scores, labels)
    np.testing.assert_allclose(terms, expected, rtol=1e-12)
    np.testing.assert_allclose(terms[0], terms[1], rtol=1e-12)


def test_a_tenth_of_the_gradient_of_the_prototypes_reaches_the_true_positives():
    module = ClassPrototypes(2, 3, 2).double()
    z = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], dtype=torch.float64, requires_grad=True)
    # Two true positives of class 0, and a false negative of class 1.
    sets = split_samples(torch.tensor([0, 0, 1]), torch.tensor([0, 0, 0]), 2)
    module.update(z, sets).prototypes.sum().backward()
    torch.testing.assert_close(z.grad, torch.tensor([[0.05, 0.05], [0.05, 0.05], [0, 0]], dtype=torch.float64))


def test_more_sets_than_scales_are_refused():
    loss = PrototypeCalibrationLoss(false_negative_scales=(1.0,))
    with pytest.raises(ValueError, match='false_negative_scales'):
        loss(
            torch.ones(1, D),
            torch.ones(C, D),
            torch.ones(4, C, D),
            torch.ones(4, C).bool(),
            torch.ones(1, C),
            torch.tensor([0]),
        )
