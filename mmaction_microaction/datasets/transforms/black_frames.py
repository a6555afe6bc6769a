"""Black frames in place of the frames of a video that cannot be read."""

from collections.abc import Callable, Sequence

import numpy as np
from mmcv.transforms import BaseTransform

from .decoding_steps import is_decoder, is_opener
from .poses import DecodeRGBPose


class BlackInit(BaseTransform):
    """Opener of a video of one frame without a face."""

    def transform(self, results: dict) -> dict:
        """Set ``total_frames``, unless the poses have done so, and ``avg_fps``, and remove the face file.

        Args:
            results (dict): Sample of the pipeline.

        Returns:
            dict: The same sample.
        """
        results.setdefault('total_frames', 1)
        results['avg_fps'] = 30
        if 'face_file' in results:
            results['face_file'] = None
        return results


class BlackDecode(BaseTransform):
    """Decoder that returns black frames."""

    def transform(self, results: dict) -> dict:
        """Set ``imgs`` to one black frame for each of ``frame_inds``, and ``img_shape`` to its height and width.

        The frames have the size of the poses of the clip, if it has any.

        Args:
            results (dict): Sample of the pipeline.

        Returns:
            dict: The same sample.
        """
        results['frame_inds'] = results['frame_inds'].reshape(-1)
        shape = results.get('img_shape', (256, 256))
        results['imgs'] = [np.zeros((*shape, 3), np.uint8) for _ in results['frame_inds']]
        results['original_shape'] = results['img_shape'] = shape
        return results


def decode_black(transforms: Sequence[Callable]) -> list[Callable]:
    """Replace the transforms of a pipeline that open and decode videos by ones that return black frames.

    Args:
        transforms (Sequence[Callable]): Transforms of the pipeline.

    Returns:
        list[Callable]: Transforms of a pipeline that reads no files and returns samples of the usual shapes.
    """
    opener, decoder = BlackInit(), BlackDecode()
    both = DecodeRGBPose([opener, decoder])
    return [
        opener
        if is_opener(step)
        else both
        if isinstance(step, DecodeRGBPose)
        else decoder
        if is_decoder(step)
        else step
        for step in transforms
    ]
