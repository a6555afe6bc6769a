"""From a video file to labelled micro-actions."""

import warnings
from itertools import count, pairwise
from pathlib import Path

import numpy as np
import torch

from mmaction_microaction.evaluation.functional import check_probabilities
from mmaction_microaction.taxonomy import NUM_ACTIONS
from mmaction_microaction.videos import Frame, Video

from .results import ClipResult, TimelineResult
from .timeline import find_intervals
from .windows import Window, WindowPipeline, cut, gather


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
        switch_cost (float): How reluctantly a timeline goes over to another action, see :func:`.find_intervals`.
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
        return self.clip(video) if video.duration <= self.longest_clip else self.timeline(video, progress)

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
        scored = list(self._score(frames, [Window(0, num_frames, 0, duration)]))
        if not scored:
            raise ValueError(f'{name} breaks off before its last frame, or has a gap; encode it anew')
        return ClipResult(name, duration, scored[0][2])

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

        def rows():
            for done, (start, end, scores) in enumerate(self._score(video.frames(), windows), start=1):
                yield (start, end, *scores)
                if progress:
                    progress(done, len(windows))

        # One block of memory: thousands of small arrays between the network's large ones would keep these from being
        # given back, 100 MB an hour.
        table = np.fromiter(rows(), np.dtype((float, 2 + NUM_ACTIONS)))
        if not len(table):
            raise ValueError(f'{video.path} cannot be decoded; encode it anew')
        starts, ends, scores = table[:, 0], table[:, 1], table[:, 2:]
        for start, following in pairwise(starts):
            if following - start > 1.5 * self.step:
                warnings.warn(
                    f'{video.path} is damaged between {start:.1f} and {following + self.window:.1f} s; what is said '
                    'there comes from before and after',
                    stacklevel=2,
                )
        if len(table) < len(windows) and ends[-1] < video.duration - self.step / 2:
            warnings.warn(
                f'{video.path} breaks off after {ends[-1]:.1f} of {video.duration:.1f} s; nothing is said of the rest',
                stacklevel=2,
            )
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
        return self._score(frames, windows, batch_size=1)

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

    def _score(self, frames, windows, batch_size=None):
        """Score windows in batches; yields start, end and probabilities of each."""
        times, inputs = [], []
        for window, images in gather(frames, windows, self.pipeline.frame_indices):
            times.append((window.begin, window.begin + window.seconds))
            inputs.append(self.pipeline.pack(window.stop - window.start, images))
            if len(inputs) == (batch_size or self.batch_size):
                yield from self._run(times, inputs)
                times, inputs = [], []
        if inputs:
            yield from self._run(times, inputs)

    def _run(self, times, inputs):
        for (start, end), scores in zip(times, self.recognizer(torch.stack(inputs))):
            check_probabilities(scores, f'{start:.1f} s')
            yield start, end, scores


def _load(model, checkpoint, device):
    """Open a network by what is given for it."""
    if str(model).endswith('.onnx'):
        if checkpoint is not None:
            raise ValueError(f'{model} is a whole network, to which {checkpoint} adds nothing; leave that out')
        from .onnx_model import OnnxRecognizer

        return OnnxRecognizer(model, device or 'cpu')
    from .recognizer import Recognizer

    if checkpoint is None:
        raise ValueError(f'{model} needs a checkpoint with its weights; only an .onnx file does without')
    if not Path(checkpoint).is_file():
        raise FileNotFoundError(f'{checkpoint}: no such checkpoint')
    return Recognizer(model, checkpoint, device)
