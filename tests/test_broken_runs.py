"""Tests of whole runs with broken clips, unusual names and killed processes."""

import os
import re
import shutil
import signal
import time
from pathlib import Path

import pytest
from helpers.support import wait_until_gone
from helpers.whole_runs import TINY_32PX, on_clips, run_test, run_training, start_script, wait_for, write_untrained

pytestmark = pytest.mark.slow


def test_run_supports_unusual_names_and_a_broken_clip(tiny_ma52, tmp_path):
    data = tmp_path / 'Daten ü 雪'
    shutil.copytree(tiny_ma52, data)
    for split in ('train', 'val'):
        name = (data / f'{split}_list_videos.txt').read_text().split()[0]
        (data / f'videos_{split}' / name).rename(data / f'videos_{split}' / 'ein Überblick.mp4')
        content = (data / f'{split}_list_videos.txt').read_text()
        (data / f'{split}_list_videos.txt').write_text(content.replace(name, 'ein Überblick.mp4'), encoding='utf-8')
    broken = sorted((data / 'videos_train').glob('0*.mp4'))[0]
    broken.write_bytes(b'')
    # The options are in a config, since MMEngine removes spaces from the values of --cfg-options.
    config = tmp_path / 'Läufe hier' / 'mit Lücken.py'
    config.parent.mkdir()
    lines = [f'_base_ = {str(TINY_32PX)!r}']
    for loader, split in (('train', 'train'), ('val', 'val'), ('test', 'val')):
        dataset = dict(
            ann_file=f'{data}/{split}_list_videos.txt',
            data_prefix=dict(video=f'{data}/videos_{split}'),
            max_unreadable=0.2,
        )
        lines.append(f'{loader}_dataloader = dict(dataset={dataset!r})')
    config.write_text('\n'.join(lines), encoding='utf-8')
    output = run_training(config, '--work-dir', config.parent / 'w', cwd=tmp_path)
    assert output.count(f'{broken.name} cannot be read (') == 1
    for epoch in (1, 2):
        summary = f'1 of the 7 clips of {data}/train_list_videos.txt could not be read in epoch {epoch}: {broken.name};'
        assert output.count(summary) == 1
    assert (config.parent / 'w' / 'epoch_2.pth').is_file()

    # A broken val clip stops the test with an error that names it, unless unreadable clips count as missing.
    missing = sorted((data / 'videos_val').glob('0*.mp4'))[0]
    missing.write_bytes(b'')
    args = [config, config.parent / 'w' / 'epoch_2.pth', '--work-dir', 't', '--dump', 'p.pkl']
    output = run_test(*args, cwd=tmp_path, status=1)
    assert f'{missing.name} cannot be read (' in output
    assert not (tmp_path / 'p.pkl').exists()
    output = run_test(*args, '--cfg-options', 'test_dataloader.dataset.unreadable_as_missing=True', cwd=tmp_path)
    assert '5 clips' in output
    assert f'{missing.name} cannot be read (' in output
    assert (tmp_path / 'p.pkl').exists()


@pytest.fixture
def start(tmp_path):
    """Return a function that starts a script of MMAction2, waits for a log pattern, and returns process and log."""
    processes = []

    def start(script, pattern, *args):
        log = tmp_path / 'log'
        [process] = start_script(script, *args, cwd=tmp_path, logs=[log])
        processes.append(process)
        wait_for(pattern, log, process)
        return process, log

    yield start
    for process in processes:
        if process.exitcode is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.join()


@pytest.fixture
def training(tiny_ma52, start):
    """Start a run with two workers, wait for its second epoch, and return the process and its log."""
    options = ['train_cfg.max_epochs=500', 'train_cfg.val_interval=500', 'train_dataloader.num_workers=2']
    options += ['train_dataloader.batch_size=1', 'default_hooks.checkpoint.interval=500']
    args = ['--work-dir', 'w', *on_clips(tiny_ma52, *options)]
    return start('train.py', r'Epoch\(train\) *\[2\]\[', TINY_32PX, *args)


def test_sigterm_ends_a_run_and_its_workers(training, tmp_path):
    process, _ = training
    os.kill(process.pid, signal.SIGTERM)
    process.join(30)
    assert process.exitcode == -signal.SIGTERM
    wait_until_gone(process.pid)
    assert not list((tmp_path / 'w').glob('*.pth*'))


@pytest.mark.parametrize('sent', [signal.SIGTERM, signal.SIGKILL], ids=['SIGTERM', 'SIGKILL'])
def test_signal_ends_a_test_without_scores(tiny_ma52, start, tmp_path, sent):
    # With this many clips, the test does not end before the signal.
    clips = sorted((tiny_ma52 / 'videos_val').iterdir())
    data = tmp_path / 'data'
    (data / 'videos_val').mkdir(parents=True)
    names = [f'{index}.mp4' for index in range(500)]
    for index, name in enumerate(names):
        (data / 'videos_val' / name).symlink_to(clips[index % len(clips)])
    (data / 'val_list_videos.txt').write_text(''.join(f'{name} 0\n' for name in names))
    write_untrained(TINY_32PX, tmp_path / 'untrained.pth')
    options = on_clips(data, 'test_dataloader.num_workers=2', 'default_hooks.logger.interval=1')
    args = [TINY_32PX, 'untrained.pth', '--work-dir', 't', '--dump', 'p.pkl', *options]
    process, log = start('test.py', r'Epoch\(test\) *\[ *5/250\]', *args)
    os.kill(process.pid, sent)
    process.join(30)
    assert process.exitcode == -sent
    wait_until_gone(process.pid)
    assert '[250/250]' not in log.read_text()
    # No dump and no scores are written, since they could be mistaken for those of all clips.
    assert not (tmp_path / 'p.pkl').exists()
    assert not list((tmp_path / 't').glob('*/*.json'))


def test_killed_worker_ends_the_run_with_the_reason(training):
    process, log = training
    deadline = time.monotonic() + 100
    # Workers are restarted in every epoch. A signal to one that has just ended has no effect, so try again.
    while process.exitcode is None and time.monotonic() < deadline:
        for child in Path(f'/proc/{process.pid}/task/{process.pid}/children').read_text().split():
            os.kill(int(child), signal.SIGKILL)
        time.sleep(0.2)
    process.join(300)
    assert process.exitcode == 1
    assert re.search(r'DataLoader worker \(pid.*(killed by signal: Killed|exited unexpectedly)', log.read_text())
    wait_until_gone(process.pid)
