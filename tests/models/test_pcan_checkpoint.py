"""Checkpoints of the authors' PCAN are converted to this project and back."""

import numpy as np
import pytest
import torch
from helpers.pcan import released_state
from helpers.support import ROOT
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.runner import load_checkpoint

from mmaction_microaction.models.pcan_checkpoint import to_our_name, to_released_name
from mmaction_microaction.models.release_checkpoint import PCAN, RGBPOSE, convert_file, convert_to_release

NAMES = {
    'backbone.featuredifference2.conv1.weight': 'backbone.exchange2.rgb_tokens.weight',
    'backbone.featuredifference3.conv2.bias': 'backbone.exchange3.pose_tokens.bias',
    'backbone.featuredifference3.conv4.weight': 'backbone.exchange3.rgb_gate.weight',
    'backbone.featuredifference2.conv5.bias': 'backbone.exchange2.pose_gate.bias',
    'backbone.featuredifference2.rgb_cross_attn.q_proj.weight': 'backbone.exchange2.rgb_attention.q_proj.weight',
    'backbone.featuredifference3.rgb_cross_attn.fc.bias': 'backbone.exchange3.rgb_attention.out_proj.bias',
    'backbone.featuredifference3.skt_cross_attn.v_proj.bias': 'backbone.exchange3.pose_attention.v_proj.bias',
    'backbone.featuredifference2.skt_cross_attn.fc.weight': 'backbone.exchange2.pose_attention.out_proj.weight',
    'cls_head.fr_rgb.spatio_cl_net.avg_f': 'cls_head.prototypes.rgb.prototypes',
    'cls_head.fr_pose.spatio_cl_net.cl_fc.bias': 'cls_head.prototypes.pose.projection.bias',
    'cls_head.fr_coarse_rgb.spatio_cl_net.cl_fc.weight': 'cls_head.prototypes.rgb_coarse.projection.weight',
    'cls_head.fr_coarse_pose.spatio_cl_net.avg_f': 'cls_head.prototypes.pose_coarse.prototypes',
    'cls_head.fc_rgb_coarse.weight': 'cls_head.fc_rgb_coarse.weight',
    'backbone.pose_path.layer1_lateral.conv.weight': 'backbone.pose_path.layer1_lateral.conv.weight',
}


@pytest.mark.parametrize(('released', 'ours'), NAMES.items())
def test_names(released, ours):
    assert to_our_name(released) == ours
    assert to_released_name(ours) == released


@pytest.fixture(scope='module')
def released(shared):
    """Return all tensors of the released network, with the counters of batch norms that the reference lacks."""
    state = released_state(np.load(shared / 'reference' / 'pcan_network_64px.npz'))
    counters = {name.replace('running_mean', 'num_batches_tracked') for name in state if name.endswith('running_mean')}
    return {**state, **{name: torch.tensor(1125) for name in counters}}


@pytest.fixture(scope='module')
def converted(released, tmp_path_factory):
    folder = tmp_path_factory.mktemp('released')
    torch.save(dict(state_dict=released, meta=dict(epoch=24)), folder / 'released.pth')
    return convert_file(folder / 'released.pth', folder / 'ours.pth'), folder / 'ours.pth'


@pytest.mark.real_data
def test_every_tensor_is_converted_or_reported(converted, released):
    conversion, path = converted
    assert conversion.config == PCAN
    # 48 tensors of the exchanges, 8 of projections, 2 of prototypes.
    assert (len(conversion.renamed), len(conversion.dropped)) == (48 + 8 + 2, 0)
    assert len(conversion.renamed) + len(conversion.kept) == len(released)
    coarse = {f'cls_head.prototypes.{branch}_coarse.prototypes' for branch in ('rgb', 'pose')}
    counters = {f'cls_head.prototypes.{name}.num_updates' for name in ('rgb', 'pose', 'rgb_coarse', 'pose_coarse')}
    assert conversion.added.keys() == coarse | counters
    assert 'body parts, which no released checkpoint contains' in str(conversion)
    state = conversion.state
    prototypes = released['cls_head.fr_rgb.spatio_cl_net.avg_f']
    assert torch.equal(state['cls_head.prototypes.rgb.prototypes'], prototypes.T)
    # All prototypes of actions take part in predictions, as in the release.
    assert state['cls_head.prototypes.pose.num_updates'].tolist() == [1] * 52

    model = MODELS.build(Config.fromfile(ROOT / PCAN).model)
    load_checkpoint(model, str(path), map_location='cpu', strict=True)


