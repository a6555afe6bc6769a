"""Ways to train in less time or memory, against plain training: in float32, not compiled, channels first."""

import copy
from functools import partial

import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope

from mmaction_microaction.label_sets.ma52 import NUM_ACTIONS

from .batches import innermost, pack_noise
from .memory import peak_memory
from .timing import Comparison, alternate, silence_logs

WAYS = ('amp', 'channels-last', 'with_cp', 'compile')
"""What ``docs/training.md`` describes."""


def compare_training(config, ways=WAYS, clips=1, rounds=10):
    """Compare the time and the peak memory of a training step.

    Args:
        config (str | Path): Of the network, which starts from random weights, its optimizer and its frames.
        ways (Sequence[str]): Of :data:`WAYS`.
        clips (int): Batch size. Defaults to 1.
        rounds (int): How often each is timed; memory is measured once. Defaults to 10.

    Yields:
        Comparison: Of plain training (baseline) with each of the ways, as each is done.
    """
    batch = make_batch(config, clips)
    for way in ways:
        plain, ours = (partial(train_step, *build(config, way), batch) for way in (None, way))
        yield alternate(f'{way}, time', plain, ours, rounds)
    before = peak_memory(_train_twice, config, None, clips)
    for way in ways:
        yield Comparison(f'{way}, memory', 'MiB', [before], [peak_memory(_train_twice, config, way, clips)])


def build(config, way=None):
    """Build a config's network and optimizer, without weights from elsewhere.

    Args:
        config (str | Path): The config.
        way (str, optional): One of :data:`WAYS`. Defaults to None: as the config says.

    Returns:
        tuple[BaseModel, OptimWrapper]: Both.

    Raises:
        ValueError: If the network has no such way.
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
    if way == 'amp':
        config.optim_wrapper.update(type='AmpOptimWrapper', loss_scale='dynamic')
    try:
        model = MODELS.build(config.model).train()
    except TypeError as error:
        raise ValueError(f'{config.filename} does not go with {way}: {error}') from None
    for name, buffer in model.named_buffers():
        if name.endswith('label_embeddings'):  # instead of the file
            buffer.normal_()
    if way == 'channels-last':
        model.to(memory_format=torch.channels_last)
    if torch.cuda.is_available():
        model.cuda()
    optimizer = build_optim_wrapper(model, config.optim_wrapper)
    if way == 'compile':
        # As MMEngine's runner does, see compat.compile_without_the_optimizer.
        optimizer.update_params = torch.compiler.disable(optimizer.update_params)
        model.train_step = torch.compile(model.train_step)
    return model, optimizer


def make_batch(config, clips):
    """Make a batch of noise as a config's data loader would deliver it."""
    config = Config.fromfile(config)
    init_default_scope('mmaction')
    num_classes = config.model.get('num_classes', NUM_ACTIONS)
    dataset = innermost(config.train_dataloader.dataset)
    return pseudo_collate([pack_noise(dataset, num_classes) for _ in range(clips)])


def train_step(model, optimizer, batch):
    """Run forward, backward and update once."""
    model.train_step(copy.copy(batch), optimizer)


def _train_twice(config, way, clips):
    """Run two steps: gradients and momenta exist from the first on."""
    model, optimizer = build(config, way)
    batch = make_batch(config, clips)
    for _ in range(2):
        train_step(model, optimizer, batch)
