"""Tests of the commands of docs/slurm.md on a real Slurm cluster with two nodes."""

import os
import re
import time

import pytest
import torch
from helpers import slurm
from helpers.shell import quick_programs
from helpers.support import ROOT
from helpers.whole_runs import TINY_32PX, on_clips, scores, weights

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(slurm.missing()), reason=slurm.missing()),
    pytest.mark.skipif(torch.cuda.is_available(), reason='two processes on the CPU'),
]

# Waits in the second epoch until the job is preempted.
HOOK = """
import os, time
from mmengine.hooks import Hook
from mmaction.registry import HOOKS

@HOOKS.register_module()
class StandStill(Hook):
    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        if runner.epoch == 1 and not runner._resume and os.environ['SLURM_JOB_NAME'] == 'preempted':
            open('standing still', 'w').close()
            time.sleep(600)
"""
CONFIG = f"""
_base_ = {str(TINY_32PX)!r}
custom_imports = dict(imports=['mmaction_microaction', 'stand_still'], allow_failed_imports=False)
default_hooks = dict(channels_last=dict(type='ChannelsLastHook'), still=dict(type='StandStill'))
"""
ENDED = ('COMPLETED', 'FAILED', 'TIMEOUT', 'CANCELLED')


@pytest.fixture(scope='module')
def cluster():
    # With one processor per node, no other job can run at the same time.
    with slurm.cluster(cpus=1) as environment:
        yield environment


@pytest.fixture
def quick_path(cluster):
    """Return a PATH for jobs that receive no signals."""
    with quick_programs() as environment:
        programs = environment['PATH'].split(os.pathsep)[0]
        yield f'{programs}{os.pathsep}{cluster["PATH"]}'


def blocks(language):
    """Return the code blocks of docs/slurm.md in a language."""
    return re.findall(rf'```{language}\n(.*?)```', (ROOT / 'docs' / 'slurm.md').read_text(), re.DOTALL)


def wait_for(condition, log, seconds=300):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, log.read_text()[-3000:] if log.exists() else 'no log'
        time.sleep(0.2)


def test_preempted_run_on_two_nodes_ends_with_the_weights_of_an_uninterrupted_run(
    cluster, quick_path, tiny_ma52, tmp_path
):
    folder = tmp_path / 'with a space'
    folder.mkdir()
    (folder / 'stand_still.py').write_text(HOOK)
    (folder / 'config.py').write_text(CONFIG)
    (folder / 'tools').symlink_to(ROOT / 'tools')
    (script,) = (block for block in blocks('bash') if block.startswith('#!'))
    (folder / 'train.sbatch').write_text(script)
    (torchrun,) = (block for block in blocks('bash') if 'SLURM_NODEID' in block)
    environment = cluster | {'PYTHONPATH': str(folder), 'OMP_NUM_THREADS': '1'}
    options = on_clips(tiny_ma52, 'train_dataloader.dataset.indices=4', 'train_dataloader.batch_size=1')
    nodes = ['--nodes=2', '--ntasks-per-node=1', '--cpus-per-task=1', '--gres=none']

    def submit(*args, **variables):
        return slurm.run(environment | variables, 'sbatch', '--parsable', *nodes, *args, cwd=folder).strip()

    # The reference run uses torchrun and is not interrupted.
    torchrun = torchrun.replace('CONFIG 8', ' '.join(['config.py 1 --seed 0 --work-dir whole', *options]))
    # The nodes have names that cannot be resolved.
    torchrun = torchrun.replace('$(scontrol show hostnames | head -n 1)', '127.0.0.1')
    (folder / 'whole.sbatch').write_text(
        f'#!/usr/bin/env bash\n{torchrun.replace("29500", str(slurm.free_ports(1)[0]))}'
    )
    job, log = submit('--output=whole.log', 'whole.sbatch', PATH=quick_path), folder / 'whole.log'
    wait_for(lambda: slurm.job_state(cluster, job) in ENDED, log)
    assert slurm.job_state(cluster, job) == 'COMPLETED', log.read_text()[-3000:]

    job = submit('--job-name=preempted', 'train.sbatch', 'config.py', '--seed', '0', '--work-dir', 'again', *options)
    log = folder / f'preempted-{job}.log'
    wait_for((folder / 'standing still').exists, log)
    # A test on both nodes preempts the run.
    test = ['tools/slurm_test.sh', 'urgent', 'test', 'config.py', 'whole/epoch_2.pth', '--work-dir', 'tested', *options]
    slurm.run(environment | {'GPUS': '2', 'PATH': quick_path}, *test, cwd=folder)
    assert scores(folder / 'tested')
    # The run may have started again already.
    slurm.run(environment, 'scontrol', 'update', f'JobId={job}', 'StartTime=now', check=False)
    wait_for(lambda: slurm.job_state(cluster, job) in ENDED, log)
    output = log.read_text()
    assert slurm.job_state(cluster, job) == 'COMPLETED', output[-3000:]
    assert 'resumed epoch: 1' in output
    assert 'Grad strides' not in output
    ours, expected = (weights(folder / name / 'epoch_2.pth') for name in ('again', 'whole'))
    assert [key for key in expected if not torch.equal(ours[key], expected[key])] == []
    first = weights(folder / 'whole' / 'epoch_1.pth')
    assert (first['cls_head.fc_cls.weight'] - expected['cls_head.fc_cls.weight']).abs().max() > 1e-6
