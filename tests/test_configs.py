import copy
import re

import numpy as np
import pytest
import torch
from helpers.support import ROOT
from mmaction.registry import DATASETS, MODELS
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import PARAM_SCHEDULERS

from mmaction_microaction.label_sets import MA52
from mmaction_microaction.synthetic import video_size


def get(config, key):
    for part in key.split('.'):
        config = config[int(part) if part.isdigit() else part]
    return config


def pipeline(dataloader):
    return [(step['type'], {k: v for k, v in step.items() if k not in ('type', '_scope_')}) for step in dataloader]


def test_main_config_matches_the_released_recipe():
    config = Config.fromfile(ROOT / 'configs' / 'manet_r50_8x1_ma52.py')
    released = {
        'optim_wrapper.optimizer.type': 'SGD',
        'optim_wrapper.optimizer.lr': 0.00125,
        'optim_wrapper.optimizer.momentum': 0.9,
        'optim_wrapper.optimizer.weight_decay': 1e-4,
        'optim_wrapper.clip_grad.max_norm': 20,
        'optim_wrapper.paramwise_cfg.fc_lr5': True,
        'param_scheduler.0.milestones': [30, 60],
        'train_cfg.max_epochs': 80,
        'train_dataloader.batch_size': 10,
        'model.cls_head.loss_emb.loss_weight': 50,
        'model.cls_head.loss_emb.over_dims': 'mean',
        'model.cls_head.dropout_ratio': 0.5,
        'model.backbone.se_ratio': 4,
        'model.backbone.shift_div': 8,
        'default_hooks.checkpoint.save_best': 'F1_mean',
    }
    assert {key: get(config, key) for key in released} == released
    assert len(config.param_scheduler) == 1
    steps = dict(pipeline(config.train_dataloader.dataset.pipeline))
    assert steps['SampleFrames'] == dict(clip_len=1, frame_interval=1, num_clips=8)
    crop = steps['MultiScaleCrop']
    assert (crop['scales'], crop['num_fixed_crops'], crop['input_size']) == ((1, 0.875, 0.75, 0.66), 13, 224)
    assert steps['Flip'] == dict(flip_ratio=0.5)
    for loader in (config.val_dataloader, config.test_dataloader):
        steps = pipeline(loader.dataset.pipeline)
        assert ('SampleFrames', dict(clip_len=1, frame_interval=1, num_clips=8, test_mode=True)) in steps
        assert ('Resize', dict(scale=(-1, 256))) in steps
        assert ('CenterCrop', dict(crop_size=224)) in steps
        assert loader.dataset.ann_file == 'data/ma52/val_list_videos.txt'


def test_paper_config_differs_from_the_release_like_the_paper():
    config = Config.fromfile(ROOT / 'configs' / 'ablations' / 'manet_r50_8x1_ma52_paper.py')
    paper = {
        'optim_wrapper.optimizer.lr': 0.001,
        'optim_wrapper.clip_grad': None,
        'optim_wrapper.paramwise_cfg.fc_lr5': False,
        'model.backbone.conv_after_shift': True,
        'model.cls_head.projection': 'linear',
        'model.cls_head.loss_emb.loss_weight': 5,
        'model.cls_head.loss_emb.over_dims': 'sum',
        'train_dataloader.batch_size': 10,
        'train_cfg.max_epochs': 80,
    }
    assert {key: get(config, key) for key in paper} == paper


def learning_rates(config):
    """Return the learning rate and weight decay of every parameter by name."""
    # The meta device needs no memory, but some networks cannot be built on it.
    with torch.device('meta' if config.model.backbone.type.startswith('ResNet') else 'cpu'):
        model = MODELS.build(config.model)
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    groups = build_optim_wrapper(model, config.optim_wrapper).optimizer.param_groups
    return {names[id(part)]: (group['lr'], group['weight_decay']) for group in groups for part in group['params']}


# One config of each recipe with the joint embedding.
EMBEDDING = [
    'manet_r50_8x1_ma52',
    'ablations/manet_r50_8x1_ma52_paper',
    'ablations/manet_r50_8x1_ma52_nose',
    'baselines/i3d_r50_32x2_ma52_emb',
    'baselines/swin_tiny_32x2_ma52_emb',
    'baselines/videomae_vit-b_16x4_ma52',
    'synthetic/manet_r18_8x1_synthetic',
]


@pytest.mark.parametrize('name', EMBEDDING)
def test_all_layers_have_the_same_rate_without_the_embedding(name):
    config = Config.fromfile(ROOT / 'configs' / f'{name}.py')
    without = copy.deepcopy(config)
    without.merge_from_dict({'model.cls_head.loss_emb': None})
    expected = {name: rate for name, rate in learning_rates(config).items() if not name.startswith('cls_head.fc_emb')}
    assert learning_rates(without) == expected


