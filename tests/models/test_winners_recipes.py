"""Each part of the winners' recipes is switched on in one line, in configs of MANet and of MMAction2's networks."""

import re
import shlex

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from helpers.support import ROOT
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.config import Config, DictAction
from mmengine.optim import build_optim_wrapper

PAGE = (ROOT / 'docs' / 'recipes.md').read_text(encoding='utf-8')
LINES = re.findall(r'`(model = .*?)`', PAGE)
BLOCKS = re.findall(r'```python\n_base_ = .*?\n\n(model = .*?)\n```', PAGE, re.S)
COMMANDS = [
    shlex.split(command)
    for command in re.search(r'```bash\n(.*?)```', PAGE, re.S)[1].replace('\\\n', ' ').strip().splitlines()
]
# A config of each kind of head, and the shape of the features of two clips, without the channels.
CONFIGS = {
    'manet_r50_8x1_ma52': ('NCHW', 16),
    'baselines/tsn_r50_8x1_ma52': ('NCHW', 16),
    'baselines/tsm_r50_8x1_ma52': ('NCHW', 16),
    'baselines/i3d_r50_32x2_ma52': ('NCTHW', 2),
    'baselines/swin_tiny_32x2_ma52': ('NCTHW', 2),
    'baselines/timesformer_divst_8x8_ma52': ('NC', 2),
    'baselines/videomae_vit-b_16x4_ma52': ('NC', 2),
}


def compute_losses(name, head, tmp_path, labels=(9, 24)):
    """Build a head, and compute its losses for random features."""
    order, size = CONFIGS[name]
    if 'label_embeddings' in head:
        head.label_embeddings = str(tmp_path / 'table.npy')
        np.save(head.label_embeddings, np.random.default_rng(0).normal(size=(52, head.get('embed_dims', 300))))
    head = MODELS.build(head)
    head.init_weights()
    shape = {'NCHW': (size, head.in_channels, 2, 2), 'NCTHW': (size, head.in_channels, 4, 2, 2)}
    feats = torch.randn(shape.get(order, (size, head.in_channels)))
    samples = [ActionDataSample().set_gt_label(label) for label in labels]
    losses = head.loss(feats, samples, num_segs=8)
    return {key for key, value in losses.items() if 'loss' in key and value.isfinite() and value > 0}, head


EXPECTED = {
    'HierarchicalLoss': {'loss_group'},
    'SoftF1Loss': {'loss_f1', 'loss_group_f1'},
    'AuxiliaryHeads': {'loss_aux_frame', 'loss_aux_group', 'loss_aux_frame_group'},
}


def describe(line):
    return ' '.join(re.findall(r"type='(\w+)'", line)) or 'smoothing'


@pytest.mark.parametrize('line', [*LINES, *BLOCKS], ids=describe)
@pytest.mark.parametrize('name', CONFIGS)
def test_one_line_switches_a_part_on(name, line, tmp_path):
    main = Config.fromfile(ROOT / 'configs' / f'{name}.py').model.cls_head.type
    path = tmp_path / 'own.py'
    base = ROOT / 'configs' / f'{name}.py'
    path.write_text(f'_base_ = {str(base)!r}\n{line.replace("MANetHead", main)}\n')
    config = Config.fromfile(path)
    plain, _ = compute_losses(name, Config.fromfile(base).model.cls_head, tmp_path)
    losses, head = compute_losses(name, config.model.cls_head, tmp_path)
    assert losses == plain.union(*(added for part, added in EXPECTED.items() if part in line))
    assert type(head).__name__.startswith(main)
    assert (type(head.fc_cls).__name__ == 'CosineClassifier') == ('CosineHead' in line)
    # Mixup replaces the labels by weights.
    blended = (0.6 * F.one_hot(torch.tensor([9, 24]), 52) + 0.4 * F.one_hot(torch.tensor([24, 9]), 52)).float()
    assert compute_losses(name, config.model.cls_head, tmp_path, blended)[0] == losses
    assert config.model.data_preprocessor.get('blending') is None or 'Mixup' in line


