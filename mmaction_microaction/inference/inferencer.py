"""From a video file to labelled micro-actions."""

import warnings
from functools import partial
from itertools import count, groupby, pairwise
from pathlib import Path

import numpy as np
import torch

from mmaction_microaction.label_sets.ma52 import NUM_ACTIONS
from mmaction_microaction.structures.predictions import check_probabilities
from mmaction_microaction.video.reader import Frame, Video
from mmaction_microaction.video.times import LONGEST_STILL

from .results import ClipResult, TimelineResult
from .timeline import find_intervals
from .windows import Window, WindowPipeline, cut, gather

MA52_FPS = 30
"""Frames per second of the clips that networks are trained on."""


class MicroActionInferencer:
    """Recognises micro-actions in clips and long videos.

    MMAction2's own inferencer takes a video for one clip, whatever its length. This one also cuts long videos into
    windows, and never holds more frames than those of the open ones.

    >>> inferencer = MicroActionInferencer('configs/manet_r50_8x1_ma52.py', 'best.pth')
    >>> inferencer('nod.mp4').top(1)[0].action.name
    'nodding'
    >>> for interval in inferencer('interview.mp4').intervals:
    ...     print(interval.start, interval.end, interval.action.name)

    Args:
        model (str | Path | Config): Config of the network; or an ``.onnx`` of ``tools/export.py``, which is enough.
        checkpoint (str | Path, optional): Its weights. Defaults to None, for an ONNX file.
        device (str, optional): ``'cpu'``, ``'cuda:1'``, … Defaults to None: the best there is; for an ``.onnx``, the
            CPU.
        batch_size (int): Windows that the network sees at once. Defaults to 8.
        longest_clip (float): Seconds up to which a video is one clip; MA-52's clips last up to 7. Defaults to 8.
        window (float): Seconds of a window of a longer video; MA-52's clips last 1.9 on average. Defaults to 1.5.
        step (float): Seconds from one window to the next. Defaults to 0.5.
        switch_cost (float): How reluctantly a timeline goes over to another action, see ``find_intervals``.
            Defaults to 0.5.
        min_score (float): Intervals of a timeline with a lower mean probability are left out. Defaults to 0.
        min_duration (float): So are shorter ones, seconds. Defaults to 0.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If config and weights do not fit, or an option is out of range.
    """

    def __init__(
        self,
        model,
        checkpoint=None,
        device=None,
        *,
        batch_size=8,
        longest_clip=8.0,
        window=1.5,
        step=0.5,
        switch_cost=0.5,
        min_score=0.0,
        min_duration=0.0,
    ):
        for name, value, possible, expected in (
            ('batch_size', batch_size, batch_size >= 1, 'at least 1'),
            ('longest_clip', longest_clip, longest_clip >= 0, 'at least 0 s'),
            ('window', window, 0 < window < np.inf, 'above 0 s'),
            ('step', step, 0.01 <= step <= window, f'at least 0.01 s and at most the window, {window} s'),
            ('switch_cost', switch_cost, switch_cost >= 0, 'at least 0'),
            ('min_score', min_score, 0 <= min_score <= 1, 'a probability, from 0 to 1'),
            ('min_duration', min_duration, min_duration >= 0, 'at least 0 s'),
        ):
            if not possible:
                raise ValueError(f'{name} is {value}, but must be {expected}')
        self.recognizer = _load(model, checkpoint, device)
        self.pipeline = WindowPipeline(self.recognizer.pipeline)
        self.batch_size, self.longest_clip = batch_size, longest_clip
        self.window, self.step = window, step
        self.merging = dict(switch_cost=switch_cost, min_score=min_score, min_duration=min_duration)

    def __call__(self, video, progress=None):
        """Recognise what is in a video: one clip's action if it is short, a timeline if it is long.

        Args:
            video (str | Path | Video): The file.
            progress (Callable, optional): Called with the number of windows done and their total. Defaults to None.

        Returns:
            ClipResult | TimelineResult: The latter if the video is longer than ``longest_clip``.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If it cannot be read as a video.
        """
        video = video if isinstance(video, Video) else Video(video)
        short = video.duration + video.num_lost / video.fps <= self.longest_clip
        return self.clip(video) if short else self.timeline(video, progress)

    def clip(self, video, fps=30.0):
        """Take a video for one clip, as in MA-52.

        Args:
            video (str | Path | Video | np.ndarray): The file, or its frames, RGB, shape (frames, height, width, 3),
                uint8.
            fps (float): Frames per second of an array. Defaults to 30.

        Returns:
            ClipResult: The probabilities.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If it cannot be read as a video to its end, or the array is of another kind.
        """
        if isinstance(video, np.ndarray):
            if video.dtype != np.uint8 or video.ndim != 4 or video.shape[-1] != 3 or not len(video) or not fps > 0:
                raise ValueError(
                    'expected frames of RGB, shape (frames, height, width, 3), uint8, at a rate above 0, got shape '
                    f'{video.shape}, {video.dtype}, {fps:g} per second'
                )
            name, num_frames, duration = 'array', len(video), len(video) / fps
            frames = (Frame(i, i / fps, lambda image=image: image) for i, image in enumerate(video))
        else:
            video = video if isinstance(video, Video) else Video(video)
            name, num_frames, duration, frames = video.path, video.num_frames, video.duration, video.frames()
            fps = video.fps
        whole = Window(0, num_frames, 0, duration)
        scored = [] if getattr(video, 'num_lost', 0) else list(self._score(frames, [whole], fps, name))
        if not scored:
            raise ValueError(f'{name} breaks off before its last frame, or has a gap; encode it anew')
        return ClipResult(name, duration, scored[0][1])

    def timeline(self, video, progress=None):
        """Find micro-actions in a video of any length.

        Args:
            video (str | Path | Video): The file.
            progress (Callable, optional): Called with the number of windows done and their total. Defaults to None.

        Returns:
            TimelineResult: What was found. A video that is damaged, or cannot be decoded to its end, gives a warning.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If it cannot be read as a video.
        """
        video = video if isinstance(video, Video) else Video(video)
        windows = cut(video.times, video.duration, self.window, self.step)
        # Where a picture stands still, windows show the same frames; the network sees them once.
        alike = {frames: list(group) for frames, group in groupby(windows, lambda window: window[:2])}
        seen = []

        def rows():
            distinct = [group[0] for group in alike.values()]
            for done, (window, scores) in enumerate(
                self._score(video.frames(), distinct, video.fps, video.path), start=1
            ):
                for same in alike[window[:2]]:
                    seen.append(same)
                    yield (same.begin, same.begin + same.seconds, *scores)
                if progress:
                    progress(done, len(distinct))

        # One block of memory: thousands of small arrays between the network's large ones would keep these from being
        # given back, 100 MB an hour.
        table = np.fromiter(rows(), np.dtype((float, 2 + NUM_ACTIONS)))
        if not len(table):
            raise ValueError(f'{video.path} cannot be decoded; encode it anew')
        starts, ends, scores = table[:, 0], table[:, 1], table[:, 2:]
        _warn_of_gaps(video, windows, seen)
        return self._merge(video.path, starts, ends, scores, video.duration)

    def live(self, frames, fps):
        """Score the windows of a stream as they come, each at once.

        Args:
            frames (Iterable[Frame]): Frames of a camera, without gaps.
            fps (float): Of the frames.

        Yields:
            tuple[float, float, np.ndarray]: A window's start and end in seconds, and its probabilities, shape (52,).
        """
        length, step = (max(round(seconds * fps), 1) for seconds in (self.window, self.step))
        windows = (Window(start, start + length, start / fps, length / fps) for start in count(step=step))
        for window, scores in self._score(frames, windows, fps, batch_size=1):
            yield window.begin, window.begin + window.seconds, scores

    def merge(self, video, scored, duration):
        """Make a timeline of scored windows.

        Args:
            video (str): Its name.
            scored (list[tuple]): At least one window as of :meth:`live`.
            duration (float): Of the video, seconds.

        Returns:
            TimelineResult: The timeline. It says nothing of times that no window covers.
        """
        starts, ends, scores = map(np.array, zip(*scored))
        borders = np.flatnonzero(starts[1:] > ends[:-1]) + 1
        pieces = (np.split(values, borders) for values in (starts, ends, scores))
        intervals = [interval for piece in zip(*pieces) for interval in self._merge(video, *piece, duration).intervals]
        return TimelineResult(video, duration, intervals, starts, ends, scores)

    def _merge(self, video, starts, ends, scores, duration):
        intervals = find_intervals(starts, ends, scores, self.step, **self.merging)
        return TimelineResult(video, duration, intervals, starts, ends, scores)

    def _score(self, frames, windows, fps, name=None, batch_size=None):
        """Score windows in batches; yields each with its probabilities."""
        if name and self.pipeline.frame_interval and not 0.8 <= fps / MA52_FPS <= 1.25:
            warnings.warn(
                f'{name} has {fps:.4g} frames a second. The network samples frames at a fixed interval '
                f'({self.pipeline.frame_interval}), as from videos of {MA52_FPS}, and sees motion at another speed: '
                f'encode the video at {MA52_FPS}, or train with target_fps={MA52_FPS} of SampleFrames',
                stacklevel=3,
            )
        looked_at = []

        def shrink(image):
            if name and not looked_at:
                _warn_of_width(name, image)
                looked_at.append(name)
            return self.pipeline.shrink(image)

        taken, inputs = [], []
        for window, images in gather(frames, windows, partial(self.pipeline.frame_indices, fps=fps), shrink):
            taken.append(window)
            inputs.append(self.pipeline.pack(window.stop - window.start, images, fps))
            if len(inputs) == (batch_size or self.batch_size):
                yield from self._run(taken, inputs)
                taken, inputs = [], []
        if inputs:
            yield from self._run(taken, inputs)

    def _run(self, windows, inputs):
        for window, scores in zip(windows, self.recognizer(torch.stack(inputs))):
            check_probabilities(scores, f'{window.begin:.1f} s')
            yield window, scores


