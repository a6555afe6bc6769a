"""Computes the features of every video of a split with a trained network, and stores them in one file."""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from mmaction.apis import init_recognizer
from mmaction.models.recognizers import Recognizer3D
from mmaction.registry import DATASETS
from mmengine.config import Config
from mmengine.device import get_device
from torch.utils.data import DataLoader, Subset

from mmaction_microaction.datasets.feature_store import FeatureSettings, FeatureStore, FeatureStoreWriter
from mmaction_microaction.datasets.frame_store import FrameStore
from mmaction_microaction.datasets.transforms import selects_poses
from mmaction_microaction.models.detectors.detection_data_preprocessor import DetectionDataPreprocessor
from mmaction_microaction.models.detectors.frame_features import check_clip_len, extract_features
from mmaction_microaction.models.detectors.joined_checkpoint import fingerprint_backbone
from mmaction_microaction.utils.checkpoints import load_weights, read_weights, require_fit
from mmaction_microaction.utils.messages import format_count

from .recognizer import read_config

DEFAULT_RATE = 7.5
"""Frames per second, with which the shortest action of MMA-52 has two frames."""
SEVERAL_VIEWS = ('ThreeCrop', 'TenCrop', 'AddFlippedViews')
"""Transforms that turn every frame into several."""


class FeatureNetwork:
    """The backbone of a trained recognizer or detector, which computes the features of whole videos.

    Attributes:
        config (str): Name of the config.
        pipeline (list[dict]): Pipeline that opens a video, samples its frames at a constant rate and packs them.
        rate (float): Frames per second.
        clip_len (int | None): Number of frames of a clip of a 3D backbone; None for a 2D backbone.
        feature_stride (int): Frames per step of the features.
        fingerprint (int): Number of 60 bits that identifies the weights, the pipeline and the settings.
        backbone_fingerprint (int): Number of 60 bits that identifies the weights of the backbone alone.

    Args:
        config (str | Path | Config): Config of the network. Frames are cropped and resized as in its validation.
        checkpoint (str | Path): Weights of the network.
        rate (float, optional): Frames per second. Defaults to None: that of the config of a detector, otherwise 7.5.
        feature_stride (int, optional): Frames per step of the features. Defaults to None: that of the config of a
            detector, otherwise 1.
        device (str, optional): ``'cpu'``, ``'cuda:1'``, … Defaults to None: the best available device.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If the network has no backbone of its own, its weights do not fit, or its pipeline shows
            frames several times.
    """

    def __init__(
        self,
        config: str | Path | Config,
        checkpoint: str | Path,
        rate: float | None = None,
        feature_stride: int | None = None,
        device: str | None = None,
    ) -> None:
        config = config if isinstance(config, Config) else read_config(config)
        name = config.filename or 'the config'
        self.config = Path(name).stem
        self.device = device or get_device()
        model = init_recognizer(config, device='cpu')
        backbone = getattr(model, 'backbone', None)
        if backbone is None:
            raise ValueError(
                f'{name} describes a {type(model).__name__} without a backbone; use the config of a recognizer, or of '
                'a detector that reads frames'
            )
        weights = read_weights(checkpoint)
        require_fit(load_weights(model, weights), checkpoint, name)
        self.backbone_fingerprint = fingerprint_backbone(weights)
        self.pipeline, sampling = _frame_pipeline(config, rate, name)
        self.rate = next(step['rate'] for step in self.pipeline if step['type'] == 'SampleFramesAtRate')
        default_clip_len = sampling.get('clip_len') if isinstance(model, Recognizer3D) else None
        self.clip_len = getattr(model, 'clip_len', default_clip_len)
        self.feature_stride = feature_stride or getattr(model, 'feature_stride', 1)
        check_clip_len(self.clip_len, self.feature_stride)
        if hasattr(backbone, 'return_feat_map'):
            backbone.return_feat_map = True  # VideoMAE would average over a clip
        backbone.eval()  # returns None for some backbones of MMAction2
        self.backbone = backbone.requires_grad_(False).to(self.device)
        self.preprocessor = _as_detection_preprocessor(model.data_preprocessor).to(self.device)
        self.fingerprint = self._compute_fingerprint()

    def _compute_fingerprint(self) -> int:
        """Return a number of 60 bits from everything that the features depend on."""
        settings = [self.pipeline, self.clip_len, self.feature_stride, type(self.backbone).__name__]
        digest = hashlib.sha256(json.dumps(settings, default=str, sort_keys=True).encode())
        buffers = [(f'preprocessor.{name}', tensor) for name, tensor in self.preprocessor.named_buffers()]
        for name, tensor in sorted([*self.backbone.state_dict().items(), *buffers]):
            digest.update(f'{name} {tuple(tensor.shape)} {tensor.dtype}'.encode())
            digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
        return int(digest.hexdigest()[:15], 16)

    @torch.inference_mode()
    def __call__(self, frames: torch.Tensor) -> torch.Tensor:
        """Compute the features of a video.

        Args:
            frames (torch.Tensor): Frames as the pipeline packs them, shape (T, 3, H, W).

        Returns:
            torch.Tensor: Features, shape (T', C), on the CPU.
        """
        frames = self.preprocessor.prepare(frames.to(self.device))
        return extract_features(self.backbone, frames, self.clip_len, self.feature_stride).T.float().cpu()


