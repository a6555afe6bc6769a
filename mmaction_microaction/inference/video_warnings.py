"""Warnings about videos for which the result is incomplete or less reliable."""

import warnings
from collections.abc import Iterable, Iterator
from itertools import pairwise

import numpy as np

from mmaction_microaction.video.reader import Frame, Video
from mmaction_microaction.video.times import LONGEST_STILL

from .windows import Window

MA52_FPS = 30
"""Frames per second of the clips of MA-52, on which networks are trained."""


def warn_of_frame_rate(name: str, fps: float, frame_interval: int | None) -> None:
    """Warn that a network which samples every n-th frame sees motion at another speed than in training.

    Args:
        name (str): Name of the video.
        fps (float): Frames per second of the video.
        frame_interval (int | None): Distance between sampled frames. None if the frame rate does not matter.
    """
    if frame_interval and not 0.8 <= fps / MA52_FPS <= 1.25:
        warnings.warn(
            f'{name} has {fps:.4g} frames per second. The network samples frames at a fixed interval '
            f'({frame_interval}) and was trained at {MA52_FPS} frames per second, so it sees motion at another speed: '
            f'encode the video at {MA52_FPS}, or train with target_fps={MA52_FPS} of SampleFrames',
            stacklevel=3,
        )


def warn_of_width(name: str, image: np.ndarray) -> None:
    """Warn that the network crops the sides of wide frames.

    Args:
        name (str): Name of the video.
        image (np.ndarray): A frame, shape (height, width, 3).
    """
    height, width = image.shape[:2]
    if width > 1.5 * height:
        warnings.warn(
            f'{name} has frames of {width} x {height}, much wider than the 5:6 of MA-52. Networks usually see only the '
            'middle of a frame; crop to the person with --crop person or a box, --crop X,Y,W,H (crop= in Python)',
            stacklevel=3,
        )


def warn_of_gaps(video: Video, windows: list[Window], scored: list[Window]) -> None:
    """Warn of times without a result, or with one interpolated from neighbouring windows.

    Args:
        video (Video): The video.
        windows (list[Window]): All windows of the video.
        scored (list[Window]): The windows that could be decoded, at least one.
    """
    if len(video.gaps):
        start, end = max(video.gaps.tolist(), key=lambda gap: gap[1] - gap[0])
        gaps = '1 gap' if len(video.gaps) == 1 else f'{len(video.gaps)} gaps'
        warnings.warn(
            f'{video.path} has {gaps} of more than {LONGEST_STILL} s without a frame, or wrong timestamps. The longest '
            f'gap is from {start:.1f} to {end:.1f} s. The timeline leaves gaps out',
            stacklevel=3,
        )
    indices = {window: index for index, window in enumerate(windows)}
    for before, after in pairwise(scored):
        if indices[after] - indices[before] > 1:
            warnings.warn(
                f'{video.path} is damaged between {before.start:.1f} and {after.end:.1f} s; the timeline there is '
                'based on the windows before and after',
                stacklevel=3,
            )
    if video.num_lost or scored[-1] != windows[-1]:
        _warn_of_end(video, scored[-1].end)


def warn_of_absence(name: str, windows: list[Window], present: list[Window]) -> None:
    """Warn of times without a person.

    Args:
        name (str): Name of the video.
        windows (list[Window]): All windows of the video.
        present (list[Window]): The windows that show a person.
    """
    absent = sorted(set(windows) - set(present))
    if absent:
        warnings.warn(
            f'{name}: {len(absent):,} of {len(windows):,} windows do not show both shoulders of a person most of the '
            f'time, the first of them from {absent[0].start:.1f} to {absent[0].end:.1f} s; the timeline contains no '
            'action there',
            stacklevel=3,
        )


class SeenFrames:
    """Iterable of the frames of a stream that remembers which parts are missing.

    Attributes:
        last (Frame | None): The last frame up to now.
        damaged (list[tuple[float, float]]): Times in seconds of the frames before and after each missing part.

    Args:
        frames (Iterable[Frame]): Frames in their order.
    """

    last: Frame | None
    damaged: list[tuple[float, float]]

    def __init__(self, frames: Iterable[Frame]) -> None:
        self._frames, self.last, self.damaged = frames, None, []

    def __iter__(self) -> Iterator[Frame]:
        for frame in self._frames:
            if frame.index > (self.last.index + 1 if self.last else 0):
                self.damaged.append((self.last.time if self.last else 0.0, frame.time))
            self.last = frame
            yield frame


def warn_of_damage(video: Video, windows: list[Window], seen: SeenFrames) -> None:
    """Warn of times that a detector has not seen.

    Args:
        video (Video): The video.
        windows (list[Window]): All windows of the video.
        seen (SeenFrames): Its frames, at least one.
    """
    warn_of_gaps(video, windows, windows)
    for start, end in seen.damaged:
        warnings.warn(
            f'{video.path} is damaged between {start:.1f} and {end:.1f} s; the detector sees the next frame there',
            stacklevel=3,
        )
    # The decoder itself replaces up to half a second.
    if not video.num_lost and seen.last.index < video.num_frames - 1 - video.fps / 2:
        _warn_of_end(video, seen.last.time + 1 / video.fps)


def _warn_of_end(video, end):
    """Warn that a video breaks off."""
    whole = video.duration + video.num_lost / video.fps
    if video.num_lost or end < video.duration:
        warnings.warn(
            f'{video.path} ends after {end:.1f} of {whole:.1f} s; the timeline ends there',
            stacklevel=3,
        )
