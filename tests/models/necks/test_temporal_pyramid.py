import pytest
import torch

from mmaction_microaction.models import TemporalPyramid

MIXERS = ['attention', 'maxpool']


def make(mixer='attention', **kwargs):
    torch.manual_seed(0)
    return TemporalPyramid(**{**dict(in_channels=6, channels=8, num_levels=3, mixer=mixer, window_size=5), **kwargs})


def mask_of(*lengths):
    return (torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]).unsqueeze(1)


@pytest.mark.parametrize('mixer', MIXERS)
@pytest.mark.parametrize(('num_steps', 'levels'), [(16, [16, 8, 4]), (13, [13, 7, 4]), (1, [1, 1, 1])])
def test_every_level_has_half_of_the_steps(mixer, num_steps, levels):
    sequences, masks = make(mixer)(torch.randn(2, 6, num_steps), mask_of(num_steps, num_steps))
    assert [tuple(sequence.shape) for sequence in sequences] == [(2, 8, length) for length in levels]
    assert [tuple(mask.shape) for mask in masks] == [(2, 1, length) for length in levels]
    assert all(mask.all() for mask in masks)


@pytest.mark.parametrize('mixer', MIXERS)
@pytest.mark.parametrize('length', [1, 2, 9, 12])
def test_padding_has_no_influence(mixer, length, in_float64):
    neck = make(mixer).eval()
    short, long = torch.randn(1, 6, length), torch.randn(1, 6, 21)
    padding = torch.full((1, 6, 21 - length), 1e3)  # whatever follows the end of a video
    batch = torch.cat([torch.cat([short, padding], dim=2), long])
    together, masks = neck(batch, mask_of(length, 21))
    alone, _ = neck(short, mask_of(length))
    for level, expected, mask in zip(together, alone, masks):
        torch.testing.assert_close(level[:1, :, : expected.size(2)], expected, rtol=0, atol=1e-12)
        assert mask[0].sum() == expected.size(2)
        assert not level[0, :, expected.size(2) :].any()


@pytest.mark.parametrize('mixer', MIXERS)
def test_steps_are_centred_on_multiples_of_the_stride(mixer, in_float64):
    """A mirrored sequence of odd length has a mirrored pyramid, so that no level is shifted by a part of a step."""
    neck = make(mixer).eval()
    for module in neck.modules():
        if isinstance(module, torch.nn.Conv1d):
            module.weight.data = (module.weight.data + module.weight.data.flip(-1)) / 2
    features = torch.randn(1, 6, 17)
    levels, _ = neck(features, mask_of(17))
    mirrored, _ = neck(features.flip(2), mask_of(17))
    for level, other in zip(levels, mirrored):
        torch.testing.assert_close(level, other.flip(2), rtol=0, atol=1e-12)


def test_attention_is_local(in_float64):
    neck = make(num_levels=1, num_stem_layers=1).eval()
    features = torch.randn(1, 6, 30, requires_grad=True)
    neck(features, mask_of(30))[0][0][0, :, 15].sum().backward()
    reached = features.grad[0].abs().sum(dim=0).nonzero().flatten()
    # Two steps by the two embeddings, one by the depthwise convolution, two by the window of five.
    assert (reached.min(), reached.max()) == (15 - 5, 15 + 5)


@pytest.mark.parametrize('mixer', MIXERS)
def test_all_parameters_have_a_finite_gradient(mixer):
    neck = make(mixer)
    levels, _ = neck(torch.randn(2, 6, 12), mask_of(12, 3))
    sum(level.square().sum() + level[..., 0].sum() for level in levels).backward()
    assert [name for name, p in neck.named_parameters() if p.grad is None or not p.grad.isfinite().all()] == []


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        (dict(mixer='mean'), "'attention' or 'maxpool', got 'mean'"),
        (dict(window_size=4), 'window_size=4 must be odd'),
        (dict(num_heads=3), 'num_heads=3 must divide channels=8'),
    ],
)
def test_wrong_settings_are_named(settings, message):
    with pytest.raises(ValueError, match=message):
        make(**settings)


def test_wrong_number_of_channels_names_the_option():
    with pytest.raises(ValueError, match=r'5 channels, the neck expects 6: set model\.neck\.in_channels=5'):
        make()(torch.randn(1, 5, 4), mask_of(4))
