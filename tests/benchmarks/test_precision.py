import pytest
import torch

from mmaction_microaction.benchmarks.model import build_model, make_noise_batch
from mmaction_microaction.benchmarks.precision import Pass, compare_passes, make_comparable, run_pass


def test_differences_by_hand():
    reference = Pass(torch.tensor([[1.0, -4.0]]), {'a': torch.tensor([3.0, 4.0]), 'b': torch.tensor([12.0])})
    other = Pass(torch.tensor([[1.5, -4.25]]), {'a': torch.tensor([3.0, 4.0]), 'b': torch.tensor([15.0])})
    difference = compare_passes(reference, other)
    assert difference.scores == pytest.approx(0.5 / 4)
    assert difference.gradient_norms == pytest.approx(3 / 12)
    assert difference.gradients == pytest.approx(3 / 13)


def test_opposite_gradients_have_equal_norms():
    reference = Pass(torch.ones(1, 2), {'a': torch.tensor([3.0, 4.0])})
    difference = compare_passes(reference, Pass(torch.ones(1, 2), {'a': torch.tensor([-3.0, -4.0])}))
    assert difference == (0, 0, pytest.approx(2))


def test_gradients_are_those_of_the_loss():
    """The gradient of the classifier's bias is the mean over clips of probabilities minus one-hot labels."""
    torch.manual_seed(0)
    model, _ = build_model('manet', 18, 8)
    make_comparable(model.cpu())
    batch = model.data_preprocessor(make_noise_batch(8, 32, 2), training=True)
    arguments = model, batch['inputs'], batch['data_samples'], 'cpu'
    reference = run_pass(*arguments, torch.float64)
    expected = (reference.scores.softmax(1) - torch.nn.functional.one_hot(torch.tensor([0, 1]), 52)).mean(0)
    torch.testing.assert_close(reference.gradients['cls_head.fc_cls.bias'], expected)
    assert set(reference.gradients) == {name for name, _ in model.named_parameters()}

    float32, bfloat16 = (
        compare_passes(reference, run_pass(*arguments, dtype)) for dtype in (torch.float32, torch.bfloat16)
    )
    # One rounding changes a value by 2 ** -24 in float32, and by 2 ** -8 in bfloat16.
    assert 2**-26 < float32.scores < 1e-4
    assert float32.gradients < 1e-2
    assert 2**-10 < bfloat16.scores < 0.1
    assert bfloat16.gradients > 10 * float32.gradients
