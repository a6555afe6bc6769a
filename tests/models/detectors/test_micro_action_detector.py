import copy
import itertools

import numpy as np
import pytest
import torch
from helpers.detection import build_detector, make_sample, make_videos

from mmaction_microaction.models.detectors import decode_detections
from mmaction_microaction.models.detectors.micro_action_detector import read_fingerprint
from mmaction_microaction.utils.checkpoints import load_weights

R18 = dict(type='ResNetSETSM', depth=18)
pytestmark = pytest.mark.usefixtures('tiny_resnets')


def iou_of(a, b):
    overlap = max(0, min(a[1], b[1]) - max(a[0], b[0]))
    return overlap / (max(a[1], b[1]) - min(a[0], b[0]) if overlap else 1)


def count_found(detector, videos, iou):
    """Count the true actions that are among a video's best detections, of which there are as many as true actions."""
    found = total = 0
    detector.eval()
    with torch.no_grad():
        samples = detector.predict([features for features, _ in videos], [copy.copy(s) for _, s in videos])
    for sample in samples:
        best = {name: values[: len(sample.gt_labels)] for name, values in sample.pred_detections.items()}
        for segment, label in zip(sample.gt_segments.tolist(), sample.gt_labels.tolist()):
            same = [s for s, other in zip(best['segments'].tolist(), best['labels'].tolist()) if other == label]
            found += any(iou_of(segment, other) >= iou for other in same)
            total += 1
    return found, total


# With shared boundaries, an action whose centre lies in a shorter one cannot be found.
@pytest.mark.parametrize(
    ('mixer', 'per_class', 'epochs', 'share'), [('maxpool', False, 7, 0.2), ('attention', True, 4, 0.35)]
)
def test_learns_to_find_overlapping_actions(mixer, per_class, epochs, share):
    train, unseen = make_videos(160, 6), make_videos(40, 6, seed=1)
    neck = dict(mixer=mixer, drop_path=0, num_levels=4, num_stem_layers=1)
    ranges = [(0, 4), (4, 8), (8, 16), (16, float('inf'))]
    detector = build_detector(16, 6, neck=neck, head=dict(per_class_boundaries=per_class, regression_ranges=ranges))
    detector.head.init_weights()
    before, total = count_found(detector, unseen, 0.5)
    optimizer = torch.optim.AdamW(detector.parameters(), lr=8e-3, weight_decay=0.01)
    losses = []
    rng = np.random.default_rng(0)
    for epoch in range(epochs):
        detector.train()
        for group in optimizer.param_groups:
            group['lr'] = 8e-3 * (1 - epoch / epochs)
        for batch in rng.permutation(len(train)).reshape(-1, 8):
            features, samples = zip(*(train[index] for index in batch))
            parts = detector.loss(list(features), list(samples))
            loss = sum(parts.values())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    after, _ = count_found(detector, unseen, 0.5)
    print(f'loss {losses[0]:.2f} -> {np.mean(losses[-10:]):.2f}; found {before} -> {after} of {total}')
    assert np.mean(losses[-10:]) < 0.6 * losses[0]
    assert before < 0.1 * total
    assert after > share * total


@pytest.mark.parametrize('backbone', [None, R18])
def test_a_video_has_the_same_scores_alone_and_in_a_batch(backbone, in_float64):
    detector = build_detector(8 if backbone is None else 64, backbone=backbone).eval()
    shape = (8,) if backbone is None else (3, 32, 32)
    videos = [torch.randn(steps, *shape) for steps in (21, 34, 3)]
    scores, segments, valid = detector(videos)
    for index, video in enumerate(videos):
        alone = detector([video])
        assert valid[index].sum() == alone[2].sum()
        torch.testing.assert_close(scores[index][valid[index]], alone[0][0], rtol=0, atol=1e-10)
        torch.testing.assert_close(segments[index][valid[index]], alone[1][0], rtol=0, atol=1e-10)


def test_detections_are_in_seconds_and_best_first():
    detector = build_detector(test_cfg=dict(max_per_video=30)).eval()
    videos = [torch.randn(21, 8), torch.randn(60, 8)]
    samples = [make_sample(21), make_sample(60, rate=15)]
    with torch.no_grad():
        predicted = detector(videos, samples, 'predict')
        scores, segments, _ = detector(videos[1:])
    assert [len(sample.pred_detections['scores']) for sample in predicted] == [30, 30]
    for sample in predicted:
        found = sample.pred_detections
        assert {name: (values.dtype, values.shape[1:]) for name, values in found.items()} == dict(
            segments=(torch.float32, (2,)), labels=(torch.int64, ()), scores=(torch.float32, ())
        )
        assert (found['scores'].diff() <= 0).all()
        assert (found['segments'] >= 0).all()
        assert (found['segments'] <= sample.duration + 1e-6).all()
        assert (found['segments'].diff(dim=1) > 0).all()
        assert found['labels'].unique().tolist() == [0, 1, 2]
    expected = decode_detections(scores[0].numpy(), segments[0].numpy(), 15, 4, max_per_video=30)
    np.testing.assert_allclose(predicted[1].pred_detections['segments'], expected.segments, atol=1e-5)


