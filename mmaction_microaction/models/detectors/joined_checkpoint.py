"""Joins a detector that was trained on features with the backbone that the features come from."""

from pathlib import Path

import torch

from mmaction_microaction.utils.checkpoints import read_checkpoint, read_weights
from mmaction_microaction.utils.files import atomic_write


def join_checkpoints(detector: str | Path, network: str | Path, out: str | Path) -> int:
    """Write the checkpoint of a detector that reads frames.

    Neck and head come from a detector of features, and the backbone from the network that computed the features. The
    new checkpoint fits a config with both, such as ``configs/mma52/manet_r50_frames_mma52.py``.

    Args:
        detector (str | Path): Checkpoint of a :class:`.MicroActionDetector` without backbone.
        network (str | Path): Checkpoint with the backbone.
        out (str | Path): Path of the checkpoint to write.

    Returns:
        int: Number of tensors of the backbone.

    Raises:
        FileNotFoundError: If a checkpoint is missing.
        OSError: If ``out`` cannot be written.
        ValueError: If a checkpoint is damaged, the first one is not a detector of features, or the second one has no
            backbone.
    """
    content = read_checkpoint(detector, 'cpu', 'silent')
    weights = {name.removeprefix('module.'): tensor for name, tensor in content['state_dict'].items()}
    if not any(name.startswith('head.') for name in weights) or any(name.startswith('backbone.') for name in weights):
        raise ValueError(f'{detector} is not the checkpoint of a detector without backbone; pass the detector first')
    backbone = {name: tensor for name, tensor in read_weights(network).items() if name.startswith('backbone.')}
    if not backbone:
        raise ValueError(f'{network} has no backbone; pass the checkpoint of the network that computed the features')
    meta = {key: (content.get('meta') or {}).get(key) for key in ('dataset_meta', 'seed', 'epoch', 'iter')}
    joined = {'state_dict': {**backbone, **weights}, 'meta': {key: value for key, value in meta.items() if value}}
    with atomic_write(out) as unfinished:
        torch.save(joined, unfinished)
    return len(backbone)
