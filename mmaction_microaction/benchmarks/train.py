"""Options that reduce the time or memory of training, compared with float32, eager mode and channels-first layout."""

import copy
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.optim import OptimWrapper
from mmengine.registry import init_default_scope

from mmaction_microaction.label_sets import MA52

from .batches import pack_noise, unwrap_dataset
from .memory import measure_peak_memory
from .timing import Comparison, alternate, silence_logs
from .ways import prepare_training

WAYS = ('amp', 'channels-last', 'with_cp', 'compile')
"""Options that ``docs/training.md`` describes."""


def compare_training(
    config: str | Path, ways: Sequence[str] = WAYS, clips: int = 1, rounds: int = 10
) -> Iterator[Comparison]:
    """Compare the time and the peak memory of a training step with and without options.

    Args:
        config (str | Path): Path of the config. Its network starts from random weights.
        ways (Sequence[str]): Options to compare, out of :data:`WAYS`. Defaults to all of them.
        clips (int): Batch size. Defaults to 1.
        rounds (int): Number of measurements of time; memory is measured once. Defaults to 10.

    Yields:
        Comparison: Time or memory with one option; the baseline is training without it.
    """
    batch = make_config_batch(config, clips)
    for way in ways:
        plain = partial(_train_step, *build_from_config(config), batch)
        ours = partial(_train_step, *build_from_config(config, way), batch)
        yield alternate(f'{way}, time', plain, ours, rounds)
    baseline = measure_peak_memory(_train_twice, config, None, clips)
    for way in ways:
        yield Comparison(f'{way}, memory', 'MiB', [baseline], [measure_peak_memory(_train_twice, config, way, clips)])


def build_from_config(config: str | Path, way: str | None = None) -> tuple[torch.nn.Module, OptimWrapper]:
    """Build the network of a config, with random weights, and its optimizer.

    Args:
        config (str | Path): Path of the config.
        way (str, optional): One of :data:`WAYS`. Defaults to None, which leaves the config unchanged.

    Returns:
        tuple[torch.nn.Module, OptimWrapper]: Network and optimizer.

    Raises:
        ValueError: If the network does not support this option.
    """
    config = Config.fromfile(config)
    init_default_scope('mmaction')
    silence_logs()
    backbones = [part for name, part in config.model.items() if name.endswith('backbone')]
    for backbone in backbones:
        backbone.pretrained = None
        if way == 'with_cp':
            backbone.with_cp = True
    if config.model.get('cls_head', {}).get('label_embeddings'):
        config.model.cls_head.label_embeddings = None
    try:
        model = MODELS.build(config.model).train()
    except TypeError as error:
        raise ValueError(f'{config.filename} does not support {way}: {error}') from None
    for name, buffer in model.named_buffers():
        if name.endswith('label_embeddings'):  # instead of the file
            buffer.normal_()
    return model, prepare_training(model, config.optim_wrapper, {way})


def make_config_batch(config: str | Path, clips: int) -> dict:
    """Make a batch of noise in the format of a config's data loader."""
    config = Config.fromfile(config)
    init_default_scope('mmaction')
    num_classes = config.model.get('num_classes', len(MA52))
    dataset = unwrap_dataset(config.train_dataloader.dataset)
    return pseudo_collate([pack_noise(dataset, num_classes) for _ in range(clips)])


def _train_step(model: torch.nn.Module, optimizer: OptimWrapper, batch: dict) -> None:
    """Run one step of training: forward pass, backward pass and update."""
    model.train_step(copy.copy(batch), optimizer)


def _train_twice(config, way, clips) -> None:
    """Run two steps, since gradients and momenta are allocated in the first one."""
    model, optimizer = build_from_config(config, way)
    batch = make_config_batch(config, clips)
    for _ in range(2):
        _train_step(model, optimizer, batch)
