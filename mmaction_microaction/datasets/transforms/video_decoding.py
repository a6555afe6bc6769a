"""Decoding of sampled frames alone: the same frames as decord's, in about half of its time."""

from importlib.util import find_spec

from mmaction.datasets.transforms import DecordDecode, DecordInit
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform
from mmengine.logging import print_log

from mmaction_microaction.video.sampling import decode, open_video

from .loading import in_order, replace_decoding


@TRANSFORMS.register_module()
class SparsePyAVInit(BaseTransform):
    """Open a video with PyAV, in place of ``DecordInit``.

    Reads ``filename``; writes ``total_frames``, ``avg_fps`` and ``video_reader``.
    """

    def transform(self, results):
        """Add what is known of the video.

        Args:
            results (dict): With ``filename``.

        Returns:
            dict: The same.
        """
        video = open_video(results['filename'])
        results['video_reader'] = video
        results['total_frames'], results['avg_fps'] = video.num_frames, video.fps
        return results

    def __repr__(self):
        return f'{type(self).__name__}()'


@TRANSFORMS.register_module()
class SparsePyAVDecode(BaseTransform):
    """Decode the sampled frames of a video, in place of ``DecordDecode``.

    Of the other frames only those are decoded that a later one refers to, in the real clips about half, and none is
    converted to RGB. MMAction2's ``PyAVDecode`` converts all, which makes it no faster than decord, and does not turn
    videos that are stored on their side; its ``OpenCVDecode`` takes three times as long. decord itself gives some
    frames of AVI files, and of videos with open groups of pictures, in the place of others; these are right here.

    Reads ``frame_inds`` and the ``video_reader`` of :class:`SparsePyAVInit`; writes ``imgs``, a list of RGB frames
    of shape (H, W, 3), and ``img_shape`` and ``original_shape``, their height and width.
    """

    def transform(self, results):
        """Add the frames.

        Args:
            results (dict): With ``frame_inds`` and ``video_reader``.

        Returns:
            dict: The same.

        Raises:
            ValueError: If a frame cannot be decoded.
        """
        video = results.pop('video_reader')
        results['frame_inds'] = results['frame_inds'].reshape(-1)
        numbers = results['frame_inds'].tolist()
        results['imgs'] = in_order(dict(decode(video, numbers)), numbers)
        results['original_shape'] = results['img_shape'] = results['imgs'][0].shape[:2]
        return results

    def __repr__(self):
        return f'{type(self).__name__}()'


DECODERS = {'pyav': (SparsePyAVInit, SparsePyAVDecode), 'decord': (DecordInit, DecordDecode)}
"""What opens a video and what decodes its sampled frames, by the word in a config."""


def choose_decoder(transforms, decoder=None):
    """Let a pipeline decode videos with PyAV or decord, which give the same frames.

    Args:
        transforms (list[Callable]): The pipeline.
        decoder (str, optional): ``'pyav'`` or ``'decord'``. Defaults to None: as the pipeline says; but where that is
            decord and it is not installed, since it has no wheels for Arm and macOS, PyAV, and the log says so.

    Returns:
        list[Callable]: The same, perhaps with other transforms in place of those that open and decode videos.

    Raises:
        ImportError: If decord is asked for and not installed.
        ValueError: If there is no such decoder.
    """
    if decoder not in (None, *DECODERS):
        raise ValueError(
            f'decoder={decoder!r}: choose {" or ".join(map(repr, DECODERS))}, or None for what the pipeline says.'
        )
    has_decord = find_spec('decord') is not None
    if decoder == 'decord' and not has_decord:
        raise ImportError("decoder='decord': decord is not installed. Install it, or set decoder='pyav'.")
    if decoder is None:
        if has_decord or DecordInit not in map(type, transforms):
            return transforms
        print_log('decord is not installed: PyAV decodes the videos, to the same frames.', logger='current')
        decoder = 'pyav'
    init, decode = DECODERS[decoder]
    return replace_decoding(transforms, init(), decode())
