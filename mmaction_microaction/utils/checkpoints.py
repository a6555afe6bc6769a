"""Functions that read checkpoints and load their weights, with errors that name the file and the remedy."""

import pickle
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from mmengine.model import BaseTTAModel, is_model_wrapper
from mmengine.runner import CheckpointLoader
from torch.nn.modules.utils import consume_prefix_in_state_dict_if_present

from .messages import first_few, format_count, last_line

RELEASED = '.fcce.'
"""Part of the names of squeeze-and-excitation in the authors' MANet."""
RELEASED_PCAN = '.spatio_cl_net.'
"""Part of the names of the prototypes in the authors' PCAN."""


def read_weights(path: str | Path) -> dict[str, torch.Tensor]:
    """Read the weights of a checkpoint onto the CPU.

    Args:
        path (str | Path): Path or URL of the checkpoint.

    Returns:
        dict[str, torch.Tensor]: Weights by name. The prefix ``module.`` of networks that were trained in several
        processes is removed.

    Raises:
        ConnectionError: If the checkpoint cannot be downloaded.
        FileNotFoundError: If the file does not exist.
        ValueError: If the file cannot be used as a checkpoint, see :func:`read_checkpoint`.
    """
    return read_weights_and_metainfo(path)[0]


def read_weights_and_metainfo(path: str | Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Read the weights of a checkpoint onto the CPU, and the metadata of the dataset on which it was trained.

    Args:
        path (str | Path): Path or URL of the checkpoint.

    Returns:
        tuple[dict[str, torch.Tensor], dict[str, Any]]: Weights as from :func:`read_weights`, and the ``dataset_meta``
        that MMEngine writes. The latter is empty if the checkpoint has none.

    Raises:
        ConnectionError: If the checkpoint cannot be downloaded.
        FileNotFoundError: If the file does not exist.
        ValueError: If the file cannot be used as a checkpoint, see :func:`read_checkpoint`.
    """
    content = read_checkpoint(path, 'cpu', 'silent')
    weights, meta = content['state_dict'], content.get('meta')
    consume_prefix_in_state_dict_if_present(weights, 'module.')
    metainfo = meta.get('dataset_meta') if isinstance(meta, dict) else None
    return weights, metainfo if isinstance(metainfo, dict) else {}


def read_checkpoint(path: str | Path, map_location: str | torch.device = 'cpu', logger: str = 'current') -> dict:
    """Read a checkpoint.

    Args:
        path (str | Path): Path or URL of the checkpoint.
        map_location (str | torch.device): Device of the tensors. Defaults to ``'cpu'``.
        logger (str): Name of the logger to which MMEngine logs the path. Defaults to ``'current'``.

    Returns:
        dict: Content of the checkpoint, with the weights by name in ``state_dict``. If the file contains bare weights,
        or those of the code of VideoMAE, see :func:`rename_videomae`, ``state_dict`` is the only key.

    Raises:
        ConnectionError: If the checkpoint cannot be downloaded.
        FileNotFoundError: If the file does not exist.
        ValueError: If the file is not a checkpoint, is damaged, contains no weights, or is rejected because loading it
            could run code.
    """
    if Path(path).is_file():
        with open(path, 'rb') as file:
            start = file.read(20)
        # Checkpoints are zip archives, or pickles if they were saved by PyTorch 1.5 or earlier.
        if not start.startswith((b'PK', b'\x80')):
            found = f'starts with {start!r}' if start else 'is empty'
            raise ValueError(
                f'{path} is not a checkpoint: it {found}. You may have downloaded a web page or a Git LFS pointer. '
                'Download the file itself'
            )
    try:
        content = CheckpointLoader.load_checkpoint(str(path), map_location, logger)
    except pickle.UnpicklingError as error:  # raised by compat.safe_loading
        raise ValueError(str(error)) from None
    except (FileNotFoundError, torch.OutOfMemoryError):
        raise
    except IsADirectoryError:
        raise ValueError(f'{path} is a folder; pass a checkpoint in it') from None
    except (EOFError, OSError, RuntimeError) as error:  # the class depends on where the file is cut off
        if '://' in str(path) and isinstance(error, OSError):
            raise ConnectionError(f'{path} cannot be downloaded ({error})') from None
        raise ValueError(f'{path} is damaged or truncated ({last_line(error)}); download or copy it again') from None
    content = rename_videomae(content)
    if not isinstance(content, dict) or 'state_dict' not in content:
        content = {'state_dict': content}
    weights = content['state_dict']
    if not isinstance(weights, dict) or not all(isinstance(tensor, torch.Tensor) for tensor in weights.values()):
        raise ValueError(f'{path} contains no state_dict of tensors; pass a checkpoint of MMAction2')
    return content


# Parts of names in the code of VideoMAE, and in MMAction2's VisionTransformer.
_VIDEOMAE_NAMES = (
    ('patch_embed.proj.', 'patch_embed.projection.'),
    ('mlp.fc1.', 'mlp.layers.0.0.'),
    ('mlp.fc2.', 'mlp.layers.1.'),
)


def rename_videomae(content: Any) -> Any:
    """Rename the weights of a VideoMAE or InternVideo checkpoint as MMAction2's ``VisionTransformer`` names them.

    Such a file contains the weights as ``model`` or ``module``. Names in a network that was pretrained, and not trained
    on classes, start with ``encoder.``. The classifier and the decoder of the pretraining are left out.

    Args:
        content (Any): Content of any checkpoint.

    Returns:
        Any: The renamed weights by name, with the prefix ``backbone.``. The content of another checkpoint is unchanged.
    """
    for key in ('model', 'module'):
        weights = content.get(key) if isinstance(content, dict) else None
        if not isinstance(weights, dict) or not all(isinstance(name, str) for name in weights):
            continue
        weights = {name.removeprefix('encoder.'): tensor for name, tensor in weights.items()}
        patches = weights.get('patch_embed.proj.weight')
        if 'blocks.0.attn.q_bias' not in weights or getattr(patches, 'ndim', 0) != 5:  # another transformer
            continue
        renamed = {}
        for name, tensor in weights.items():
            if name.startswith(('head.', 'decoder.', 'encoder_to_decoder.', 'mask_token')):
                continue
            for theirs, ours in _VIDEOMAE_NAMES:
                name = name.replace(theirs, ours)
            renamed[f'backbone.{name}'] = tensor
        return renamed
    return content


@dataclass
class WeightMatch:
    """Result of comparing the tensors of a file with the tensors of a network."""

    num_fitting: int = 0
    """Number of tensors (of parameters, in :func:`load_weights`) with the same name and shape in both."""
    missing: list[str] = field(default_factory=list)
    """Names that only the network has."""
    unexpected: list[str] = field(default_factory=list)
    """Names that only the file has."""
    reshaped: list[str] = field(default_factory=list)
    """Names that have different shapes in file and network, each followed by both shapes."""

    @property
    def complete(self) -> bool:
        """Whether all tensors fit."""
        return not (self.missing or self.unexpected or self.reshaped)

    @property
    def is_released(self) -> bool:
        """Whether the file has the names of the authors' MANet or PCAN."""
        return any(RELEASED in name or RELEASED_PCAN in name for name in self.unexpected)

    def __str__(self) -> str:
        """Format the number of tensors of each kind that do not fit, and the first five names."""
        faults = {'missing': self.missing, 'unknown': self.unexpected, 'of another shape': self.reshaped}
        return '; '.join(
            f'{format_count(len(names), "tensor")} {fault} ({first_few(names)})'
            for fault, names in faults.items()
            if names
        )


def compare(weights: dict[str, torch.Tensor], shapes: dict[str, tuple[int, ...]]) -> WeightMatch:
    """Compare the tensors of a file and of a network by name and shape.

    Args:
        weights (dict[str, torch.Tensor]): Tensors of the file by name.
        shapes (dict[str, tuple[int, ...]]): Shapes of the network's tensors by name.

    Returns:
        WeightMatch: Tensors that fit, and tensors that do not.
    """
    common = [name for name in shapes if name in weights]
    reshaped = [name for name in common if tuple(weights[name].shape) != tuple(shapes[name])]
    return WeightMatch(
        num_fitting=len(common) - len(reshaped),
        missing=[name for name in shapes if name not in weights],
        unexpected=[name for name in weights if name not in shapes],
        reshaped=[f'{name} {tuple(weights[name].shape)} instead of {tuple(shapes[name])}' for name in reshaped],
    )


def get_shapes(model: torch.nn.Module) -> dict[str, tuple[int, ...]]:
    """Return the shapes of a network's tensors by name.

    Args:
        model (torch.nn.Module): The network. It may be wrapped for distributed training or test-time augmentation.

    Returns:
        dict[str, tuple[int, ...]]: Shapes of parameters and buffers.
    """
    return {name: tuple(tensor.shape) for name, tensor in _unwrap(model).state_dict().items()}


def _unwrap(model: torch.nn.Module) -> torch.nn.Module:
    """Return the network inside wrappers for distributed training and test-time augmentation."""
    while is_model_wrapper(model) or isinstance(model, BaseTTAModel):
        model = model.module
    return model


def load_weights(model: torch.nn.Module, weights: dict[str, torch.Tensor]) -> WeightMatch:
    """Load the tensors that fit into a network.

    Two kinds of differences are not reported: missing counters of batch norms (``num_batches_tracked``), and the
    weights of a head if the head of the network has none, such as MMAction2's ``FeatureHead``.

    Args:
        model (torch.nn.Module): The network. It may be wrapped for distributed training or test-time augmentation.
        weights (dict[str, torch.Tensor]): Tensors by name.

    Returns:
        WeightMatch: Tensors that were loaded, and tensors that do not fit.
    """
    model = _unwrap(model)
    shapes = get_shapes(model)
    fit = compare(weights, shapes)
    fitting = {
        name: tensor for name, tensor in weights.items() if name not in shapes or tuple(tensor.shape) == shapes[name]
    }
    # PyTorch reports what is missing, since modules may translate older names.
    missing, unexpected = model.load_state_dict(fitting, strict=False)
    fit.missing = [name for name in missing if name not in weights and not name.endswith('num_batches_tracked')]
    has_head = any(name.startswith('cls_head.') for name in shapes)
    fit.num_fitting = sum(name not in missing for name, _ in model.named_parameters())
    fit.unexpected = [name for name in unexpected if has_head or not name.startswith('cls_head.')]
    return fit


def require_fit(fit: WeightMatch, path: str | Path, network: str) -> None:
    """Raise an error unless all weights fit.

    Args:
        fit (WeightMatch): Result of :func:`load_weights`.
        path (str | Path): Path of the weights, for the message.
        network (str): Description of the network, for the message.

    Raises:
        ValueError: If a tensor does not fit. The message names the first ones of each kind.
    """
    if fit.complete:
        return
    if fit.is_released:
        remedy = (
            "The file has the names of the authors' released network: convert it with "
            '"microaction convert", and use the converted file'
        )
    else:
        remedy = 'Use the config and all options that the network was trained with'
    raise ValueError(f'{path} does not fit {network}: {fit}. {remedy}.')
