import logging

import pytest
import torch
from mmaction.registry import MODELS
from mmengine.logging import MMLogger
from torch import nn

from mmaction_microaction.models.backbones.resnet_setsm import SETemporalShift


def build(type='ResNetSETSM', depth=18, **kwargs):
    network = MODELS.build(dict(type=type, depth=depth, **kwargs))
    network.init_weights()
    return network


def build_shapes(type='ResNetSETSM', **kwargs):
    """Build a network whose parameters have names and shapes, but no values."""
    with torch.device('meta'):
        return MODELS.build(dict(type=type, **kwargs))


@pytest.mark.parametrize(
    ('depth', 'num_segments', 'clips', 'size'), [(18, 4, 1, 40), (18, 8, 2, 32), (34, 4, 2, 32), (34, 8, 1, 40)]
)
def test_shape_of_the_features(depth, num_segments, clips, size):
    network = build(depth=depth, num_segments=num_segments).eval()
    with torch.no_grad():
        features = network(torch.randn(clips * num_segments, 3, size, size))
    assert features.shape == (clips * num_segments, 512, -(-size // 32), -(-size // 32))


@pytest.mark.parametrize(('depth', 'shifted'), [(18, 8), (34, 16), (50, 16), (101, 18)])
def test_squeeze_excitation_is_added_to_every_shift_of_tsm(depth, shifted):
    # ResNet-101 has 33 blocks, of which TSM shifts every other one per stage: 2 + 2 + 12 + 2.
    network = build_shapes(depth=depth)
    assert sum('excite.0.weight' in name for name, _ in network.named_parameters()) == shifted


@pytest.mark.parametrize('ratio', [4, 16])
def test_size_of_the_excitation(ratio):
    # ResNet-50 has 16 blocks with these input channels C, each with two matrices of C * C / ratio weights.
    channels = [64, 256, 256, 256, 512, 512, 512, 512, 1024, 1024, 1024, 1024, 1024, 1024, 2048, 2048]
    extra = sum(2 * c * (c // ratio) for c in channels)
    plain, ours = build_shapes('ResNet', depth=50), build_shapes(depth=50, se_ratio=ratio)
    sizes = [sum(parameter.numel() for parameter in network.parameters()) for network in (plain, ours)]
    assert sizes[1] - sizes[0] == extra


def test_network_without_excitation_equals_tsm():
    ours = build(se_ratio=None).eval()
    tsm = MODELS.build(dict(type='ResNetTSM', depth=18, pretrained=None, pretrained2d=False))
    tsm.load_state_dict(ours.state_dict())
    tsm.train(False)
    x = torch.randn(8, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(ours(x), tsm(x), rtol=0, atol=0)


def test_every_parameter_gets_a_gradient(tiny_resnets):
    network = build()
    network(torch.randn(8, 3, 64, 64)).square().mean().backward()
    assert [name for name, parameter in network.named_parameters() if not parameter.grad.abs().sum() > 0] == []


def test_features_depend_on_frames_of_the_same_clip_only(tiny_resnets):
    network = build(num_segments=4).eval()
    x = torch.randn(8, 3, 64, 64)
    changed = x.clone()
    changed[5] += 1
    with torch.no_grad():
        moved = (network(x) - network(changed)).abs().flatten(1).sum(1) > 0
    assert moved.tolist() == [False] * 4 + [True] * 4


def test_eq_1_convolves_after_the_shift():
    torch.manual_seed(0)
    layer = SETemporalShift(nn.Conv2d(16, 8, 1), num_segments=4, shift_div=8, se_ratio=4, conv_after_shift=True)
    x = torch.rand(8, 16, 5, 5)
    out = []
    for clip in x.split(4):
        scaled = [frame * layer.excite(frame.mean((1, 2))[None])[0, :, None, None] for frame in clip]
        for t in range(4):
            moved = scaled[t].clone()
            moved[:2] = scaled[t + 1][:2] if t < 3 else 0
            moved[2:4] = scaled[t - 1][2:4] if t else 0
            # The sum over the 3 x 3 neighbourhood of each pixel, computed by hand.
            padded = nn.functional.pad(moved, (1, 1, 1, 1))
            mixed = layer.mix[0].bias[:, None, None] + sum(
                torch.einsum('oc,chw->ohw', layer.mix[0].weight[:, :, i, j], padded[:, i : i + 5, j : j + 5])
                for i in range(3)
                for j in range(3)
            )
            out.append(layer.net(mixed.clamp(min=0)[None]))
    torch.testing.assert_close(layer(x), torch.cat(out), rtol=1e-4, atol=1e-5)


def test_the_convolution_of_eq_1_is_initialised_to_the_identity():
    released, paper = build().eval(), build(conv_after_shift=True).eval()
    result = paper.load_state_dict(released.state_dict(), strict=False)
    assert {name.split('.')[-3] for name in result.missing_keys} == {'mix'}
    assert result.unexpected_keys == []
    x = torch.randn(8, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(paper(x), released(x), rtol=1e-3, atol=1e-4)
    # ResNet-18 has 8 blocks. The convolution has as many channels as the input of its block.
    sizes = [sum(parameter.numel() for parameter in network.parameters()) for network in (released, paper)]
    assert sizes[1] - sizes[0] == sum(9 * c * c + c for c in [64, 64, 64, 128, 128, 256, 256, 512])
    paper.train()(x).square().mean().backward()
    assert [name for name, parameter in paper.named_parameters() if not parameter.grad.abs().sum() > 0] == []


def test_eq_1_needs_the_excitation():
    with pytest.raises(ValueError, match=r'conv_after_shift.*se_ratio'):
        build(conv_after_shift=True, se_ratio=None)


@pytest.mark.parametrize('stages', [0, 2, 4])
@pytest.mark.parametrize('freeze_excitation', [False, True])
def test_frozen_stages_freeze_only_pretrained_parameters(stages, freeze_excitation, tiny_resnets):
    network = build(frozen_stages=stages, freeze_excitation=freeze_excitation, conv_after_shift=True)
    frozen = ('conv1.', *(f'layer{stage}.' for stage in range(1, stages + 1)))

    def learns(name):
        added = '.excite.' in name or '.mix.' in name
        return not name.startswith(frozen) or (added and not freeze_excitation)

    # Check before training, when DistributedDataParallel reads requires_grad, and after each change of mode.
    for mode in (None, True, False, True):
        if mode is not None:
            network.train(mode)
        assert {name for name, parameter in network.named_parameters() if parameter.requires_grad} == {
            name for name, _ in network.named_parameters() if learns(name)
        }
    before = {name: value.clone() for name, value in network.state_dict().items()}
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, weight_decay=0.1)
    loss = network(torch.randn(8, 3, 64, 64)).square().mean()
    if loss.requires_grad:
        loss.backward()
        optimizer.step()
    changed = {name for name, value in network.state_dict().items() if not value.equal(before[name])}
    assert changed == {name for name in before if learns(name)}


@pytest.mark.parametrize('depth', [10, 152])
def test_refuses_other_depths(depth):
    with pytest.raises(ValueError, match=r'depth must be one of \(18, 34, 50, 101\)'):
        build(depth=depth)


def test_rejects_frozen_stages_out_of_range():
    with pytest.raises(ValueError, match=r'frozen_stages.* 4.* got 5'):
        build(depth=18, frozen_stages=5)


def test_refuses_with_cp_at_depths_that_do_not_support_it():
    with pytest.raises(ValueError, match=r'with_cp .*depth 50 or 101'):
        build(depth=18, with_cp=True)


def test_eval_returns_the_network(tiny_resnets):
    network = build()
    assert network.eval() is network
    assert not network.training


class PlainResNet18(nn.Module):
    """Network with the tensor names and shapes of torchvision's ResNet-18."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, bias=False), nn.BatchNorm2d(64)
        for stage, (inputs, planes) in enumerate([(64, 64), (64, 128), (128, 256), (256, 512)], start=1):
            blocks = nn.Sequential()
            for _ in range(2):
                block = nn.Module()
                block.conv1, block.bn1 = nn.Conv2d(inputs, planes, 3, bias=False), nn.BatchNorm2d(planes)
                block.conv2, block.bn2 = nn.Conv2d(planes, planes, 3, bias=False), nn.BatchNorm2d(planes)
                if inputs != planes:
                    block.downsample = nn.Sequential(nn.Conv2d(inputs, planes, 1, bias=False), nn.BatchNorm2d(planes))
                blocks.append(block)
                inputs = planes
            setattr(self, f'layer{stage}', blocks)
        self.fc = nn.Linear(512, 1000)


@pytest.fixture
def plain_weights(tmp_path):
    plain = PlainResNet18()
    for tensor in plain.state_dict().values():
        if tensor.dtype.is_floating_point:
            tensor.copy_(torch.rand(tensor.shape))
    path = tmp_path / 'resnet18.pth'
    torch.save(plain.state_dict(), path)
    return path, plain.state_dict()


def test_loads_plain_resnet_weights_and_reports_the_rest(plain_weights, caplog):
    path, weights = plain_weights
    logger = MMLogger.get_current_instance()
    logger.addHandler(caplog.handler)
    try:
        with caplog.at_level(logging.INFO):
            ours = build(pretrained=str(path)).state_dict()
    finally:
        logger.removeHandler(caplog.handler)
    pairs = {
        'conv1.conv.weight': 'conv1.weight',
        'conv1.bn.running_var': 'bn1.running_var',
        'layer1.0.conv1.conv.net.weight': 'layer1.0.conv1.weight',
        'layer2.1.conv2.bn.bias': 'layer2.1.bn2.bias',
        'layer4.0.downsample.conv.weight': 'layer4.0.downsample.0.weight',
        'layer4.0.downsample.bn.running_mean': 'layer4.0.downsample.1.running_mean',
    }
    for name, plain in pairs.items():
        torch.testing.assert_close(ours[name], weights[plain], rtol=0, atol=0)
    assert f'{len(weights) - 2} of {len(weights)} tensors loaded. Not used: fc.weight, fc.bias.' in caplog.text
    assert 'Keeping their initialisation: 16 of squeeze-and-excitation.' in caplog.text


def test_refuses_weights_of_another_kind_of_network(tmp_path):
    path = tmp_path / 'other.pth'
    torch.save({'encoder.weight': torch.ones(2)}, path)
    with pytest.raises(ValueError, match=r'other\.pth .* plain ResNet-18.*encoder\.weight'):
        build(pretrained=str(path))


def test_error_of_mmaction2_checkpoint_names_load_from(tmp_path):
    path = tmp_path / 'tsm.pth'
    torch.save({'state_dict': {f'backbone.{name}': value for name, value in build().state_dict().items()}}, path)
    with pytest.raises(ValueError, match=r'load_from=\S+tsm\.pth model\.backbone\.pretrained=None'):
        build(pretrained=str(path))


def test_refuses_weights_of_another_depth(plain_weights):
    path, _ = plain_weights
    with pytest.raises(ValueError, match=r'plain ResNet-34: it lacks 80 tensors, .* layer1\.2\.conv1\.weight'):
        build(depth=34, pretrained=str(path))


def test_web_page_in_place_of_weights_is_rejected(tmp_path):
    path = tmp_path / 'page.pth'
    path.write_text('<!DOCTYPE html>')
    with pytest.raises(ValueError, match=r'page\.pth .*web page'):
        build(pretrained=str(path))


def test_missing_weights_are_named():
    with pytest.raises(FileNotFoundError, match=r'no\.pth'):
        build(pretrained='no.pth')


def test_error_of_unreachable_weights_names_the_remedy():
    with pytest.raises(ConnectionError, match=r'model\.backbone\.pretrained to a file, or to None'):
        build(pretrained='http://127.0.0.1:9/resnet18.pth')
