import itertools
import math

import pytest
import torch

from mmaction_microaction.models.backbones import CrossAttention, ModalityExchange


@pytest.mark.parametrize(('frames', 'ratio', 'size'), list(itertools.product((1, 8), (2, 4), (1, 3))))
def test_shapes(frames, ratio, size):
    exchange = ModalityExchange(24, 8, 16, speed_ratio=ratio)
    rgb, pose = torch.rand(2, 24, frames, size, size), torch.rand(2, 8, ratio * frames, size, size)
    new_rgb, new_pose = exchange(rgb, pose)
    assert (new_rgb.shape, new_pose.shape) == (rgb.shape, pose.shape)


def test_attention_equals_plain_loops(in_float64):
    torch.manual_seed(0)
    attention = CrossAttention(8, num_heads=2).eval()
    queries, tokens = torch.randn(1, 3, 8), torch.randn(1, 5, 8)
    q, k, v = attention.q_proj(queries)[0], attention.k_proj(tokens)[0], attention.v_proj(tokens)[0]
    expected = torch.zeros(3, 8)
    for head, row in itertools.product(range(2), range(3)):
        part = slice(4 * head, 4 * head + 4)
        weights = [math.exp((q[row, part] @ k[token, part]).item() / 2) for token in range(5)]
        expected[row, part] = sum(w * v[token, part] for token, w in enumerate(weights)) / sum(weights)
    torch.testing.assert_close(attention(queries, tokens)[0], attention.out_proj(expected))


def test_gates_are_constant_over_the_pixels_of_a_channel_and_frame():
    exchange = ModalityExchange(24, 8, 16).eval()
    rgb, pose = torch.rand(1, 24, 2, 5, 5) + 1, torch.rand(1, 8, 8, 5, 5) + 1
    for new, old in zip(exchange(rgb, pose), (rgb, pose)):
        gates = new / old
        torch.testing.assert_close(gates, gates[..., :1, :1].expand_as(gates))
        assert (gates[0, :, :, 0, 0] - 1).abs().max() > 1e-3


def test_each_branch_depends_on_the_other():
    exchange = ModalityExchange(24, 8, 16).eval()
    rgb, pose = (torch.rand(shape).requires_grad_() for shape in ((1, 24, 2, 3, 3), (1, 8, 8, 3, 3)))
    new_rgb, new_pose = exchange(rgb, pose)
    assert torch.autograd.grad(new_rgb.sum(), pose, retain_graph=True)[0].any()
    assert torch.autograd.grad(new_pose.sum(), rgb)[0].any()


def test_refuses_other_frames_and_widths():
    exchange = ModalityExchange(24, 8, 16)
    with pytest.raises(ValueError, match='8 RGB frames and 30 pose frames'):
        exchange(torch.rand(1, 24, 8, 3, 3), torch.rand(1, 8, 30, 3, 3))
    with pytest.raises(ValueError, match='multiple of the 8 heads, got 12'):
        ModalityExchange(24, 8, 12)
