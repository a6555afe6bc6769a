"""Runs of a small MANet within the process of the test, which take seconds each."""

from mmengine.config import Config
from mmengine.runner import Runner

from helpers.networks import resnet18_width
from helpers.whole_runs import TINY


def small_config(data, work_dir, options=(), epochs=1):
    """Return the config of a small MANet for a data folder in the layout of MA-52, with options like --cfg-options."""
    config = Config.fromfile(TINY)
    for loader, split in (('train', 'train'), ('val', 'val'), ('test', 'val')):
        config[f'{loader}_dataloader'].dataset.ann_file = f'{data}/{split}_list_videos.txt'
        config[f'{loader}_dataloader'].dataset.data_prefix.video = f'{data}/videos_{split}'
        config[f'{loader}_dataloader'].num_workers = 0
    config.model.cls_head.in_channels = resnet18_width()
    config.train_cfg.max_epochs = epochs
    config.update(work_dir=str(work_dir), log_level='WARNING')
    config.merge_from_dict(dict(options))
    return config


def small_runner(data, work_dir, options=(), epochs=1):
    """Build the runner of :func:`small_config`."""
    return Runner.from_cfg(small_config(data, work_dir, options, epochs))
