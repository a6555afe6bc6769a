import gc
import os
from logging import FileHandler
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.poses import make_poses
from helpers.quick_mmengine import quicken_mmengine
from helpers.support import ROOT, write_clip, write_pro_list
from hypothesis import settings
from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope
from mmengine.runner import save_checkpoint

import mmaction_microaction  # noqa: F401  (MMAction2's own modules cannot be imported before)
from mmaction_microaction.report import page
from mmaction_microaction.report.figures import EmbeddedFigure
from mmaction_microaction.structures.poses import write_poses
from mmaction_microaction.video.writer import write_video

# Examples are the same in every run, so that a change that breaks none of them passes.
settings.register_profile('repeatable', derandomize=True)
settings.load_profile('repeatable')

SHARED = Path(os.environ.get('MA52_REFERENCE', ROOT.parent / 'shared')).resolve()


def pytest_collection_modifyitems(items):
    if SHARED.is_dir():
        return
    skip = pytest.mark.skip(reason=f'the MA-52 reference data is not in {SHARED}; set MA52_REFERENCE to its folder')
    for item in items:
        if 'real_data' in item.keywords:
            item.add_marker(skip)


def pytest_collection_finish():
    # Each dataset of MMEngine collects garbage twice. Among the objects of the imported packages, that takes a second.
    gc.freeze()


@pytest.fixture
def one_block_per_stage(monkeypatch):
    """Let MMAction2's ResNets of depth 18 and 50 have one block per stage, which keeps the width of all features."""
    from helpers.networks import shorten_resnets

    shorten_resnets(monkeypatch)


@pytest.fixture(scope='module')
def one_block_per_stage_in_module():
    """Like one_block_per_stage, for all tests of a module and the networks that they share."""
    from helpers.networks import shorten_resnets

    with pytest.MonkeyPatch.context() as patch:
        shorten_resnets(patch)
        yield


@pytest.fixture
def undrawn(monkeypatch):
    """Omit the figures of reports, which take seconds. They have their own tests."""
    monkeypatch.setattr(page, 'save_figure', lambda name, caption, figure, out: EmbeddedFigure(name, caption, True, ''))


@pytest.fixture
def tiny_resnets(one_block_per_stage, monkeypatch):
    """Like one_block_per_stage, but the 2D ResNets have 64 features at depth 18 and 256 at depth 50."""
    from helpers.networks import narrow_resnets

    narrow_resnets(monkeypatch)


@pytest.fixture(scope='module')
def tiny_resnets_in_module(one_block_per_stage_in_module):
    """Like tiny_resnets, for all tests of a module and the networks that they share."""
    from helpers.networks import narrow_resnets

    with pytest.MonkeyPatch.context() as patch:
        narrow_resnets(patch)
        yield


@pytest.fixture(scope='session', autouse=True)
def omit_slow_work():
    """Omit work of MMEngine that takes seconds."""
    with pytest.MonkeyPatch.context() as patch:
        quicken_mmengine(patch.setattr)
        yield


@pytest.fixture(scope='session', autouse=True)
def default_scope():
    """Set MMAction2's default scope."""
    init_default_scope('mmaction')


@pytest.fixture(autouse=True)
def close_log_files():
    """Close the log files of runs."""
    yield
    for logger in MMLogger._instance_dict.values():
        for handler in [handler for handler in logger.handlers if isinstance(handler, FileHandler)]:
            logger.removeHandler(handler)
            handler.close()


@pytest.fixture(scope='session')
def shared():
    """Return the folder of the MA-52 reference data."""
    return SHARED


@pytest.fixture(scope='session')
def checkpoint(tmp_path_factory):
    """Write untrained weights of the quickstart's network, large enough that the scores of clips differ."""
    from mmaction.apis import init_recognizer

    torch.manual_seed(0)
    model = init_recognizer(Config.fromfile(ROOT / 'configs/synthetic/manet_r18_8x1_synthetic.py'), device='cpu')
    torch.nn.init.normal_(model.cls_head.fc_cls.weight, std=3)
    path = tmp_path_factory.mktemp('network') / 'epoch_1.pth'
    save_checkpoint(dict(state_dict=model.state_dict()), str(path))
    return path


@pytest.fixture(scope='session')
def clip(tmp_path_factory):
    """Write a video of a moving square: 40 frames of 64 x 76 pixels at 25 frames per second."""
    path = tmp_path_factory.mktemp('videos') / 'clip.mp4'
    frames = np.full((40, 76, 64, 3), 90, np.uint8)
    for t, frame in enumerate(frames):
        frame[20 + t // 2 : 36 + t // 2, 10 + t // 2 : 26 + t // 2] = (220, 40, 60)
    write_video(path, frames, (64, 76), fps=25, crf=10)
    return path


@pytest.fixture(scope='session')
def tiny_ma52(tmp_path_factory):
    """Write a data folder like MA-52 with 7 train clips and 5 val clips, at most one per body part and split.

    It also contains poses.
    """
    root = tmp_path_factory.mktemp('tiny_ma52')
    labels = {'train': [0, 5, 11, 24, 32, 38, 48], 'val': [1, 6, 12, 25, 33]}
    for split, split_labels in labels.items():
        folder = root / f'videos_{split}'
        folder.mkdir()
        lines, poses = [], []
        for number, (part, label) in enumerate(enumerate(split_labels), start=1):
            name = f'{1 if split == "train" else 2:04d}_{part:02d}_{number:04d}.mp4'
            write_clip(folder / name, seed=label)
            lines.append(f'{name} {label}')
            poses.append(make_poses(name.removesuffix('.mp4'), 12, (80, 96), seed=label, label=label))
        write_poses(poses, root / f'poses_{split}.pkl')
        (root / f'{split}_list_videos.txt').write_bytes('\r\n'.join(lines).encode())
    return root


@pytest.fixture(scope='session')
def tiny_pro(tmp_path_factory):
    """Write a data folder like MA-52-Pro, with faces in all, some or no frames, and a video without a face track."""
    root = tmp_path_factory.mktemp('tiny_pro')
    always, sometimes, never = [[10, 5, 34, 35]] * 20, [[60, 50, 90.5, 79]] * 8 + [None] * 12, [None] * 20
    samples = [
        ('joy', [9, 9, 24], always),
        ('anger', [], sometimes),
        ('fear', [48, 24], never),
        ('sadness', [0, 51, 32, 17], None),
        ('joy', [9], always),
    ]
    for split in ('train', 'val', 'test'):
        write_pro_list(root, split, samples)
    return root
