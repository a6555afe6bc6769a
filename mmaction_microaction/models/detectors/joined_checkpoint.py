"""Joins a detector that was trained on features with the backbone that the features come from."""

import hashlib
import warnings
from collections.abc import Mapping
from pathlib import Path

import torch

from mmaction_microaction.utils.checkpoints import read_checkpoint, read_weights
from mmaction_microaction.utils.files import atomic_write

from .micro_action_detector import read_fingerprint


def join_checkpoints(detector: str | Path, network: str | Path, out: str | Path) -> int:
    """Write the checkpoint of a detector that reads frames.

    Neck and head come from a detector of features, and the backbone from the network that computed the features. The
    new checkpoint fits a config with both, such as ``configs/mma52/manet_r50_frames_mma52.py``. A warning says if the
    detector does not remember the backbone of its features, as detectors of earlier versions do not.

    Args:
        detector (str | Path): Checkpoint of a :class:`.MicroActionDetector` without backbone.
        network (str | Path): Checkpoint with the backbone.
        out (str | Path): Path of the checkpoint to write.

    Returns:
        int: Number of tensors of the backbone.

    Raises:
        FileNotFoundError: If a checkpoint is missing.
        OSError: If ``out`` cannot be written.
        ValueError: If a checkpoint is damaged, the first one is not a detector of features, the second one has no
            backbone, or it has another one than that of the features.
    """
    content = read_checkpoint(detector, 'cpu', 'silent')
    weights = {name.removeprefix('module.'): tensor for name, tensor in content['state_dict'].items()}
    if not any(name.startswith('head.') for name in weights) or any(name.startswith('backbone.') for name in weights):
        raise ValueError(f'{detector} is not the checkpoint of a detector without backbone; pass the detector first')
    backbone = _select_backbone(read_weights(network))
    if not backbone:
        raise ValueError(f'{network} has no backbone; pass the checkpoint of the network that computed the features')
    expected, found = read_fingerprint(weights.get('_backbone_fingerprint')), fingerprint_backbone(backbone)
    if expected == 0:
        warnings.warn(
            f'{detector} does not say which backbone computed its features; make sure that it is that of {network}',
            stacklevel=2,
        )
    elif expected != found:
        raise ValueError(
            f'{network} has another backbone ({found:015x}) than the network that computed the features of {detector} '
            f'({expected:015x}); pass the checkpoint with which "microaction extract-features" was run'
        )
    meta = {key: (content.get('meta') or {}).get(key) for key in ('dataset_meta', 'seed', 'epoch', 'iter')}
    joined = {'state_dict': {**backbone, **weights}, 'meta': {key: value for key, value in meta.items() if value}}
    with atomic_write(out) as unfinished:
        torch.save(joined, unfinished)
    return len(backbone)


def fingerprint_backbone(weights: Mapping[str, torch.Tensor]) -> int:
    """Return a number that identifies the weights of a backbone.

    Counters of batch norms are ignored, since some checkpoints lack them.

    Args:
        weights (Mapping[str, torch.Tensor]): Weights of a network by name. Those of the backbone begin with
            ``backbone.``.

    Returns:
        int: Number of 60 bits.
    """
    digest = hashlib.sha256()
    for name, tensor in sorted(_select_backbone(weights).items()):
        if not name.endswith('num_batches_tracked'):
            digest.update(f'{name} {tuple(tensor.shape)}'.encode())
            digest.update(tensor.detach().cpu().float().contiguous().numpy().tobytes())
    return int(digest.hexdigest()[:15], 16)


def _select_backbone(weights: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the weights of the backbone of a network."""
    return {name: tensor for name, tensor in weights.items() if name.startswith('backbone.')}
