"""Reading checkpoints from wherever they come, with errors that name the file and the remedy; loading their weights."""

import pickle
from dataclasses import dataclass, field
from pathlib import Path

import torch
from mmengine.model import BaseTTAModel, is_model_wrapper
from mmengine.runner import CheckpointLoader
from torch.nn.modules.utils import consume_prefix_in_state_dict_if_present

from mmaction_microaction.utils.messages import first_few, last_line

RELEASED = '.fcce.'
"""What the authors' MANet calls squeeze-and-excitation."""


def read_weights(path):
    """Read the weights of a checkpoint onto the CPU.

    Args:
        path (str | Path): The file, or an address that MMEngine knows.

    Returns:
        dict[str, torch.Tensor]: The weights, by name, without the ``module.`` of networks that several processes
        trained.

    Raises:
        ConnectionError, FileNotFoundError, ValueError: As :func:`read_checkpoint`.
    """
    weights = read_checkpoint(path, 'cpu', 'silent')['state_dict']
    consume_prefix_in_state_dict_if_present(weights, 'module.')
    return weights


def read_checkpoint(path, map_location='cpu', logger='current'):
    """Read a checkpoint.

    Args:
        path (str | Path): The file, or an address that MMEngine knows.
        map_location (str | torch.device): The device of the tensors. Defaults to ``'cpu'``.
        logger (str): What MMEngine logs the path with. Defaults to ``'current'``.

    Returns:
        dict: The checkpoint, with the weights by name as its ``state_dict``; of a file that holds nothing else, only
        these.

    Raises:
        ConnectionError: If it cannot be downloaded.
        FileNotFoundError: If there is no such file.
        ValueError: If it is no checkpoint, is damaged, holds no weights, or is refused since loading it could run code.
    """
    if Path(path).is_file():
        with open(path, 'rb') as file:
            start = file.read(20)
        # A zip archive or, until PyTorch 1.5, a pickle.
        if not start.startswith((b'PK', b'\x80')):
            found = f'starts with {start!r}' if start else 'is empty'
            raise ValueError(
                f'{path} is no checkpoint, since it {found}; is it the web page or the Git LFS pointer of a download? '
                'Download the file itself'
            )
    try:
        content = CheckpointLoader.load_checkpoint(str(path), map_location, logger)
    except pickle.UnpicklingError as error:  # refused by compat.load_from_local, which says why
        raise ValueError(str(error)) from None
    except (FileNotFoundError, torch.OutOfMemoryError):
        raise
    except IsADirectoryError:
        raise ValueError(f'{path} is a folder; give the checkpoint in it') from None
    except (EOFError, OSError, RuntimeError) as error:  # depending on where it is cut off
        if '://' in str(path) and isinstance(error, OSError):
            raise ConnectionError(f'{path} cannot be downloaded ({error})') from None
        raise ValueError(f'{path} is damaged or cut short ({last_line(error)}); download or copy it anew') from None
    if not isinstance(content, dict) or 'state_dict' not in content:
        content = {'state_dict': content}
    weights = content['state_dict']
    if not isinstance(weights, dict) or not all(isinstance(tensor, torch.Tensor) for tensor in weights.values()):
        raise ValueError(f'{path} holds no state_dict of tensors; give a checkpoint of MMAction2')
    return content


@dataclass
class Fit:
    """How the tensors of a file fit those of a network.

    Attributes:
        fitting (int): Number of tensors that both have, with the same shape; in :func:`load_weights`, of parameters.
        missing (list[str]): Names that only the network has.
        unexpected (list[str]): Names that only the file has.
        reshaped (list[str]): Names that both have, with both shapes.
    """

    fitting: int = 0
    missing: list = field(default_factory=list)
    unexpected: list = field(default_factory=list)
    reshaped: list = field(default_factory=list)

    @property
    def whole(self):
        """bool: Whether all tensors fit."""
        return not (self.missing or self.unexpected or self.reshaped)

    @property
    def released(self):
        """bool: Whether the file has the names of the authors' MANet."""
        return any(RELEASED in name for name in self.unexpected)

    def __str__(self):
        """Count the tensors that do not fit, and name the first five of each kind."""
        faults = {'missing': self.missing, 'unknown': self.unexpected, 'of another shape': self.reshaped}
        return '; '.join(f'{len(names)} {fault}: {first_few(names)}' for fault, names in faults.items() if names)


def compare(weights, shapes):
    """Compare the tensors of a file with those of a network, by name and shape.

    Args:
        weights (dict[str, torch.Tensor]): The file's.
        shapes (dict[str, tuple[int]]): The shapes of the network's.

    Returns:
        Fit: What fits.
    """
    common = [name for name in shapes if name in weights]
    reshaped = [name for name in common if tuple(weights[name].shape) != tuple(shapes[name])]
    return Fit(
        fitting=len(common) - len(reshaped),
        missing=[name for name in shapes if name not in weights],
        unexpected=[name for name in weights if name not in shapes],
        reshaped=[f'{name} {tuple(weights[name].shape)} instead of {tuple(shapes[name])}' for name in reshaped],
    )


def load_weights(model, weights):
    """Load all tensors that fit into a network.

    Counters of batch norms (``num_batches_tracked``) may be missing, and the file's head may be left out where the
    network has none, or one without weights as MMAction2's ``FeatureHead``.

    Args:
        model (torch.nn.Module): The network, wrapped for distributed training or test-time augmentation or not.
        weights (dict[str, torch.Tensor]): Tensors by name.

    Returns:
        Fit: What has been loaded.
    """
    while is_model_wrapper(model) or isinstance(model, BaseTTAModel):
        model = model.module
    shapes = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    fit = compare(weights, shapes)
    fitting = {
        name: tensor for name, tensor in weights.items() if name not in shapes or tuple(tensor.shape) == shapes[name]
    }
    # PyTorch has the last word, since modules may translate older names.
    missing, unexpected = model.load_state_dict(fitting, strict=False)
    fit.missing = [name for name in missing if name not in weights and not name.endswith('num_batches_tracked')]
    has_head = any(name.startswith('cls_head.') for name in shapes)
    fit.fitting = sum(name not in missing for name, _ in model.named_parameters())
    fit.unexpected = [name for name in unexpected if has_head or not name.startswith('cls_head.')]
    return fit


def require_fit(fit, path, network):
    """Refuse weights that do not fit.

    Args:
        fit (Fit): What :func:`load_weights` gave.
        path (str | Path): The file of the weights.
        network (str): What they should have fitted.

    Raises:
        ValueError: If a tensor does not fit. The message names the first ones.
    """
    if fit.whole:
        return
    if fit.released:
        remedy = (
            "These are the names of the authors' released MANet: convert the file with "
            'tools/convert_release_checkpoint.py, and give the converted one'
        )
    else:
        remedy = 'Give the config that the network was trained with, and all options that it was trained with'
    raise ValueError(f'{path} does not fit {network}: of the tensors, {fit}. {remedy}.')
