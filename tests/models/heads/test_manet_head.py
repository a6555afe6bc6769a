import numpy as np
import pytest
import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample

pytestmark = pytest.mark.usefixtures('in_float64')


@pytest.fixture
def table(tmp_path):
    path = tmp_path / 'table.npy'
    values = np.random.default_rng(0).normal(size=(52, 6)).astype(np.float32)
    np.save(path, values)
    return path, torch.from_numpy(values).double()


def build(**kwargs):
    settings = dict(type='MANetHead', in_channels=8, embed_dims=6, num_segments=4, dropout_ratio=0)
    head = MODELS.build({**settings, **kwargs})
    head.init_weights()
    return head


def samples(*labels):
    return [ActionDataSample().set_gt_label(label) for label in labels]


def test_logits_are_the_mean_over_frames_of_the_classified_pixel_means():
    head = build(loss_emb=None)
    feats = torch.randn(2 * 4, 8, 3, 3)
    expected = torch.stack(
        [
            sum(head.fc_cls.weight @ feats[4 * clip + t].mean((1, 2)) + head.fc_cls.bias for t in range(4)) / 4
            for clip in range(2)
        ]
    )
    torch.testing.assert_close(head(feats, num_segs=4), expected)


def test_2d_3d_and_pooled_features_have_the_same_logits():
    head = build(loss_emb=None)
    frames = torch.randn(2 * 4, 8, 3, 3)
    clips = frames.unflatten(0, (2, 4)).transpose(1, 2)  # (N, C, T, H, W)
    pooled = clips.mean((2, 3, 4))
    torch.testing.assert_close(head(frames), head(clips))
    torch.testing.assert_close(head(frames), head(pooled))


@pytest.mark.parametrize('projection', ['mlp', 'linear'])
def test_losses_by_hand(table, projection):
    path, values = table
    head = build(label_embeddings=str(path), projection=projection)
    feats = torch.randn(2 * 4, 8, 3, 3)
    losses = head.loss(feats, samples(3, 41))
    pooled = feats.mean((2, 3))
    projected = head.fc_emb(pooled)
    if projection == 'mlp':
        projected = torch.tanh(projected) @ head.fc_emb_t.weight.T + head.fc_emb_t.bias
    projected = projected.reshape(2, 4, 6).mean(1)
    assert losses['loss_emb'].item() == pytest.approx(50 * ((projected - values[[3, 41]]) ** 2).mean().item())
    log_probs = torch.log_softmax(head(feats), 1)
    assert losses['loss_cls'].item() == pytest.approx(-(log_probs[0, 3] + log_probs[1, 41]).item() / 2)
    assert {'top1_acc', 'top5_acc'} < set(losses)


def test_targets_of_blended_labels_are_weighted_means(table):
    path, values = table
    head = build(label_embeddings=str(path))
    blended = torch.zeros(52)
    blended[3], blended[41] = 0.25, 0.75
    targets = head._targets([ActionDataSample().set_gt_label(blended)])
    torch.testing.assert_close(targets, (0.25 * values[3] + 0.75 * values[41])[None])


def test_head_without_embedding_loss_has_no_embedding_layers():
    head = build(loss_emb=None)
    assert {name.split('.')[0] for name in head.state_dict()} == {'fc_cls'}
    assert 'loss_emb' not in head.loss(torch.randn(4, 8, 3, 3), samples(1))


def test_both_branches_see_the_same_dropped_features(table):
    head = build(label_embeddings=str(table[0]), dropout_ratio=0.5)
    seen = []
    for layer in (head.fc_cls, head.fc_emb):
        layer.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    head.loss(torch.ones(8, 8, 3, 3), samples(1, 2))
    torch.testing.assert_close(seen[0], seen[1], rtol=0, atol=0)
    assert set(seen[0].unique().tolist()) == {0.0, 2.0}


def test_no_dropout_in_evaluation():
    head = build(loss_emb=None, dropout_ratio=0.5)
    feats = torch.randn(4, 8, 3, 3)
    assert not torch.equal(head(feats), head(feats))
    head.eval()
    assert torch.equal(head(feats), head(feats))


def test_only_the_loss_needs_the_table():
    head = build(label_embeddings='no.npy')
    feats = torch.randn(4, 8, 3, 3)
    assert head(feats).shape == (1, 52)
    for _ in range(2):
        with pytest.raises(FileNotFoundError, match=r'no\.npy: no such table.*microaction embed'):
            head.loss(feats, samples(1))
    with pytest.raises(FileNotFoundError, match=r'label_embeddings is None.*microaction embed'):
        build().loss(feats, samples(1))


