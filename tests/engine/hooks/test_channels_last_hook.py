import copy
from types import SimpleNamespace

import pytest
import torch
from helpers.support import ROOT
from mmaction.registry import HOOKS, MODELS
from mmengine.config import Config


@pytest.mark.parametrize('name', ['manet', 'tsm'])
def test_channels_last_does_not_change_the_results(name):
    config = Config.fromfile(ROOT / f'configs/synthetic/{name}_r18_8x1_synthetic8k.py')
    torch.manual_seed(0)
    plain = MODELS.build(config.model).double()
    fast = copy.deepcopy(plain)
    HOOKS.build(dict(type='ChannelsLastHook')).before_run(SimpleNamespace(model=fast))
    # PyTorch converts a whole network like this, where it can.
    converted = copy.deepcopy(plain).to(memory_format=torch.channels_last)
    strides = [[parameter.stride() for parameter in model.parameters()] for model in (fast, converted)]
    assert strides[0] == strides[1]
    layouts = []
    fast.backbone.layer3.register_forward_hook(lambda module, inputs, out: layouts.append(out))
    clips = torch.randn(2, 8, 3, 76, 48, dtype=torch.float64)
    for model in (plain, fast):
        features, kwargs = model.extract_feat(clips)
        model.cls_head(features, **kwargs).square().sum().backward()
    assert layouts[0].is_contiguous(memory_format=torch.channels_last)
    for expected, parameter in zip(plain.parameters(), fast.parameters(), strict=True):
        if expected.grad is not None:
            torch.testing.assert_close(parameter.grad, expected.grad, rtol=1e-9, atol=1e-12)


def test_weights_of_other_shapes_are_unchanged():
    layers = torch.nn.Sequential(torch.nn.Conv3d(4, 4, 3), torch.nn.Conv2d(4, 4, 3), torch.nn.Linear(4, 4))
    HOOKS.build(dict(type='ChannelsLastHook')).before_run(SimpleNamespace(model=layers))
    assert layers[0].weight.is_contiguous()
    assert layers[1].weight.is_contiguous(memory_format=torch.channels_last)
    assert not layers[1].weight.is_contiguous()
