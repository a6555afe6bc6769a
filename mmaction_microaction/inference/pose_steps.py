"""Steps of a test pipeline that read or transform keypoints."""

from collections.abc import Callable

import numpy as np
from mmaction.datasets.transforms import GeneratePoseTarget, MMCompact, MMDecode, PoseCompact, PoseDecode
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform


def selects_poses(step: dict | Callable) -> bool:
    """Return whether a step selects the keypoints of the sampled frames.

    Args:
        step (dict | Callable): Config of a transform, or the transform itself.

    Returns:
        bool: Whether its class is ``PoseDecode``, ``MMDecode``, or derived from one of them.

    Examples:
        >>> selects_poses(dict(type='PoseDecode')), selects_poses(dict(type='Resize', scale=(64, 64)))
        (True, False)
    """
    return _is_one_of(step, (PoseDecode,))


def decodes_both(step: dict | Callable) -> bool:
    """Return whether a step decodes frames and selects keypoints, as ``MMDecode`` does.

    Args:
        step (dict | Callable): Config of a transform, or the transform itself.

    Returns:
        bool: Whether its class is ``MMDecode`` or derived from it.
    """
    return _is_one_of(step, (MMDecode,))


def uses_poses(step: dict | Callable) -> bool:
    """Return whether a step needs the keypoints of a sample.

    Args:
        step (dict | Callable): Config of a transform, or the transform itself.

    Returns:
        bool: Whether it selects keypoints, crops to them, or draws them as heat maps.
    """
    return _is_one_of(step, (PoseDecode, PoseCompact, MMCompact, GeneratePoseTarget))


def _is_one_of(step, classes):
    """Return whether the class of a transform, or of its config, is one of some classes or derived from one."""
    kind = step['type'] if isinstance(step, dict) else type(step)
    if isinstance(kind, str):  # perhaps with a scope, such as mmaction.PoseDecode
        kind = TRANSFORMS.module_dict.get(kind.rpartition('.')[2])
    return isinstance(kind, type) and issubclass(kind, classes)


class DecodeArrayAndPoses(BaseTransform):
    """Selection of frames and keypoints that are in memory. It replaces ``MMDecode``, which reads a video."""

    def transform(self, results: dict) -> dict:
        """Select the frames ``RGB_inds`` of ``array``, and the keypoints of the frames ``Pose_inds``.

        The keypoints are scaled to the frames if these have another size than ``img_shape``.

        Args:
            results (dict): Sample of the pipeline.

        Returns:
            dict: The same sample, with ``imgs``.
        """
        images = [results['array'][index] for index in np.ravel(results['RGB_inds'])]
        shape = images[0].shape[:2]
        scale = np.float32(shape[::-1]) / np.float32(results['img_shape'][::-1])
        frames = np.ravel(results['Pose_inds'])
        results['keypoint'] = results['keypoint'][:, frames] * scale
        results['keypoint_score'] = results['keypoint_score'][:, frames]
        return dict(results, imgs=images, img_shape=shape, original_shape=shape)
