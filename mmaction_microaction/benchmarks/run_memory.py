"""Whether the memory of a training run stays what it is."""

import multiprocessing
from math import ceil
from typing import NamedTuple

import numpy as np
from mmengine.hooks import Hook
from mmengine.runner import Runner

from .batches import innermost, read_config
from .data import list_clips, store_frames
from .memory import resident


class RunMemory(NamedTuple):
    """Resident memory after some iterations, in MiB."""

    iteration: int
    main: float
    """Of the process that trains."""
    workers: list
    """Of the data loader's processes, what they share with others included."""

    def __str__(self):
        return f'{self.iteration:>9}{self.main:>10.0f}  ' + ''.join(f'{worker:>8.0f}' for worker in self.workers)


class _MemoryHook(Hook):
    def __init__(self, every, report):
        self.every, self.report = every, report

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        if (batch_idx + 1) % self.every == 0:
            workers = sorted(process.pid for process in multiprocessing.active_children())
            self.report(
                RunMemory(batch_idx + 1, resident('VmRSS'), [resident('VmRSS', process) for process in workers])
            )


def follow_memory(config, videos, report, iterations=500, every=50, workers=2):
    """Train a config's network with MMEngine's runner, from a frame store, batch 1, on clips that come round again.

    Args:
        config (str | Path): The config; its network starts from random weights.
        videos (Path): Folder of ``*.mp4``, from which the store is made.
        report (Callable): Called with a :class:`RunMemory` from time to time.
        iterations (int): How long, in one epoch. Defaults to 500.
        every (int): Iterations between two reports. Defaults to 50.
        workers (int): Of the data loader. Defaults to 2.

    Raises:
        ValueError: If there are no videos, or some cannot be read.
    """
    config = read_config(config)
    with list_clips(videos) as ann_file:
        store = store_frames(ann_file, videos)
        clips = {
            **innermost(config.train_dataloader.dataset),
            **dict(ann_file=str(ann_file), data_prefix=dict(video=str(store)), check_names=False),
        }
        config.train_dataloader.update(batch_size=1, num_workers=workers)
        times = ceil(iterations / len(ann_file.read_text(encoding='utf-8').rstrip('\n').split('\n')))
        config.train_dataloader.dataset = dict(type='RepeatDataset', times=times, dataset=clips)
        config.model.backbone.pretrained = None
        head = config.model.cls_head
        if head.get('label_embeddings'):
            table = ann_file.with_name('table.npy')
            np.save(table, np.random.default_rng(0).normal(size=(head.get('num_classes', 52), head.embed_dims)))
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
