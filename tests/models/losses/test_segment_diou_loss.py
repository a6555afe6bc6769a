import pytest
import torch

from mmaction_microaction.models import SegmentDIoULoss

# Distances to the left and right, true ones, and IoU, distance of the centres and enclosing length, all by hand.
CASES = [
    ((2, 2), (2, 2), (1, 0, 4)),
    ((2, 2), (1, 5), (3 / 7, 2, 7)),  # [0, 4] and [1, 7] around 2
    ((0, 3), (3, 0), (0, 3, 6)),  # they touch
    ((1, 1), (4, 4), (1 / 4, 0, 8)),  # one in the other, same centre
    ((0, 0), (1, 3), (0, 1, 4)),  # a prediction without length
]


@pytest.mark.parametrize(('distances', 'targets', 'parts'), CASES)
def test_values_by_hand(distances, targets, parts):
    iou, between_centers, enclosing = parts
    loss = SegmentDIoULoss()(torch.tensor([distances]).float(), torch.tensor([targets]).float())
    assert loss.item() == pytest.approx(1 - iou + (between_centers / enclosing) ** 2, abs=1e-6)


def test_sums_over_segments_with_a_weight():
    distances, targets, _ = zip(*CASES)
    args = torch.tensor(distances).float(), torch.tensor(targets).float()
    one_by_one = sum(SegmentDIoULoss()(a[None], b[None]) for a, b in zip(*args))
    torch.testing.assert_close(SegmentDIoULoss(loss_weight=3)(*args), 3 * one_by_one)


def plain_loss(distances, targets):
    """Compute the loss from starts and ends of intervals around 10, in a loop."""
    total = 0
    for (left, right), (true_left, true_right) in zip(distances, targets.tolist()):
        start, end, true_start, true_end = 10 - left, 10 + right, 10 - true_left, 10 + true_right
        overlap = min(end, true_end) - max(start, true_start)
        union = (end - start) + (true_end - true_start) - overlap
        enclosing = max(end, true_end) - min(start, true_start)
        total = total + 1 - overlap / union + (((start + end) - (true_start + true_end)) / 2 / enclosing) ** 2
    return total


def test_value_and_gradient_equal_those_of_a_loop(in_float64):
    generator = torch.Generator().manual_seed(0)
    distances, targets = 5 * torch.rand(2, 20, 2, generator=generator)
    ours, plain = (distances.clone().requires_grad_() for _ in range(2))
    SegmentDIoULoss()(ours, targets).backward()
    expected = plain_loss(plain, targets)
    expected.backward()
    torch.testing.assert_close(SegmentDIoULoss()(distances, targets), expected.detach(), rtol=1e-12, atol=0)
    torch.testing.assert_close(ours.grad, plain.grad, rtol=1e-10, atol=1e-14)


def test_half_precision_is_computed_in_float32():
    distances = torch.tensor([[3e4, 3e4], [0, 0]], dtype=torch.float16, requires_grad=True)
    with torch.autocast('cpu', dtype=torch.float16):
        loss = SegmentDIoULoss()(distances, torch.tensor([[1e4, 3e4], [0.0, 0.0]]))
    loss.backward()
    assert loss.dtype == torch.float32
    assert loss.isfinite()
    assert distances.grad.isfinite().all()