def test_feature_stride_changes_steps_to_seconds():
    """With two frames per step, the same points belong to twice the seconds."""
    torch.manual_seed(0)
    frames = torch.randn(16, 3, 32, 32)
    single, double = (build_detector(64, backbone=R18, feature_stride=stride).eval() for stride in (1, 2))
    with torch.no_grad():
        assert single([frames])[2].shape[1] == 16 + 8 + 4 + 2 + 1 + 1
        assert double([frames])[2].shape[1] == 8 + 4 + 2 + 1 + 1 + 1
        found = double.predict([frames], [make_sample(16, rate=8)])[0].pred_detections
        scores, segments, _ = double([frames])
    expected = decode_detections(scores[0].numpy(), segments[0].numpy(), 4, 2)
    np.testing.assert_allclose(found['segments'], expected.segments, atol=1e-6)


def test_frozen_backbone_keeps_weights_and_statistics():
    detector = build_detector(64, backbone=R18, freeze_backbone=True).train()
    before = copy.deepcopy(detector.backbone.state_dict())
    sum(detector.loss([torch.randn(6, 3, 32, 32)], [make_sample(6, [[0, 0.5]])]).values()).backward()
    assert all(p.grad is None for p in detector.backbone.parameters())
    assert all(p.grad is not None for p in detector.head.parameters())
    assert all(torch.equal(tensor, before[name]) for name, tensor in detector.backbone.state_dict().items())


def test_trained_backbone_has_gradients():
    detector = build_detector(64, backbone=R18).train()
    sum(detector.loss([torch.randn(6, 3, 32, 32)], [make_sample(6, [[0, 0.5]])]).values()).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in detector.parameters())


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_losses_and_detections_of_mixed_precision_are_float32(dtype):
    detector = build_detector().train()
    features = 20 * torch.randn(40, 8)
    with torch.autocast('cpu', dtype=dtype):
        losses = detector.loss([features], [make_sample(40, [[0, 4], [1, 2]], [0, 1])])
        detector.eval()
        found = detector.predict([features], [make_sample(40)])[0].pred_detections
    assert all(loss.dtype == torch.float32 and loss.isfinite() for loss in losses.values())
    sum(losses.values()).backward()
    assert all(p.grad.isfinite().all() for p in detector.parameters())
    assert found['segments'].dtype == torch.float32


def test_what_a_detector_remembers_survives_the_averaging_of_buffers_over_processes():
    detector, fingerprint, backbone = build_detector(64, backbone=R18), 0x4611E57497AEE4D, 0x7FEDCBA98765432
    memory = dict(feature_fingerprint=fingerprint, backbone_fingerprint=backbone, frames_per_second=30.0)
    features = build_detector(64)
    features.train().loss([torch.randn(20, 64)], [make_sample(20, rate=30 / 7, **memory)])
    detector.load_state_dict(features.state_dict(), strict=False)
    for buffer in detector.buffers():  # as MMEngine's SyncBuffersHook does with three processes
        buffer.copy_(torch.true_divide(3 * buffer, 3).float())
    assert detector.feature_fingerprint == fingerprint
    assert read_fingerprint(detector.state_dict()['_backbone_fingerprint']) == backbone
    with pytest.raises(ValueError, match=r'rate=30 .*feature_stride=7$'):
        detector.check_frame_rate(30.0)


def test_other_features_than_those_of_the_training_are_refused():
    detector = build_detector()
    features, sample = torch.randn(20, 8), make_sample(20, feature_fingerprint=0x123)
    detector.train().loss([features], [sample])
    other = make_sample(20, feature_fingerprint=0x456)
    with pytest.raises(ValueError, match=r'fingerprints .*456.* and .*123.*extract-features'):
        detector.loss([features], [other])
    restored = build_detector(seed=1)
    restored.load_state_dict(detector.state_dict())
    restored.eval().predict([features], [sample])
    with pytest.raises(ValueError, match='another network'):
        restored.predict([features], [other])
    # Features of an unknown origin, and a detector that has not been trained, are accepted.
    restored.predict([features], [make_sample(20)])
    build_detector().eval().predict([features], [other])