def test_option_equals_the_config_without_the_embedding():
    option = Config.fromfile(ROOT / 'configs' / 'manet_r50_8x1_ma52.py')
    option.merge_from_dict({'model.cls_head.loss_emb': None})
    config = Config.fromfile(ROOT / 'configs' / 'ablations' / 'manet_r50_8x1_ma52_noemb.py')
    rates = learning_rates(option)
    assert rates == learning_rates(config)
    assert (rates['cls_head.fc_cls.weight'], rates['cls_head.fc_cls.bias']) == ((0.00125, 1e-4), (0.0025, 0))


def test_submission_config_differs_only_in_the_test():
    main, submission = (
        Config.fromfile(ROOT / 'configs' / f'manet_r50_8x1_ma52{name}.py').to_dict() for name in ('', '_submission')
    )
    ann_file = 'data/ma52/test_list_videos.txt'
    dataset = submission['test_dataloader']['dataset']
    assert (dataset['ann_file'], dataset['data_prefix']) == (ann_file, dict(video='data/ma52/videos_test'))
    dataset.update(
        ann_file=main['test_dataloader']['dataset']['ann_file'], data_prefix=dict(video='data/ma52/videos_val')
    )
    assert submission.pop('test_evaluator')['ann_file'] == ann_file
    main.pop('test_evaluator')
    assert submission == main


def test_emotion_config_matches_section_6():
    config = Config.fromfile(ROOT / 'configs' / 'emotion' / 'maenet_r50_16x1_ma52pro.py')
    paper = {
        'model.action_backbone.num_segments': 16,
        'model.face_backbone.num_segments': 16,
        'model.encoder.num_layers': 2,
        'model.loss_emo.loss_weight': 0.03,
        'train_dataloader.batch_size': 3,
        'param_scheduler.0.milestones': [30, 60],
        'train_cfg.max_epochs': 80,
        'optim_wrapper.optimizer.lr': 0.00125,
    }
    assert {key: get(config, key) for key in paper} == paper
    for loader in (config.train_dataloader, config.val_dataloader, config.test_dataloader):
        assert dict(pipeline(loader.dataset.pipeline))['SampleFrames']['num_clips'] == 16


# Learning rates of neck and head, and of the backbone.
DETECTORS = {
    'mma52/manet_r18_e2e_mma52': (2e-4, 1e-4),
    'synthetic/manet_r18_e2e_synthetic_mma52': (2e-4, 2e-4),
    'emotion/maenet_r50_16x1_ma52pro': (0.00125, 0.00125),
}


@pytest.mark.parametrize('name', DETECTORS)
def test_neither_norms_nor_biases_decay(name):
    config = Config.fromfile(ROOT / 'configs' / f'{name}.py')
    others, backbone = DETECTORS[name]
    decay = config.optim_wrapper.optimizer.weight_decay
    with torch.device('meta'):
        model = MODELS.build(config.model)
    weights = {}
    for module_name, module in model.named_modules():
        for key, parameter in module.named_parameters(recurse=False):
            is_plain = 'Norm' not in type(module).__name__ and 'bias' not in key
            weights[f'{module_name}.{key}'.lstrip('.')] = (is_plain, parameter)
    groups = build_optim_wrapper(model, config.optim_wrapper).optimizer.param_groups
    settings = {id(part): (group['lr'], group['weight_decay']) for group in groups for part in group['params']}
    assert len(settings) == len(weights)
    for key, (is_plain, parameter) in weights.items():
        rate, found = settings[id(parameter)]
        assert found == (decay if is_plain else 0), key
        if is_plain:
            assert rate == pytest.approx(backbone if key.startswith('backbone') else others), key
    if name.startswith('emotion'):  # biases, also those of the attention, have twice the rate
        assert settings[id(weights['encoder.layers.0.self_attn.in_proj_bias'][1])] == (0.0025, 0)


def test_learning_rates_of_layers_fall_in_proportion():
    """With one minimum for all layers, the rates of the first ones would rise."""
    config = Config.fromfile(ROOT / 'configs/baselines/videomae_vit-b_16x4_ma52.py')
    rates = [config.optim_wrapper.optimizer.lr * 0.7**layer for layer in range(14)]
    groups = [dict(params=[torch.zeros(1, requires_grad=True)], lr=rate) for rate in rates]
    optimizer = torch.optim.SGD(groups, lr=1)
    schedulers = []
    for settings in config.param_scheduler:
        settings = dict(settings)
        settings.pop('convert_to_iter_based')
        schedulers.append(PARAM_SCHEDULERS.build(settings, default_args=dict(optimizer=optimizer)))
    for _ in range(config.train_cfg.max_epochs):
        optimizer.step()
        for scheduler in schedulers:
            scheduler.step()
    last = optimizer.param_groups[0]['lr']
    assert last == pytest.approx(1e-6, abs=1.1e-6)  # of the last epoch, not of its end
    assert [group['lr'] for group in optimizer.param_groups] == pytest.approx(
        [last * 0.7**layer for layer in range(14)]
    )


