"""Transforms that read frames from a frame store instead of decoding videos."""

import io
from pathlib import Path

import mmcv
import numpy as np
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform
from PIL import Image

from mmaction_microaction.datasets.frame_store import FrameStore

MAX_PIXELS = 2**24
"""Largest number of pixels of a frame in a store. A frame of a 4K video has half as many."""


@TRANSFORMS.register_module()
class FrameStoreInit(BaseTransform):
    """Find a clip in a frame store, instead of ``DecordInit``.

    Required keys: ``video_id``, the name of the clip. Added keys: ``total_frames``, ``avg_fps`` and ``video_reader``.

    Args:
        path (str | Path): Path of the frame store.
    """

    def __init__(self, path: str | Path) -> None:
        self.store = FrameStore(path)

    def transform(self, results: dict) -> dict:
        """Add the clip to a sample.

        Args:
            results (dict): Sample with ``video_id``.

        Returns:
            dict: The same sample with the added keys.
        """
        clip = self.store.find(results['video_id'])
        results['total_frames'], results['avg_fps'] = clip.num_frames, clip.fps
        results['video_reader'] = (self.store, clip)
        return results

    def __repr__(self):
        return f'{type(self).__name__}(path={str(self.store.path)!r})'


@TRANSFORMS.register_module()
class FrameStoreDecode(BaseTransform):
    """Decode the sampled frames of a clip in a frame store, instead of ``DecordDecode``.

    Required keys: ``frame_inds``, and ``video_reader`` from :class:`FrameStoreInit`. Added keys: ``imgs``, a list of
    RGB frames of shape (H, W, 3), and ``img_shape`` and ``original_shape``, both (H, W).

    MMAction2's ``RawFrameDecode`` with MMEngine's ``LmdbBackend`` cannot replace it: it needs lists with the number of
    frames and ASCII names, does not detect damaged frames, and raises a TypeError if a frame is missing.
    """

    def transform(self, results: dict) -> dict:
        """Add the frames to a sample.

        Args:
            results (dict): Sample with ``frame_inds`` and ``video_reader``.

        Returns:
            dict: The same sample with the added keys.
        """
        store, clip = results.pop('video_reader')
        results['frame_inds'] = results['frame_inds'].reshape(-1)
        indices = results['frame_inds'].tolist()
        frames = {
            index: _decode(jpeg, f'{store.path}: frame {index} of {clip.name}')
            for index, jpeg in store.read(clip, indices).items()
        }
        results['imgs'] = order_frames(frames, indices)
        results['original_shape'] = results['img_shape'] = results['imgs'][0].shape[:2]
        return results

    def __repr__(self):
        return f'{type(self).__name__}()'


def _decode(jpeg, frame):
    """Decode a JPEG of at most :data:`MAX_PIXELS` pixels; ``frame`` names it in errors."""
    try:
        with Image.open(io.BytesIO(jpeg), formats=['JPEG']) as image:  # reads no more than the size
            width, height = image.size
    except (OSError, Image.DecompressionBombError) as error:
        raise ValueError(f'{frame} cannot be read as a JPEG ({error})') from None
    if width * height > MAX_PIXELS:
        raise ValueError(f'{frame} has {width} x {height} pixels, more than {MAX_PIXELS:,}')
    return mmcv.imfrombytes(jpeg, channel_order='rgb', backend='cv2')


def order_frames(frames: dict[int, np.ndarray], indices: list[int]) -> list[np.ndarray]:
    """Order decoded frames by the sampled indices, which may repeat.

    Args:
        frames (dict[int, np.ndarray]): Frames by index.
        indices (list[int]): Indices of the sampled frames, with repetitions.

    Returns:
        list[np.ndarray]: The sampled frames. A repeated frame is a copy because ``Flip`` flips in place.
    """
    return [
        frames[index].copy() if index in indices[:position] else frames[index] for position, index in enumerate(indices)
    ]
