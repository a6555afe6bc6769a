"""Every config runs one step of training and testing with MMEngine's runner."""

import copy
import functools
from pathlib import Path

import numpy as np
import pytest
from helpers.support import ROOT
from mmaction.models.backbones.swin import SwinTransformer3D
from mmengine.config import Config
from mmengine.optim import OptimWrapper
from mmengine.runner import Runner

CONFIGS = sorted(path for path in (ROOT / 'configs').rglob('*.py') if '_base_' not in path.parts)
SMALL = {256: 40, 224: 32, 320: 48, 112: 32}
"""Sizes in pixels that replace those of the configs."""

REDUCED = {
    'C3D': dict(out_dim=2048),  # number of features of a crop of 32 pixels
    'TimeSformer': dict(num_transformer_layers=1, embed_dims=48),
    'UniFormer': dict(depth=[1, 1, 1, 1], embed_dim=[16, 16, 32, 32], head_dim=16),
    'VisionTransformer': dict(depth=1, embed_dims=48, num_heads=4),
}
"""Changes of backbones that leave one narrow block per stage. :func:`tiny_resnets` changes ResNets."""

WIDTHS = {
    'TimeSformer': 48,
    'UniFormer': 32,
    'VisionTransformer': 48,
    'SwinTransformer3D': 192,
    **dict.fromkeys(('ResNet', 'ResNetTSM', 'ResNetTIN', 'ResNetSETSM'), 256),
}
"""Numbers of features of the reduced backbones. A ResNet-18 has 64."""

FOLDERS = dict(video='videos', faces='faces')


def test_base_names_are_unique():
    # mim finds configs by base name.
    names = [path.name for path in CONFIGS]
    assert len(set(names)) == len(names)


read_config = functools.cache(Config.fromfile)


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_default_hooks_are_merged_by_name(path):
    config = read_config(path)
    names = ('epoch_seed', 'check_train_list', 'check_invalid_loss', 'unreadable_clips', 'checkpoint')
    types = ['EpochSeedHook', 'CheckTrainListHook', 'CheckInvalidLossHook', 'UnreadableClipsHook', 'SafeCheckpointHook']
    assert [config.default_hooks[name].type for name in names] == types
    assert not config.get('custom_hooks')


def shrink(value):
    """Replace the sizes of frames and crops in an argument of a transform."""
    if isinstance(value, (list, tuple)):
        return type(value)(map(shrink, value))
    return SMALL.get(value, value)


def shrink_pipeline(pipeline):
    for step in pipeline:
        for key in ('scale', 'size', 'crop_size', 'input_size', 'scale_range'):
            if key in step:
                step[key] = shrink(step[key])
        if step.get('num_clips') == 10 or (step.get('num_clips') == 4 and step.get('clip_len', 1) > 1):  # views
            step.num_clips = 2
        if step.type == 'UniformSampleFrames':
            step.clip_len = 8


def reduce(backbone):
    """Remove blocks and channels of a backbone."""
    backbone.update(REDUCED.get(backbone.get('type'), {}))
    for part in filter(None, map(backbone.get, ('rgb_pathway', 'pose_pathway'))):
        part.base_channels //= 4
        reduce(part)
    if 'stage_blocks' in backbone:
        backbone.stage_blocks = (1,) * len(backbone.stage_blocks)
    if backbone.get('inflate'):
        backbone.inflate = tuple(stage if isinstance(stage, int) else stage[:1] for stage in backbone.inflate)
    if 'arch' in backbone:  # A second block has shifted windows.
        backbone.arch = dict(SwinTransformer3D.arch_zoo[backbone.arch], depths=[2, 1, 1, 1], embed_dims=24)


def read_tiny_set(dataset, roots, split, num_classes, tmp_path):
    """Change the config of a dataset, or of the dataset that it wraps, to two clips of a tiny dataset."""
    if 'datasets' in dataset:
        for part, own_split in zip(dataset.datasets, ('train', 'val')):
            read_tiny_set(part, roots, own_split, num_classes, tmp_path)
            part.indices = 1
        return
    while 'dataset' in dataset:
        if 'times' in dataset:
            dataset['times'] = 1
        dataset = dataset['dataset']
    root = roots[dataset.type]
    dataset.ann_file = (
        f'{root}/{split}.jsonl' if dataset.type == 'MA52ProDataset' else f'{root}/{split}_list_videos.txt'
    )
    if 'pose_file' in dataset:
        dataset.pose_file = f'{root}/poses_{split}.pkl'
    dataset.data_prefix = {
        what: f'{root}/{folder}_{split}' for what, folder in FOLDERS.items() if what in dataset.data_prefix
    }
    if dataset.get('label_set') not in (None, 'ma52_rest'):  # The tiny dataset has labels of MA-52.
        names = Path(dataset.ann_file).read_text().split()[::2]
        dataset.ann_file = str(tmp_path / f'{split}.txt')
        Path(dataset.ann_file).write_text(f'{names[0]} 0\n{names[1]} {num_classes - 1}\n')
        if dataset.label_set.startswith('data/'):  # The file of the template exists only where a user made it.
            dataset.label_set = dict(actions=[f'action {index}' for index in range(num_classes)])
    dataset.indices = 2
    shrink_pipeline(dataset.pipeline)