def test_quickstart_config_reads_the_rendered_dataset():
    target = (ROOT / 'Makefile').read_text()
    config = Config.fromfile(ROOT / re.search(r'^QUICK_CONFIG := (\S+)$', target, re.M)[1])
    assert re.search(r'^QUICK_DATA := (\S+)$', target, re.M)[1] == config.data_root
    width, height = video_size(int(re.search(r'--size (\d+)', target)[1]))
    for loader in (config.train_dataloader, config.val_dataloader, config.test_dataloader):
        assert loader.dataset.data_prefix.video.startswith(f'{config.data_root}/videos_')
        crop_width, crop_height = dict(pipeline(loader.dataset.pipeline))['CenterCrop']['crop_size']
        # MMAction2 truncates a crop that exceeds the frame without a warning.
        assert crop_width <= width
        assert crop_height == height
    # The repository contains the table of label embeddings.
    assert (ROOT / config.model.cls_head.label_embeddings).is_file()


IMBALANCE = ROOT / 'configs' / 'imbalance'


def test_class_balanced_focal_loss_uses_the_train_counts():
    config = Config.fromfile(IMBALANCE / 'manet_r50_8x1_ma52_cbfocal.py')
    assert config.model.cls_head.loss_cls.samples_per_cls == [action.train_clips for action in MA52.actions]


def test_class_weights_follow_the_train_counts():
    weights = Config.fromfile(IMBALANCE / 'manet_r50_8x1_ma52_weighted.py').model.cls_head.loss_cls.class_weight
    counts = [action.train_clips for action in MA52.actions]
    # Weights are proportional to one over the square root, rounded to two decimals.
    products = [weight * count**0.5 for weight, count in zip(weights, counts, strict=True)]
    assert max(products) / min(products) < 1.02
    assert sum(map(lambda w, n: w * n, weights, counts)) / sum(counts) == pytest.approx(1, abs=0.005)


@pytest.mark.real_data
def test_rare_actions_are_repeated_as_configured(shared):
    config = Config.fromfile(IMBALANCE / 'manet_r50_8x1_ma52_balanced.py').train_dataloader.dataset
    config.dataset.update(ann_file=f'{shared}/ma52/train_list_videos.txt', check_videos=False)
    dataset = DATASETS.build(config)
    assert len(dataset) == 14111
    counts = np.bincount([dataset.get_cat_ids(index)[0] for index in range(len(dataset))], minlength=52)
    # The smallest class has 6 clips, shown ceil(sqrt(0.019 / (6 / 11250))) = 6 times.
    assert (counts[45], counts[9], counts.max() // counts.min()) == (36, 1283, 35)


@pytest.mark.parametrize('alpha', [0.1, 1, 2, 5, 10])
def test_alpha_configs_use_ten_times_alpha_with_the_mean(alpha):
    name = f'ablations/manet_r50_8x1_ma52_alpha{alpha}.py'.replace('0.1', '0p1')
    config = Config.fromfile(ROOT / 'configs' / ('manet_r50_8x1_ma52.py' if alpha == 5 else name))
    assert config.model.cls_head.loss_emb.loss_weight == pytest.approx(10 * alpha)
    assert config.model.cls_head.loss_emb.over_dims == 'mean'


@pytest.mark.parametrize('path', sorted((ROOT / 'configs' / 'baselines').glob('*.py')), ids=lambda path: path.stem)
def test_baselines_use_the_same_evaluation(path):
    config = Config.fromfile(path)
    assert config.test_evaluator.type == 'MicroActionMetric'
    assert config.test_dataloader.dataset.ann_file == 'data/ma52/val_list_videos.txt'
    steps = dict(pipeline(config.test_dataloader.dataset.pipeline))
    sampling = steps['SampleFrames']
    assert sampling['test_mode']
    assert 'CenterCrop' in steps
    if config.model.type == 'Recognizer3D':
        # One window covers about the 57 frames of an average clip. Frames do not wrap around.
        assert sampling.get('num_clips', 1) == 1
        assert 57 <= (sampling['clip_len'] - 1) * sampling['frame_interval'] + 1 <= 63
        assert sampling['out_of_bound_opt'] == 'repeat_last'
    else:
        assert (sampling['clip_len'], sampling['num_clips']) == (1, 8)
