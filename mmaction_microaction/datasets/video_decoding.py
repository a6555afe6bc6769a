"""Decoding of sampled frames alone: the same frames as decord's, in about half of its time."""

from importlib.util import find_spec
from typing import NamedTuple

import av
from mmaction.datasets.transforms import DecordDecode, DecordInit
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform
from mmengine.logging import print_log

from mmaction_microaction.videos import frame_rate, frame_times, open_container, picture_stream, read_packets, upright

from .loading import in_order, replace_decoding


class OpenVideo(NamedTuple):
    """A video whose packets have been read, but not decoded."""

    filename: str
    container: av.container.InputContainer
    packets: list
    """As they are decoded, which is not always as they are shown, and some are never."""
    times: list
    """When frames are shown, see :func:`.frame_times`."""
    fps: float

    @property
    def num_frames(self):
        """int: How many are shown."""
        return len(self.times)


def open_video(filename):
    """Open a video and read its packets.

    Args:
        filename (str): Path.

    Returns:
        OpenVideo: The video.

    Raises:
        ValueError: If the file holds no video.
        av.error.FFmpegError: If it cannot be read.
    """
    container = open_container(filename)
    stream = picture_stream(container)
    if not stream:
        raise ValueError(f'{filename} holds no video.')
    if not stream.codec_context:
        raise ValueError(f'{filename} has a codec that FFmpeg lacks.')
    stream.thread_type, stream.codec_context.thread_count = 'NONE', 1  # data loaders have processes instead
    packets = list(read_packets(container))
    times = frame_times(packets, stream)
    fps = frame_rate(times, stream)
    if not fps:
        raise ValueError(f'{filename} holds no frames.')
    return OpenVideo(filename, container, packets, times, fps)


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
        video = open_video(results['filename'])
        results['video_reader'] = video
        results['total_frames'], results['avg_fps'] = video.num_frames, video.fps
        return results

    def __repr__(self):
        return f'{type(self).__name__}()'


@TRANSFORMS.register_module()
class SampledFramesDecode(BaseTransform):
    """Decode the sampled frames of a video, in place of ``DecordDecode``.

    Of the other frames only those are decoded that a later one refers to, in the real clips about half, and none is
    converted to RGB. MMAction2's ``PyAVDecode`` converts all, which makes it no faster than decord, and does not turn
    videos that are stored on their side; its ``OpenCVDecode`` takes three times as long. decord itself gives some
    frames of AVI files, and of videos with open groups of pictures, in the place of others; these are right here.

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
        results['imgs'] = in_order(dict(decode(video, numbers)), numbers)
        results['original_shape'] = results['img_shape'] = results['imgs'][0].shape[:2]
        return results

    def __repr__(self):
        return f'{type(self).__name__}()'


def decode(video, numbers):
    """Decode some frames of a video, and of the others as few as these refer to; then close it.

    Args:
        video (OpenVideo): The video.
        numbers (Collection[int]): Of the frames as they are shown, counted from 0.

    Yields:
        tuple[int, np.ndarray]: The frames in order, each with its number: RGB, shape (H, W, 3).

    Raises:
        ValueError: If a frame cannot be decoded.
    """
    decoder = picture_stream(video.container).codec_context
    times = video.times
    # Raw streams do not say when a frame is shown, and AVI says when it is decoded: then all are decoded and counted.
    undated = None in times or len(set(times)) < len(times) or (decoder.has_b_frames and times == sorted(times))
    order = {} if undated else {time: number for number, time in enumerate(sorted(times))}
    count, waiting = 0, set(numbers)
    with video.container:
        try:
            for packet in [*video.packets, None]:  # None: nothing follows, so what is held back comes out
                if not waiting:
                    return
                if packet and not undated and packet.pts is not None:  # a second field goes with its first
                    decoder.skip_frame = 'DEFAULT' if order.get(packet.pts) in waiting else 'NONREF'
                for frame in decoder.decode(packet):
                    number = count if undated else order.get(frame.pts)
                    count += 1
                    if number in waiting:
                        waiting.remove(number)
                        yield number, upright(frame)
        except av.error.FFmpegError as error:
            raise ValueError(f'{video.filename} cannot be decoded ({error}); replace it.') from None
    if waiting:
        raise ValueError(f'{video.filename}: frame {min(waiting)} cannot be decoded; replace it.')


DECODERS = {'pyav': (SampledFramesInit, SampledFramesDecode), 'decord': (DecordInit, DecordDecode)}
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
