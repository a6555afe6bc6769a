"""Cuts a stream of frames into windows, as the network's test pipeline wants to see them."""

from collections import deque
from typing import NamedTuple

import numpy as np
from mmaction.registry import TRANSFORMS
from mmengine.dataset import Compose


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
    # A frame at a border begins what follows, also where its time is off by rounding.
    start, stop = np.searchsorted(times, (begin - 1e-3, begin + length - 1e-3)).tolist()
    if begin + length > duration - 1e-3:
        stop = len(times)
    start = min(start, max(stop - 1, 0))
    stop = max(stop, start + 1)
    return Window(start, stop, float(begin), float(min(length, duration - begin)))


def cut(times, duration, length, step):
    """Cut a video into windows of equal length, the last of which ends with the video.

    Args:
        times, duration: See :func:`window_at`.
        length (float): Of a window, seconds; a shorter video is one window.
        step (float): Seconds from the start of a window to that of the next.

    Returns:
        list[Window]: In order.
    """
    last = max(duration - length, 0)
    begins = [*np.arange(0, last - 1e-3, step), last]
    return [window_at(times, duration, begin, length) for begin in begins]


class WindowPipeline:
    """A config's test pipeline, with its first part, the decoding, left to whoever has the frames.

    Args:
        pipeline (list[dict]): The test pipeline: it opens, samples, decodes, and treats the frames.

    Raises:
        ValueError: If it does not decode.
    """

    def __init__(self, pipeline):
        types = [step['type'] if isinstance(step['type'], str) else step['type'].__name__ for step in pipeline]
        decode = next((i for i, name in enumerate(types) if name.endswith('Decode')), None)
        if decode is None:
            raise ValueError(f'the test pipeline does not decode a video: {", ".join(types)}')
        sampling = [step for step, name in zip(pipeline[:decode], types) if not name.endswith('Init')]
        # Built rather than left to Compose, which looks in MMEngine's registry.
        build = TRANSFORMS.build
        self._sample = Compose([build(step) for step in sampling])
        self._treat = Compose([build(step) for step in (dict(type='ArrayDecode'), *pipeline[decode + 1 :])])

    def _sampled(self, num_frames):
        return self._sample(dict(total_frames=num_frames, start_index=0, modality='RGB'))

    def frame_indices(self, num_frames):
        """Say which frames the network looks at.

        Args:
            num_frames (int): Frames of the window.

        Returns:
            np.ndarray: Indices from 0, shape (K,), ascending, each once.
        """
        return np.unique(self._sampled(num_frames)['frame_inds'])

    def pack(self, num_frames, images):
        """Make the network's input.

        Args:
            num_frames (int): Frames of the window.
            images (list[np.ndarray]): The K frames of ``frame_indices``, RGB, shape (height, width, 3), uint8.

        Returns:
            torch.Tensor: Without a batch axis.
        """
        results = self._sampled(num_frames)
        results['frame_inds'] = np.unique(results['frame_inds'], return_inverse=True)[1].reshape(-1)
        return self._treat(dict(results, array=images))['inputs']


def gather(frames, windows, frame_indices):
    """Collect the frames of each window from a stream, keeping no more than those of the open windows.

    Args:
        frames (Iterable[Frame]): The video, from its first frame; without an end, if need be.
        windows (Iterable[Window]): In order; without an end, if need be.
        frame_indices (Callable): Which frames of a window of so many frames are wanted.

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
            kept[frame.index] = frame.image()
        while opened and opened[0][1][-1] <= frame.index:
            window, wanted = opened.popleft()
            if all(i in kept for i in wanted):
                yield window, [kept[i] for i in wanted]
            first = opened[0][0].start if opened else frame.index
            kept = {index: image for index, image in kept.items() if index >= first}
