import os
import re
import sys

import pytest
import torch
from helpers.label_sets import FOUR, TWO_HUNDRED
from helpers.networks import write_network
from helpers.small_runs import small_runner
from helpers.support import ROOT, write_clip
from mmengine.config import Config

from mmaction_microaction.inference.recognizer import TorchRecognizer, read_config
from mmaction_microaction.label_sets import MA52

CONFIG = ROOT / 'configs/synthetic/manet_r18_8x1_synthetic.py'


def test_configs_of_the_package_are_found_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = 'configs/synthetic/manet_r18_8x1_synthetic.py'
    assert read_config(name).to_dict() == Config.fromfile(CONFIG).to_dict()
    with pytest.raises(FileNotFoundError, match=r'configs/nowhere\.py: no such config'):
        read_config('configs/nowhere.py')
    # A file of the user comes first.
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_text('model = None')
    assert read_config(name).to_dict() == dict(model=None)


class RunsCode:
    """Object whose pickle creates a folder when it is loaded."""

    def __reduce__(self):
        return os.mkdir, ('ran',)


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (b'', 'is not a checkpoint.* is empty'),
        (
            b'version https://git-lfs.github.com/spec/v1\n',
            r"is not a checkpoint.* starts with b'version .*Git LFS",
        ),
        (b'<!DOCTYPE html><html>', r"is not a checkpoint.* starts with b'<!DOCTYPE .*web page"),
    ],
)
def test_files_other_than_checkpoints_are_rejected(content, message, tmp_path):
    (tmp_path / 'x.pth').write_bytes(content)
    with pytest.raises(ValueError, match=rf'x\.pth {message}.*Download the file itself'):
        TorchRecognizer(CONFIG, tmp_path / 'x.pth', 'cpu')


def test_folder_is_rejected_as_checkpoint(tmp_path):
    with pytest.raises(ValueError, match=rf'{re.escape(str(tmp_path))} is a folder'):
        TorchRecognizer(CONFIG, tmp_path, 'cpu')


@pytest.mark.parametrize('size', [100, 20_000, 1_000_000])
@pytest.mark.parametrize('zipped', [True, False])
def test_truncated_checkpoint_is_named(size, zipped, tmp_path):
    content = dict(state_dict={f'layer{index}.weight': torch.zeros(1000) for index in range(400)})
    torch.save(content, tmp_path / 'x.pth', _use_new_zipfile_serialization=zipped)
    os.truncate(tmp_path / 'x.pth', size)
    with pytest.raises(ValueError, match=r'x\.pth is damaged or truncated \(.*\); download'):
        TorchRecognizer(CONFIG, tmp_path / 'x.pth', 'cpu')


