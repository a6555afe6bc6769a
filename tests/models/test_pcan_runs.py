"""Whole runs of a small PCAN with MMAction2's scripts."""

import os
import pickle
import signal

import numpy as np
import pytest
import torch
from helpers.support import ROOT
from helpers.whole_runs import on_clips, run_test, run_training, start_script, wait_for

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


def weights(path):
    return torch.load(path, weights_only=False)['state_dict']


def test_killed_run_in_bfloat16_resumes_to_the_same_prototypes(options, tmp_path):
    args = ['--amp', '--seed', 1]
    options = [*options, 'train_cfg.max_epochs=3', 'train_dataloader.batch_size=2', 'model.cls_head.init_std=1']
    run_training(CONFIG, *args, '--work-dir', 'whole', *options, cwd=tmp_path)
    log = tmp_path / 'log'
    [process] = start_script('train.py', CONFIG, *args, '--work-dir', 'killed', *options, cwd=tmp_path, logs=[log])
    wait_for(r'Epoch\(train\) *\[2\]\[[1-3]/4\]', log, process)
    os.killpg(process.pid, signal.SIGKILL)
    process.join()
    assert not (tmp_path / 'killed' / 'epoch_2.pth').exists()
    output = run_training(CONFIG, *args, '--work-dir', 'killed', '--resume', *options, cwd=tmp_path)
    assert 'resumed epoch: 1' in output
    whole, resumed = (weights(tmp_path / name / 'epoch_3.pth') for name in ('whole', 'killed'))
    for name, tensor in whole.items():
        torch.testing.assert_close(resumed[name], tensor, rtol=0, atol=0, msg=name)
    prototypes = {name: tensor for name, tensor in whole.items() if name.endswith('.prototypes')}
    assert len(prototypes) == 4
    assert all(tensor.dtype == torch.float32 for tensor in prototypes.values())
    start = weights(tmp_path / 'whole' / 'epoch_1.pth')
    assert any(not torch.equal(tensor, start[name]) for name, tensor in prototypes.items())


@pytest.mark.skipif(torch.cuda.is_available(), reason='two CPU processes')
def test_two_processes_train_and_dump_scores_of_both_levels(options, tmp_path):
    run_training(CONFIG, '--seed', 0, '--work-dir', 'w', *options, cwd=tmp_path, processes=2)
    state = weights(tmp_path / 'w' / 'epoch_2.pth')
    assert all(tensor.isfinite().all() for tensor in state.values())
    args = ['w/epoch_2.pth', '--work-dir', 'w', '--dump', 'scores.pkl', *options]
    output = run_test(CONFIG, *args, cwd=tmp_path, processes=2)
    assert 'F1_mean' in output
    predictions = pickle.loads((tmp_path / 'scores.pkl').read_bytes())
    assert [len(sample['pred_score']) for sample in predictions] == [52] * 5
    assert [len(sample['coarse_score']) for sample in predictions] == [7] * 5
