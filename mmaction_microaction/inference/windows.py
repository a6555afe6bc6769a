"""Cuts a stream of frames into windows, as the network's test pipeline wants to see them."""

from collections import deque
from typing import NamedTuple

import numpy as np
from mmaction.datasets.transforms import Resize, SampleFrames
from mmaction.registry import TRANSFORMS
from mmengine.dataset import Compose

from mmaction_microaction.datasets.transforms import is_decoder, is_opener
from mmaction_microaction.video.times import LONGEST_STILL


class Window(NamedTuple):
    """A piece of a video."""

    start: int
    """First frame."""
    stop: int
    """The frame after the last."""
    begin: float
    """Seconds from the start of the video; the first frame may come a little later."""
    seconds: float
    """How long it is, whatever the number of its frames."""


def window_at(times, duration, begin, length):
    """Find the frames that are shown from a time on.

    Args:
        times (np.ndarray): When each frame is shown, in seconds, ascending, shape (N,), the first at 0.
        duration (float): Of the video, seconds.
        begin (float): Seconds, less than the duration.
        length (float): Likewise.

    Returns:
        Window: With at least one frame: where none comes, as in recordings of calls, the one that is shown meanwhile.
    """
    [start], [stop] = _frames_between(times, duration, np.array([begin]), length)
    return Window(int(start), int(stop), float(begin), float(min(length, duration - begin)))


def _frames_between(times, duration, begins, length):
    """Find the first frame and the one after the last of windows that begin at the given times."""
    # A frame at a border begins what follows, also where its time is off by rounding.
    starts, stops = (np.searchsorted(times, begins + offset - 1e-3) for offset in (0, length))
    stops[begins + length > duration - 1e-3] = len(times)
    starts = np.minimum(starts, np.maximum(stops - 1, 0))
    return starts, np.maximum(stops, starts + 1)


def cut(times, duration, length, step):
    """Cut a video into windows of equal length, the last of which ends with the video.

    There are none in a gap of more than two minutes without a frame: the next one begins with the next frame. Where a
    picture stands still for longer than a window, only those at its beginning and end are listed, which others overlap.

    Args:
        times, duration: See :func:`window_at`.
        length (float): Of a window, seconds; a shorter video is one window.
        step (float): Seconds from the start of a window to that of the next.

    Returns:
        list[Window]: In order.
    """
    gaps = (np.flatnonzero(np.diff(times) > LONGEST_STILL) + 1).tolist()
    windows = []
    for first, last in zip([0, *gaps], [*gaps, len(times)]):
        begin = times[first]
        # The last frame before a gap is shown for as long as that of the video.
        end = duration if last == len(times) else times[last - 1] + duration - times[-1]
        windows += [
            Window(first + start, first + stop, float(begin + offset), seconds)
            for start, stop, offset, seconds in _cut_piece(times[first:last] - begin, end - begin, length, step)
        ]
    return windows


def _cut_piece(times, duration, length, step):
    """Cut what has no gaps."""
    last = max(duration - length, 0)
    begins = np.array([*np.arange(0, last - 1e-3, step), last])
    starts, stops = _frames_between(times, duration, begins, length)
    # Of a run of windows with the same frames, as many at both ends as reach beyond it.
    runs = np.flatnonzero((np.diff(starts) != 0) | (np.diff(stops) != 0)) + 1
    bounds = np.array([0, *runs, len(begins)])
    place, size = np.arange(len(begins)), np.diff(bounds)
    from_ends = np.minimum(place - np.repeat(bounds[:-1], size), np.repeat(bounds[1:], size) - 1 - place)
    kept = from_ends <= length / step
    seconds = np.minimum(length, duration - begins)
    return [*map(Window, *(values[kept].tolist() for values in (starts, stops, begins, seconds)))]


