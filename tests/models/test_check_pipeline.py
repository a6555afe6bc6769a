"""Pipelines whose clips do not match the network are rejected."""

import pytest
from helpers.support import ROOT
from mmaction.registry import MODELS, TRANSFORMS
from mmengine.config import Config

from mmaction_microaction.models.check_pipeline import check_pipeline

HEAD = dict(num_classes=52, in_channels=512)
NETWORKS = {
    'manet': dict(backbone=dict(type='ResNetSETSM', depth=18), cls_head=dict(type='MANetHead', loss_emb=None, **HEAD)),
    'tsm': dict(
        backbone=dict(type='ResNetTSM', depth=18, pretrained=None),
        cls_head=dict(type='TSMHead', num_segments=8, **HEAD),
    ),
    'tin': dict(
        backbone=dict(type='ResNetTIN', depth=50, pretrained=None),
        cls_head=dict(type='TSMHead', num_segments=8, **HEAD),
    ),
    'mobilenet': dict(
        backbone=dict(type='MobileNetV2TSM', pretrained=None), cls_head=dict(type='TSMHead', num_segments=8, **HEAD)
    ),
    'tanet': dict(
        backbone=dict(type='TANet', depth=50, num_segments=8, pretrained=None),
        cls_head=dict(type='TSMHead', num_segments=8, **HEAD),
    ),
    'head alone': dict(backbone=dict(type='ResNet', depth=18), cls_head=dict(type='MANetHead', loss_emb=None, **HEAD)),
}


@pytest.fixture(scope='module', params=NETWORKS)
def network(request):
    return MODELS.build(dict(type='Recognizer2D', **NETWORKS[request.param]))


def pipeline(input_format='NCHW', type='SampleFrames', **sampling):
    return [dict(type=type, **sampling), dict(type='FormatShape', input_format=input_format)]


GOOD = [
    dict(clip_len=1, num_clips=8),
    dict(clip_len=1, num_clips=8, twice_sample=True, test_mode=True),
    dict(clip_len=8, frame_interval=4, num_clips=1),
    dict(clip_len=8, frame_interval=4, num_clips=10),
    dict(type='DenseSampleFrames', clip_len=1, num_clips=8, num_sample_positions=10, test_mode=True),
]
BAD = [
    dict(clip_len=1, num_clips=16),
    dict(clip_len=1, num_clips=80),
    dict(clip_len=1, num_clips=4),
    dict(clip_len=1),
    dict(clip_len=16, num_clips=1),
    dict(clip_len=4, num_clips=4),
    dict(type='DenseSampleFrames', clip_len=1, num_clips=16),
]


def build(steps):
    return [TRANSFORMS.build(step) for step in steps]


@pytest.mark.parametrize('how', [list, build])
def test_number_of_frames_must_match_the_network(network, how):
    for sampling in GOOD:
        check_pipeline(network, how(pipeline(**sampling)), 'val_dataloader')
    for sampling in BAD:
        with pytest.raises(ValueError, match=r'val_dataloader.*num_segments=8.*num_clips=8'):
            check_pipeline(network, how(pipeline(**sampling)), 'val_dataloader')


def test_parts_with_different_num_segments_are_named():
    network = MODELS.build(
        dict(
            type='Recognizer2D',
            backbone=dict(type='ResNetTSM', depth=18, num_segments=16, pretrained=None),
            cls_head=dict(type='TSMHead', num_segments=8, **HEAD),
        )
    )
    with pytest.raises(ValueError, match=r'model\.backbone\.num_segments=16, model\.cls_head\.num_segments=8'):
        check_pipeline(network, pipeline(clip_len=1, num_clips=16), 'train_dataloader')


def test_3d_networks_and_networks_without_segments_accept_any_clips():
    i3d = MODELS.build(
        dict(
            type='Recognizer3D',
            backbone=dict(type='ResNet3dSlowOnly', depth=18, lateral=False, pretrained=None),
            cls_head=dict(type='MANetHead', loss_emb=None, **HEAD),
        )
    )
    check_pipeline(i3d, pipeline('NCTHW', clip_len=32, num_clips=10), 'test_dataloader')
    tsn = MODELS.build(
        dict(type='Recognizer2D', backbone=dict(type='ResNet', depth=18), cls_head=dict(type='TSNHead', **HEAD))
    )
    check_pipeline(tsn, pipeline(clip_len=1, num_clips=25), 'test_dataloader')


@pytest.mark.parametrize(('kind', 'expected'), [('Recognizer2D', 'NCHW'), ('Recognizer3D', 'NCTHW')])
def test_input_format_of_another_kind_of_network_is_rejected(kind, expected):
    network = MODELS.build(
        dict(type=kind, backbone=dict(type='ResNet', depth=18), cls_head=dict(type='TSNHead', **HEAD))
    )
    other = {'NCHW': 'NCTHW', 'NCTHW': 'NCHW'}[expected]
    check_pipeline(network, pipeline(expected, clip_len=1, num_clips=8), 'test_dataloader')
    with pytest.raises(ValueError, match=f"test_dataloader.*'{other}'.*{kind}.*'{expected}'"):
        check_pipeline(network, pipeline(other, clip_len=1, num_clips=8), 'test_dataloader')


def test_maenet_is_checked():
    model = Config.fromfile(ROOT / 'configs' / 'emotion' / 'maenet_r50_16x1_ma52pro_action.py').model
    model.action_backbone.update(depth=18, pretrained=None)
    network = MODELS.build(model)
    check_pipeline(network, pipeline(clip_len=1, num_clips=16), 'train_dataloader')
    with pytest.raises(ValueError, match=r'action_backbone\.num_segments=16'):
        check_pipeline(network, pipeline(clip_len=1, num_clips=8), 'train_dataloader')
