import os
import re
import sys

import pytest
import torch
from helpers.support import ROOT
from mmengine.config import Config

from mmaction_microaction.inference.recognizer import TorchRecognizer

CONFIG = ROOT / 'configs/synthetic/manet_r18_8x1_synthetic.py'


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


@pytest.mark.parametrize('size', [100, 20_000, 10_000_000])
@pytest.mark.parametrize('zipped', [True, False])
def test_truncated_checkpoint_is_named(size, zipped, checkpoint, tmp_path):
    torch.save(torch.load(checkpoint), tmp_path / 'x.pth', _use_new_zipfile_serialization=zipped)
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
