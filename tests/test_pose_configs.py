"""The configs of pose networks follow the recipes that their comments name."""

import copy

import pytest
import torch
from helpers.support import ROOT
from mmaction.registry import MODELS
from mmengine.config import Config

CONFIGS = ROOT / 'configs' / 'pose'
PCAN = 'pcan_r50_8x32_ma52'
# Parameters of the released networks that optimizers train, as counted in the released code.
PARAMETERS = {
    'poseconv3d_r50_32_ma52': 2_038_004,
    # 192 features of a time, 192 channels: batch norms, convolutions and classifier.
    'jointtcn_48_ma52': 2 * 192 + (192 * 192 * 5 + 192) + 6 * 2 * (2 * 192 + 192 * 192 * 3) + 2 * 192 + 385 * 52,
    'slowonly_r50_8_ma52_person': 31_741_044,
    'rgbposeconv3d_r50_8x32_ma52': 36_011_456 + 2048 * 52 + 512 * 52 + 2 * 52,
    PCAN: 39_118_262,
    f'{PCAN}_released': 39_118_262,
    f'{PCAN}_nocalib': 39_118_262,
    f'{PCAN}_nohier': 39_118_262,
    f'{PCAN}_noexchange': 39_118_262 - 1_971_840,
    f'{PCAN}_noproto': 39_118_262 - 655_872 - 327_936,
}


def read(name):
    return Config.fromfile(CONFIGS / f'{name}.py')


def get(config, key):
    for part in key.split('.'):
        config = config[int(part) if part.isdigit() else part]
    return config


def steps(loader):
    dataset = loader.dataset
    while 'dataset' in dataset:
        dataset = dataset.dataset
    return {step['type']: step for step in dataset.pipeline}


def test_every_config_is_counted():
    assert {path.stem for path in CONFIGS.glob('*.py')} == PARAMETERS.keys()


@pytest.mark.parametrize(('name', 'expected'), PARAMETERS.items())
def test_parameters(name, expected):
    with torch.device('meta'):
        model = MODELS.build(read(name).model)
    assert sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad) == expected


@pytest.mark.parametrize('name', [PCAN, 'rgbposeconv3d_r50_8x32_ma52'])
def test_schedule_is_that_of_the_released_code(name):
    config = read(name)
    released = {
        'optim_wrapper.optimizer.type': 'SGD',
        'optim_wrapper.optimizer.lr': 0.0075,
        'optim_wrapper.optimizer.momentum': 0.9,
        'optim_wrapper.optimizer.weight_decay': 1e-4,
        'optim_wrapper.clip_grad.max_norm': 40,
        'param_scheduler.0.milestones': [10, 20],
        'param_scheduler.0.gamma': 0.1,
        'train_cfg.max_epochs': 30,
        'train_cfg.val_begin': 3,
        'train_dataloader.batch_size': 10,
    }
    assert {key: get(config, key) for key in released} == released
    assert len(config.param_scheduler) == 1
    assert steps(config.train_dataloader)['MMUniformSampleFrames']['clip_len'] == dict(RGB=8, Pose=32)
    assert steps(config.test_dataloader)['MMUniformSampleFrames']['num_clips'] == 10
    assert steps(config.val_dataloader)['MMUniformSampleFrames'].get('num_clips', 1) == 1
    assert steps(config.train_dataloader)['GeneratePoseTarget']['sigma'] == 0.7


def test_losses_of_pcan_are_those_of_the_released_code():
    head = read(PCAN).model.cls_head
    loss = head.loss_prototypes
    assert (loss.temperature, loss.calibration, loss.loss_weight) == (0.125, 0.125, 1 / 5)
    assert loss.false_negative_scales == (1, 0.1, 0.5)
    assert (head.rectification, head.momentum, head.prototype_dims) == ((5, 1), 0.9, (256, 128))


def test_pose_recipe_is_that_of_mmaction2():
    config = read('poseconv3d_r50_32_ma52')
    upstream = {
        'optim_wrapper.optimizer.lr': 0.2,
        'optim_wrapper.optimizer.weight_decay': 3e-4,
        'optim_wrapper.clip_grad.max_norm': 40,
        'auto_scale_lr.base_batch_size': 128,
        'auto_scale_lr.enable': True,
        'param_scheduler.0.type': 'CosineAnnealingLR',
        'train_cfg.max_epochs': 18,
        'train_dataloader.dataset.times': 10,
    }
    assert {key: get(config, key) for key in upstream} == upstream
    assert steps(config.train_dataloader)['GeneratePoseTarget']['sigma'] == 0.6


def test_ablations_change_one_part():
    main = read(PCAN).to_dict()
    changes = {
        'noproto': ('cls_head.loss_prototypes', None),
        'nocalib': ('cls_head.loss_prototypes.calibration', 0),
        'nohier': ('cls_head.loss_hierarchy', None),
        'noexchange': ('backbone.exchange', False),
    }
    for name, (key, value) in changes.items():
        expected = copy.deepcopy(main)
        *path, last = key.split('.')
        get(expected['model'], '.'.join(path))[last] = value
        assert read(f'{PCAN}_{name}').to_dict() == expected, name


def test_released_config_restores_the_defects():
    config, main = read(f'{PCAN}_released'), read(PCAN)
    head = config.model.cls_head
    assert not head.loss_diversity.has_gradient
    assert (head.rectify_pool, head.rectify_untrained) == ('avg', True)
    hands = set(range(18, 28))
    flips = [steps(network.train_dataloader)['Flip'] for network in (config, main)]
    assert [hands <= {*flip.left_kp, *flip.right_kp} for flip in flips] == [False, True]
    config.model.cls_head, config.train_dataloader = main.model.cls_head, main.train_dataloader
    assert config.to_dict() == main.to_dict()
