"""Memory of a training run over its iterations."""

import multiprocessing
from collections.abc import Callable
from math import ceil
from pathlib import Path
from typing import NamedTuple

import numpy as np
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmaction_microaction.label_sets import MA52

from .batches import read_backbone_config, unwrap_dataset
from .data import store_frames, temporary_clip_list
from .memory import read_memory


class RunMemory(NamedTuple):
    """Resident memory after an iteration."""

    iteration: int
    """Number of iterations so far."""
    main: float
    """Memory of the training process in MiB."""
    workers: list[float]
    """Memory of each worker of the data loader in MiB, including memory that it shares with other processes."""

    def __str__(self):
        return f'{self.iteration:>9}{self.main:>10.0f}  ' + ''.join(f'{worker:>8.0f}' for worker in self.workers)


class _MemoryHook(Hook):
    def __init__(self, every, report) -> None:
        self.every, self.report = every, report

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        if (batch_idx + 1) % self.every == 0:
            workers = sorted(process.pid for process in multiprocessing.active_children())
            memory = [read_memory('VmRSS', process) for process in workers]
            self.report(RunMemory(batch_idx + 1, read_memory('VmRSS'), memory))


def follow_memory(
    config: str | Path,
    videos: Path,
    report: Callable[[RunMemory], None],
    iterations: int = 500,
    every: int = 50,
    workers: int = 2,
) -> None:
    """Train the network of a config for one epoch and report the memory of its processes.

    The clips are read from a frame store with batch size 1, and are repeated.

    Args:
        config (str | Path): Path of the config. Its network starts from random weights.
        videos (Path): Folder of ``*.mp4`` files, from which the frame store is made.
        report (Callable[[RunMemory], None]): Function that is called with each measurement.
        iterations (int): Minimum number of iterations of the epoch. Defaults to 500.
        every (int): Number of iterations between two measurements. Defaults to 50.
        workers (int): Number of workers of the data loader. Defaults to 2.

    Raises:
        ValueError: If the folder contains no videos, or a video cannot be read.
    """
    config = read_backbone_config(config)
    with temporary_clip_list(videos) as ann_file:
        store = store_frames(ann_file, videos)
        clips = {
            **unwrap_dataset(config.train_dataloader.dataset),
            **dict(ann_file=str(ann_file), data_prefix=dict(video=str(store)), check_names=False),
        }
        config.train_dataloader.update(batch_size=1, num_workers=workers)
        times = ceil(iterations / len(ann_file.read_text(encoding='utf-8').rstrip('\n').split('\n')))
        config.train_dataloader.dataset = dict(type='RepeatDataset', times=times, dataset=clips)
        config.model.backbone.pretrained = None
        head = config.model.cls_head
        if head.get('label_embeddings'):
            table = ann_file.with_name('table.npy')
            np.save(table, np.random.default_rng(0).normal(size=(head.get('num_classes', len(MA52)), head.embed_dims)))
            head.label_embeddings = str(table)
        config.train_cfg.update(max_epochs=1)
        for key in ('val_dataloader', 'val_cfg', 'val_evaluator', 'test_dataloader', 'test_cfg', 'test_evaluator'):
            config[key] = None
        config.default_hooks.checkpoint = None
        config.visualizer.vis_backends = []
        config.update(work_dir=str(ann_file.parent), log_level='ERROR', load_from=None)
        runner = Runner.from_cfg(config)
        runner.register_hook(_MemoryHook(every, report))
        runner.train()
