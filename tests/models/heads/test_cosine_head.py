import pytest
import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample

from mmaction_microaction.models.heads import CosineClassifier

pytestmark = pytest.mark.usefixtures('in_float64')

HEADS = {
    'MANetHead': (dict(loss_emb=None, num_segments=4), (2 * 4, 8, 3, 3)),
    'TSNHead': (dict(), (2 * 4, 8, 3, 3)),
    'TSMHead': (dict(num_segments=4), (2 * 4, 8, 3, 3)),
    'I3DHead': (dict(), (2, 8, 4, 3, 3)),
    'TimeSformerHead': (dict(), (2, 8)),
}
"""Further arguments of heads, and the shape of the features of two clips."""


def build(name, **settings):
    arguments, shape = HEADS[name]
    settings = {'type': name, **settings}
    head = MODELS.build(dict(num_classes=52, in_channels=8, dropout_ratio=0, **arguments, **settings))
    head.init_weights()
    return head, torch.randn(shape, generator=torch.Generator().manual_seed(0))


def test_logits_are_scaled_cosines():
    classifier = CosineClassifier(8, 5, scale=20)
    x = torch.randn(3, 2, 8)
    expected = 20 * torch.cosine_similarity(x.unsqueeze(2), classifier.weight, dim=-1)
    torch.testing.assert_close(classifier(x), expected)
    torch.testing.assert_close(classifier(7 * x), expected)


def test_a_feature_without_length_in_half_precision_has_finite_logits():
    classifier = CosineClassifier(4, 3).to(torch.bfloat16)
    assert classifier(torch.zeros(1, 4, dtype=torch.bfloat16)).isfinite().all()


@pytest.mark.parametrize('main', HEADS)
def test_head_trains_and_predicts_with_cosines(main):
    head, feats = build(main, type='CosineHead', main=main, scale=10)
    assert type(head).__name__ == main
    samples = [ActionDataSample().set_gt_label(label) for label in (9, 24)]
    logits = head(feats, num_segs=4)
    assert logits.shape == (2, 52)
    assert 1e-3 < logits.abs().max() <= 10
    if main == 'TimeSformerHead':
        frames = feats.unsqueeze(1)
    elif feats.dim() == 4:
        frames = feats.mean((2, 3)).unflatten(0, (2, 4))
    else:
        frames = feats.mean((3, 4)).transpose(1, 2)
    # MANet and TSM average the logits of the frames, the others the features.
    pooled = frames if main in ('MANetHead', 'TSMHead') else frames.mean(dim=1, keepdim=True)
    cosines = torch.cosine_similarity(pooled.unsqueeze(2), head.fc_cls.weight, dim=-1)
    torch.testing.assert_close(logits, 10 * cosines.mean(dim=1))
    loss = head.loss(feats, samples, num_segs=4)['loss_cls']
    loss.backward()
    assert head.fc_cls.weight.grad.abs().sum() > 0
    assert not head.fc_cls.bias.requires_grad
    # The names of the parameters are those of the head alone.
    assert head.state_dict().keys() == build(main)[0].state_dict().keys()


def test_the_longest_weight_vector_has_no_advantage():
    head, feats = build('I3DHead', type='CosineHead', main='I3DHead')
    before = head(feats)
    head.fc_cls.weight.data[3] *= 100
    torch.testing.assert_close(head(feats), before)


def test_a_head_without_linear_classifier_is_named():
    with pytest.raises(TypeError, match='FeatureHead has no linear layer fc_cls'):
        MODELS.build(dict(type='CosineHead', main='FeatureHead'))
