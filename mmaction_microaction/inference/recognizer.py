"""Opens trained networks of MMAction2 or of this package, and runs recognizers of clips."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmaction.apis import init_recognizer
from mmaction.structures import ActionDataSample
from mmengine.config import Config
from mmengine.device import get_device

from mmaction_microaction.datasets.transforms import selects_poses
from mmaction_microaction.label_sets import LabelSet, find_label_set, get_label_set
from mmaction_microaction.models.check_pipeline import check_pipeline
from mmaction_microaction.utils.checkpoints import load_weights, read_weights_and_metainfo, require_fit
from mmaction_microaction.utils.messages import last_line
from mmaction_microaction.utils.paths import find_shipped

from .crops import Crop, find_trained_crop
from .pose_source import find_pose_layout

CONFIG_SUFFIXES = ('.py', '.json', '.yaml', '.yml')
"""Suffixes of the files that MMEngine reads as a config."""


class TorchNetwork(ABC):
    """A trained network with its weights and its label set. Subclasses run it.

    Attributes:
        config (Config): Config of the network.
        pipeline (list[dict]): Test pipeline of the config.
        model (nn.Module): The network with its weights.
        label_set (LabelSet): Label set of the scores. It is that of the checkpoint (``dataset_meta``, which MMEngine
            writes) or, if the checkpoint has none, ``label_set`` of the test dataset in the config. If neither names
            one and there are 52 classes, it is that of MA-52.
        crop (Crop | None): How the clips were cropped on which the network was trained, see
            :func:`.find_trained_crop`. The text is ``crop`` of the checkpoint's ``dataset_meta`` or, if there is none,
            of the ``metainfo`` of the test dataset in the config.

    Args:
        config (str | Path | Config): Config of the network.
        checkpoint (str | Path): Weights of the network.
        device (str, optional): ``'cpu'``, ``'cuda:1'``, … Defaults to None: the best available device.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If the config describes another kind of network, its test pipeline samples other clips than the
            network expects, the checkpoint is damaged, fits another network or could run code, neither checkpoint nor
            config says what the classes are, the two contradict each other, or the device cannot be used.
    """

    config: Config
    pipeline: list[dict]
    model: torch.nn.Module
    label_set: LabelSet
    crop: Crop | None

    def __init__(self, config: str | Path | Config, checkpoint: str | Path, device: str | None = None) -> None:
        config = config if isinstance(config, Config) else read_config(config)
        if 'model' not in config or 'test_dataloader' not in config:
            raise ValueError(f'{config.filename} lacks a model or a test_dataloader; use a complete config')
        self.config = config
        self.pipeline = config.test_dataloader.dataset.pipeline
        self.model = init_recognizer(config, device='cpu')
        num_classes = self._check_kind()
        weights, metainfo = read_weights_and_metainfo(checkpoint)
        require_fit(load_weights(self.model, weights), checkpoint, config.filename)
        self.label_set = find_network_label_set(config, metainfo, num_classes, checkpoint)
        self.crop = find_network_crop(config, metainfo, self.label_set, checkpoint)
        device = device or get_device()
        try:
            self.model.to(device)
        except (AssertionError, ImportError, RuntimeError) as error:  # the type depends on the device
            raise ValueError(
                f'the network cannot be moved to the device {device} ({last_line(error)}); use cpu, or cuda with a '
                'GPU, its driver and a CUDA build of PyTorch'
            ) from None

    @abstractmethod
    def _check_kind(self):
        """Return the number of classes of the network; a ValueError if it is of another kind."""


class TorchRecognizer(TorchNetwork):
    """A trained recognizer of clips, run by PyTorch. See :class:`TorchNetwork`."""

    def _check_kind(self):
        if not hasattr(self.model, 'cls_head'):
            raise ValueError(
                f'{self.config.filename} describes a {type(self.model).__name__}, which does not classify actions; use '
                'the config of a recognizer'
            )
        check_pipeline(self.model, self.pipeline, f'the test_dataloader of {self.config.filename}')
        return self.model.cls_head.num_classes

    @cached_property
    def pose_layout(self) -> str | None:
        """Layout of the joints that the network sees, see :func:`.find_pose_layout`. None if it sees frames alone."""
        return find_pose_layout(self.config, self.model) if any(map(selects_poses, self.pipeline)) else None

    @torch.inference_mode()
    def __call__(self, inputs: torch.Tensor | dict[str, torch.Tensor]) -> np.ndarray:
        """Score a batch of clips.

        Args:
            inputs (torch.Tensor | dict[str, torch.Tensor]): N clips as the pipeline packs them, stacked, of each
                modality if the network sees several.

        Returns:
            np.ndarray: Probabilities, shape (N, C).

        Raises:
            ValueError: If the head returns one score for each modality.
        """
        if isinstance(inputs, dict):
            inputs = {modality: list(clips) for modality, clips in inputs.items()}
            count = len(next(iter(inputs.values())))
        else:
            inputs, count = list(inputs), len(inputs)
        samples = self.model.test_step(dict(inputs=inputs, data_samples=[ActionDataSample() for _ in range(count)]))
        scores = [sample.pred_score for sample in samples]
        if isinstance(scores[0], dict):
            raise ValueError(
                f'{self.config.filename}: the {type(self.model.cls_head).__name__} returns separate scores '
                f'({", ".join(scores[0])}); use RGBPoseFusionHead, which merges them'
            )
        return torch.stack(scores).float().cpu().numpy()


def find_network_label_set(
    config: Config, metainfo: Mapping[str, Any], num_classes: int, checkpoint: str | Path
) -> LabelSet:
    """Return the label set of a trained network.

    Args:
        config (Config): Config of the network.
        metainfo (Mapping[str, Any]): ``dataset_meta`` of the checkpoint.
        num_classes (int): Number of classes of the network.
        checkpoint (str | Path): Path of the checkpoint, for messages.

    Returns:
        LabelSet: Label set of the checkpoint, else of the test dataset of the config, else that of MA-52.

    Raises:
        ValueError: If checkpoint and config contradict each other, or neither says what the classes are.
    """
    dataset = config.test_dataloader.dataset
    configured = dataset.get('label_set') or (dataset.get('metainfo') or {}).get('label_set')
    if metainfo.get('label_set') is None:
        named = None if configured is None else get_label_set(configured)
        return find_label_set({'label_set': named}, num_classes, f'{checkpoint} with {config.filename}')
    label_set = find_label_set(metainfo, num_classes, checkpoint)
    try:
        expected = label_set if configured is None else get_label_set(configured)
    except FileNotFoundError:  # the file of the label set need not be copied along with config and checkpoint
        expected = label_set
    if expected != label_set:
        raise ValueError(
            f'{checkpoint} was trained with the label set {label_set.name}, but the test_dataloader of '
            f'{config.filename} has {expected.name}: {_difference(label_set, expected)}. Remove label_set there, or '
            'use the checkpoint of this config'
        )
    return label_set


def find_network_crop(
    config: Config, metainfo: Mapping[str, Any], label_set: LabelSet, checkpoint: str | Path
) -> Crop | None:
    """Return how the clips were cropped on which a network was trained, see :func:`.find_trained_crop`.

    Args:
        config (Config): Config of the network.
        metainfo (Mapping[str, Any]): ``dataset_meta`` of the checkpoint.
        label_set (LabelSet): Label set of the network.
        checkpoint (str | Path): Path of the checkpoint, for messages.

    Returns:
        Crop | None: The crop. None if it is unknown.

    Raises:
        ValueError: If checkpoint or config names something that is no crop.
    """
    configured = (config.test_dataloader.dataset.get('metainfo') or {}).get('crop')
    return find_trained_crop(metainfo.get('crop', configured), label_set, checkpoint)


def _difference(first, second):
    """Describe the first difference of two label sets."""
    if len(first) != len(second):
        return f'{len(first)} and {len(second)} actions'
    index = next((i for i, names in enumerate(zip(first.names, second.names)) if len(set(names)) > 1), None)
    if index is None:
        return 'their groups differ'
    return f'label {index} is {first.names[index]!r} and {second.names[index]!r}'


def read_config(path: str | Path) -> Config:
    """Read a config.

    Args:
        path (str | Path): Path of the config, or its path in the repository if it is one of this project, such as
            ``configs/manet_r50_8x1_ma52.py``.

    Returns:
        Config: The config.

    Raises:
        FileNotFoundError: If the file is missing.
        ValueError: If the file has another suffix than a config.
    """
    if Path(path).suffix not in CONFIG_SUFFIXES:
        raise ValueError(f'{path} is not a config (*.py); pass the config first, then the checkpoint')
    if not Path(path).is_file():
        try:
            path = find_shipped(str(path))
        except FileNotFoundError:
            raise FileNotFoundError(f'{path}: no such config, neither here nor in the package') from None
    return Config.fromfile(path)