def train_on_features(detector, **rates):
    """Run a step of training on features of the fingerprint 0x123 and the backbone 0x77."""
    sample = make_sample(20, feature_fingerprint=0x123, backbone_fingerprint=0x77, **rates)
    detector.train().loss([torch.randn(20, detector.neck.in_channels)], [sample])
    return detector.state_dict()


@pytest.mark.parametrize(
    ('rate', 'frames_per_second', 'stride'), [(7.5, 7.5, 1), (7.5, 15.0, 2), (30 / 7, 30.0, 7), (15.0, 15.0, 1)]
)
def test_frames_need_the_rate_and_the_stride_of_the_features(rate, frames_per_second, stride):
    weights = train_on_features(build_detector(64), rate=rate, frames_per_second=frames_per_second)
    frames = torch.randn(8, 3, 32, 32)
    for other_rate, other_stride in itertools.product((7.5, 15.0, 30.0), (1, 2, 7)):
        whole = build_detector(64, backbone=R18, feature_stride=other_stride)
        assert not any(map(str.startswith, whole.load_state_dict(weights, strict=False).missing_keys, '_'))
        sample = [make_sample(8, rate=other_rate)]
        if (other_rate, other_stride) == (frames_per_second, stride):
            whole.eval().predict([frames], sample)
            continue
        with pytest.raises(ValueError, match=rf'rate={frames_per_second:g} .*feature_stride={stride}$'):
            whole.eval().predict([frames], sample)


def test_frames_need_the_rate_of_the_last_training_on_frames():
    """A detector that is trained end to end at another rate than its features has this rate."""
    detector = build_detector(64, backbone=R18)
    detector.load_state_dict(train_on_features(build_detector(64), frames_per_second=7.5), strict=False)
    frames = torch.randn(6, 3, 32, 32)
    detector.train().loss([frames], [make_sample(6, rate=15)])
    detector.eval().predict([frames], [make_sample(6, rate=15)])
    with pytest.raises(ValueError, match=r'trained on 15 frames and 15 steps .* have 7\.5 and 7\.5: set rate=15'):
        detector.predict([frames], [make_sample(6, rate=7.5)])


def test_checkpoints_that_remember_nothing_are_loaded_and_not_compared():
    names = ('_fingerprint', '_backbone_fingerprint', '_rates')
    whole = build_detector(64, backbone=R18)
    weights = {name: tensor for name, tensor in whole.state_dict().items() if name not in names}
    assert len(whole.state_dict()) == len(weights) + 3
    restored = build_detector(64, backbone=R18, seed=1)
    assert load_weights(restored, weights).complete
    for rate in (7.5, 15):
        restored.eval().predict([torch.randn(6, 3, 32, 32)], [make_sample(6, rate=rate)])


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        (dict(test_cfg=dict(iou=0.5)), 'unknown settings iou; known: max_candidates'),
        (dict(test_cfg=dict(sigma=0)), 'sigma of test_cfg must be greater than 0, got 0'),
        (dict(clip_len=16, feature_stride=3), 'feature_stride=3'),
    ],
)
def test_wrong_settings_are_named(settings, message):
    with pytest.raises(ValueError, match=message):
        build_detector(**settings)


def test_wrong_inputs_are_named():
    with pytest.raises(ValueError, match=r'features of shape \(T, C\).*got a tensor of shape \(4, 3, 32, 32\)'):
        build_detector()([torch.randn(4, 3, 32, 32)])
    with pytest.raises(ValueError, match=r'frames of shape \(T, 3, H, W\).*got a tensor of shape \(4, 8\)'):
        build_detector(64, backbone=R18)([torch.randn(4, 8)])
    with pytest.raises(RuntimeError, match="got 'train'"):
        build_detector()([torch.randn(4, 8)], mode='train')


def test_data_preprocessor_normalises_frames_and_leaves_features():
    preprocessor = build_detector(
        data_preprocessor=dict(type='DetectionDataPreprocessor', mean=[1, 2, 3], std=[2, 2, 4])
    ).data_preprocessor
    frames = torch.full((5, 3, 2, 2), 7, dtype=torch.uint8)
    batch = preprocessor(dict(inputs=[frames, torch.ones(4, 8, dtype=torch.float64)], data_samples=[None, None]))
    assert [video.dtype for video in batch['inputs']] == [torch.float32] * 2
    assert batch['inputs'][0][0, :, 0, 0].tolist() == [3, 2.5, 1]
    assert batch['inputs'][1].unique().tolist() == [1]
    with pytest.raises(ValueError, match='both mean and std'):
        build_detector(data_preprocessor=dict(type='DetectionDataPreprocessor', mean=[1, 2, 3]))
