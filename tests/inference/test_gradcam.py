import numpy as np
import pytest
import torch
import torch.nn.functional as F
from helpers.networks import resnet18_width
from helpers.processes import run_tool
from helpers.support import ROOT, write_clip
from mmaction.registry import MODELS
from mmengine.config import Config

from mmaction_microaction.cli import main
from mmaction_microaction.inference.gradcam import gradcam, read_sample
from mmaction_microaction.video.reader import Video

SYNTHETIC = Config.fromfile(ROOT / 'configs/synthetic/manet_r18_8x1_synthetic.py')


def build(name, **backbone):
    """Build the network of a config with random weights and a classifier in which all actions differ."""
    config = Config.fromfile(ROOT / f'configs/{name}.py').model
    config.backbone.update(pretrained=None, **backbone)
    last = 8 * config.backbone.get('base_channels', 0)
    config.cls_head.in_channels = resnet18_width() if config.backbone.depth == 18 else 4 * last
    torch.manual_seed(0)
    model = MODELS.build(config).eval()
    torch.nn.init.normal_(classifier(model).weight)
    return model


def classifier(model):
    return next(getattr(model.cls_head, name) for name in ('fc_cls', 'fc') if hasattr(model.cls_head, name))


def reference(model, inputs, label):
    """Compute Eq. 1 and 2 of Selvaraju et al. for each frame by plain loops."""
    clip = model.data_preprocessor(dict(inputs=[inputs], data_samples=None))['inputs']
    with torch.no_grad():
        features = model.backbone(clip.flatten(0, 1))
    features.requires_grad_()
    model.cls_head(features, num_segs=8).mean(dim=0)[label].backward()
    # The time axis comes first.
    values, gradients = (
        tensor.detach() if tensor.dim() == 4 else tensor.detach()[0].transpose(0, 1)
        for tensor in (features, features.grad)
    )
    maps = torch.zeros(len(values), *values.shape[2:])
    for frame in range(len(values)):
        for channel in range(values.shape[1]):
            maps[frame] += gradients[frame, channel].mean() * values[frame, channel]
    size = inputs.shape[-2:] if features.dim() == 4 else inputs.shape[-3:]
    maps = maps.relu()[:, None] if features.dim() == 4 else maps.relu()[None, None]
    maps = F.interpolate(maps, size=tuple(size), mode='bilinear' if features.dim() == 4 else 'trilinear')
    return ((maps - maps.min()) / (maps.max() - maps.min())).squeeze(1 if features.dim() == 4 else (0, 1)).numpy()


@pytest.mark.parametrize(
    ('name', 'shape', 'backbone'),
    [
        ('synthetic/manet_r18_8x1_synthetic', (8, 3, 64, 96), {}),
        ('synthetic/tsm_r18_8x1_synthetic8k', (8, 3, 64, 96), {}),
        ('synthetic/tsn_r18_8x1_synthetic8k', (8, 3, 64, 96), {}),
        ('baselines/i3d_r50_32x2_ma52', (1, 3, 8, 64, 96), dict(base_channels=8, inflate=((1,), (1,), (0,), (1,)))),
    ],
)
def test_maps_equal_the_naive_implementation(name, shape, backbone, tiny_resnets):
    model = build(name, **backbone)
    inputs = torch.randint(0, 256, shape, dtype=torch.uint8)
    maps = gradcam(model, inputs, 9)
    assert maps.shape == (8, 64, 96)
    assert (maps.min(), maps.max()) == (0, 1)
    np.testing.assert_allclose(maps, reference(model, inputs, 9), atol=1e-3)


def test_the_predicted_action_is_the_default(tiny_resnets):
    model = build('synthetic/tsn_r18_8x1_synthetic8k')
    torch.nn.init.constant_(classifier(model).bias[20:21], 1e6)
    inputs = torch.randint(0, 256, (8, 3, 64, 96), dtype=torch.uint8)
    np.testing.assert_array_equal(gradcam(model, inputs), gradcam(model, inputs, 20))
    assert np.abs(gradcam(model, inputs) - gradcam(model, inputs, 9)).max() > 0.1


