import numpy as np
import pytest
import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from torch import nn

from mmaction_microaction.models.recognizers.maenet import encode_positions

pytestmark = pytest.mark.usefixtures('in_float64', 'tiny_resnets')

T = 4
BRANCH = dict(type='ResNetSETSM', depth=18, num_segments=T)
VARIANTS = {
    'full': dict(action_backbone=BRANCH, face_backbone=BRANCH),
    'action': dict(action_backbone=BRANCH),
    'face': dict(face_backbone=BRANCH),
}


def build(variant='full', **kwargs):
    torch.manual_seed(0)
    settings = dict(
        type='MAENet', encoder=dict(nhead=4, dim_feedforward=32, dropout=0), dropout_ratio=0, **VARIANTS[variant]
    )
    network = MODELS.build({**settings, **kwargs})
    network.init_weights()
    return network


def inputs(clips=2, views=1, size=32):
    generator = torch.Generator().manual_seed(0)
    mask = torch.ones(clips, T, dtype=torch.bool)
    mask[0, 1] = False
    return dict(
        imgs=torch.randn(clips, views * T, 3, size, size, generator=generator),
        face_imgs=torch.randn(clips, T, 3, size, size, generator=generator),
        face_mask=mask,
    )


def samples(*pairs, num_classes=52):
    result = []
    for emotion, actions in pairs:
        sample = ActionDataSample().set_gt_label(torch.zeros(num_classes).index_fill(0, torch.tensor(actions), 1))
        sample.set_field(emotion, 'emotion')
        result.append(sample)
    return result


TWO = [(0, [9, 24]), (4, [51])]


class Frames(nn.Module):
    """Backbone that returns its input, so that tests can set the features."""

    num_segments = T

    def forward(self, x):
        return x


def with_features(variant, **kwargs):
    network = build(variant, **kwargs)
    for name in VARIANTS[variant]:
        setattr(network, name, Frames())
    return network.eval()


@pytest.mark.parametrize(
    ('variant', 'clips', 'views', 'num_classes'),
    [(variant, *case) for variant in VARIANTS for case in ((1, 1, 52), (2, 3, 52), (1, 3, 40), (2, 1, 40))],
)
def test_shapes_of_the_logits(variant, clips, views, num_classes):
    network = build(variant, num_classes=num_classes).eval()
    with torch.no_grad():
        actions, emotions = network(inputs(clips, views))
    # Three crops of the frames have the same faces.
    views = 1 if variant == 'face' else views
    assert actions.shape == (clips, views, num_classes)
    assert emotions.shape == (clips, views, 5)


@pytest.mark.parametrize('variant', VARIANTS)
def test_every_parameter_gets_a_gradient(variant):
    network = build(variant)
    losses = network(inputs(), samples(*TWO), mode='loss')
    assert set(losses) == {'loss_act', 'loss_emo'}
    sum(losses.values()).backward()
    assert [name for name, p in network.named_parameters() if not (p.grad is not None and p.grad.abs().sum() > 0)] == []


def test_every_parameter_has_a_gradient_without_any_face():
    # Two processes wait for the gradient of every parameter.
    network = build()
    batch = inputs()
    batch['face_mask'][:] = False
    sum(network(batch, samples(*TWO), mode='loss').values()).backward()
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in network.parameters())
    assert network.action_backbone.conv1.conv.weight.grad.abs().sum() > 0


@pytest.mark.parametrize('training', [True, False])
def test_pixels_of_a_frame_without_a_face_have_no_influence(training):
    network = build().train(training)
    batch = inputs()
    before = network(batch)
    batch['face_imgs'][0, 1] = 1000
    for one, other in zip(before, network(batch)):
        assert torch.equal(one, other)
    batch['face_imgs'][0, 2] += 1
    assert not torch.equal(before[1], network(batch)[1])


def test_means_are_over_the_frames_with_a_face():
    network = with_features('full')
    face, action = torch.randn(2, 2, 1, T, 64).unbind()
    mask = torch.tensor([[[True, False, True, True]], [[False] * 4]])
    actions, emotions = network.classify(face, mask, action)
    for clip, face_mean in enumerate([(face[0, 0, 0] + face[0, 0, 2] + face[0, 0, 3]) / 3, torch.zeros(64)]):
        action_mean = sum(action[clip, 0, t] for t in range(T)) / T
        expected = network.fc_emo.weight @ torch.cat([face_mean, action_mean]) + network.fc_emo.bias
        torch.testing.assert_close(emotions[clip, 0], expected)
        torch.testing.assert_close(actions[clip, 0], network.fc_act.weight @ action_mean + network.fc_act.bias)


def test_face_branch_alone_predicts_actions_and_emotions():
    network = with_features('face')
    features = torch.randn(1, T, 64, 1, 1)
    mask = torch.tensor([[True, True, False, True]])
    actions, emotions = network(dict(face_imgs=features, face_mask=mask))
    mean = features[0, [0, 1, 3], :, 0, 0].mean(0)
    torch.testing.assert_close(actions[0, 0], network.fc_act(mean))
    torch.testing.assert_close(emotions[0, 0], network.fc_emo(mean))


