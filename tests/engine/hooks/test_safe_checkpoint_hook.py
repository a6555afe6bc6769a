"""If writing a checkpoint fails, the previous one still exists and the run can be resumed from it."""

import contextlib
import errno
import os
import subprocess

import pytest
import torch
from helpers.engine_runs import Clips, make_runner
from mmengine.evaluator import BaseMetric
from mmengine.runner import find_latest_checkpoint

KEEP_ONE = dict(type='SafeCheckpointHook', interval=1, max_keep_ckpts=1, save_best='score', rule='greater')


class Killed(BaseException):
    pass


class Score(BaseMetric):
    """Metric that returns the given scores, one per validation, or kills the run."""

    def __init__(self, scores):
        super().__init__()
        self.scores = iter(scores)

    def process(self, data_batch, data_samples):
        self.results.append(0)

    def compute_metrics(self, results):
        score = next(self.scores)
        if isinstance(score, Killed):
            raise score
        return dict(score=score, loss=-score)


def scored_runner(work_dir, scores, checkpoint=KEEP_ONE, **kwargs):
    loader = dict(dataset=Clips(), batch_size=2, sampler=dict(type='DefaultSampler', shuffle=False))
    return make_runner(
        work_dir,
        epochs=kwargs.pop('epochs', len(scores)),
        checkpoint=checkpoint,
        val_dataloader=dict(**loader, collate_fn=dict(type='pseudo_collate')),
        val_evaluator=[Score(scores)],
        val_cfg=dict(),
        **kwargs,
    )


def files(work_dir):
    return sorted(path.name for path in work_dir.glob('*.pth*'))


@pytest.mark.parametrize(
    ('scores', 'left'),
    [([1, 2, 3], ['best_score_epoch_3.pth', 'epoch_3.pth']), ([3, 2, 1], ['best_score_epoch_1.pth', 'epoch_3.pth'])],
)
def test_keeps_the_same_files_as_mmengine(tmp_path, scores, left):
    for name in ('SafeCheckpointHook', 'CheckpointHook'):
        scored_runner(tmp_path / name, scores, dict(KEEP_ONE, type=name)).train()
        assert files(tmp_path / name) == left
        assert find_latest_checkpoint(str(tmp_path / name)) == str(tmp_path / name / 'epoch_3.pth')


def test_keeps_the_best_checkpoint_of_each_score(tmp_path):
    keep_both = dict(KEEP_ONE, save_best=['score', 'loss'], rule=['greater', 'greater'])
    scored_runner(tmp_path, [2, 3, 1], keep_both).train()
    assert files(tmp_path) == ['best_loss_epoch_3.pth', 'best_score_epoch_2.pth', 'epoch_3.pth']


def test_a_resumed_run_replaces_the_best_checkpoint(tmp_path):
    scored_runner(tmp_path, [1, 3]).train()
    scored_runner(tmp_path, [2, 4], epochs=4, resume=True, name='resumed').train()
    assert files(tmp_path) == ['best_score_epoch_4.pth', 'epoch_4.pth']


def test_a_run_resumed_elsewhere_keeps_the_first_runs_best_checkpoint(tmp_path):
    scored_runner(tmp_path / 'a', [1]).train()
    before = files(tmp_path / 'a')
    resumed = dict(load_from=str(tmp_path / 'a' / 'epoch_1.pth'), resume=True, name='resumed')
    scored_runner(tmp_path / 'b', [2, 3], epochs=3, **resumed).train()
    assert files(tmp_path / 'a') == before
    assert files(tmp_path / 'b') == ['best_score_epoch_3.pth', 'epoch_3.pth']


@pytest.fixture
def small_disk(tmp_path):
    """Mount a disk of 256 KiB, and return its mount point."""
    disk = tmp_path / 'disk'
    disk.mkdir()
    mount = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk], capture_output=True, text=True)
    if mount.returncode:
        pytest.skip(f'mounting a small disk is not permitted: {mount.stderr.strip()}')
    yield disk
    subprocess.run(['umount', '--lazy', disk], check=True)  # The logs of the runs are still open.


