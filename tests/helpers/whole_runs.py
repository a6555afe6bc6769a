"""Runs of MMAction2's scripts, started by mim or directly."""

import json
import os
import re
import socket
import subprocess
import time

import torch
from mmaction.apis import init_recognizer
from mmengine.config import Config

from helpers.processes import start
from helpers.shell import quick_programs
from helpers.support import ROOT
from mmaction_microaction.utils.paths import find_upstream_tool

TINY = ROOT / 'tests' / 'data' / 'manet_r18_tiny.py'
TINY_32PX = ROOT / 'tests' / 'data' / 'manet_r18_tiny_32px.py'
TINY_EMOTION = ROOT / 'tests' / 'data' / 'maenet_r18_tiny.py'


def on_clips(data, *more):
    """Return command-line options for a data folder in the layout of MA-52 and other options. The test split is val."""
    options = ['--cfg-options']
    for loader, split in (('train', 'train'), ('val', 'val'), ('test', 'val')):
        options.append(f'{loader}_dataloader.dataset.ann_file={data}/{split}_list_videos.txt')
        options.append(f'{loader}_dataloader.dataset.data_prefix.video={data}/videos_{split}')
    return [*options, *more]


def on_emotions(data):
    """Return command-line options for a data folder in the layout of MA-52-Pro."""
    options = ['--cfg-options']
    for split in ('train', 'val', 'test'):
        options.append(f'{split}_dataloader.dataset.ann_file={data}/{split}.jsonl')
        for prefix, folder in (('video', 'videos'), ('faces', 'faces')):
            options.append(f'{split}_dataloader.dataset.data_prefix.{prefix}={data}/{folder}_{split}')
    return options


def mim(verb, config, *args, cwd, status=0):
    """Train or test with mim, and return the output."""
    command = ['mim', verb, 'mmaction', str(config), *map(str, args)]
    output = subprocess.PIPE
    with quick_programs() as env:
        process = subprocess.run(
            command, cwd=cwd, env=env, stdout=output, stderr=subprocess.STDOUT, text=True, timeout=900, check=False
        )
    assert process.returncode == status, process.stdout[-3000:]
    return process.stdout


def run_training(config, *args, **kwargs):
    """Train, and return the output. Arguments are those of :func:`run_script`."""
    return run_script('train.py', config, *args, **kwargs)


def run_test(config, checkpoint, *args, **kwargs):
    """Test, and return the output. Arguments are those of :func:`run_script`."""
    return run_script('test.py', config, checkpoint, *args, **kwargs)


def run_script(name, *args, cwd, status=0, processes=1):
    """Run MMAction2's script in one or several processes, and return their output."""
    logs = [cwd / f'log of process {rank}' for rank in range(processes)]
    for log in logs:
        log.unlink(missing_ok=True)
    started = start_script(name, *args, cwd=cwd, logs=logs)
    for process in started:
        process.join(900)
    output = ''.join(log.read_text() for log in logs)
    assert [process.exitcode for process in started] == [status] * processes, output[-3000:]
    return output


def start_script(name, *args, cwd, logs):
    """Start MMAction2's script in one process per log."""
    if len(logs) > 1:
        args = ('--launcher', 'pytorch', *args)
    return start_together(find_upstream_tool(name), *args, cwd=cwd, logs=logs)


def start_together(what, *args, cwd, logs):
    """Start one process per log with the environment variables of torchrun; see :func:`processes.start`."""
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    shared = dict(os.environ)
    if len(logs) > 1:
        shared.update(MASTER_ADDR='127.0.0.1', MASTER_PORT=str(port), WORLD_SIZE=str(len(logs)))
    return [
        start(what, *args, output=log, errors=log, cwd=cwd, env=dict(shared, RANK=str(rank), LOCAL_RANK=str(rank)))
        for rank, log in enumerate(logs)
    ]


def wait_for(pattern, log, process):
    """Wait until the log of a process contains a pattern."""
    deadline = time.monotonic() + 400
    while not (log.exists() and re.search(pattern, log.read_text())):
        assert process.exitcode is None, log.read_text()[-2000:]
        assert time.monotonic() < deadline
        time.sleep(0.05)


def scores(work_dir):
    """Return the metrics of the last test, from the JSON file that the runner wrote."""
    path = max(path for path in work_dir.glob('*/*.json'))
    return {name: value for name, value in json.loads(path.read_text()).items() if 'time' not in name}


def weights(path):
    """Return the weights of a checkpoint."""
    return torch.load(path, weights_only=False)['state_dict']


def write_untrained(config, path):
    """Write a checkpoint with the initial weights of the network of a config."""
    torch.save({'state_dict': init_recognizer(Config.fromfile(config), device='cpu').state_dict()}, path)