class WindowPipeline:
    """A config's test pipeline, with its first part, the decoding, left to whoever has the frames.

    Args:
        pipeline (list[dict]): The test pipeline: it opens, samples, decodes, and treats the frames.

    Raises:
        ValueError: If it does not decode.
    """

    def __init__(self, pipeline):
        decode = next((index for index, step in enumerate(pipeline) if is_decoder(step)), None)
        if decode is None:
            types = [step['type'] if isinstance(step['type'], str) else step['type'].__name__ for step in pipeline]
            raise ValueError(f'the test pipeline does not decode a video: {", ".join(types)}')
        sampling = [step for step in pipeline[:decode] if not is_opener(step)]
        # Built rather than left to Compose, which looks in MMEngine's registry.
        build = TRANSFORMS.build
        self._sample = Compose([build(step) for step in sampling])
        self._treat = Compose([build(step) for step in (dict(type='ArrayDecode'), *pipeline[decode + 1 :])])

    @property
    def frame_interval(self):
        """int | None: Distance of the frames of a run, which is another time at another rate; None for a network that
        looks at single frames, or samples by time (``target_fps``)."""
        for step in self._sample.transforms:
            if isinstance(step, SampleFrames) and step.clip_len > 1 and not step.target_fps:
                return step.frame_interval
        return None

    def _sampled(self, num_frames, fps):
        return self._sample(dict(total_frames=num_frames, start_index=0, modality='RGB', avg_fps=fps))

    def frame_indices(self, num_frames, fps=30.0):
        """Say which frames the network looks at.

        Args:
            num_frames (int): Frames of the window.
            fps (float): Frames per second of the video. Defaults to 30.

        Returns:
            np.ndarray: Indices from 0, shape (K,), ascending, each once.
        """
        return np.unique(self._sampled(num_frames, fps)['frame_inds'])

    def shrink(self, image):
        """Scale a large frame down as the pipeline will do first, so that less has to be kept until then.

        Args:
            image (np.ndarray): RGB, shape (height, width, 3), uint8.

        Returns:
            np.ndarray: A smaller frame, of which :meth:`pack` makes the same; or the frame.
        """
        first = self._treat.transforms[1] if len(self._treat.transforms) > 1 else None
        # To a size, not by a factor: a second time it changes nothing.
        if type(first) is not Resize or first.lazy or not isinstance(first.scale, tuple):
            return image
        resized = first(dict(imgs=[image], img_shape=image.shape[:2], modality='RGB'))['imgs'][0]
        return resized if resized.size < image.size else image

    def pack(self, num_frames, images, fps=30.0):
        """Make the network's input.

        Args:
            num_frames (int): Frames of the window.
            images (list[np.ndarray]): The K frames of ``frame_indices``, RGB, shape (height, width, 3), uint8.
            fps (float): Frames per second of the video. Defaults to 30.

        Returns:
            torch.Tensor: Without a batch axis.
        """
        results = self._sampled(num_frames, fps)
        results['frame_inds'] = np.unique(results['frame_inds'], return_inverse=True)[1].reshape(-1)
        return self._treat(dict(results, array=images))['inputs']


def gather(frames, windows, frame_indices, shrink=None):
    """Collect the frames of each window from a stream, keeping no more than those of the open windows.

    Args:
        frames (Iterable[Frame]): The video, from its first frame; without an end, if need be.
        windows (Iterable[Window]): In order; without an end, if need be.
        frame_indices (Callable): Which frames of a window of so many frames are wanted.
        shrink (Callable, optional): What to keep of a frame. Defaults to None: all.

    Yields:
        tuple[Window, list[np.ndarray]]: The window and the wanted frames. Windows whose frames do not come are left
        out.
    """
    windows = iter(windows)
    upcoming = next(windows, None)
    opened = deque()
    kept = {}
    for frame in frames:
        while upcoming and upcoming.start <= frame.index:
            opened.append((upcoming, upcoming.start + frame_indices(upcoming.stop - upcoming.start)))
            upcoming = next(windows, None)
        if any(frame.index in wanted for _, wanted in opened):
            kept[frame.index] = shrink(frame.to_rgb()) if shrink else frame.to_rgb()
        while opened and opened[0][1][-1] <= frame.index:
            window, wanted = opened.popleft()
            if all(i in kept for i in wanted):
                yield window, [kept[i] for i in wanted]
            first = opened[0][0].start if opened else frame.index
            kept = {index: image for index, image in kept.items() if index >= first}
