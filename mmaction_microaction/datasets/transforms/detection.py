"""Transforms of detectors, which see whole videos: frames at a constant rate, or stored features."""

import math
from pathlib import Path

import numpy as np
import torch
from mmaction.registry import TRANSFORMS
from mmaction.structures import ActionDataSample
from mmcv.transforms import BaseTransform

from mmaction_microaction.datasets.feature_store import FeatureStore


@TRANSFORMS.register_module()
class SampleFramesAtRate(BaseTransform):
    """Sample the frames of a whole video at a constant rate.

    Sample t is the frame that is shown at (t + 0.5) / rate seconds. A file that is shorter than ``duration`` repeats
    its last frame.

    Required keys: ``duration`` in seconds, ``total_frames``, and ``avg_fps`` (from the opener of the video) or ``fps``.
    Added keys: ``frame_inds``, shape (T,), with T = duration * rate, rounded up; ``steps_per_second``, the rate; and
    ``clip_len``, ``num_clips`` and ``frame_interval``, which MMAction2's transforms read.

    Args:
        rate (float): Frames per second. 7.5 gives the shortest action of MMA-52, 0.27 seconds, two frames.

    Raises:
        ValueError: If the rate is not positive.
    """

    def __init__(self, rate: float) -> None:
        if not 0 < rate < math.inf:
            raise ValueError(f'the rate of SampleFramesAtRate must be positive, got {rate}')
        self.rate = rate

    def transform(self, results: dict) -> dict:
        """Add the indices of the frames to a sample.

        Args:
            results (dict): Sample with the required keys.

        Returns:
            dict: The same sample with the added keys.
        """
        fps = results.get('avg_fps') or results['fps']
        # Without the tolerance, a duration that is rounded up to 4 digits would add a sample.
        num_samples = max(math.ceil(results['duration'] * self.rate - 1e-3), 1)
        times = (np.arange(num_samples) + 0.5) / self.rate
        results['frame_inds'] = np.minimum((times * fps).astype(int), results['total_frames'] - 1)
        results['steps_per_second'] = float(self.rate)
        results.update(clip_len=1, num_clips=num_samples, frame_interval=None)
        return results

    def __repr__(self):
        return f'{type(self).__name__}(rate={self.rate})'


@TRANSFORMS.register_module()
class LoadFeatures(BaseTransform):
    """Read the features of a video that ``microaction extract-features`` stored.

    Required keys: ``video_id``. Added keys: ``features``, shape (T, C); ``steps_per_second``; ``frames_per_second``;
    ``feature_fingerprint``, a number that identifies the network and the settings that the features depend on; and
    ``backbone_fingerprint``, a number that identifies the weights of the backbone. The rate of the frames and the
    backbone are 0 if the store does not contain them.

    Args:
        path (str | Path): Path of the feature store.

    Raises:
        FileNotFoundError: If the store is missing.
        ValueError: If the store is incomplete or damaged.
    """

    def __init__(self, path: str | Path) -> None:
        self.store = FeatureStore(path)

    def transform(self, results: dict) -> dict:
        """Add the features to a sample.

        Args:
            results (dict): Sample with ``video_id``.

        Returns:
            dict: The same sample with the added keys.

        Raises:
            ValueError: If the store lacks the video, or is damaged.
        """
        results['features'] = self.store.read(results['video_id'])
        results['steps_per_second'] = self.store.settings.steps_per_second
        results['frames_per_second'] = self.store.settings.frames_per_second
        results['feature_fingerprint'] = self.store.settings.fingerprint
        results['backbone_fingerprint'] = self.store.settings.backbone
        return results

    def __repr__(self):
        return f'{type(self).__name__}(path={str(self.store.path)!r})'


@TRANSFORMS.register_module()
class PackDetectionInputs(BaseTransform):
    """Pack the features or the frames of a video, and its true actions, for a :class:`.MicroActionDetector`.

    Required keys: ``features``, shape (T, C), or ``imgs``, shape (T, 3, H, W), from ``FormatShape`` with the format
    ``NCHW``; ``video_id``, ``duration`` and ``steps_per_second``. Optional keys: ``gt_segments``, starts and ends in
    seconds, shape (M, 2), ``gt_labels``, shape (M,), and what :class:`LoadFeatures` says about the features.
    """

    meta_keys = (
        'video_id',
        'duration',
        'steps_per_second',
        'frames_per_second',
        'feature_fingerprint',
        'backbone_fingerprint',
    )

    def transform(self, results: dict) -> dict:
        """Pack a sample.

        Args:
            results (dict): Sample with the required keys.

        Returns:
            dict: ``inputs``, a tensor, and ``data_samples``, an ``ActionDataSample`` with the fields ``gt_segments``
            and ``gt_labels``, and the other keys as metainfo.
        """
        inputs = results['features'] if 'features' in results else results['imgs']
        sample = ActionDataSample()
        sample.set_metainfo({key: results[key] for key in self.meta_keys if key in results})
        if 'gt_segments' in results:
            segments = np.asarray(results['gt_segments'], np.float32).reshape(-1, 2)
            sample.set_field(torch.from_numpy(segments), 'gt_segments')
            sample.set_field(torch.from_numpy(np.asarray(results['gt_labels'], np.int64)), 'gt_labels')
        return dict(inputs=torch.from_numpy(np.ascontiguousarray(inputs)), data_samples=sample)

    def __repr__(self):
        return f'{type(self).__name__}()'