def fill(disk):
    """Fill a disk, and return the file that fills it."""
    filler = disk / 'filler'
    with open(filler, 'wb', buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    return filler


def test_run_can_be_resumed_after_a_full_disk(small_disk, monkeypatch):
    work_dir = small_disk / 'run'
    scored_runner(work_dir, [1]).train()
    before = {path.name: path.read_bytes() for path in work_dir.glob('*.pth')}
    filler = fill(small_disk)
    # Logs, curves and configs are written to another disk, so that only checkpoints need space.
    monkeypatch.setattr('mmengine.runner.Runner.dump_config', lambda self: None)
    runner = scored_runner(work_dir, [2], epochs=2, resume=True, name='full', visualizer=dict(type='Visualizer'))
    runner.logger.handlers = runner.logger.handlers[:1]
    with pytest.raises(OSError, match=r'No space left .*epoch_2\.pth') as error:
        runner.train()
    assert error.value.errno == errno.ENOSPC
    assert {path.name: path.read_bytes() for path in work_dir.glob('*.pth*')} == before
    assert find_latest_checkpoint(str(work_dir)) == str(work_dir / 'epoch_1.pth')
    filler.unlink()
    scored_runner(work_dir, [2], epochs=2, resume=True, name='emptied').train()
    assert files(work_dir) == ['best_score_epoch_2.pth', 'epoch_2.pth']


@pytest.mark.parametrize('write', range(5))
def test_run_can_be_resumed_after_death_during_any_write(tmp_path, monkeypatch, write):
    # An epoch with a new best score writes a checkpoint, last_checkpoint, the best checkpoint, and the first two again.
    scored_runner(tmp_path, [1]).train()

    writes = []
    replace = os.replace

    def replace_until_death(source, target):
        if len(writes) == write:
            raise Killed
        writes.append(target)
        replace(source, target)

    monkeypatch.setattr(os, 'replace', replace_until_death)
    with pytest.raises(Killed):
        scored_runner(tmp_path, [2], epochs=2, resume=True, name=f'killed {write}').train()
    monkeypatch.undo()
    for name in files(tmp_path):
        if name.endswith('.pth'):
            torch.load(tmp_path / name, weights_only=False)
    assert os.path.isfile(find_latest_checkpoint(str(tmp_path)))
    assert any(name.startswith('best_score') for name in files(tmp_path))
    scored_runner(tmp_path, [2, 3], epochs=3, resume=True, name=f'resumed {write}').train()
    assert 'epoch_3.pth' in files(tmp_path)


def test_an_epoch_that_was_not_the_best_is_not_validated_again_on_resume(tmp_path):
    scored_runner(tmp_path, [2, 1]).train()
    assert files(tmp_path) == ['best_score_epoch_1.pth', 'epoch_2.pth']
    scored_runner(tmp_path, [3], epochs=3, resume=True, name='resumed').train()  # one more score is an error
    assert files(tmp_path) == ['best_score_epoch_3.pth', 'epoch_3.pth']


def test_only_the_validation_of_its_epoch_is_written_to_the_last_checkpoint(tmp_path):
    runner = scored_runner(tmp_path, [2, 1, 0], epochs=2)
    runner.train()
    before = (tmp_path / 'epoch_2.pth').read_bytes()
    runner.model.layer.weight.data.fill_(7)
    runner.val()
    assert (tmp_path / 'epoch_2.pth').read_bytes() == before


def test_interrupted_validation_is_repeated_on_resume(tmp_path):
    with pytest.raises(Killed):
        scored_runner(tmp_path, [1, Killed()]).train()
    assert files(tmp_path) == ['best_score_epoch_1.pth', 'epoch_2.pth']
    scored_runner(tmp_path, [3], epochs=2, resume=True, name='resumed').train()
    assert files(tmp_path) == ['best_score_epoch_2.pth', 'epoch_2.pth']
    # The checkpoint now records that the epoch was validated, so no score is requested.
    scored_runner(tmp_path, [], epochs=2, resume=True, name='over').train()