def test_losses_by_hand():
    network = build(loss_emo=dict(type='CrossEntropyLoss', loss_weight=0.03))
    with torch.no_grad():
        for layer in (network.fc_act, network.fc_emo):
            layer.weight.normal_(std=0.03)
        batch = inputs()
        actions, emotions = (logits[:, 0].numpy() for logits in network(batch))
        losses = network(batch, samples(*TWO), mode='loss')
    act = emo = 0
    for row, (emotion, occur) in enumerate(TWO):
        probability = 1 / (1 + np.exp(-actions[row]))
        act -= sum(np.log(probability[k] if k in occur else 1 - probability[k]) for k in range(52)) / (2 * 52)
        emo -= 0.03 * np.log(np.exp(emotions[row, emotion]) / np.exp(emotions[row]).sum()) / 2
    assert losses['loss_act'].item() == pytest.approx(act, rel=1e-9)
    assert losses['loss_emo'].item() == pytest.approx(emo, rel=1e-9)


def test_encoder_depends_on_the_order_of_frames_only_through_positions():
    network = with_features('action')
    with torch.no_grad():
        network.fc_act.weight.normal_()
        features = torch.randn(1, T, 64, 1, 1)
        for same in (False, True):
            forwards, backwards = (network(dict(imgs=images))[0] for images in (features, features.flip(1)))
            assert torch.allclose(forwards, backwards, atol=1e-9) == same
            network.positions.zero_()


def test_encoder_layers_start_with_different_weights():
    encoder = build('action').encoder
    assert len(encoder.layers) == 2
    assert not torch.equal(encoder.layers[0].linear1.weight, encoder.layers[1].linear1.weight)


def test_positions_are_encoded_as_sinusoids():
    table = encode_positions(16, 8)
    assert table.shape == (16, 8)
    # Column 2 i is sin(t / 10000^(2 i / d)), the next one the cosine.
    assert table[3, 4].item() == pytest.approx(np.sin(3 / 10000 ** (4 / 8)))
    assert table[15, 7].item() == pytest.approx(np.cos(15 / 10000 ** (6 / 8)))


@pytest.mark.parametrize('faces', [1, 3])
def test_probabilities_are_averaged_over_views(faces):
    network = build().eval()
    batch = inputs(views=3)
    batch.update(face_imgs=batch['face_imgs'].repeat(1, faces, 1, 1, 1), face_mask=batch['face_mask'].repeat(1, faces))
    with torch.no_grad():
        predictions = network(batch, samples(*TWO), mode='predict')
        views = []
        for view in range(3):
            one = dict(
                imgs=batch['imgs'][:, view * T : (view + 1) * T],
                face_imgs=batch['face_imgs'][:, :T],
                face_mask=batch['face_mask'][:, :T],
            )
            actions, emotions = network(one)
            views.append((1 / (1 + torch.exp(-actions[:, 0])), torch.softmax(emotions[:, 0], dim=1)))
    for clip, sample in enumerate(predictions):
        torch.testing.assert_close(sample.pred_score, sum(view[0][clip] for view in views) / 3)
        torch.testing.assert_close(sample.pred_emotion, sum(view[1][clip] for view in views) / 3)
        assert sample.pred_emotion.sum().item() == pytest.approx(1)


def test_both_branches_start_from_a_manet(tmp_path):
    manet = MODELS.build(dict(type='Recognizer2D', backbone=dict(BRANCH, num_segments=2), cls_head=None))
    with torch.no_grad():
        for tensor in manet.state_dict().values():
            tensor.copy_(torch.rand(tensor.shape) + 1)
    torch.save({'state_dict': manet.state_dict()}, tmp_path / 'manet.pth')
    init_cfg = dict(type='Pretrained', checkpoint=str(tmp_path / 'manet.pth'), prefix='backbone.')
    branch = dict(BRANCH, init_cfg=init_cfg)
    network = build(action_backbone=branch, face_backbone=branch)
    for backbone in (network.action_backbone, network.face_backbone):
        for name, tensor in backbone.state_dict().items():
            assert torch.equal(tensor, manet.state_dict()[f'backbone.{name}']), name
    assert network.action_backbone.conv1.conv.weight is not network.face_backbone.conv1.conv.weight


@pytest.mark.parametrize(
    ('branches', 'message'),
    [
        (dict(action_backbone=None, face_backbone=None), r'action_backbone, face_backbone.*got \[\]'),
        (dict(face_backbone=dict(BRANCH, num_segments=8)), r'num_segments; got \[8, 4\]'),
    ],
)
def test_rejects_incompatible_branches(branches, message):
    with pytest.raises(ValueError, match=message):
        build(**branches)


def test_refuses_incomplete_clips():
    with pytest.raises(ValueError, match=r'\(N, V \* 4, 3, H, W\), got \(1, 6, 3, 8, 8\)'):
        build('action')(dict(imgs=torch.randn(1, 6, 3, 8, 8)))


def test_refuses_labels_of_another_number_of_actions():
    with pytest.raises(ValueError, match=r'52 actions.* 40.*leave_out'):
        build(num_classes=40)(inputs(), samples(*TWO), mode='loss')
