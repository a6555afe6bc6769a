"""Every config of a detector trains, tests and resumes with MMEngine's runner."""

import copy
import re

import numpy as np
import pytest
import torch
from helpers.detection import write_tiny_mma52
from helpers.support import ROOT
from helpers.whole_runs import run_training
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.optim import OptimWrapper
from mmengine.runner import Runner

from mmaction_microaction.cli import main
from mmaction_microaction.datasets.feature_store import FeatureSettings, FeatureStoreWriter
from mmaction_microaction.label_sets import MA52, LabelSet

CONFIGS = sorted(path for path in (ROOT / 'configs').rglob('*_mma52*.py') if '_base_' not in path.parts)
PYRAMID, SUBMISSION = (ROOT / f'configs/mma52/manet_r50_pyramid_mma52{name}.py' for name in ('', '_submission'))
SMALL = {256: 40, 224: 32, 182: 40, 160: 32, 128: 40, 112: 32, 76: 32, 64: 28, 48: 24}
"""Sizes in pixels that replace those of the configs."""

FINGERPRINT = 0x4611E57497AEE4D
pytestmark = pytest.mark.usefixtures('tiny_resnets')


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    """Write videos, and random features of 8 channels at 7.5 steps per second."""
    root = write_tiny_mma52(tmp_path_factory.mktemp('mma52'))
    rng = np.random.default_rng(0)
    for split in ('train', 'val', 'test'):
        with FeatureStoreWriter(
            root / f'features_{split}', FeatureSettings('random', FINGERPRINT, 7.5, 'float32')
        ) as store:
            for video in sorted((root / f'videos_{split}').iterdir()):
                store.add(video.stem, rng.normal(size=(8, 8)))
            store.publish()
    return root


def shrink(value):
    if isinstance(value, (list, tuple)):
        return type(value)(map(shrink, value))
    return SMALL.get(value, value)


def use_tiny_set(dataset, data, split):
    """Change the config of a dataset, or of the dataset that it wraps."""
    while 'dataset' in dataset:
        dataset = dataset['dataset']
    dataset.update(ann_file=str(data / f'{split}.csv'), data_prefix=dict(video=str(data / f'videos_{split}')))
    for step in dataset.pipeline:
        for key in ('scale', 'crop_size'):
            if key in step:
                step[key] = shrink(step[key])
        if 'path' in step:
            step['path'] = str(data / f'features_{split}')


def tiny_config(path, data, work_dir):
    config = Config.fromfile(path)
    for loader, split in ((config.train_dataloader, 'train'), (config.val_dataloader, 'val')):
        use_tiny_set(loader.dataset, data, split)
        loader.update(batch_size=2, num_workers=0, persistent_workers=False)
    if path == SUBMISSION:
        use_tiny_set(config.test_dataloader.dataset, data, 'test')
        config.test_dataloader.update(batch_size=2, num_workers=0, persistent_workers=False)
        config.test_evaluator.out_file_path = str(work_dir / 'predictions.pkl')
    else:
        config.test_dataloader = copy.deepcopy(config.val_dataloader)
    config.train_cfg.update(max_epochs=1, val_interval=1)
    channels = 8
    backbone = config.model.get('backbone')
    if backbone and 'depth' in backbone and backbone.type == 'ResNetSETSM':
        backbone.update(depth=18, pretrained=None)
        channels = 64
    elif backbone:
        backbone.update(img_size=32, embed_dims=24, depth=2, num_heads=4)
        del backbone['init_cfg']  # weights from the internet
        channels = 24
    config.model.neck.update(in_channels=channels, channels=16)
    config.model.head.update(in_channels=16, channels=16)
    config.update(work_dir=str(work_dir), log_level='WARNING')
    if backbone:  # A frozen backbone needs weights to start from.
        config.load_from = str(work_dir / 'initial.pth')
        torch.save({'state_dict': MODELS.build(config.model).state_dict()}, config.load_from)
    return config


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_network_has_one_sigmoid_per_action(path):
    config = Config.fromfile(path)
    backbone = config.model.get('backbone', {})
    backbone.pop('init_cfg', None)
    if 'pretrained' in backbone:
        backbone.pretrained = None
    model = MODELS.build(config.model)
    assert model.num_classes == len(MA52)
    assert model.head.num_boundaries == (len(MA52) if 'perclass' in path.stem else 1)
    assert config.default_hooks.checkpoint.save_best == 'action/average_mAP'


def test_submission_config_differs_only_in_the_test():
    main, submission = (Config.fromfile(path).to_dict() for path in (PYRAMID, SUBMISSION))
    dataset = submission['test_dataloader']['dataset']
    assert (dataset['ann_file'], dataset['data_prefix']) == (
        'data/mma52/test.csv',
        dict(video='data/mma52/videos_test'),
    )
    assert dataset['pipeline'] == submission.pop('test_pipeline')
    assert dataset['pipeline'][0] == dict(type='LoadFeatures', path='data/mma52/features_test')
    dataset.update({key: main['test_dataloader']['dataset'][key] for key in ('ann_file', 'data_prefix', 'pipeline')})
    assert submission.pop('test_evaluator')['type'] == 'DumpResults'
    main.pop('test_evaluator')
    assert submission == main


def options_of_the_guide(data, work_dir):
    """Return the options of docs/detection.md that predict the test split with any config."""
    return {
        'test_dataloader.dataset.ann_file': str(data / 'test.csv'),
        'test_dataloader.dataset.data_prefix.video': str(data / 'videos_test'),
        'test_evaluator.type': 'DumpResults',
        'test_evaluator.out_file_path': str(work_dir / 'predictions.pkl'),
    }


