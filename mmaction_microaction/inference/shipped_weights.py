"""The weights of the network that the package contains, to train it further."""

import json
from pathlib import Path

import torch

from mmaction_microaction.utils.files import atomic_write

from .loading import SHIPPED_NETWORK
from .onnx_model import LABEL_SET

_FOLDED = '.weight_bias'
"""End of the name of the bias that the export computes where it folds a batch norm into the convolution before it."""


def read_shipped_weights() -> dict[str, torch.Tensor]:
    """Read the weights of :data:`.SHIPPED_NETWORK`.

    The export folds each batch norm that follows a convolution into this convolution. Such a batch norm becomes one
    that only adds the bias, so that the network computes the same as long as its batch norms are in evaluation mode
    (``norm_eval=True`` of :class:`.JointTCN`).

    Returns:
        dict[str, torch.Tensor]: Tensors by their names in the network of ``configs/own/jointtcn_48_own.py``, with the
        classifier of MA-52 and ``rest``.

    Raises:
        ImportError: If onnx is not installed.
    """
    file = _load_file()
    from onnx import numpy_helper

    weights = {
        tensor.name.removeprefix('model.'): torch.from_numpy(numpy_helper.to_array(tensor).copy())
        for tensor in file.graph.initializer
        if tensor.name.startswith('model.')
    }
    for name in [name for name in weights if name.endswith(_FOLDED)]:
        bias = weights.pop(name)
        sequence, _, index = name.removesuffix(_FOLDED).rpartition('.')
        norm = f'{sequence}.{int(index) + 1}'
        weights[f'{norm}.weight'], weights[f'{norm}.bias'] = torch.ones_like(bias), bias
        weights[f'{norm}.running_mean'] = torch.zeros_like(bias)
        # A batch norm divides by the root of the variance plus its eps, which is 1 then.
        weights[f'{norm}.running_var'] = torch.full_like(bias, 1 - torch.nn.BatchNorm1d(1).eps)
    return weights


def write_shipped_weights(path: str | Path) -> None:
    """Write the weights of :func:`read_shipped_weights` and their label set as a checkpoint, for ``load_from``.

    Args:
        path (str | Path): Path of the checkpoint, ``*.pth``, which is replaced.

    Raises:
        ImportError: If onnx is not installed.
        OSError: If the file cannot be written.
    """
    metadata = {entry.key: entry.value for entry in _load_file().metadata_props}
    meta = {'dataset_meta': {'label_set': json.loads(metadata[LABEL_SET])}}
    with atomic_write(path) as unfinished:
        torch.save({'meta': meta, 'state_dict': read_shipped_weights()}, unfinished)


def _load_file():
    """Return the ``onnx.ModelProto`` of :data:`.SHIPPED_NETWORK`."""
    try:
        from onnx import load
    except ImportError:
        raise ImportError('the weights of the network of the package need the package onnx: pip install onnx') from None
    return load(SHIPPED_NETWORK)