def test_checkpoint_with_code_is_rejected(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({'state_dict': RunsCode()}, 'x.pth')
    with pytest.raises(ValueError, match=r'x\.pth is refused, since loading it could run code: .* it contains .*mkdir'):
        TorchRecognizer(CONFIG, 'x.pth', 'cpu')
    assert not os.path.exists('ran')


@pytest.mark.parametrize('content', [[1, 2], {'state_dict': [1, 2]}, {'state_dict': {'weight': 1}}])
def test_files_without_weights_are_rejected(content, tmp_path):
    torch.save(content, tmp_path / 'x.pth')
    with pytest.raises(ValueError, match=r'x\.pth contains no state_dict'):
        TorchRecognizer(CONFIG, tmp_path / 'x.pth', 'cpu')


def test_pipeline_with_mismatched_num_clips_is_rejected(checkpoint):
    config = Config.fromfile(CONFIG)
    config.merge_from_dict({'model.backbone.num_segments': 4, 'model.cls_head.num_segments': 4})
    with pytest.raises(ValueError, match=r'test_dataloader.*num_clips=8.*num_segments=4'):
        TorchRecognizer(config, checkpoint, 'cpu')


def test_emotion_network_is_rejected(checkpoint):
    config = ROOT / 'configs/synthetic/maenet_r18_16x1_synthetic_pro.py'
    with pytest.raises(ValueError, match=r'maenet_r18_16x1_synthetic_pro\.py .*MAENet'):
        TorchRecognizer(config, checkpoint, 'cpu')


def test_swapped_config_and_checkpoint_are_reported(checkpoint):
    with pytest.raises(ValueError, match=r'epoch_1\.pth is not a config .* config first'):
        TorchRecognizer(checkpoint, CONFIG, 'cpu')


@pytest.mark.parametrize('device', ['foo', 'cuda:99', 'mps'])
def test_missing_devices_are_named(device, checkpoint):
    if device == 'mps' and sys.platform == 'darwin':
        pytest.skip('Macs have this device')
    with pytest.raises(ValueError, match=rf'to the device {device} \(.+\); .*cpu'):
        TorchRecognizer(CONFIG, checkpoint, device)


def test_checkpoint_without_a_label_set_and_with_52_classes_is_one_of_ma52(checkpoint):
    assert 'meta' not in torch.load(checkpoint)
    assert TorchRecognizer(CONFIG, checkpoint, 'cpu').label_set is MA52


@pytest.mark.parametrize('label_set', [FOUR, TWO_HUNDRED], ids=lambda label_set: label_set.name)
def test_label_set_is_read_from_the_checkpoint(label_set, tiny_resnets, tmp_path):
    recognizer = TorchRecognizer(*write_network(tmp_path, len(label_set), label_set), 'cpu')
    assert recognizer.label_set == label_set
    assert recognizer.label_set.group_term == label_set.group_term


def test_label_set_and_crop_of_a_training_run_are_read_from_its_checkpoint(tiny_resnets, tmp_path):
    (tmp_path / 'videos_train').mkdir()
    for label in range(4):
        write_clip(tmp_path / f'videos_train/{label}.mp4', seed=label)
    (tmp_path / 'train_list_videos.txt').write_text(''.join(f'{label}.mp4 {label}\n' for label in range(4)))
    head = dict(num_classes=4, label_embeddings=None, loss_emb=None)
    options = {f'model.cls_head.{key}': value for key, value in head.items()}
    for key in ('val_dataloader', 'val_cfg', 'val_evaluator', 'default_hooks.checkpoint.save_best'):
        options[key] = None
    options['train_dataloader.dataset.label_set'] = FOUR.to_dict()
    options['train_dataloader.dataset.metainfo'] = dict(crop='person')
    runner = small_runner(tmp_path, tmp_path / 'run', options)
    runner.train()
    assert 'label_set' not in runner.cfg.test_dataloader.dataset
    recognizer = TorchRecognizer(runner.cfg, tmp_path / 'run/epoch_1.pth', 'cpu')
    assert (recognizer.label_set, recognizer.crop) == (FOUR, 'person')


@pytest.mark.parametrize('key', ['label_set', 'metainfo'])
def test_label_set_of_a_checkpoint_without_one_is_read_from_the_config(key, tiny_resnets, tmp_path):
    (tmp_path / 'gestures.txt').write_text('\n'.join(FOUR.names))
    path = str(tmp_path / 'gestures.txt')
    test_set = {key: path if key == 'label_set' else {'label_set': path, 'crop': 'none'}}
    recognizer = TorchRecognizer(*write_network(tmp_path, 4, test_set=test_set), 'cpu')
    assert (recognizer.label_set, recognizer.crop) == (FOUR, 'none' if key == 'metainfo' else None)


@pytest.mark.parametrize(
    ('label_set', 'num_classes', 'configured', 'message'),
    [
        (FOUR, 4, ['nodding', 'waving', 'frowning', 'arms akimbo'], "label 2 is 'shrugging' and 'frowning'"),
        (FOUR, 4, ['nodding', 'waving'], '4 and 2 actions'),
        (None, 4, ['nodding', 'waving'], 'has 2 actions, but there are 4 classes'),
        (FOUR, 5, None, r'network\.pth: the label set gestures has 4 actions, but there are 5 classes'),
    ],
)
def test_contradicting_label_sets_are_named(label_set, num_classes, configured, message, tiny_resnets, tmp_path):
    test_set = configured and {'label_set': {'name': 'others', 'actions': configured}}
    network = write_network(tmp_path, num_classes, label_set, test_set=test_set)
    with pytest.raises(ValueError, match=message) as raised:
        TorchRecognizer(*network, 'cpu')
    if label_set and configured:
        for name in ('network.pth', 'network.py', 'gestures', 'others'):
            assert name in str(raised.value)


def test_groups_that_differ_are_a_contradiction(tiny_resnets, tmp_path):
    groups = {'name': 'grouped', 'actions': [{'name': name, 'group': 'all'} for name in FOUR.names]}
    network = write_network(tmp_path, 4, FOUR, test_set={'label_set': groups})
    with pytest.raises(ValueError, match=r'gestures.* has grouped: their groups differ'):
        TorchRecognizer(*network, 'cpu')


def test_file_of_the_label_set_is_not_needed_beside_a_checkpoint_that_contains_it(tiny_resnets, tmp_path):
    network = write_network(tmp_path, 4, FOUR, test_set={'label_set': 'elsewhere/gestures.yaml'})
    assert TorchRecognizer(*network, 'cpu').label_set == FOUR


def test_checkpoint_with_unknown_classes_is_rejected_with_the_remedy(tiny_resnets, tmp_path):
    # For example one of Kinetics-400 from MMAction2.
    with pytest.raises(ValueError, match=r'network\.pth .*400 classes.*label_set of the dataset'):
        TorchRecognizer(*write_network(tmp_path, 400), 'cpu')


@pytest.mark.parametrize('content', [{'actions': ['nodding', 'Nodding', 'waving', 'a']}, 'gestures', {'actions': []}])
def test_malformed_label_set_of_a_checkpoint_is_rejected(content, tiny_resnets, tmp_path):
    config, checkpoint = write_network(tmp_path, 4, FOUR)
    saved = torch.load(checkpoint)
    saved['meta']['dataset_meta']['label_set'] = content
    torch.save(saved, checkpoint)
    with pytest.raises(ValueError, match=r'network\.pth: its label set: '):
        TorchRecognizer(config, checkpoint, 'cpu')


@pytest.mark.parametrize('meta', [None, 'text', {'dataset_meta': None}, {'dataset_meta': ['classes']}])
def test_odd_metadata_of_a_checkpoint_are_ignored(meta, checkpoint, tmp_path):
    torch.save({**torch.load(checkpoint), 'meta': meta}, tmp_path / 'x.pth')
    assert TorchRecognizer(CONFIG, tmp_path / 'x.pth', 'cpu').label_set is MA52
