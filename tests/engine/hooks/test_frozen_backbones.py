"""A network whose backbone is frozen at random weights is not trained."""

import pytest
import torch
from helpers.detection import build_detector
from helpers.small_runs import small_runner
from mmaction.registry import MODELS

from mmaction_microaction.engine.hooks.frozen_backbones import check_frozen_backbones

pytestmark = pytest.mark.usefixtures('tiny_resnets')
R18 = dict(type='ResNetSETSM', depth=18)
PRETRAINED = dict(type='Pretrained', checkpoint='weights.pth')


class Network(torch.nn.Module):
    """Network of a backbone and a frozen head."""

    def __init__(self, backbone):
        super().__init__()
        self.backbone = backbone
        self.cls_head = torch.nn.Linear(1, 1).requires_grad_(False)


def tsm(**kwargs):
    return Network(MODELS.build(dict(type='ResNetTSM', depth=18, **kwargs)))


def vit(**kwargs):
    settings = dict(img_size=32, embed_dims=24, depth=1, num_heads=4, **kwargs)
    return Network(MODELS.build(dict(type='AdapterVisionTransformer', **settings)))


FROZEN = {
    'detector': (lambda: build_detector(64, backbone=R18, freeze_backbone=True), 'freeze_backbone'),
    'stages': (lambda: tsm(pretrained=None, frozen_stages=1), 'frozen_stages'),
    'joints': (lambda: Network(MODELS.build(dict(type='JointTCN', frozen=True))), 'frozen'),
    'adapters': (vit, 'init_cfg'),
}


@pytest.mark.parametrize(('build', 'option'), FROZEN.values(), ids=FROZEN)
def test_frozen_random_backbones_are_refused(build, option):
    with pytest.raises(ValueError, match=rf'model\.backbone is frozen .*load_from.*{option}'):
        check_frozen_backbones(build())


ACCEPTED = {
    'trained': lambda: tsm(pretrained=None),
    'partial batch norm': lambda: tsm(pretrained=None, partial_bn=True),
    'pretrained': lambda: tsm(pretrained='weights.pth', frozen_stages=1),
    'init_cfg': lambda: vit(init_cfg=PRETRAINED),
    'init_cfg of the detector': lambda: build_detector(64, backbone=R18, freeze_backbone=True, init_cfg=[PRETRAINED]),
    'without backbone': lambda: build_detector(8),
}


@pytest.mark.parametrize('build', ACCEPTED.values(), ids=ACCEPTED)
def test_other_networks_are_accepted(build):
    check_frozen_backbones(build())


def test_a_run_starts_only_with_weights_for_a_frozen_backbone(tiny_ma52, tmp_path):
    options = {'model.backbone.frozen_stages': 1}
    runner = small_runner(tiny_ma52, tmp_path / 'random', options)
    with pytest.raises(ValueError, match=r'model\.backbone is frozen'):
        runner.train()
    assert runner.iter == 0
    torch.save({'state_dict': runner.model.state_dict()}, tmp_path / 'weights.pth')
    options['load_from'] = str(tmp_path / 'weights.pth')
    runner = small_runner(tiny_ma52, tmp_path / 'run', options)
    runner.train()
    assert runner.iter > 0
    resumed = small_runner(tiny_ma52, tmp_path / 'run', {**options, 'load_from': None, 'resume': True}, epochs=2)
    resumed.train()
    assert resumed.epoch == 2
