import pytest
import torch
from mmaction.models.backbones import VisionTransformer
from torch.nn.functional import conv1d, gelu

from mmaction_microaction.models import AdapterVisionTransformer
from mmaction_microaction.models.backbones import DualPathAdapter, TemporalAdapter

pytestmark = pytest.mark.usefixtures('in_float64')
ADAPTERS = ['TemporalAdapter', 'DualPathAdapter']
SIZES = dict(img_size=32, embed_dims=16, depth=2, num_heads=4, num_frames=4)


def make(adapter='TemporalAdapter', **kwargs):
    torch.manual_seed(0)
    vit = AdapterVisionTransformer(adapter=dict(type=adapter), **SIZES, **kwargs)
    vit.init_weights()
    return vit


def randomize(module):
    """Give an adapter random weights, since it is an identity at the beginning."""
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return module


@pytest.mark.parametrize('adapter', ADAPTERS)
@pytest.mark.parametrize('size', [(32, 32), (48, 32)])
def test_untrained_adapters_change_nothing(adapter, size):
    vit = make(adapter).eval()
    plain = VisionTransformer(return_feat_map=True, **SIZES)
    plain.load_state_dict({name: t for name, t in vit.state_dict().items() if not name.startswith('adapters.')})
    clips = torch.randn(3, 3, 4, *size)
    features = vit(clips)
    assert features.shape == (3, 16, 2, size[0] // 16, size[1] // 16)
    torch.testing.assert_close(features, plain.eval()(clips))


@pytest.mark.parametrize('adapter', ADAPTERS)
def test_only_adapters_learn(adapter):
    vit = make(adapter, drop_path_rate=0.5, drop_rate=0.5).train()
    randomize(vit.adapters)
    clips = torch.randn(2, 3, 4, 32, 32)
    torch.testing.assert_close(vit(clips), vit(clips))  # frozen parts have no dropout
    vit(clips).square().sum().backward()
    assert {name for name, p in vit.named_parameters() if p.grad is not None and p.grad.any()} == {
        name for name, _ in vit.named_parameters() if name.startswith('adapters.')
    }


@pytest.mark.parametrize('adapter', ADAPTERS)
def test_adapters_see_neighbouring_clips_and_attention_does_not(adapter):
    vit = make(adapter).eval()
    clips = torch.randn(3, 3, 4, 32, 32, requires_grad=True)
    vit(clips)[0].sum().backward()
    assert not clips.grad[1:].any()
    randomize(vit.adapters)
    clips.grad = None
    vit(clips)[0].sum().backward()
    assert clips.grad[1].any()


@pytest.mark.parametrize('adapter', ADAPTERS)
def test_recomputed_blocks_have_the_same_gradient(adapter):
    clips = torch.randn(2, 3, 4, 32, 32)
    gradients = []
    for with_cp in (False, True):
        vit = make(adapter, with_cp=with_cp).train()
        torch.manual_seed(1)
        randomize(vit.adapters)
        vit(clips).square().sum().backward()
        gradients.append([p.grad for p in vit.adapters.parameters()])
    for plain, recomputed in zip(*gradients):
        torch.testing.assert_close(recomputed, plain)


def test_temporal_adapter_equals_its_description():
    adapter = randomize(TemporalAdapter(8, ratio=0.5))
    x = torch.randn(5, 2, 3, 8)
    expected = x.clone()
    for row in range(2):
        for column in range(3):
            hidden = gelu(adapter.down(x[:, row, column]))
            padded = torch.cat([torch.zeros(1, 4), hidden, torch.zeros(1, 4)])
            weight = adapter.temporal.weight[:, 0]  # a kernel of three steps for each channel
            moved = torch.stack([(padded[t : t + 3] * weight.T).sum(dim=0) for t in range(5)]) + adapter.temporal.bias
            expected[:, row, column] += adapter.scale * adapter.up(hidden + adapter.mix(moved))
    torch.testing.assert_close(adapter(x), expected)


def test_dual_path_adapter_equals_its_description():
    adapter = randomize(DualPathAdapter(8, ratio=0.5))
    x = torch.randn(5, 2, 3, 8)
    hidden = gelu(adapter.down(x))
    first, middle, last = (adapter.temporal[i] for i in (0, 2, 4))
    expected = x.clone()
    for row in range(2):
        for column in range(3):
            h = gelu(hidden[:, row, column] * first.weight[:, 0, 0] + first.bias)
            h = gelu(conv1d(h.T[None], middle.weight, middle.bias, padding=1, groups=4)[0].T)
            in_time = h * last.weight[:, 0, 0] + last.bias
            expected[:, row, column] += adapter.temporal_scale * adapter.temporal_up(in_time)
    for t in range(5):
        in_space = adapter.spatial(hidden[t].permute(2, 0, 1)[None])[0].permute(1, 2, 0)
        expected[t] += adapter.spatial_scale * adapter.spatial_up(in_space)
    torch.testing.assert_close(adapter(x), expected)
    assert [tuple(adapter.spatial[i].weight.shape) for i in (0, 2, 4)] == [(4, 1, 1, 1), (4, 1, 3, 3), (4, 1, 1, 1)]
