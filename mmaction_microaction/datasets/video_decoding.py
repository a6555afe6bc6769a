"""Decoding of sampled frames alone: the same frames as decord's, in about half of its time."""

from typing import NamedTuple

import av
import numpy as np
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from .loading import in_order


class OpenVideo(NamedTuple):
    """A video whose packets have been read, but not decoded."""

    filename: str
    container: av.container.InputContainer
    packets: list
    """As they are decoded, which is not always as they are shown."""


@TRANSFORMS.register_module()
class SampledFramesInit(BaseTransform):
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
        filename = results['filename']
        container = av.open(filename)
        if not container.streams.video:
            raise ValueError(f'{filename} holds no video.')
        stream = container.streams.video[0]
        stream.thread_type, stream.codec_context.thread_count = 'NONE', 1  # data loaders have processes instead
        packets = [packet for packet in container.demux(stream) if packet.size]
        results['video_reader'] = OpenVideo(filename, container, packets)
        results['total_frames'], results['avg_fps'] = len(packets), float(stream.average_rate)
        return results

    def __repr__(self):
        return f'{type(self).__name__}()'


@TRANSFORMS.register_module()
class SampledFramesDecode(BaseTransform):
    """Decode the sampled frames of a video, in place of ``DecordDecode``.

    Of the other frames only those are decoded that a later one refers to, in the real clips about half, and none is
    converted to RGB. MMAction2's ``PyAVDecode`` converts all, which makes it no faster than decord, and does not turn
    videos that are stored on their side; its ``OpenCVDecode`` takes three times as long. decord itself gives some
    frames of videos with open groups of pictures in the place of others; these are right here.

    Reads ``frame_inds`` and the ``video_reader`` of :class:`SampledFramesInit`; writes ``imgs``, a list of RGB frames
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
        with video.container:
            frames = _decode(video, set(numbers))
        results['imgs'] = in_order(frames, numbers)
        results['original_shape'] = results['img_shape'] = results['imgs'][0].shape[:2]
        return results

    def __repr__(self):
        return f'{type(self).__name__}()'


def _decode(video, numbers):
    """Decode some frames of a video.

    Args:
        video (OpenVideo): The video.
        numbers (set[int]): Of the frames as they are shown, counted from 0.

    Returns:
        dict[int, np.ndarray]: By number, the frames, shape (H, W, 3).
    """
    times = {packet.pts for packet in video.packets}
    if None in times or len(times) < len(video.packets):
        raise ValueError(f"{video.filename} does not say when its frames are shown; leave out decoder='pyav'.")
    shown = {time: number for number, time in enumerate(sorted(times)) if number in numbers}
    decoder = video.container.streams.video[0].codec_context
    frames = {}
    try:
        for packet in [*video.packets, None]:  # None: nothing follows, so what is held back comes out
            if packet:
                decoder.skip_frame = 'DEFAULT' if packet.pts in shown else 'NONREF'
            for frame in decoder.decode(packet):
                if frame.pts in shown:
                    frames[shown[frame.pts]] = _upright(frame)
            if len(frames) == len(numbers):
                return frames
    except av.error.FFmpegError as error:
        raise ValueError(f'{video.filename} cannot be decoded ({error}); replace it.') from None
    missing = min(numbers - frames.keys())
    raise ValueError(f"{video.filename}: frame {missing} cannot be decoded; replace it, or leave out decoder='pyav'.")


def _upright(frame):
    """Convert a frame to RGB, and turn it as the file says that it is to be shown."""
    image = frame.to_ndarray(format='rgb24')
    return np.ascontiguousarray(np.rot90(image, frame.rotation // 90)) if frame.rotation else image
