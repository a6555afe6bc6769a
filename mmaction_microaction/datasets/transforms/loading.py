"""Transforms that read frames from a store instead of decoding videos."""

import io
import logging

import mmcv
from mmaction.datasets.transforms import (
    DecordDecode,
    DecordInit,
    OpenCVDecode,
    OpenCVInit,
    PyAVDecode,
    PyAVInit,
    RandomRescale,
    Resize,
)
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform
from mmengine.logging import print_log
from PIL import Image

from mmaction_microaction.datasets.frame_store import FrameStore

MAX_PIXELS = 2**24
"""Largest number of pixels of a frame in a store; a frame of a 4K video has half as many."""


@TRANSFORMS.register_module()
class FrameStoreInit(BaseTransform):
    """Find a clip in a frame store, in place of ``DecordInit``.

    Reads ``video_id``, the name of the clip; writes ``total_frames``, ``avg_fps`` and ``video_reader``.

    Args:
        path (str | Path): The store.
    """

    def __init__(self, path):
        self.store = FrameStore(path)

    def transform(self, results):
        """Add what is known of the clip.

        Args:
            results (dict): With ``video_id``.

        Returns:
            dict: The same.
        """
        clip = self.store.find(results['video_id'])
        results['total_frames'], results['avg_fps'] = clip.num_frames, clip.fps
        results['video_reader'] = (self.store, clip)
        return results

    def __repr__(self):
        return f'{type(self).__name__}(path={str(self.store.path)!r})'


@TRANSFORMS.register_module()
class FrameStoreDecode(BaseTransform):
    """Decode the sampled frames of a stored clip, in place of ``DecordDecode``.

    Reads ``frame_inds`` and the ``video_reader`` of :class:`FrameStoreInit`; writes ``imgs``, a list of RGB frames of
    shape (H, W, 3), and ``img_shape`` and ``original_shape``, their height and width.

    MMAction2's ``RawFrameDecode`` over MMEngine's ``LmdbBackend`` is not used: it needs lists with the number of frames
    and names in ASCII, notices no damage, and ends in a TypeError where a frame is missing.
    """

    def transform(self, results):
        """Add the frames.

        Args:
            results (dict): With ``frame_inds`` and ``video_reader``.

        Returns:
            dict: The same.
        """
        store, clip = results.pop('video_reader')
        results['frame_inds'] = results['frame_inds'].reshape(-1)
        numbers = results['frame_inds'].tolist()
        frames = {
            number: _decode(jpeg, f'{store.path}: frame {number} of {clip.name}')
            for number, jpeg in store.read(clip, numbers).items()
        }
        results['imgs'] = in_order(frames, numbers)
        results['original_shape'] = results['img_shape'] = results['imgs'][0].shape[:2]
        return results

    def __repr__(self):
        return f'{type(self).__name__}()'


def _decode(jpeg, frame):
    """Decode a JPEG of a size that a store can have; ``frame`` names it in errors."""
    try:
        with Image.open(io.BytesIO(jpeg), formats=['JPEG']) as image:  # reads no more than the size
            width, height = image.size
    except (OSError, Image.DecompressionBombError) as error:
        raise ValueError(f'{frame} is no JPEG that can be read ({error})') from None
    if width * height > MAX_PIXELS:
        raise ValueError(f'{frame} has {width} x {height} pixels, more than {MAX_PIXELS:,}')
    return mmcv.imfrombytes(jpeg, channel_order='rgb', backend='cv2')


def in_order(frames, numbers):
    """List frames, one per number.

    Args:
        frames (dict[int, np.ndarray]): By number.
        numbers (list[int]): Which to list.

    Returns:
        list[np.ndarray]: The frames; those listed before are copied, since Flip turns frames in place.
    """
    return [
        frames[number].copy() if number in numbers[:place] else frames[number] for place, number in enumerate(numbers)
    ]


def replace_decoding(transforms, init, decode):
    """Replace the transforms of a pipeline that open and decode videos.

    Args:
        transforms (list[Callable]): The pipeline.
        init (Callable): What finds a clip.
        decode (Callable): What gives its sampled frames.

    Returns:
        list[Callable]: The pipeline with these two.
    """
    # Not their subclasses: what returns something else than frames cannot be replaced.
    by_type = dict.fromkeys((DecordInit, OpenCVInit, PyAVInit), init)
    by_type.update(dict.fromkeys((DecordDecode, OpenCVDecode, PyAVDecode), decode))
    return [by_type.get(type(transform), transform) for transform in transforms]


def read_from_store(transforms, path):
    """Let a pipeline read from a frame store instead of videos.

    Args:
        transforms (list[Callable]): The pipeline.
        path (str | Path): The store.

    Returns:
        list[Callable]: The same, with other transforms in place of those that open and decode videos.
    """
    init = FrameStoreInit(path)
    enlarged = max(map(_short_side, transforms), default=0)
    if enlarged > init.store.settings.short_side:
        print_log(
            f'{path}: frames of short side {init.store.settings.short_side} are enlarged to {enlarged}; make the store '
            f'with --size {enlarged} to see all that the videos show.',
            logger='current',
            level=logging.WARNING,
        )
    return replace_decoding(transforms, init, FrameStoreDecode())


def _short_side(transform):
    """Return the short side of the frames that a transform resizes to, in proportion; 0 for any other transform."""
    if isinstance(transform, RandomRescale):
        return max(transform.scale_range)
    if isinstance(transform, Resize) and transform.keep_ratio and not isinstance(transform.scale, float):
        return min(transform.scale)
    return 0
