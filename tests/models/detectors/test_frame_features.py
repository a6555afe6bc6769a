import copy

import pytest
import torch
from mmaction.registry import MODELS

from mmaction_microaction.models.detectors import extract_features
from mmaction_microaction.models.detectors.frame_features import check_clip_len

pytestmark = pytest.mark.usefixtures('in_float64', 'tiny_resnets')


def build(**config):
    torch.manual_seed(0)
    backbone = MODELS.build(config)
    backbone.eval()  # returns None for some backbones of MMAction2
    return backbone


class Clips(torch.nn.Module):
    """A 3D backbone with half of the frames, whose features are the sums of two frames, per colour."""

    def forward(self, clips):
        self.shape = clips.shape
        return clips.unflatten(2, (-1, 2)).sum(dim=3)


@pytest.mark.parametrize('num_frames', [1, 5, 11])
def test_a_2d_backbone_sees_all_frames_as_one_clip(num_frames):
    backbone = build(type='ResNetSETSM', depth=18, num_segments=8)
    frames = torch.randn(num_frames, 3, 32, 48)
    whole = build(type='ResNetSETSM', depth=18, num_segments=num_frames)
    features = extract_features(backbone, frames)
    assert features.shape == (64, num_frames)
    torch.testing.assert_close(features, whole(frames).mean(dim=(2, 3)).T)


def test_without_temporal_shift_frames_are_independent():
    backbone = build(type='ResNet', depth=18)
    frames = torch.randn(4, 3, 32, 32)
    one_by_one = torch.cat([extract_features(backbone, frame[None]) for frame in frames], dim=1)
    torch.testing.assert_close(extract_features(backbone, frames), one_by_one)


def test_steps_of_a_2d_backbone_are_means_over_frames():
    backbone = build(type='ResNet', depth=18)
    frames = torch.randn(5, 3, 32, 32)
    single = extract_features(backbone, frames)
    features = extract_features(backbone, frames, feature_stride=2)
    expected = torch.stack([single[:, :2].mean(dim=1), single[:, 2:4].mean(dim=1), single[:, 4]], dim=1)
    torch.testing.assert_close(features, expected)


def test_a_3d_backbone_sees_consecutive_clips():
    """Six frames of constant brightness 0 to 5 make two clips of four; the last frame is repeated."""
    frames = torch.arange(6.0)[:, None, None, None].expand(-1, 3, 8, 8)
    backbone = Clips()
    features = extract_features(backbone, frames, clip_len=4, feature_stride=2)
    assert backbone.shape == (2, 3, 4, 8, 8)
    torch.testing.assert_close(features, torch.tensor([0.0 + 1, 2 + 3, 4 + 5]).expand(3, -1))
    # One step per frame: linear interpolation between the four sums 1, 5, 9 and 10, whose steps are two frames long.
    features = extract_features(backbone, frames, clip_len=4)
    torch.testing.assert_close(features, torch.tensor([1, 2, 4, 6, 8, 9.25]).expand(3, -1))
    # One step per four frames: means of two sums.
    features = extract_features(backbone, frames, clip_len=4, feature_stride=4)
    torch.testing.assert_close(features, torch.tensor([3, 9.5]).expand(3, -1))


def test_pathways_of_different_rates_are_concatenated():
    pathway = dict(type='resnet3d', depth=18, conv1_kernel=(1, 7, 7), inflate=(0, 0, 1, 1), norm_eval=False)
    backbone = build(
        type='ResNet3dSlowFast',
        slow_pathway=dict(pathway, lateral=True, pretrained=None),
        fast_pathway=dict(pathway, lateral=False, base_channels=8, conv1_kernel=(5, 7, 7), pretrained=None),
    )
    features = extract_features(backbone, torch.randn(40, 3, 32, 32), clip_len=32, feature_stride=4)
    assert features.shape == (512 + 64, 10)


def test_a_network_whose_weights_depend_on_the_number_of_frames_is_refused():
    backbone = build(type='ResNetTIN', depth=50, num_segments=8, shift_div=4, pretrained=None)
    with pytest.raises(ValueError, match='ResNetTIN depend on its number of frames'):
        extract_features(backbone, torch.randn(3, 3, 32, 32))


@pytest.mark.parametrize(('clip_len', 'stride'), [(16, 3), (16, 0), (0, 1), (None, -1)])
def test_strides_that_do_not_fit_are_named(clip_len, stride):
    with pytest.raises(ValueError, match=f'feature_stride={stride} must be at least 1 and divide clip_len={clip_len}'):
        check_clip_len(clip_len, stride)


def test_the_weights_of_the_backbone_stay_as_they_are():
    backbone = build(type='ResNetTSM', depth=18, pretrained=None)
    before = copy.deepcopy(backbone.state_dict())
    extract_features(backbone, torch.randn(5, 3, 32, 32))
    assert all(torch.equal(tensor, before[name]) for name, tensor in backbone.state_dict().items())