@pytest.mark.parametrize('name', ['pyramid_mma52_submission', 'pyramid_mma52_perclass', 'e2e_mma52'])
def test_the_documented_commands_write_the_challenge_file(data, tmp_path, name, capsys):
    [path] = [path for path in CONFIGS if path.stem.endswith(name)]
    config = tiny_config(path, data, tmp_path)
    if path != SUBMISSION:
        config.merge_from_dict(options_of_the_guide(data, tmp_path))
    if 'features' in str(config.test_dataloader.dataset.pipeline[0].get('path')) and path != SUBMISSION:
        config.merge_from_dict({'test_dataloader.dataset.pipeline.0.path': str(data / 'features_test')})
    config.load_from = str(tmp_path / 'trained.pth')
    torch.save({'state_dict': MODELS.build(config.model).state_dict()}, config.load_from)
    Runner.from_cfg(config).test()
    out = tmp_path / 'submission'
    table = ['--ann-file', str(data / 'test.csv')]
    main('submit', [str(tmp_path / 'predictions.pkl'), *table, '--format', 'mmad', '--out', str(out)])
    capsys.readouterr()
    main('validate', [str(out / 'submission.zip'), *table])
    assert re.search(r'is valid: \d{3} rows in the format mmad', capsys.readouterr().out)
    rows = [row.split(',') for row in (out / 'prediction.csv').read_text().splitlines()[1:]]
    assert {row[1] for row in rows} == {'test0000', 'test0001', 'test0002'}


@pytest.mark.slow
@pytest.mark.parametrize('path', [path for path in CONFIGS if path != SUBMISSION], ids=lambda path: path.stem)
def test_trains_validates_and_tests(path, data, tmp_path, monkeypatch):
    runner = Runner.from_cfg(tiny_config(path, data, tmp_path))
    monkeypatch.setattr(OptimWrapper, 'zero_grad', lambda self: None)
    runner.train()
    assert runner.iter >= 2
    # In a distributed run, a parameter without gradient would block all processes.
    assert [name for name, p in runner.model.named_parameters() if p.requires_grad and p.grad is None] == []
    losses = [runner.message_hub.get_scalar(f'train/{name}').current() for name in ('loss_cls', 'loss_segment')]
    assert all(np.isfinite(loss) and loss > 0 for loss in losses)
    learning = {name for name, p in runner.model.named_parameters() if p.grad is not None and p.grad.any()}
    assert 'head.fc_cls.weight' in learning
    in_backbone = {name for name in learning if name.startswith('backbone.')}
    if 'e2e' in path.stem:
        assert 'backbone.conv1.conv.weight' in in_backbone
    else:
        assert all(name.startswith('backbone.adapters.') for name in in_backbone)
        assert bool(in_backbone) == ('videomae' in path.stem)
    assert list(tmp_path.glob('best_action_average_mAP_epoch_*.pth'))
    assert runner.test()['action/average_mAP'] >= 0


@pytest.mark.parametrize('per_class', [True, False])
def test_boundaries_per_class_start_anew_with_another_label_set(data, tmp_path, per_class, caplog):
    path = next(path for path in CONFIGS if 'perclass' in path.stem) if per_class else PYRAMID
    config = tiny_config(path, data, tmp_path)
    model = MODELS.build(config.model)
    for parameter in model.parameters():
        torch.nn.init.constant_(parameter, 0.25)
    other = LabelSet.from_dict({'name': 'other', 'actions': [f'action {index}' for index in range(52)]})
    meta = dict(dataset_meta=dict(label_set=other.to_dict()))
    config.load_from = str(tmp_path / 'old.pth')
    torch.save({'state_dict': model.state_dict(), 'meta': meta}, config.load_from)
    runner = Runner.from_cfg(config)
    runner.logger.addHandler(caplog.handler)
    runner.train_loop._max_epochs = 0
    runner.train()
    head = runner.model.head
    started_anew = [(layer.weight != 0.25).all().item() for layer in (head.fc_cls, head.fc_segment)]
    assert started_anew == [True, per_class]
    lines = [record.getMessage() for record in caplog.records if record.levelname == 'WARNING']
    [line] = [line for line in lines if 'old.pth' in line]
    assert f'label set ma52: {"head.fc_cls and head.fc_segment start" if per_class else "head.fc_cls starts"}' in line


@pytest.mark.slow
def test_a_resumed_run_continues_with_the_same_features(data, tmp_path):
    Runner.from_cfg(tiny_config(PYRAMID, data, tmp_path)).train()
    config = tiny_config(PYRAMID, data, tmp_path)
    config.update(resume=True)
    config.train_cfg.max_epochs = 2
    runner = Runner.from_cfg(config)
    runner.train()
    assert runner.epoch == 2
    assert runner.model.feature_fingerprint == FINGERPRINT


@pytest.mark.slow
def test_two_processes_train_and_validate_on_features(data, tmp_path):
    config = tiny_config(PYRAMID, data, tmp_path / 'work')
    config.dump(tmp_path / 'tiny.py')
    for _ in range(2):  # the second run checks the features of a checkpoint that two processes wrote
        run_training(tmp_path / 'tiny.py', '--resume', cwd=tmp_path, processes=2)
        config.train_cfg.max_epochs = 2
        config.dump(tmp_path / 'tiny.py')
    assert (tmp_path / 'work' / 'epoch_2.pth').is_file()
