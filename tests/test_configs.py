import re

import pytest
import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from support import ROOT

from mmaction_microaction.synthetic import video_size

CONFIGS = sorted(path for path in (ROOT / 'configs').rglob('*.py') if '_base_' not in path.parts)


def test_base_names_are_unique():
    # mim looks configs up by base name.
    names = [path.name for path in CONFIGS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_config_builds_and_predicts(path):
    config = Config.fromfile(path)
    assert config.default_scope == 'mmaction'
    assert config.custom_imports.imports == ['mmaction_microaction']
    config.model.backbone.pretrained = None
    model = MODELS.build(config.model)
    model.train(False)
    with torch.no_grad():
        feats, kwargs = model.extract_feat(torch.randn(1, 8, 3, 64, 64), test_mode=True)
        assert model.cls_head(feats, **kwargs).shape == (1, 52)


def get(config, key):
    for part in key.split('.'):
        config = config[int(part) if part.isdigit() else part]
    return config


def pipeline(dataloader):
    return [(step['type'], {k: v for k, v in step.items() if k not in ('type', '_scope_')}) for step in dataloader]


def test_main_config_is_the_released_recipe():
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


def test_paper_config_departs_where_the_paper_does():
    config = Config.fromfile(ROOT / 'configs' / 'ablations' / 'manet_r50_8x1_ma52_paper.py')
    paper = {
        'optim_wrapper.optimizer.lr': 0.001,
        'optim_wrapper.clip_grad': None,
        'optim_wrapper.paramwise_cfg.fc_lr5': False,
        'model.cls_head.projection': 'linear',
        'model.cls_head.loss_emb.loss_weight': 5,
        'model.cls_head.loss_emb.over_dims': 'sum',
        'train_dataloader.batch_size': 10,
        'train_cfg.max_epochs': 80,
    }
    assert {key: get(config, key) for key in paper} == paper


def test_submission_config_departs_in_the_test_alone():
    main, submission = (
        Config.fromfile(ROOT / 'configs' / f'manet_r50_8x1_ma52{name}.py').to_dict() for name in ('', '_submission')
    )
    ann_file = submission.pop('ann_file')
    assert ann_file == 'data/ma52/test_list_videos.txt'
    dataset = submission['test_dataloader']['dataset']
    assert (dataset['ann_file'], dataset['data_prefix']) == (ann_file, dict(video='data/ma52/videos_test'))
    dataset.update(
        ann_file=main['test_dataloader']['dataset']['ann_file'], data_prefix=dict(video='data/ma52/videos_val')
    )
    assert submission.pop('test_evaluator')['ann_file'] == ann_file
    main.pop('test_evaluator')
    assert submission == main


def test_quickstart_renders_what_its_config_reads():
    target = (ROOT / 'Makefile').read_text()
    config = Config.fromfile(ROOT / re.search(r'^QUICK_CONFIG := (\S+)$', target, re.M)[1])
    assert re.search(r'^QUICK_DATA := (\S+)$', target, re.M)[1] == config.data_root
    width, height = video_size(re.search(r'--size (\d+)', target)[1])
    for loader in (config.train_dataloader, config.val_dataloader, config.test_dataloader):
        assert loader.dataset.data_prefix.video.startswith(f'{config.data_root}/videos_')
        crop_width, crop_height = dict(pipeline(loader.dataset.pipeline))['CenterCrop']['crop_size']
        # A crop beyond the frame is cut off without a word.
        assert crop_width <= width
        assert crop_height == height
    # The table of label embeddings comes with the repository.
    assert (ROOT / config.model.cls_head.label_embeddings).is_file()
