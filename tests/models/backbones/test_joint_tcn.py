"""JointTCN: what it computes from joints, and what does not matter to it."""

import numpy as np
import pytest
import torch
from mmaction.registry import MODELS

from mmaction_microaction.models import JointTCN
from mmaction_microaction.structures.pose_layouts import LAYOUTS


def make_joints(num_clips=2, num_frames=48, num_joints=33, seed=0):
    """Return joints of one person, with a few undetected ones, shape (N, 1, T, V, 3), float64."""
    rng = np.random.default_rng(seed)
    joints = rng.uniform(0, 200, (num_clips, 1, num_frames, num_joints, 3))
    joints[..., 2] = rng.uniform(0.1, 1, joints.shape[:-1])
    joints[0, :, 5:20, 15, 2] = 0
    joints[0, :, 30:40, 11, 2] = 0  # a shoulder of BlazePose
    joints[1, :, :3, :, 2] = 0  # nobody is found
    joints[1, :, :, 25:, 2] = 0
    return torch.from_numpy(joints)


def describe_naively(joints, layout):
    """Return the features of each time of one person as the docstring of JointTCN describes them."""
    names = LAYOUTS[layout].joints
    points, seen = joints[..., :2].astype(float), joints[..., 2] > 0
    left, right = (points[:, names.index(f'{side}_shoulder')] for side in ('left', 'right'))
    hips = [names.index(f'{side}_hip') for side in ('left', 'right')]
    shoulders = [names.index(f'{side}_shoulder') for side in ('left', 'right')]
    known = [t for t in range(len(points)) if seen[t, shoulders].all()]
    with_hips = [t for t in known if seen[t, hips].all()]
    width = np.mean([np.hypot(*(left[t] - right[t])) for t in known])
    trunk = [np.hypot(*((left[t] + right[t]) / 2 - points[t, hips].mean(0))) for t in with_hips]
    size = max(np.mean(trunk), 1.1 * width) if len(with_hips) >= len(known) / 2 else 1.35 * width
    middle = np.mean([(left[t] + right[t]) / 2 for t in known], axis=0)
    points = np.clip((points - middle) / size, -6, 6) * seen[..., None]
    hands = ['left_wrist', 'right_wrist', 'left_index', 'right_index']
    targets = 'nose left_ear right_ear left_eye right_eye left_mouth left_shoulder right_shoulder left_hip right_hip '
    targets = (targets + 'left_knee right_knee left_wrist right_wrist').split()
    features = []
    for t in range(len(points)):
        row = list(points[t].ravel())
        for joint in range(len(names)):
            mean = points[seen[:, joint], joint].mean(0) if seen[:, joint].any() else np.zeros(2)
            row += list(4 * (points[t, joint] - mean) * seen[t, joint])
        for hand in hands:
            for target in targets:
                if target in names:
                    i, j = names.index(hand), names.index(target)
                    distance = np.sqrt(max(((points[t, i] - points[t, j]) ** 2).sum(), 1e-8))
                    row.append((distance - 1) * (seen[t, i] and seen[t, j]))
        features.append([*row, *seen[t]])
    return np.array(features).T


@pytest.mark.parametrize('layout', ['blazepose33', 'ma52_28'])
def test_features_are_those_of_a_plain_loop(layout):
    joints = make_joints(num_joints=len(LAYOUTS[layout].joints))
    features = JointTCN(layout).double()._describe(joints[:, 0])
    expected = [describe_naively(person.numpy(), layout) for person in joints[:, 0]]
    np.testing.assert_allclose(features.numpy(), expected, rtol=1e-9, atol=1e-9)


def test_output_has_a_mean_and_a_maximum_for_each_channel():
    network = JointTCN(channels=8, dilations=(1, 2)).double().eval()
    assert network(make_joints(3, 20)).shape == (3, 1, 16, 1, 1)


def test_place_size_and_undetected_joints_do_not_matter():
    network = JointTCN(channels=8, dilations=(1,)).double().eval()
    joints = make_joints()
    moved = joints.clone()
    moved[..., :2] = 0.3 * moved[..., :2] + torch.tensor([500.0, -20.0])
    undetected = joints.clone()
    undetected[undetected[..., 2] == 0] = 0
    with torch.no_grad():
        expected = network(joints)
        torch.testing.assert_close(network(moved), expected, rtol=1e-9, atol=1e-9)
        torch.testing.assert_close(network(undetected), expected, rtol=1e-9, atol=1e-9)


def test_clip_without_a_person_has_finite_scores():
    network = JointTCN(channels=8, dilations=(1,)).eval()
    assert network(torch.zeros(1, 1, 10, 33, 3)).isfinite().all()


@pytest.mark.parametrize(('frozen', 'norm_eval'), [(False, False), (False, True), (True, False)])
def test_training_changes_what_is_not_frozen(frozen, norm_eval):
    network = JointTCN(channels=8, dilations=(1,), norm_eval=norm_eval, frozen=frozen)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    network.train()
    head = torch.nn.Linear(16, 2)
    optimizer = torch.optim.SGD([*network.parameters(), *head.parameters()], 0.1, weight_decay=0.1)
    head(network(make_joints().float()).flatten(1)).square().sum().backward()
    optimizer.step()
    changed = {name for name, value in network.state_dict().items() if not value.equal(before[name])}
    statistics = {name for name in before if 'running' in name or 'tracked' in name}
    assert changed == (set() if frozen else before.keys() - statistics if norm_eval else before.keys())


def test_unknown_layout_is_an_error():
    with pytest.raises(ValueError, match='blazepose33'):
        JointTCN('halpe')


def test_recognizer_learns_from_joints():
    model = MODELS.build(
        dict(
            type='RecognizerGCN',
            backbone=dict(type='JointTCN', channels=16, dilations=(1, 2)),
            cls_head=dict(type='GCNHead', num_classes=2, in_channels=32),
            data_preprocessor=dict(type='mmaction.ActionDataPreprocessor'),
        )
    )
    torch.manual_seed(0)
    joints = make_joints(8, 16).float()
    joints[4:, ..., 15, 1] += 100 * torch.linspace(0, 1, 16)  # a wrist that sinks
    labels = torch.tensor([0] * 4 + [1] * 4)
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    for _ in range(30):
        features, _ = model.extract_feat(joints[:, None])
        loss = torch.nn.functional.cross_entropy(model.cls_head(features), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert model.cls_head(model.extract_feat(joints[:, None])[0]).argmax(1).tolist() == labels.tolist()