def test_map_is_largest_at_the_evidence(tiny_resnets):
    # One frame has a patch. All other pixels are black, which this network maps to zeros.
    model = build('synthetic/tsn_r18_8x1_synthetic8k', strides=(1, 2, 2, 2))
    inputs = torch.zeros(8, 3, 224, 224, dtype=torch.uint8)
    inputs[3, :, 128:192, 32:96] = torch.randint(0, 256, (3, 64, 64), dtype=torch.uint8)
    with torch.no_grad():
        classifier(model).weight[9] = 1
        classifier(model).weight[10] = -1
    maps = gradcam(model, inputs, 9)
    frame, row, column = np.unravel_index(maps.argmax(), maps.shape)
    assert frame == 3
    assert 128 <= row < 192
    assert 32 <= column < 96
    assert not maps[[0, 1, 2, 4, 5, 6, 7]].any()
    assert not gradcam(model, inputs, 10).any()


def test_network_is_unchanged_and_may_be_frozen(tiny_resnets):
    model = build('synthetic/manet_r18_8x1_synthetic')
    inputs = torch.randint(0, 256, (8, 3, 64, 96), dtype=torch.uint8)
    maps = gradcam(model, inputs, 9)
    assert all(parameter.grad is None for parameter in model.parameters())
    assert not any(module._forward_hooks or module._backward_hooks for module in model.modules())
    assert model.cls_head.average_clips == 'prob'
    model.requires_grad_(False)
    with torch.no_grad():
        np.testing.assert_array_equal(gradcam(model, inputs, 9), maps)
    assert not any(parameter.requires_grad for parameter in model.parameters())


def test_refuses_networks_without_resnet_and_other_actions(tiny_resnets):
    config = Config.fromfile(ROOT / 'configs/baselines/timesformer_divst_8x8_ma52.py').model
    config.backbone.update(pretrained=None, num_transformer_layers=1, embed_dims=48)
    with pytest.raises(ValueError, match=r'ResNet.*TimeSformer'):
        gradcam(MODELS.build(config), None)
    with pytest.raises(ValueError, match='from 0 to 51, got 52'):
        gradcam(build('synthetic/tsn_r18_8x1_synthetic8k'), None, 52)


def test_displayed_frames_are_those_before_mean_subtraction(tmp_path):
    write_clip(tmp_path / 'a.mp4')
    inputs, frames = read_sample(Video(tmp_path / 'a.mp4'), SYNTHETIC.test_dataloader.dataset.pipeline)
    assert (frames.dtype, frames.shape) == (np.uint8, (8, 76, 48, 3))
    # The white square of the video has its original brightness.
    assert frames.max() > 250
    expected = frames.astype(np.float32) - frames.mean(axis=0)
    np.testing.assert_allclose(inputs.permute(0, 2, 3, 1), expected, atol=1e-4)


def test_frames_of_3d_networks(tmp_path):
    write_clip(tmp_path / 'a.mp4', num_frames=70)
    config = Config.fromfile(ROOT / 'configs/baselines/i3d_r50_32x2_ma52.py')
    inputs, frames = read_sample(Video(tmp_path / 'a.mp4'), config.test_dataloader.dataset.pipeline)
    assert inputs.shape == (1, 3, 32, 224, 224)
    np.testing.assert_array_equal(frames[20], inputs[0, :, 20].permute(1, 2, 0))


@pytest.mark.slow
def test_tool_draws_maps_or_reports_the_reason(tmp_path, monkeypatch):
    write_clip(tmp_path / 'clip.mp4')
    config = ROOT / 'configs/synthetic/manet_r18_8x1_synthetic.py'
    torch.save(build('synthetic/manet_r18_8x1_synthetic').state_dict(), tmp_path / 'manet.pth')
    torch.save(build('synthetic/tsn_r18_8x1_synthetic8k').state_dict(), tmp_path / 'tsn.pth')

    monkeypatch.chdir(tmp_path)
    done = run_tool('plot_gradcam.py', config, 'manet.pth', 'clip.mp4', '--action', 'b1', '--out', 'picture.png')
    assert done.returncode == 0, done.stderr
    assert (tmp_path / 'picture.png').read_bytes().startswith(b'\x89PNG')
    for args, message in (
        (('manet.pth', 'absent.mp4'), 'absent.mp4'),
        (('tsn.pth', 'clip.mp4'), 'tsn.pth does not fit'),
        (('manet.pth', 'clip.mp4', '--action', 'B99'), 'B99: the network has no such action'),
    ):
        with pytest.raises(SystemExit, match=message):
            main('gradcam', [str(config), *args])