def make_feature_store(
    network: FeatureNetwork,
    dataset: dict,
    path: Path,
    dtype: str = 'float32',
    workers: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Write the features of every video of a dataset to a feature store.

    The same call continues an interrupted run and keeps its finished videos. The store appears at its path only when it
    is complete.

    Args:
        network (FeatureNetwork): The network.
        dataset (dict): Config of the dataset, without its pipeline. Its samples have ``video_id`` and ``duration``.
        path (Path): Path of the store.
        dtype (str): Type of the stored numbers, ``'float32'`` or ``'float16'``. Defaults to ``'float32'``.
        workers (int): Number of processes that decode videos; 0 decodes in this process. Defaults to 0.
        progress (Callable[[int, int], None], optional): Function that is called with the number of finished videos and
            the total number of videos. Defaults to None.

    Returns:
        int: Number of new videos.

    Raises:
        FileNotFoundError: If the table or a video is missing.
        OSError: If the store cannot be written.
        ValueError: If a file is malformed, or the store exists with other settings or videos.
    """
    dataset = DATASETS.build(dict(dataset, pipeline=network.pipeline, test_mode=True))
    names = [dataset.get_data_info(index)['video_id'] for index in range(len(dataset))]
    settings = _settings_of(network, dataset.data_prefix['video'], dtype)
    if path.exists():
        _check_store(path, settings, names, dataset.ann_file)
        return 0
    with FeatureStoreWriter(path, settings) as store:
        written = store.names()
        unlisted = written.difference(names)
        if unlisted:
            raise ValueError(
                f'{store.unfinished} has {format_count(len(unlisted), "video")} that {dataset.ann_file} does not list, '
                f'for example {min(unlisted)}: delete it, or use the table that it was started with.'
            )
        waiting = [index for index, name in enumerate(names) if name not in written]
        loader = DataLoader(Subset(dataset, waiting), batch_size=None, num_workers=workers, collate_fn=_unchanged)
        for done, (index, sample) in enumerate(zip(waiting, loader), start=1):
            store.add(names[index], network(sample['inputs']).numpy())
            if progress:
                progress(done, len(waiting))
        store.publish()
    return len(waiting)


def _settings_of(network: FeatureNetwork, videos: str, dtype: str) -> FeatureSettings:
    """Return the settings of the features of a folder of videos, or of a frame store."""
    settings = FeatureSettings(
        config=network.config,
        fingerprint=network.fingerprint,
        steps_per_second=float(network.rate / network.feature_stride),
        dtype=dtype,
        frames_per_second=float(network.rate),
        backbone=network.backbone_fingerprint,
    )
    if not os.path.isfile(videos):
        return settings
    # Features of cropped or smaller frames are other ones than those of the videos.
    frames = FrameStore(videos).settings
    digest = hashlib.sha256(f'{network.fingerprint} {frames.crop} {frames.short_side}'.encode())
    return settings._replace(
        fingerprint=int(digest.hexdigest()[:15], 16), crop=frames.crop, short_side=frames.short_side
    )


def _unchanged(sample: Any) -> Any:
    return sample


def _check_store(path: Path, settings: FeatureSettings, names: list[str], ann_file: str) -> None:
    """Raise an error if an existing store has other settings, or lacks videos."""
    store, remedy = FeatureStore(path), 'choose another --name or --out, or delete it and run again'
    if store.settings != settings:
        raise ValueError(f'{path} was made with {store.settings}, not {settings}: {remedy}')
    missing = set(names) - store.names()
    if missing:
        raise ValueError(
            f'{path} lacks {format_count(len(missing), "video")} of {ann_file}, for example {min(missing)}: {remedy}'
        )


def _frame_pipeline(config: Config, rate: float | None, name: str) -> tuple[list[dict], dict]:
    """Return the pipeline for whole videos, and the sampling step of the config that it replaces."""
    loader = config.get('val_dataloader') or config.get('test_dataloader')
    if loader is None:
        raise ValueError(f'{name} has neither a val_dataloader nor a test_dataloader; use a complete config')
    dataset = loader['dataset']
    while 'dataset' in dataset:
        dataset = dataset['dataset']
    steps = [dict(step) for step in dataset['pipeline']]
    several = [step['type'] for step in steps if step['type'] in SEVERAL_VIEWS]
    if several:
        raise ValueError(
            f'{name}: the validation shows every frame several times ({several[0]}), but a step of the features is one '
            'view; use the config of the network with a single view, such as a CenterCrop'
        )
    if any(map(selects_poses, steps)):
        raise ValueError(f'{name}: the network needs poses; features are extracted by networks that see frames alone')
    position = next(
        (i for i, step in enumerate(steps) if 'clip_len' in step or step['type'] == 'SampleFramesAtRate'), None
    )
    end = next((i for i, step in enumerate(steps) if step['type'] == 'FormatShape'), len(steps))
    if position is None or position > end:
        raise ValueError(
            f'{name}: the validation does not sample frames of videos (no SampleFrames before FormatShape)'
        )
    sampling = steps[position]
    rate = rate or sampling.get('rate', DEFAULT_RATE)
    steps = [*steps[:position], dict(type='SampleFramesAtRate', rate=float(rate)), *steps[position + 1 : end]]
    return [*steps, dict(type='FormatShape', input_format='NCHW'), dict(type='PackDetectionInputs')], sampling


def _as_detection_preprocessor(preprocessor: torch.nn.Module) -> DetectionDataPreprocessor:
    """Return a preprocessor of whole videos with the mean and standard deviation of another."""
    if isinstance(preprocessor, DetectionDataPreprocessor):
        return preprocessor
    if getattr(preprocessor, 'to_rgb', False):
        raise ValueError('the data_preprocessor swaps the colours (to_rgb=True), which feature extraction does not do')
    if not getattr(preprocessor, '_enable_normalize', False):
        return DetectionDataPreprocessor()
    return DetectionDataPreprocessor(preprocessor.mean.flatten().tolist(), preprocessor.std.flatten().tolist())