def _warn_of_width(name, image):
    """Say that the network sees the middle of a wide picture alone."""
    height, width = image.shape[:2]
    if width > 1.5 * height:
        warnings.warn(
            f'{name} has pictures of {width} x {height}, much wider than the 5:6 of MA-52: networks usually see the '
            'middle alone; crop the video to the person',
            stacklevel=4,
        )


def _warn_of_gaps(video, windows, seen):
    """Say of which times nothing is known, and why."""
    if len(video.gaps):
        start, end = max(video.gaps.tolist(), key=lambda gap: gap[1] - gap[0])
        warnings.warn(
            f'{video.path} has gaps ({len(video.gaps)}) of more than {LONGEST_STILL} s without a frame, the longest '
            f'from {start:.1f} to {end:.1f} s, or its clock is wrong; nothing is said of them',
            stacklevel=3,
        )
    place = {window: number for number, window in enumerate(windows)}
    for before, after in pairwise(seen):
        if place[after] - place[before] > 1:
            warnings.warn(
                f'{video.path} is damaged between {before.begin:.1f} and {after.begin + after.seconds:.1f} s; what is '
                'said there comes from before and after',
                stacklevel=3,
            )
    end = seen[-1].begin + seen[-1].seconds
    whole = video.duration + video.num_lost / video.fps
    if video.num_lost or (seen[-1] != windows[-1] and end < video.duration):
        warnings.warn(
            f'{video.path} breaks off after {end:.1f} of {whole:.1f} s; nothing is said of the rest', stacklevel=3
        )


def _load(model, checkpoint, device):
    """Open a network by what is given for it."""
    if str(model).endswith('.onnx'):
        if checkpoint is not None:
            raise ValueError(f'{model} is a whole network, to which {checkpoint} adds nothing; leave that out')
        from .onnx_model import OnnxRecognizer

        return OnnxRecognizer(model, device or 'cpu')
    from .recognizer import TorchRecognizer

    if checkpoint is None:
        raise ValueError(f'{model} needs a checkpoint with its weights; only an .onnx file does without')
    if not Path(checkpoint).is_file():
        raise FileNotFoundError(f'{checkpoint}: no such checkpoint')
    return TorchRecognizer(model, checkpoint, device)
