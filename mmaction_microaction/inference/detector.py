"""Runs trained detectors on the frames of a window, by PyTorch, ONNX Runtime or OpenVINO."""

from abc import ABC, abstractmethod
from pathlib import Path

import numpy as np
import torch
from mmaction.registry import MODELS
from mmengine.config import Config

from mmaction_microaction.models.detectors import DecodedDetections, MicroActionDetector, decode_detections

from .onnx_model import OnnxNetwork
from .recognizer import TorchNetwork


class Detector(ABC):
    """A network that finds several actions with their times. Subclasses compute the points.

    Attributes:
        max_frames (int | None): Largest number of frames that the network reads at once. None if there is no limit.
        feature_stride (int): Frames per step of the features.
        test_cfg (dict): Settings of :func:`.decode_detections`.
    """

    max_frames: int | None
    feature_stride: int
    test_cfg: dict

    def __call__(self, frames: torch.Tensor, rate: float, duration: float) -> DecodedDetections:
        """Find the actions in the frames of a window.

        Args:
            frames (torch.Tensor): Frames as the pipeline packs them, shape (T, 3, H, W).
            rate (float): Frames per second.
            duration (float): Duration of the window in seconds, to which detections are clipped.

        Returns:
            DecodedDetections: Detections in seconds from the start of the window, best first, without a threshold.

        Raises:
            ValueError: If the network returns a number that is not finite, or does not accept the frames.
        """
        scores, segments = self._points(frames)
        if not (np.isfinite(scores).all() and np.isfinite(segments).all()):
            raise ValueError('the detector returns NaN or infinite numbers; did its training diverge?')
        return decode_detections(scores, segments, rate / self.feature_stride, duration, **self.test_cfg)

    @abstractmethod
    def _points(self, frames):
        """Return the scores, shape (P, C), and the starts and ends in steps, shape (P, K, 2), of all points."""


class TorchDetector(Detector, TorchNetwork):
    """A trained :class:`.MicroActionDetector` that reads frames, run by PyTorch. See :class:`.TorchNetwork`."""

    max_frames = None

    def __init__(self, config: str | Path | Config, checkpoint: str | Path, device: str | None = None) -> None:
        super().__init__(config, checkpoint, device)
        check_rate(self.model, self.pipeline, checkpoint)

    def _check_kind(self):
        if self.model.backbone is None:
            raise ValueError(
                f'{self.config.filename} describes a detector of stored features, which cannot read a video; join its '
                'checkpoint with the backbone ("microaction join"), and use configs/mma52/manet_r50_frames_mma52.py'
            )
        self.feature_stride, self.test_cfg = self.model.feature_stride, self.model.test_cfg
        return self.model.num_classes

    @torch.inference_mode()
    def _points(self, frames):
        preprocessor = self.model.data_preprocessor
        scores, segments, _ = self.model([preprocessor.prepare(frames.to(next(self.model.parameters()).device))])
        return scores[0].cpu().numpy(), segments[0].cpu().numpy()


def check_rate(model: MicroActionDetector, pipeline: list[dict], checkpoint: str | Path) -> None:
    """Check that the pipeline of a detector of frames has the rate of the training.

    Args:
        model (MicroActionDetector): The detector with its weights.
        pipeline (list[dict]): Its test pipeline.
        checkpoint (str | Path): Path of the weights, for the message.

    Raises:
        ValueError: If the rate differs, see :meth:`.MicroActionDetector.check_frame_rate`.
    """
    rate = next((step['rate'] for step in pipeline if step['type'] == 'SampleFramesAtRate'), None)
    if rate is not None:
        try:
            model.check_frame_rate(float(rate))
        except ValueError as error:
            raise ValueError(f'{checkpoint}: {error}') from None


class OnnxDetector(Detector, OnnxNetwork):
    """A detector exported by ``microaction export``, run by ONNX Runtime or OpenVINO. See
    :class:`.OnnxNetwork`.

    The last frame of fewer than ``max_frames`` frames is repeated.
    """

    is_detector = True

    def _check(self):
        content = super()._check()
        self.max_frames = self.shape[0]
        self.feature_stride, self.test_cfg = self._settings['feature_stride'], self._settings['test_cfg']
        return content

    def _points(self, frames):
        frames = np.asarray(frames, np.float32)
        if frames.shape[1:] != self.shape[1:] or not 1 <= len(frames) <= self.max_frames:
            raise ValueError(f'{self.path} expects frames of shape {self.shape} or fewer; got {frames.shape}')
        missing = self.max_frames - len(frames)
        return self._run(np.concatenate([frames, np.repeat(frames[-1:], missing, axis=0)]))


def describes_detector(config: Config) -> bool:
    """Return whether the model of a config is a :class:`.MicroActionDetector`.

    Args:
        config (Config): Any config.

    Returns:
        bool: True for a detector.
    """
    kind = (config.get('model') or {}).get('type')
    kind = MODELS.get(kind) if isinstance(kind, str) else kind
    return isinstance(kind, type) and issubclass(kind, MicroActionDetector)