@pytest.mark.real_data
def test_converting_back_restores_the_released_tensors(converted, released, tmp_path):
    conversion = convert_file(converted[1], tmp_path / 'back.pth', to_release=True)
    back = torch.load(tmp_path / 'back.pth', weights_only=True)['state_dict']
    assert back.keys() == released.keys()
    assert all(torch.equal(back[name], tensor) for name, tensor in released.items())
    assert len(conversion.dropped) == 6


FAULTS = {
    'missing': ('cls_head.fc_rgb.bias', None, r'missing \(cls_head\.fc_rgb\.bias'),
    'projection': (
        'cls_head.fr_rgb.spatio_cl_net.cl_fc.bias',
        None,
        r'missing \(cls_head\.prototypes\.rgb\.projection',
    ),
    'unknown': ('backbone.featuredifference4.conv1.bias', torch.zeros(2), r'unknown \(backbone\.featuredifference4'),
    'prototypes': ('cls_head.fr_pose.spatio_cl_net.avg_f', torch.zeros(256, 60), r'\(60, 256\) instead of \(52, 256\)'),
}


@pytest.mark.real_data
@pytest.mark.parametrize('fault', FAULTS)
def test_rejects_other_weights_by_name_and_writes_no_file(released, tmp_path, fault):
    name, tensor, message = FAULTS[fault]
    state = dict(released)
    if tensor is None:
        del state[name]
    else:
        state[name] = tensor
    torch.save(dict(state_dict=state), tmp_path / 'other.pth')
    with pytest.raises(ValueError, match=rf'other\.pth: .*{message}'):
        convert_file(tmp_path / 'other.pth', tmp_path / 'ours.pth')
    assert not (tmp_path / 'ours.pth').exists()


@pytest.mark.real_data
def test_refuses_the_wrong_direction(converted, released, tmp_path):
    with pytest.raises(ValueError, match='--to-release'):
        convert_file(converted[1], tmp_path / 'twice.pth')
    with pytest.raises(ValueError, match='released names already'):
        convert_to_release(released)


@pytest.mark.real_data
def test_initial_weights_of_two_branches_are_checked(released, tmp_path):
    fresh = ('_lateral.', 'featuredifference', '_coarse', 'fr_rgb', 'fr_pose')
    state = {name: tensor for name, tensor in released.items() if not any(part in name for part in fresh)}
    torch.save(state, tmp_path / 'rgbpose_conv3d_init.pth')
    conversion = convert_file(tmp_path / 'rgbpose_conv3d_init.pth', tmp_path / 'ours.pth')
    assert conversion.config == RGBPOSE
    # Two lateral convolutions of the RGB branch, two of the pose branch with five tensors and a counter each.
    assert '14 other tensors of the network start fresh' in str(conversion)
    written = torch.load(tmp_path / 'ours.pth', weights_only=True)['state_dict']
    assert written.keys() == state.keys()
    del state['backbone.pose_path.layer3.2.conv3.bn.weight']
    torch.save(state, tmp_path / 'damaged.pth')
    with pytest.raises(
        ValueError, match=r'damaged\.pth: .*missing \(backbone\.pose_path\.layer3\.2\.conv3\.bn\.weight'
    ):
        convert_file(tmp_path / 'damaged.pth', tmp_path / 'out.pth')
