"""A trained network as a function from packed frames to scores."""

from pathlib import Path

import torch
from mmaction.apis import init_recognizer
from mmaction.structures import ActionDataSample
from mmengine.config import Config
from mmengine.device import get_device

from mmaction_microaction.compat.checkpoints import load_weights, read_weights, require_fit
from mmaction_microaction.label_sets.ma52 import NUM_ACTIONS
from mmaction_microaction.models.check_pipeline import check_pipeline
from mmaction_microaction.utils.messages import last_line

CONFIG_SUFFIXES = ('.py', '.json', '.yaml', '.yml')
"""Of the files that MMEngine reads as a config."""


class TorchRecognizer:
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
        ValueError: If the config is of no recognizer of the 52 actions, its test pipeline samples other clips than the
            network takes, the weights are those of another network, the checkpoint is none, damaged or refused since it
            could run code, or the device cannot be used.
    """

    def __init__(self, config, checkpoint, device=None):
        config = config if isinstance(config, Config) else _read_config(config)
        if 'model' not in config or 'test_dataloader' not in config:
            raise ValueError(f'{config.filename} is no config of a network with a test_dataloader; give a whole config')
        self.config = config
        self.pipeline = config.test_dataloader.dataset.pipeline
        self.model = init_recognizer(config, device='cpu')
        if not hasattr(self.model, 'cls_head'):
            raise ValueError(
                f'{config.filename} is of a {type(self.model).__name__}, which recognises no single action'
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
        except (AssertionError, ImportError, RuntimeError) as error:  # whichever PyTorch takes for the kind of device
            raise ValueError(
                f'the network cannot be moved to the device {device} ({last_line(error)}); cpu works everywhere, and '
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
