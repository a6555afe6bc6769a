"""Runs a trained network of MMAction2 or of this package."""

from pathlib import Path

import numpy as np
import torch
from mmaction.apis import init_recognizer
from mmaction.structures import ActionDataSample
from mmengine.config import Config
from mmengine.device import get_device

from mmaction_microaction.label_sets.ma52 import NUM_ACTIONS
from mmaction_microaction.models.check_pipeline import check_pipeline
from mmaction_microaction.utils.checkpoints import load_weights, read_weights, require_fit
from mmaction_microaction.utils.messages import last_line

CONFIG_SUFFIXES = ('.py', '.json', '.yaml', '.yml')
"""Suffixes of the files that MMEngine reads as a config."""


class TorchRecognizer:
    """A trained network, run by PyTorch.

    Attributes:
        config (Config): Config of the network.
        pipeline (list[dict]): Test pipeline of the config.
        model (nn.Module): The network with its weights.

    Args:
        config (str | Path | Config): Config of the network.
        checkpoint (str | Path): Weights of the network.
        device (str, optional): ``'cpu'``, ``'cuda:1'``, … Defaults to None: the best available device.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If the config does not describe a recognizer of the 52 actions, its test pipeline samples other
            clips than the network expects, the checkpoint is damaged, fits another network or could run code, or the
            device cannot be used.
    """

    config: Config
    pipeline: list[dict]
    model: torch.nn.Module

    def __init__(self, config: str | Path | Config, checkpoint: str | Path, device: str | None = None) -> None:
        config = config if isinstance(config, Config) else read_config(config)
        if 'model' not in config or 'test_dataloader' not in config:
            raise ValueError(f'{config.filename} lacks a model or a test_dataloader; use a complete config')
        self.config = config
        self.pipeline = config.test_dataloader.dataset.pipeline
        self.model = init_recognizer(config, device='cpu')
        if not hasattr(self.model, 'cls_head'):
            raise ValueError(
                f'{config.filename} describes a {type(self.model).__name__}, which does not classify actions; use the '
                'config of a recognizer'
            )
        if self.model.cls_head.num_classes != NUM_ACTIONS:
            raise ValueError(
                f'{config.filename}: the network has {self.model.cls_head.num_classes} classes, not the {NUM_ACTIONS} '
                'micro-actions; set num_classes of its head, and train it'
            )
        check_pipeline(self.model, self.pipeline, f'the test_dataloader of {config.filename}')
        require_fit(load_weights(self.model, read_weights(checkpoint)), checkpoint, config.filename)
        device = device or get_device()
        try:
            self.model.to(device)
        except (AssertionError, ImportError, RuntimeError) as error:  # the type depends on the device
            raise ValueError(
                f'the network cannot be moved to the device {device} ({last_line(error)}); use cpu, or cuda with a '
                'GPU, its driver and a CUDA build of PyTorch'
            ) from None

    @torch.inference_mode()
    def __call__(self, inputs: torch.Tensor) -> np.ndarray:
        """Score a batch of clips.

        Args:
            inputs (torch.Tensor): N clips as the pipeline packs them, stacked.

        Returns:
            np.ndarray: Probabilities, shape (N, 52).
        """
        samples = [ActionDataSample() for _ in inputs]
        samples = self.model.test_step(dict(inputs=list(inputs), data_samples=samples))
        return torch.stack([sample.pred_score for sample in samples]).float().cpu().numpy()


def read_config(path: str | Path) -> Config:
    """Read a config.

    Args:
        path (str | Path): Path of the config.

    Returns:
        Config: The config.

    Raises:
        FileNotFoundError: If the file is missing.
        ValueError: If the file has another suffix than a config.
    """
    if Path(path).suffix not in CONFIG_SUFFIXES:
        raise ValueError(f'{path} is not a config (*.py); pass the config first, then the checkpoint')
    return Config.fromfile(path)
