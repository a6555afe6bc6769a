"""Whole runs of a small PCAN."""

import pickle

import numpy as np
import pytest
import torch
from helpers.support import ROOT
from helpers.whole_runs import on_clips, run_test, run_training, weights
from mmengine.config import Config
from mmengine.runner import Runner

from mmaction_microaction.structures.poses import Poses, write_poses

pytestmark = pytest.mark.slow

CONFIG = ROOT / 'tests' / 'data' / 'pcan_tiny.py'


@pytest.fixture(scope='module')
def options(tiny_ma52, tmp_path_factory):
    """Write random poses of the clips, and return the options for a run."""
    folder = tmp_path_factory.mktemp('poses')
    rng = np.random.default_rng(0)
    options = on_clips(tiny_ma52)
    for split in ('train', 'val'):
        names = (tiny_ma52 / f'{split}_list_videos.txt').read_text().split()[::2]
        poses = [
            Poses(name.removesuffix('.mp4'), (80, 96), rng.uniform(20, 70, (1, 12, 28, 2)), np.ones((1, 12, 28)))
            for name in names
        ]
        write_poses(poses, folder / f'{split}.pkl')
    for loader, split in (('train', 'train'), ('val', 'val'), ('test', 'val')):
        options.append(f'{loader}_dataloader.dataset.pose_file={folder / split}.pkl')
    return options


def train(work_dir, options, **changes):
    """Train for two epochs in bfloat16, within the process of the test."""
    config = Config.fromfile(CONFIG)
    config.merge_from_dict(dict(option.split('=') for option in options[1:]))
    config.train_dataloader.update(batch_size=2, num_workers=0)
    config.model.cls_head.init_std = 1
    config.optim_wrapper.update(type='AmpOptimWrapper', loss_scale='dynamic')
    config.update(work_dir=str(work_dir), randomness=dict(seed=1), log_level='WARNING', **changes)
    runner = Runner.from_cfg(config)
    runner.train()
    return runner


def test_interrupted_run_in_bfloat16_resumes_to_the_same_prototypes(options, tmp_path):
    train(tmp_path / 'whole', options)
    runner = train(tmp_path / 'resumed', options, load_from=str(tmp_path / 'whole' / 'epoch_1.pth'), resume=True)
    assert runner.iter == 2 * 4
    assert not (tmp_path / 'resumed' / 'epoch_1.pth').exists()
    whole, resumed = (weights(tmp_path / name / 'epoch_2.pth') for name in ('whole', 'resumed'))
    for name, tensor in whole.items():
        torch.testing.assert_close(resumed[name], tensor, rtol=0, atol=0, msg=name)
    prototypes = {name: tensor for name, tensor in whole.items() if name.endswith('.prototypes')}
    assert len(prototypes) == 4
    assert all(tensor.dtype == torch.float32 for tensor in prototypes.values())
    start = weights(tmp_path / 'whole' / 'epoch_1.pth')
    assert any(not torch.equal(tensor, start[name]) for name, tensor in prototypes.items())


@pytest.mark.skipif(torch.cuda.is_available(), reason='two CPU processes')
def test_two_processes_train_and_dump_scores_of_both_levels(options, tmp_path):
    once = [*options, 'train_cfg.max_epochs=1']
    run_training(CONFIG, '--seed', 0, '--work-dir', 'w', *once, cwd=tmp_path, processes=2)
    state = weights(tmp_path / 'w' / 'epoch_1.pth')
    assert all(tensor.isfinite().all() for tensor in state.values())
    args = ['w/epoch_1.pth', '--work-dir', 'w', '--dump', 'scores.pkl', *options]
    output = run_test(CONFIG, *args, cwd=tmp_path, processes=2)
    assert 'F1_mean' in output
    predictions = pickle.loads((tmp_path / 'scores.pkl').read_bytes())
    assert [len(sample['pred_score']) for sample in predictions] == [52] * 5
    assert [len(sample['coarse_score']) for sample in predictions] == [7] * 5