@pytest.mark.parametrize('words', COMMANDS, ids=lambda words: words[-1].rpartition('=')[2])
def test_options_switch_a_part_on(words, tmp_path):
    assert words[:3] == ['mim', 'train', 'mmaction']
    name = words[3].removeprefix('configs/').removesuffix('.py')
    config = Config.fromfile(ROOT / words[3])
    plain, _ = compute_losses(name, Config.fromfile(ROOT / words[3]).model.cls_head, tmp_path)
    options = dict(option.split('=', 1) for option in words[words.index('--cfg-options') + 1 :])
    config.merge_from_dict({key: DictAction._parse_iterable(value) for key, value in options.items()})
    losses, head = compute_losses(name, config.model.cls_head, tmp_path)
    added = set().union(*(added for part, added in EXPECTED.items() if part in options.values()))
    assert losses == plain | added
    assert added or type(head.fc_cls).__name__ == 'CosineClassifier'


def test_backbone_of_the_winner_learns_ten_times_slower():
    config = Config.fromfile(ROOT / 'configs' / 'challenge' / 'videomae_vit-b_u16_ma52.py')
    config.model.backbone.update(depth=1, embed_dims=24, num_heads=2, img_size=32)
    config.model.cls_head.in_channels = 24
    model = MODELS.build(config.model)
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    groups = build_optim_wrapper(model, config.optim_wrapper).optimizer.param_groups
    settings = {names[id(p)]: (group['lr'], group['weight_decay']) for group in groups for p in group['params']}
    assert settings['backbone.blocks.0.mlp.layers.1.weight'] == pytest.approx((3e-5, 0.01))
    assert settings['backbone.blocks.0.norm1.weight'] == pytest.approx((3e-5, 0))
    assert settings['cls_head.fc_cls.weight'] == pytest.approx((3e-4, 0.01))
    assert settings['cls_head.auxiliary.fc_frame.weight'] == pytest.approx((3e-4, 0.01))


def test_swin_of_the_organisers_has_their_settings():
    config = Config.fromfile(ROOT / 'configs' / 'challenge' / 'swin_small_32x2_ma52.py')
    assert (config.model.backbone.arch, config.model.cls_head.type, config.model.cls_head.num_classes) == (
        'small',
        'I3DHead',
        52,
    )
    assert config.optim_wrapper.paramwise_cfg.backbone.lr_mult == 0.1
    assert (config.optim_wrapper.optimizer.lr, config.optim_wrapper.optimizer.weight_decay) == (1e-3, 0.02)
    assert (config.train_dataloader.batch_size, config.train_cfg.max_epochs) == (4, 40)
    assert not config.auto_scale_lr.enable


@pytest.mark.parametrize('name', ['videomae_vit-b_u16_ma52_trainval', 'manet_r50_8x1_ma52_trainval'])
def test_train_and_val_together_are_never_scored_on_val(name):
    config = Config.fromfile(ROOT / 'configs' / 'challenge' / f'{name}.py')
    lists = [part.ann_file for part in config.train_dataloader.dataset.datasets]
    assert lists == ['data/ma52/train_list_videos.txt', 'data/ma52/val_list_videos.txt']
    assert config.val_dataloader is config.val_cfg is config.val_evaluator is None
    assert config.test_dataloader.dataset.ann_file == config.test_evaluator.ann_file == 'data/ma52/test_list_videos.txt'
    assert name in config.test_evaluator.out_dir


@pytest.mark.parametrize('name', ['videomae_vit-b_u16_ma52', 'manet_r50_8x1_ma52_wholeframe'])
def test_whole_frames_are_tested(name):
    config = Config.fromfile(ROOT / 'configs' / 'challenge' / f'{name}.py')
    for loader in config.val_dataloader, config.test_dataloader:
        steps = {step.type: step for step in loader.dataset.pipeline}
        assert not any('Crop' in kind for kind in steps)
        assert (steps['Resize'].scale, steps['Resize'].keep_ratio) == ((224, 224), False)


def test_views_differ_from_the_main_config_in_the_test_only():
    main, views = (
        Config.fromfile(ROOT / 'configs' / name).to_dict()
        for name in ('manet_r50_8x1_ma52.py', 'challenge/manet_r50_8x1_ma52_views.py')
    )
    pipeline = views['test_dataloader']['dataset'].pop('pipeline')
    main['test_dataloader']['dataset'].pop('pipeline')
    views.pop('views_pipeline')
    assert views == main
    assert pipeline[1]['twice_sample']
    assert [step['type'] for step in pipeline][-3:] == ['AddFlippedViews', 'FormatShape', 'PackActionInputs']