def test_a_checkpoint_contains_the_table(table):
    path, values = table
    trained = build(label_embeddings=str(path))
    trained.loss(torch.randn(4, 8, 3, 3), samples(1))
    resumed = build(label_embeddings='no.npy')
    resumed.load_state_dict(trained.state_dict())
    assert 'loss_emb' in resumed.loss(torch.randn(4, 8, 3, 3), samples(1))
    torch.testing.assert_close(resumed.label_embeddings, values)


def test_checkpoint_and_file_with_different_embeddings_are_rejected(table, tmp_path):
    path, values = table
    trained = build(label_embeddings=str(path))
    trained.loss(torch.randn(4, 8, 3, 3), samples(1))
    # The same table is accepted if it was built again, possibly on another machine.
    np.save(tmp_path / 'again.npy', values.numpy().astype(np.float64))
    again = build(label_embeddings=str(tmp_path / 'again.npy'))
    again.load_state_dict(trained.state_dict())
    again.loss(torch.randn(4, 8, 3, 3), samples(1))
    np.save(tmp_path / 'other.npy', values.numpy() + 0.01)
    other = build(label_embeddings=str(tmp_path / 'other.npy'))
    other.load_state_dict(trained.state_dict())
    with pytest.raises(ValueError, match=r'other\.npy.*label_embeddings=None'):
        other.loss(torch.randn(4, 8, 3, 3), samples(1))


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (np.zeros((52, 7), np.float32), r'float32 of shape \(52, 7\).* shape \(52, 6\)'),
        (np.full((52, 6), np.nan), 'expected finite floats'),
        (np.array([[print]], dtype=object), 'is not a table of label embeddings'),
        (b'not an array', 'is not a table of label embeddings'),
        (b'', 'is not a table of label embeddings'),
    ],
)
def test_refuses_unusable_tables_and_names_the_command(tmp_path, content, message):
    path = tmp_path / 'table.npy'
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        np.save(path, content)
    with pytest.raises(ValueError, match=message) as error:
        build(label_embeddings=str(path)).loss(torch.randn(4, 8, 3, 3), samples(1))
    assert str(path) in str(error.value)
    assert 'microaction embed' in str(error.value)


@pytest.mark.parametrize(
    ('shape', 'message'),
    [
        ((4, 9, 3, 3), r'cls_head\.in_channels'),
        ((4, 8, 3), 'expected features of shape'),
        ((6, 8, 3, 3), '6 frames .* clips of 4'),
    ],
)
def test_rejects_features_of_another_shape(shape, message):
    with pytest.raises(ValueError, match=message):
        build(loss_emb=None)(torch.randn(shape))


def test_refuses_an_unknown_projection():
    with pytest.raises(ValueError, match="projection must be 'mlp' or 'linear'"):
        build(projection='cubic')


@pytest.mark.parametrize(
    ('recognizer', 'backbone', 'channels', 'inputs'),
    [
        ('Recognizer2D', dict(type='ResNet', depth=18), 512, (2, 4, 3, 64, 64)),
        ('Recognizer3D', dict(type='C3D', out_dim=2048), 4096, (2, 1, 3, 16, 32, 32)),
        ('Recognizer3D', dict(type='ResNet3d', depth=18, pretrained=None), 512, (2, 1, 3, 8, 64, 64)),
    ],
    ids=['ResNet', 'C3D', 'ResNet3d'],
)
def test_works_in_mmaction2_recognizers(table, recognizer, backbone, channels, inputs):
    if backbone['type'] == 'ResNet3d':
        backbone = dict(backbone, pretrained2d=False, conv1_kernel=(3, 7, 7), inflate=(1, 1, 1, 1))
    head = dict(type='MANetHead', in_channels=channels, embed_dims=6, num_segments=4, label_embeddings=str(table[0]))
    model = MODELS.build(dict(type=recognizer, backbone=backbone, cls_head=head))
    losses = model.loss(torch.randn(inputs), samples(3, 41))
    assert {'loss_cls', 'loss_emb'} < set(losses)
    model.train(False)
    with torch.no_grad():
        predictions = model.predict(torch.randn(inputs), samples(3, 41))
    assert [prediction.pred_score.sum().item() for prediction in predictions] == pytest.approx([1, 1])


def test_views_of_a_clip_are_averaged_as_probabilities():
    head = build(loss_emb=None)
    feats = torch.randn(3 * 4, 8, 2, 2)  # one clip, three crops
    (prediction,) = head.predict(feats, samples(1), num_segs=12)
    expected = torch.softmax(head(feats), dim=1).mean(0)
    torch.testing.assert_close(prediction.pred_score, expected)
