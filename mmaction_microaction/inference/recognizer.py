"""A trained network as a function from packed frames to scores."""

import pickle
from pathlib import Path

import torch
from mmaction.apis import init_recognizer
from mmaction.structures import ActionDataSample
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.runner import CheckpointLoader
from mmengine.runner.checkpoint import _load_checkpoint_to_model

from mmaction_microaction.taxonomy import NUM_ACTIONS

CONFIG_SUFFIXES = ('.py', '.json', '.yaml', '.yml')
"""Of the files that MMEngine reads as a config."""


class Recognizer:
    """A network of MMAction2 or of this package, with its weights.

    Attributes:
        config (Config): Its config.
        pipeline (list[dict]): The config's test pipeline.

    Args:
        config (str | Path | Config): Its config.
        checkpoint (str | Path): Its weights.
        device (str, optional): ``'cpu'``, ``'cuda:1'``, … Defaults to None: the best there is.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If the config is of no recognizer of the 52 actions, the weights are those of another network, the
            checkpoint is none, damaged or refused since it could run code, or the device cannot be used.
    """

    def __init__(self, config, checkpoint, device=None):
        config = config if isinstance(config, Config) else _read_config(config)
        if 'model' not in config or 'test_dataloader' not in config:
            raise ValueError(f'{config.filename} is no config of a network with a test_dataloader; give a whole config')
        self.config = config
        self.pipeline = config.test_dataloader.dataset.pipeline
        self.model = init_recognizer(config, device='cpu')
        if self.model.cls_head.num_classes != NUM_ACTIONS:
            raise ValueError(
                f'{config.filename}: the network has {self.model.cls_head.num_classes} classes, not the {NUM_ACTIONS} '
                'micro-actions; set num_classes of its head, and train it'
            )
        content = _read_checkpoint(checkpoint)
        try:
            _load_checkpoint_to_model(self.model, content, strict=True, logger='silent')
        except RuntimeError as error:
            raise ValueError(f'{checkpoint} does not fit {config.filename}: {_last_line(error)}') from None
        device = device or get_device()
        try:
            self.model.to(device)
        except (AssertionError, ImportError, RuntimeError) as error:  # whichever PyTorch takes for the kind of device
            raise ValueError(
                f'the network cannot be moved to the device {device} ({_last_line(error)}); cpu works everywhere, and '
                'cuda with a GPU, its driver and a PyTorch for it'
            ) from None

    @torch.inference_mode()
    def __call__(self, inputs):
        """Score a batch.

        Args:
            inputs (torch.Tensor): What the pipeline packs, N of them stacked.

        Returns:
            np.ndarray: Probabilities, shape (N, 52).
        """
        samples = [ActionDataSample() for _ in inputs]
        samples = self.model.test_step(dict(inputs=list(inputs), data_samples=samples))
        return torch.stack([sample.pred_score for sample in samples]).float().cpu().numpy()


def _read_config(path):
    """Read a config; a ValueError if the file is of another kind."""
    if Path(path).suffix not in CONFIG_SUFFIXES:
        raise ValueError(f'{path} is no config, *.py; name the config first, then the checkpoint')
    return Config.fromfile(path)


def _read_checkpoint(path):
    """Read a checkpoint; a ValueError if it is none, is damaged, or could run code."""
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
        content = CheckpointLoader.load_checkpoint(str(path), 'cpu', 'silent')
    except pickle.UnpicklingError as error:  # refused by compat.load_from_local, which says why
        raise ValueError(str(error)) from None
    except FileNotFoundError:
        raise
    except (EOFError, OSError, RuntimeError) as error:  # depending on where it is cut off
        raise ValueError(f'{path} is damaged or cut short ({_last_line(error)}); download or copy it anew') from None
    if not isinstance(content, dict):
        raise ValueError(f'{path} holds no weights but a {type(content).__name__}; give a checkpoint of MMAction2')
    return content


def _last_line(error):
    """Of a message of several lines, the one with the reason."""
    return (str(error).strip().splitlines() or [type(error).__name__])[-1].strip()