def tiny_config(path, roots, tmp_path):
    config = copy.deepcopy(read_config(path))
    assert config.default_scope == 'mmaction'
    assert config.custom_imports.imports == ['mmaction_microaction']
    num_classes = config.model.get('cls_head', {}).get('num_classes')
    for loader, split in ((config.train_dataloader, 'train'), (config.test_dataloader, 'val')):
        read_tiny_set(loader.dataset, roots, split, num_classes, tmp_path)
        loader.update(batch_size=2, num_workers=0, persistent_workers=False)
    config.update(val_dataloader=None, val_evaluator=None, val_cfg=None, load_from=None)
    config.train_cfg = dict(by_epoch=True, max_epochs=1)
    config.default_hooks.checkpoint = dict(type='CheckpointHook', interval=-1, save_last=False)

    for backbone in filter(None, map(config.model.get, ('backbone', 'action_backbone', 'face_backbone'))):
        if backbone.type != 'JointTCN':  # There are no weights to start from.
            backbone.pretrained = None
        reduce(backbone)
        if 'img_size' in backbone:
            backbone.img_size = shrink(backbone.img_size)
    head = config.model.get('cls_head', {})
    if head and config.model.backbone.type in WIDTHS:
        head.in_channels = 64 if config.model.backbone.get('depth') == 18 else WIDTHS[config.model.backbone.type]
    elif 'rgb_pathway' in config.model.get('backbone', {}):
        head.in_channels = [width // 4 for width in head.get('in_channels', (2048, 512))]
    if 'label_embeddings' in head:
        head.label_embeddings = str(tmp_path / 'label_embeddings.npy')
        shape = head.get('num_classes', 52), head.get('embed_dims', 300)
        np.save(head.label_embeddings, np.random.default_rng(0).normal(size=shape))
    if head.get('loss_emb', 0) is None:
        del head['label_embeddings']
    if 'out_dir' in config.test_evaluator:
        # Without ann_file, the metric accepts a subset of the clips.
        config.test_evaluator.update(ann_file=None, out_dir=str(tmp_path / 'submission'))
    config.update(work_dir=str(tmp_path / 'work_dir'), log_level='WARNING')
    return config


# test_mma52_configs.py runs the detectors.
@pytest.mark.slow
@pytest.mark.parametrize('path', [path for path in CONFIGS if '_mma52' not in path.stem], ids=lambda path: path.stem)
def test_trains_and_tests_for_a_step(path, tiny_resnets, tiny_ma52, tiny_pro, tmp_path, monkeypatch):
    roots = {'ClipDataset': tiny_ma52, 'PoseClipDataset': tiny_ma52, 'MA52ProDataset': tiny_pro}
    runner = Runner.from_cfg(tiny_config(path, roots, tmp_path))
    emotion = 'emotion' in path.parts or path.stem.startswith('maenet')
    before = copy.deepcopy(runner.model.state_dict())
    monkeypatch.setattr(OptimWrapper, 'zero_grad', lambda self: None)
    runner.train()
    assert runner.iter == 1
    # In a distributed run, a parameter without gradient would block all processes.
    assert [name for name, p in runner.model.named_parameters() if p.requires_grad and p.grad is None] == []
    head = getattr(runner.model, 'cls_head', None)
    if emotion:
        terms, classifiers = ['loss_act', 'loss_emo'], ['fc_act.weight', 'fc_emo.weight']
    elif hasattr(head, 'fusion_weights'):
        terms, classifiers = ['rgb_loss_cls', 'pose_loss_cls'], ['cls_head.fc_rgb.weight', 'cls_head.fc_pose.weight']
    else:
        terms, classifiers = (
            ['loss_cls'],
            [next(name for name in before if 'fc_cls' in name or name == 'cls_head.fc.weight')],
        )
    losses = {name: runner.message_hub.get_scalar(f'train/{name}').current() for name in ['loss', *terms]}
    assert all(np.isfinite(loss) and loss > 0 for loss in losses.values())
    changed = [name for name, value in runner.model.state_dict().items() if not value.equal(before[name])]
    assert set(classifiers) <= set(changed)
    metrics = runner.test()
    if emotion:
        assert all(0 <= metrics[name] <= 100 for name in ('Acc', 'mAP'))
    else:
        # Label sets without groups have no F1_mean of both levels.
        mean = metrics.get('F1_mean', metrics.get('fine/F1_mean', np.nan))
        assert metrics.get('submission/rows') == 2 or 0 <= mean <= 100
