"""Transforms that cut the face out of the sampled frames."""

import cv2
import mmcv
import numpy as np
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from mmaction_microaction.faces import read_face_track
from mmaction_microaction.utils.messages import format_count


@TRANSFORMS.register_module()
class CropFace(BaseTransform):
    """Cut a square around the face out of every sampled frame.

    Place it after the decoder, and before transforms that crop or flip the frames. Transforms that only resize them may
    come first, since boxes are scaled to the size of the frames. Where the square extends beyond the frame, the border
    pixels are repeated.

    Required keys: ``imgs``, ``frame_inds``, ``total_frames`` and ``face_file``, the path of a face track, or None if no
    frame shows a face. Added keys: ``face_imgs``, a list of T frames of shape (size, size, 3), and ``face_mask``, a
    boolean array of shape (T,), true where there is a face. Frames without a face are black, and a network should
    ignore them.

    Args:
        size (int): Side of the cropped faces in pixels.
        margin (float): Side of the square, as a multiple of the longer side of the face box. Defaults to 1.25.
    """

    def __init__(self, size: int, margin: float = 1.25) -> None:
        self.size = size
        self.margin = margin

    def transform(self, results: dict) -> dict:
        """Add the faces to a sample.

        Args:
            results (dict): Sample with the required keys.

        Returns:
            dict: The same sample with the added keys.

        Raises:
            FileNotFoundError: If the face track is missing.
            ValueError: If the face track is malformed, or belongs to another video.
        """
        images = results['imgs']
        boxes = np.full((len(images), 4), np.nan)
        if results['face_file'] is not None:
            boxes = self._boxes(results, images[0].shape)
        results['face_mask'] = ~np.isnan(boxes).any(axis=1)
        results['face_imgs'] = [
            self._crop(image, box) if has_face else np.zeros((self.size, self.size, 3), image.dtype)
            for image, box, has_face in zip(images, boxes, results['face_mask'])
        ]
        return results

    def _boxes(self, results, shape):
        """Return the face boxes of the sampled frames, shape (T, 4), in pixels of these frames."""
        path, indices, total = results['face_file'], np.reshape(results['frame_inds'], -1), results['total_frames']
        track = read_face_track(path)
        scale = np.array(shape[1::-1]) / track.size
        # Decoders may differ by a frame, and resized frames by a pixel.
        if abs(len(track.boxes) - total) > max(1, total // 100) or not 0.97 < scale[0] / scale[1] < 1.03:
            raise ValueError(
                f'{path} is the track of {format_count(len(track.boxes), "frame")} of {track.size[0]} x '
                f'{track.size[1]} pixels, but {results["filename"]} has {format_count(total, "frame")}, here '
                f'{shape[1]} x {shape[0]}: write it again with "microaction faces", and place CropFace before '
                'transforms that crop.'
            )
        return track.boxes[np.minimum(indices, len(track.boxes) - 1)] * np.tile(scale, 2)

    def _crop(self, image, box):
        """Cut out the square around a box and resize it."""
        side = max(1, round(self.margin * float(max(box[2:] - box[:2]))))
        # With sub-pixel precision, so that a smooth track results in a smooth clip. The centre of pixel 0 is at 0.
        center = tuple(((box[:2] + box[2:] - 1) / 2).tolist())
        square = cv2.getRectSubPix(image, (side, side), center)
        return mmcv.imresize(
            square, (self.size, self.size), interpolation='area' if side > self.size else 'bilinear', backend='cv2'
        )

    def __repr__(self):
        return f'{type(self).__name__}(size={self.size}, margin={self.margin})'


@TRANSFORMS.register_module()
class FormatFaces(BaseTransform):
    """Flip the faces if ``Flip`` has flipped the frames, and stack them.

    Place it after ``Flip``. Required keys: ``face_imgs``, a list of T frames of shape (H, W, 3), and optionally
    ``flip``. Modified keys: ``face_imgs``, of shape (T, 3, H, W).
    """

    def transform(self, results: dict) -> dict:
        """Replace the faces of a sample.

        Args:
            results (dict): Sample with the required keys.

        Returns:
            dict: The same sample with modified ``face_imgs``.
        """
        faces = np.stack(results['face_imgs'])
        if results.get('flip'):
            faces = faces[:, :, ::-1]
        results['face_imgs'] = np.ascontiguousarray(faces.transpose(0, 3, 1, 2))
        return results

    def __repr__(self):
        return f'{type(self).__name__}()'
