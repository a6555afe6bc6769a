import csv
from collections import defaultdict

import pytest
import torch

from mmaction_microaction.label_sets import MA52
from mmaction_microaction.models import PyramidDetectionHead, SegmentDIoULoss, SigmoidFocalLoss

RANGES = [(0, 4), (4, 8), (8, float('inf'))]


def make(**kwargs):
    torch.manual_seed(0)
    return PyramidDetectionHead(
        **{**dict(in_channels=6, num_classes=4, channels=6, regression_ranges=RANGES), **kwargs}
    )


def make_levels(num_steps, lengths):
    levels, masks = [], []
    for index in range(len(RANGES)):
        size = -(-num_steps // 2**index)
        steps = torch.arange(size) * 2**index
        masks.append((steps < torch.tensor(lengths)[:, None]).unsqueeze(1))
        levels.append(torch.randn(len(lengths), 6, size) * masks[-1])
    return levels, masks


def plain_targets(num_steps, segments, labels, per_class):
    """Assign actions to points one by one, by the rule in the docstring of the head."""
    rows = []
    for index, (low, high) in enumerate(RANGES):
        stride = 2**index
        for position in range(0, num_steps, stride):
            found = []
            for (start, end), label in zip(segments, labels):
                left, right = position - start, end - position
                in_range = low <= max(left, right) < high
                near = abs(position - (start + end) / 2) <= 1.5 * stride
                if left >= 0 and right >= 0 and in_range and near:
                    found.append((end - start, left, right, label))
            classes, boundaries = set(), {}
            for label in {label for *_, label in found}:
                own = [action for action in found if action[3] == label]
                boundaries[label] = min(own)[1:3]
            if found and not per_class:
                length, left, right, _ = min(found)
                classes = {action[3] for action in found if action[0] <= length + 1e-3}
                boundaries = {0: (left, right)}
            else:
                classes = set(boundaries)
            rows.append((position, classes, boundaries))
    return rows


@pytest.mark.parametrize('per_class', [False, True])
@pytest.mark.parametrize('seed', range(5))
def test_targets_equal_those_of_a_loop(per_class, seed):
    head = make(per_class_boundaries=per_class)
    generator = torch.Generator().manual_seed(seed)
    segments = (60 * torch.rand(12, 2, generator=generator).sort(dim=1).values).round(decimals=2)
    segments[:, 1] = torch.minimum(segments[:, 1], segments[:, 0] + 25)
    labels = torch.randint(4, (12,), generator=generator)
    targets = head.get_targets(head.get_points(64), segments.double(), labels)
    expected = plain_targets(64, segments.double().tolist(), labels.tolist(), per_class)
    assert len(targets.classes) == len(expected)
    assert targets.positive.sum() > 10
    for row, (_, classes, boundaries) in enumerate(expected):
        assert set(targets.classes[row].nonzero().flatten().tolist()) == classes
        assert set(targets.positive[row].nonzero().flatten().tolist()) == set(boundaries)
        for column, pair in boundaries.items():
            torch.testing.assert_close(targets.distances[row, column], torch.tensor(pair).double())


def test_a_point_in_two_actions_learns_the_shortest_or_both():
    """Action 1 lasts from 2 to 8, and action 3 from 0 to 10. The centre of both is 5."""
    segments, labels = torch.tensor([[2.0, 8], [0, 10]]), torch.tensor([1, 3])
    head = make(regression_ranges=[(0, float('inf'))])
    shared = head.get_targets(head.get_points(11), segments, labels)
    assert shared.classes[5].tolist() == [0, 1, 0, 0]
    assert shared.distances[5].tolist() == [[3, 3]]
    head = make(regression_ranges=[(0, float('inf'))], per_class_boundaries=True)
    per_class = head.get_targets(head.get_points(11), segments, labels)
    assert per_class.classes[5].tolist() == [0, 1, 0, 1]
    assert per_class.distances[5].tolist() == [[0, 0], [3, 3], [0, 0], [5, 5]]


def test_classes_with_the_same_interval_share_a_point():
    head = make(regression_ranges=[(0, float('inf'))])
    targets = head.get_targets(head.get_points(8), torch.tensor([[1.0, 5], [1, 5]]), torch.tensor([0, 2]))
    assert targets.classes[3].tolist() == [1, 0, 1, 0]


@pytest.mark.parametrize('per_class', [False, True])
def test_losses_equal_those_of_a_loop(per_class, in_float64):
    head = make(per_class_boundaries=per_class).eval()
    levels, masks = make_levels(24, [24, 9])
    segments = [torch.tensor([[1.0, 20], [2, 4.5], [2, 5]]), torch.tensor([[0.5, 6.25]])]
    labels = [torch.tensor([0, 1, 3]), torch.tensor([2])]
    losses = head.loss(levels, masks, segments, labels)
    logits, distances, _ = head(levels, masks)
    count, cls, reg = 0, 0, 0
    for video, length in enumerate((24, 9)):
        rows = plain_targets(24, segments[video].tolist(), labels[video].tolist(), per_class)
        for row, (position, classes, boundaries) in enumerate(rows):
            if position >= length:
                continue
            target = torch.tensor([float(label in classes) for label in range(4)])
            cls = cls + SigmoidFocalLoss()(logits[video, row], target)
            count += len(boundaries)
            for column, pair in boundaries.items():
                reg = reg + SegmentDIoULoss()(distances[video, row, column][None], torch.tensor([pair]).double())
    assert count > 3
    torch.testing.assert_close(losses['loss_cls'], cls / count, rtol=1e-10, atol=0)
    torch.testing.assert_close(losses['loss_segment'], reg / count, rtol=1e-6, atol=0)  # targets are float32


def test_a_batch_without_actions_has_a_finite_loss():
    head = make()
    nothing = [torch.zeros(0, 2), torch.zeros(0, 2)], [torch.zeros(0, dtype=torch.int64)] * 2
    losses = head.loss(*make_levels(8, [8, 5]), *nothing)
    sum(losses.values()).backward()
    assert losses['loss_cls'] > 0
    assert losses['loss_segment'] == 0
    assert all(p.grad is not None and p.grad.isfinite().all() for p in head.parameters())


def test_predictions_are_symmetric_around_the_point_at_the_start():
    head = make().eval()
    torch.nn.init.zeros_(head.fc_segment.weight)
    torch.nn.init.zeros_(head.fc_segment.bias)
    scores, segments, valid = head.predict(*make_levels(6, [6, 3]))
    reach = torch.log(torch.tensor(2.0)).item()  # softplus of 0
    expected = [[p - s * reach, p + s * reach] for s in (1, 2, 4) for p in range(0, 6, s)]
    torch.testing.assert_close(segments[0, :, 0], torch.tensor(expected))
    assert scores.shape == (2, 11, 4)
    assert valid.sum(dim=1).tolist() == [11, 3 + 2 + 1]


def test_every_class_starts_with_the_prior():
    head = make(prior=0.05).eval()
    head.init_weights()
    scores, _, valid = head.predict(*make_levels(6, [6, 3]))
    assert scores[valid].min() > 0.045
    assert scores[valid].max() < 0.055


@pytest.mark.parametrize('num_levels', [2, 4])
def test_wrong_number_of_levels_is_named(num_levels):
    levels, masks = make_levels(8, [8])
    with pytest.raises(ValueError, match=f'{num_levels} levels, but regression_ranges of the head has 3'):
        make()((levels * 2)[:num_levels], (masks * 2)[:num_levels])


def test_unknown_label_is_named():
    with pytest.raises(ValueError, match='label 4, but num_classes of the head is 4'):
        make().loss(*make_levels(8, [8]), [torch.tensor([[0.0, 3]])], [torch.tensor([4])])


@pytest.mark.real_data
@pytest.mark.parametrize('split', ['train', 'val'])
@pytest.mark.parametrize('rate', [7.5, 15])
def test_every_action_of_mma52_has_a_point_of_its_own_class(split, rate, shared):
    """With boundaries per class, no class of a video is without a point."""
    videos = defaultdict(list)
    with open(shared / 'mma52' / f'{split}.csv', encoding='utf-8') as file:
        for row in csv.DictReader(file):
            videos[row['video_id']].append(row)
    head = PyramidDetectionHead(8, num_classes=len(MA52), channels=8, per_class_boundaries=True)
    missed = []
    for rows in videos.values():
        fps, frames = float(rows[0]['fps']), int(rows[0]['total_frames'])
        times = torch.tensor([[int(row['start_frame']), int(row['end_frame'])] for row in rows]) / fps
        labels = torch.tensor([int(row['class']) for row in rows])
        points = head.get_points(int(-(-frames / fps * rate // 1)))
        targets = head.get_targets(points, times * rate - 0.5, labels)
        missed += [label for label in labels.tolist() if not targets.classes[:, label].any()]
    assert missed == []
