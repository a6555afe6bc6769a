"""Every config runs one step of training and testing with MMEngine's runner."""

import copy

import numpy as np
import pytest
from helpers.support import ROOT
from mmengine.config import Config
from mmengine.optim import OptimWrapper
from mmengine.runner import Runner

CONFIGS = sorted(path for path in (ROOT / 'configs').rglob('*.py') if '_base_' not in path.parts)
SMALL = {256: 72, 224: 64, 320: 80}
"""Sizes in pixels that replace those of the configs."""

FOLDERS = dict(video='videos', faces='faces')


def test_base_names_are_unique():
    # mim finds configs by base name.
    names = [path.name for path in CONFIGS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_default_hooks_are_merged_by_name(path):
    config = Config.fromfile(path)
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


def read_tiny_set(dataset, roots, split):
    """Change the config of a dataset, or of the dataset that it wraps, to two clips of a tiny dataset."""
    while 'dataset' in dataset:
        dataset = dataset['dataset']
    root = roots[dataset.type]
    lists = {'ClipDataset': f'{split}_list_videos.txt', 'MA52ProDataset': f'{split}.jsonl'}
    dataset.ann_file = f'{root}/{lists[dataset.type]}'
    dataset.data_prefix = {
        what: f'{root}/{folder}_{split}' for what, folder in FOLDERS.items() if what in dataset.data_prefix
    }
    dataset.indices = 2
    shrink_pipeline(dataset.pipeline)


def tiny_config(path, roots, tmp_path):
    config = Config.fromfile(path)
    assert config.default_scope == 'mmaction'
    assert config.custom_imports.imports == ['mmaction_microaction']
    for loader, split in ((config.train_dataloader, 'train'), (config.test_dataloader, 'val')):
        read_tiny_set(loader.dataset, roots, split)
        loader.update(batch_size=2, num_workers=0, persistent_workers=False)
    config.update(val_dataloader=None, val_evaluator=None, val_cfg=None, load_from=None)
    config.train_cfg = dict(by_epoch=True, max_epochs=1)
    config.default_hooks.checkpoint = dict(type='CheckpointHook', interval=-1, save_last=False)

    for backbone in filter(None, map(config.model.get, ('backbone', 'action_backbone', 'face_backbone'))):
        backbone.pretrained = None
        if backbone.get('conv_after_shift'):  # At depth 50, there are 143 million parameters.
            backbone.depth, config.model.cls_head.in_channels = 18, 512
        if 'img_size' in backbone:
            backbone.img_size = shrink(backbone.img_size)
    head = config.model.get('cls_head', {})
    if 'label_embeddings' in head:
        head.label_embeddings = str(tmp_path / 'label_embeddings.npy')
        np.save(head.label_embeddings, np.random.default_rng(0).normal(size=(52, head.get('embed_dims', 300))))
    if head.get('loss_emb', 0) is None:
        del head['label_embeddings']
    if 'out_dir' in config.test_evaluator:
        # Without ann_file, the metric accepts a subset of the clips.
        config.test_evaluator.update(ann_file=None, out_dir=str(tmp_path / 'submission'))
    config.update(work_dir=str(tmp_path / 'work_dir'), log_level='WARNING')
    return config


# test_mma52_configs.py runs the detectors.
@pytest.mark.slow
@pytest.mark.parametrize('path', [path for path in CONFIGS if 'mma52' not in path.parts], ids=lambda path: path.stem)
def test_trains_and_tests_for_a_step(path, tiny_ma52, tiny_pro, tmp_path, monkeypatch):
    roots = {'ClipDataset': tiny_ma52, 'MA52ProDataset': tiny_pro}
    runner = Runner.from_cfg(tiny_config(path, roots, tmp_path))
    emotion = 'emotion' in path.parts or path.stem.startswith('maenet')
    before = copy.deepcopy(runner.model.state_dict())
    monkeypatch.setattr(OptimWrapper, 'zero_grad', lambda self: None)
    runner.train()
    assert runner.iter == 1
    # In a distributed run, a parameter without gradient would block all processes.
    assert [name for name, p in runner.model.named_parameters() if p.requires_grad and p.grad is None] == []
    terms = ('loss', 'loss_act', 'loss_emo') if emotion else ('loss', 'loss_cls')
    losses = {name: runner.message_hub.get_scalar(f'train/{name}').current() for name in terms}
    assert all(np.isfinite(loss) and loss > 0 for loss in losses.values())
    changed = [name for name, value in runner.model.state_dict().items() if not value.equal(before[name])]
    assert {'fc_act.weight', 'fc_emo.weight'} <= set(changed) if emotion else any('fc_cls' in name for name in changed)
    metrics = runner.test()
    if emotion:
        assert all(0 <= metrics[name] <= 100 for name in ('Acc', 'mAP'))
    else:
        assert metrics.get('submission/rows') == 2 or 0 <= metrics['F1_mean'] <= 100
