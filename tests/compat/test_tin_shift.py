from itertools import product

import pytest
import torch
from mmaction.registry import MODELS

from mmaction_microaction.compat.tin_shift import shift_groups, shift_groups_by_fractions


def loop_shift(frames, shift):
    """Shift one frame of one channel at a time."""
    out = torch.zeros_like(frames)
    num_clips, num_frames, channels, _ = frames.shape
    for n, t, c in product(range(num_clips), range(num_frames), range(channels)):
        moved = t + int(shift[n, c * shift.size(1) // channels])
        if 0 <= moved < num_frames:
            out[n, moved, c] = frames[n, t, c]
    return out


@pytest.mark.parametrize('groups', [1, 2, 4])
@pytest.mark.parametrize('num_frames', [1, 2, 8])
def test_shift_equals_the_naive_implementation(groups, num_frames):
    generator = torch.Generator().manual_seed(0)
    frames = torch.randn(3, num_frames, 8, 5, generator=generator)
    # Some shifts exceed the ends of the clip.
    shift = torch.randint(-num_frames - 1, num_frames + 2, (3, groups), generator=generator, dtype=torch.int32)
    assert torch.equal(shift_groups(frames, shift), loop_shift(frames, shift))


def test_gradients():
    generator = torch.Generator().manual_seed(0)
    frames = torch.randn(2, 4, 4, 3, dtype=torch.float64, generator=generator, requires_grad=True)
    shift = torch.tensor([[1, -2], [0, 5]])
    assert torch.autograd.gradcheck(lambda x: shift_groups(x, shift), frames)
    clip = torch.randn(2, 4, 4, 2, 2, dtype=torch.float64, generator=generator, requires_grad=True)
    # Shifts are not integers, where the interpolation has no derivative.
    offset = torch.tensor([[0.3, -1.6], [1.2, -0.4]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(shift_groups_by_fractions, (clip, offset))


def test_interpolates_between_frames():
    # One clip of frames 10, 20, 40, shifted by 1.25: a frame is 3/4 of the previous one and 1/4 of the one before.
    clip = torch.tensor([10.0, 20.0, 40.0]).view(1, 3, 1, 1, 1)
    moved = shift_groups_by_fractions(clip, torch.tensor([[1.25]]))
    assert moved.flatten().tolist() == [0, 7.5, 0.75 * 20 + 0.25 * 10]


@pytest.mark.parametrize('shift', [torch.zeros(2, 3), torch.zeros(1, 2), torch.zeros(2)])
def test_rejects_mismatched_shapes(shift):
    with pytest.raises(ValueError, match=r'\(2, G\).* 4 channels'):
        shift_groups(torch.zeros(2, 3, 4, 5), shift.int())


def test_tin_trains_its_offsets():
    torch.manual_seed(0)
    backbone = MODELS.build(dict(type='ResNetTIN', depth=50, num_segments=4, shift_div=4, pretrained=None))
    backbone.init_weights()
    frames = torch.randn(4, 3, 32, 32)
    backbone(frames).square().mean().backward()
    offsets = [p for name, p in backbone.named_parameters() if 'offset_net' in name]
    assert offsets
    assert all(torch.isfinite(p.grad).all() for p in offsets)
    assert any(p.grad.abs().max() > 0 for p in offsets)
