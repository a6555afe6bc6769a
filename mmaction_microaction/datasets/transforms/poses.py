"""Transforms for frames together with the joints of the people in them."""

from collections.abc import Callable, Sequence

import numpy as np
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from mmaction_microaction.utils.messages import format_count

from .sparse_pyav import SparsePyAVDecode, SparsePyAVInit


@TRANSFORMS.register_module()
class DecodeRGBPose(BaseTransform):
    """Decode the sampled frames of a clip and select its sampled keypoints, instead of ``MMDecode``.

    Place it after ``MMUniformSampleFrames``. The result is that of MMAction2's ``MMDecode``, which always decodes with
    decord. This transform reads from a frame store or with another decoder if the dataset is told to, see
    :class:`.PoseClipDataset`. The keypoints are scaled to the size of the decoded frames, since a frame store may
    contain smaller frames than the video from which the keypoints were estimated.

    Decoders may disagree about the last frame of a video. If the video is shorter than the poses by one frame, or by
    one in a hundred, its last frame is repeated.

    Required keys: ``modality``, a list of ``'RGB'`` and ``'Pose'`` in any combination, with the indices ``RGB_inds``
    and ``Pose_inds``; ``keypoint`` of shape (M, T, V, 2); ``keypoint_score`` of shape (M, T, V); ``total_frames``,
    which is T; ``img_shape``, the height and width of the video; and, for frames, the keys that the source requires.

    Added and modified keys: ``keypoint`` and ``keypoint_score`` of the sampled frames, or of all frames if ``'Pose'``
    is not sampled; with ``'RGB'``, also ``imgs``, a list of RGB frames of shape (H, W, 3), ``frame_inds``,
    ``img_shape`` and ``original_shape``.

    Args:
        source (Sequence[dict | Callable], optional): Transforms that open the video, if any, and a last one that
            decodes ``frame_inds``, or their configs. Defaults to None, which means :class:`SparsePyAVInit` and
            :class:`SparsePyAVDecode`.
    """

    def __init__(self, source: Sequence[dict | Callable] | None = None) -> None:
        source = [SparsePyAVInit(), SparsePyAVDecode()] if source is None else source
        self.source = [TRANSFORMS.build(step) if isinstance(step, dict) else step for step in source]

    def transform(self, results: dict) -> dict:
        """Add the frames to a sample and select the keypoints.

        Args:
            results (dict): Sample with the required keys.

        Returns:
            dict: The same sample with the added and modified keys.

        Raises:
            ValueError: If the video cannot be read, or does not have the length or the shape of the poses.
        """
        sampled = 'Pose' in results['modality']
        frames = results['Pose_inds'].reshape(-1) if sampled else np.arange(results['keypoint'].shape[1])
        for key in ('keypoint', 'keypoint_score'):  # indexing by an array copies, so later steps may work in place
            results[key] = results[key][:, frames].astype(np.float32)
        return self._decode(results) if 'RGB' in results['modality'] else results

    def _decode(self, results):
        """Add the frames, and scale the keypoints to their size."""
        num_frames, (height, width) = results['total_frames'], results['img_shape']
        *openers, decoder = self.source
        for opener in openers:
            results = opener(results)
        num_decoded, results['total_frames'] = results['total_frames'], num_frames
        # Longer videos than their poses are cut: no index exceeds the poses.
        results['frame_inds'] = np.minimum(results['RGB_inds'].reshape(-1), num_decoded - 1)
        results = decoder(results)
        shape = results['imgs'][0].shape[:2]
        scale = np.array([shape[1] / width, shape[0] / height], np.float32)
        # The sides of small frames are rounded.
        rounding = 0.03 + 1 / min(shape)
        if abs(num_decoded - num_frames) > max(1, num_frames // 100) or abs(scale[0] / scale[1] - 1) > rounding:
            raise ValueError(
                f'{results.get("video_id", results.get("filename"))} has {format_count(num_decoded, "frame")} of '
                f'{shape[1]} x {shape[0]} pixels, but its poses are those of {format_count(num_frames, "frame")} of '
                f'{width} x {height} pixels: estimate them again with "microaction poses", or correct the folder of '
                'the videos'
            )
        if shape != (height, width):
            results['keypoint'] *= scale
        results['img_shape'] = results['original_shape'] = shape
        return results

    def __repr__(self):
        return f'{type(self).__name__}(source={self.source})'


@TRANSFORMS.register_module()
class CropToJoints(BaseTransform):
    """Cut one square around all detected joints of all people out of every frame, and move the keypoints into it.

    The square is that of MMAction2's ``PoseCompact`` and ``MMCompact`` with ``hw_ratio=1``: the box around the joints
    of all frames, larger by ``padding``, and extended to a square. Pixels outside of the frame are black. It differs
    from theirs in these cases:

    - If no joint is detected, or the box is smaller than ``threshold``, the square contains the whole frame. Theirs
      would be the frame itself, whose proportions the next ``Resize`` would change.
    - A joint with the score 0 does not widen the square.
    - A joint outside of the frame counts as if it were at the border, so that an error of an estimator does not lead to
      an image of any size.

    Required keys: ``keypoint`` of shape (M, T, V, 2), ``keypoint_score`` of shape (M, T, V) and ``img_shape``.
    Modified keys: ``keypoint``, ``img_shape`` and, if it is there, ``imgs``, a list of frames of shape (H, W, 3).

    Args:
        padding (float): Amount by which the box is larger than the joints, as a fraction of its sides. Defaults to
            0.25.
        threshold (float): Smallest width and height of the box in pixels. Defaults to 10.
    """

    def __init__(self, padding: float = 0.25, threshold: float = 10) -> None:
        self.padding = padding
        self.threshold = threshold

    def transform(self, results: dict) -> dict:
        """Crop the frames and the keypoints of a sample.

        Args:
            results (dict): Sample with the required keys.

        Returns:
            dict: The same sample with modified keys.
        """
        detected = (results['keypoint_score'] > 0) & results['keypoint'].any(-1)
        left, top, right, bottom = self._box(results['keypoint'][detected], results['img_shape'])
        results['keypoint'] = np.where(
            detected[..., None], results['keypoint'] - np.array([left, top], np.float32), np.float32(0)
        )
        results['img_shape'] = (bottom - top, right - left)
        if 'imgs' in results:
            results['imgs'] = [_crop(image, left, top, right, bottom) for image in results['imgs']]
        return results

    def _box(self, points, shape):
        """Return left, top, right and bottom of the square around points of shape (N, 2), in whole pixels."""
        size = np.array(shape[::-1], float)
        low, high = np.zeros(2), size
        padding = 0
        if len(points):
            inside = np.clip(points.astype(float), 0, size)
            around = inside.min(0), inside.max(0)
            if (around[1] - around[0] >= self.threshold).all():
                (low, high), padding = around, self.padding
        half = (high - low).max() / 2 * (1 + padding)
        center = (low + high) / 2
        # Towards zero, like MMAction2.
        return [int(side) for side in (*(center - half), *(center + half))]

    def __repr__(self):
        return f'{type(self).__name__}(padding={self.padding}, threshold={self.threshold})'


def _crop(image, left, top, right, bottom):
    """Cut a box out of an image of shape (H, W, C). The part of the box outside of the image is black."""
    crop = np.zeros((bottom - top, right - left, image.shape[2]), image.dtype)
    inside = image[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    y, x = max(-top, 0), max(-left, 0)
    crop[y : y + inside.shape[0], x : x + inside.shape[1]] = inside
    return crop
