import copy

import pytest
import torch
from helpers.pcan import build_backbone
from mmaction.registry import MODELS


def small(**options):
    """Return the config of a backbone with a quarter of the channels."""
    config = build_backbone(**options)
    config['rgb_pathway']['base_channels'], config['pose_pathway']['base_channels'] = 16, 8
    return config


def inputs():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(2, 3, 4, 32, 32, generator=generator), torch.rand(2, 28, 16, 8, 8, generator=generator)


def test_shapes_and_parameters():
    backbone = MODELS.build(small())
    rgb, pose = backbone(*inputs())
    assert rgb.shape == (2, 512, 4, 1, 1)
    assert pose.shape == (2, 128, 16, 1, 1)
    with torch.device('meta'):
        backbone = MODELS.build(build_backbone())
    exchanges = [sum(p.numel() for p in exchange.parameters()) for exchange in (backbone.exchange2, backbone.exchange3)]
    assert exchanges == [395_136, 1_576_704]
    assert sum(p.numel() for p in backbone.parameters()) == 36_011_456 + sum(exchanges)


def test_shapes_of_shallower_branches():
    config = small()
    config['rgb_pathway']['depth'] = config['pose_pathway']['depth'] = 18
    rgb, pose = MODELS.build(config)(*inputs())
    assert rgb.shape == (2, 128, 4, 1, 1)
    assert pose.shape == (2, 32, 16, 1, 1)


def test_without_exchange_it_is_rgbposeconv3d():
    plain = small(exchange=False)
    backbone = MODELS.build(copy.deepcopy(plain)).eval()
    del plain['exchange']
    stock = MODELS.build(dict(plain, type='RGBPoseConv3D')).eval()
    stock.load_state_dict(backbone.state_dict())
    for ours, theirs in zip(backbone(*inputs()), stock(*inputs())):
        assert torch.equal(ours, theirs)


def test_gates_of_zero_leave_rgbposeconv3d():
    backbone = MODELS.build(small()).eval()
    for exchange in (backbone.exchange2, backbone.exchange3):
        for gate in (exchange.rgb_gate, exchange.pose_gate):
            torch.nn.init.zeros_(gate.weight)
            torch.nn.init.zeros_(gate.bias)
    stock = MODELS.build(dict(small(), type='RGBPoseConv3D')).eval()
    state = {name: tensor for name, tensor in backbone.state_dict().items() if not name.startswith('exchange')}
    stock.load_state_dict(state)
    for ours, theirs in zip(backbone(*inputs()), stock(*inputs())):
        torch.testing.assert_close(ours, theirs)


def test_all_parameters_learn():
    backbone = MODELS.build(small())
    backbone.init_weights()
    for module in backbone.modules():
        if isinstance(module, torch.nn.BatchNorm3d):  # the last one of each block starts at zero
            torch.nn.init.ones_(module.weight)
    rgb, pose = backbone(*inputs())
    (rgb.square().mean() + pose.square().mean()).backward()
    assert [name for name, parameter in backbone.named_parameters() if parameter.grad is None] == []


@pytest.mark.parametrize('option', [dict(rgb_detach=True), dict(pose_drop_path=0.5)])
def test_refuses_options_that_the_exchange_would_ignore(option):
    with pytest.raises(ValueError, match='exchange=False'):
        MODELS.build(small(**option))


def test_refuses_branches_without_lateral_connections():
    config = small()
    config['pose_pathway']['lateral'] = False
    with pytest.raises(ValueError, match='lateral connections'):
        MODELS.build(config)
