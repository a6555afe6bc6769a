"""Recognises micro-actions in video files, arrays of frames and live streams."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import count, groupby
from pathlib import Path

import numpy as np
from mmengine.config import Config

from mmaction_microaction.label_sets import LabelSet
from mmaction_microaction.video.reader import Frame, Video

from .crops import Crop
from .detection_windows import detect_windows, merge_windows
from .detector import Detector
from .loading import load_network
from .options import complete_options
from .people import FramedVideo, NoPersonError, PersonChoice, PersonFinder
from .pose_source import LivePoses, PoseSource, select_window
from .results import ClipResult, DetectionResult, ScoredWindow, TimelineResult
from .scoring import WindowScorer, make_shrinker
from .timeline import find_intervals, split_at_gaps
from .video_warnings import SeenFrames, warn_of_absence, warn_of_damage, warn_of_gaps
from .windows import Window, WindowPipeline, cut


class MicroActionInferencer:
    """Recogniser of micro-actions in clips and long videos.

    MMAction2's own inferencer treats every video as one clip, whatever its length. This one also cuts long videos into
    windows, and keeps frames in memory only while their windows are read.

    .. code-block:: python

        inferencer = MicroActionInferencer('configs/manet_r50_8x1_ma52.py', 'best.pth')
        print(inferencer('nod.mp4').top(1)[0].action.name)
        for interval in inferencer('interview.mp4').intervals:
            print(interval.start, interval.end, interval.action.name)

    The network is a recognizer of clips, which gives each moment of a long video one action, or a
    :class:`.MicroActionDetector` that reads frames, which finds any number of actions at a time, or none.

    If the test pipeline of a recognizer needs keypoints, the poses of each chosen person are estimated in the frames
    that are cropped to this person, or read from a file.

    Attributes:
        poses (PoseSource): Function that returns the poses of an open video.

    Args:
        model (str | Path | Config, optional): Config of the network, or an ``.onnx`` file written by
            ``microaction export``. Defaults to None: the network that the package contains. It sees the joints of a
            person, which requires the extra ``demo``, and was trained on rendered people only.
        checkpoint (str | Path, optional): Weights of the network. Required for a config, not allowed for an ``.onnx``
            file. Defaults to None.
        device (str, optional): ``'cpu'``, ``'cuda:1'``, … or, for an ``.onnx`` file, ``'openvino'``. Defaults to None:
            the best available device; for an ``.onnx`` file, the CPU with ONNX Runtime.
        batch_size (int): Number of windows that a recognizer scores at once. Defaults to 8. A detector sees one.
        longest_clip (float): Duration in seconds up to which a recognizer treats a video as one clip. Clips of MA-52
            last up to 7 seconds. Defaults to 8.
        window (float, optional): Length in seconds of the windows of a longer video. Defaults to None: 1.5 for a
            recognizer; for a detector 15, or what the exported file reads at once if that is shorter.
        step (float, optional): Seconds from the start of one window to the start of the next. Defaults to None: 0.5
            for a recognizer, two thirds of a window for a detector.
        switch_cost (float): Evidence that a change of the action in a timeline requires, see
            ``find_intervals``. Defaults to 0.5. A detector does not need it.
        min_score (float, optional): Minimum mean probability of an interval of a timeline, or minimum score of a
            detection among the ``intervals`` of a result. Defaults to None: 0 for a recognizer, 0.3 for a detector.
        min_duration (float): Minimum duration of an interval in seconds. Defaults to 0.
        poses (str | Path, optional): Poses of the videos, a pickle of ``microaction poses``. A video has the poses of
            its name. Defaults to None: poses are estimated if they are needed, which requires the extra ``pose``.
        crop (Crop): How videos are cropped, see :class:`.PersonFinder`. Defaults to ``'auto'``: like the clips on which
            the network was trained. For networks of MA-52, this is to the person, unless a video is framed like those
            of MA-52, which requires the extra ``pose``. Arrays and live streams are not cropped.
        person (PersonChoice): Which of several people is recognised: ``'left'``, ``'right'``, ``'largest'`` or
            ``'all'``. Defaults to ``'largest'``. :meth:`people` returns a result for each of them.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If config and weights do not fit, or an option is out of range.
    """

    poses: PoseSource

    def __init__(
        self,
        model: str | Path | Config | None = None,
        checkpoint: str | Path | None = None,
        device: str | None = None,
        *,
        batch_size: int = 8,
        longest_clip: float = 8.0,
        window: float | None = None,
        step: float | None = None,
        switch_cost: float = 0.5,
        min_score: float | None = None,
        min_duration: float = 0.0,
        poses: str | Path | None = None,
        crop: Crop = 'auto',
        person: PersonChoice = 'largest',
    ) -> None:
        self.poses = PoseSource(poses)
        self.recognizer = load_network(model, checkpoint, device)
        self.is_detector = isinstance(self.recognizer, Detector)
        self.pipeline = WindowPipeline(self.recognizer.pipeline)
        pose_layout = None
        if self.pipeline.needs_poses:
            if self.is_detector:
                raise ValueError('the test pipeline of a detector must not need poses')
            if self.pipeline.reads_frames:
                if crop not in ('auto', 'none') or person in ('left', 'right'):
                    raise ValueError(
                        'the network sees frames and poses, those of the largest person; leave out crop and person'
                    )
                crop = 'none'
            pose_layout = self.recognizer.pose_layout
        options = complete_options(
            self.is_detector,
            self._longest_window(),
            batch_size=batch_size,
            longest_clip=longest_clip,
            window=window,
            step=step,
            switch_cost=switch_cost,
            min_score=min_score,
            min_duration=min_duration,
        )
        # To a network of joints, it does not matter how the videos are framed from which it learned.
        self._find_people = PersonFinder(crop, person, self.recognizer.crop or ('auto' if pose_layout else None))
        self._score = WindowScorer(self.recognizer, self.pipeline, pose_layout)
        self.batch_size, self.longest_clip = options.batch_size, options.longest_clip
        self.window, self.step = options.window, options.step
        self.limits = dict(min_score=options.min_score, min_duration=options.min_duration)
        self.merging = dict(self.limits, switch_cost=options.switch_cost)

    def _longest_window(self):
        """Return the length in seconds of the longest window that the network accepts."""
        if not self.is_detector:
            return np.inf
        if self.pipeline.rate is None:
            raise ValueError('the test pipeline of a detector must contain SampleFramesAtRate')
        limit = self.recognizer.max_frames
        return np.inf if limit is None else limit / self.pipeline.rate

    @property
    def label_set(self) -> LabelSet:
        """Label set of the network."""
        return self.recognizer.label_set

    @property
    def crop(self) -> Crop:
        """How videos are cropped: the argument, or what ``'auto'`` means for the network."""
        return self._find_people.crop

    def prepare(self) -> None:
        """Check, and download, what the chosen options need, so that it is not found missing at every video.

        With ``crop='auto'`` and a network of frames, nothing is needed: a warning at the first video that is not framed
        like those of MA-52 says if people cannot be found.

        Raises:
            ImportError: If a package of the extra ``pose`` is missing.
            OSError: If the networks that find people and joints have to be downloaded and cannot be.
        """
        estimates_poses = self.pipeline.needs_poses and self.poses.path is None
        if estimates_poses:
            self.poses.prepare()
        if estimates_poses or self.crop == 'person':
            self._find_people.prepare()

    def __call__(
        self, video: str | Path | Video, progress: Callable[[int, int], None] | None = None
    ) -> ClipResult | TimelineResult | DetectionResult:
        """Recognise the action of a short video, or the timeline of a long one. A detector finds the actions of either.

        Args:
            video (str | Path | Video): Path of the video, or the open video.
            progress (Callable[[int, int], None], optional): Function that is called with the number of scored windows
                and their total. Defaults to None.

        Returns:
            ClipResult | TimelineResult | DetectionResult: Detections of a detector. Otherwise, a timeline if the video
            is longer than ``longest_clip``, or a clip.

        Raises:
            FileNotFoundError: If the file is missing.
            ValueError: If the file cannot be read as a video, or several people are chosen.
        """
        video = self._open(video)
        if self.is_detector:
            return self.detect(video, progress)
        is_short = video.duration + video.num_lost / video.fps <= self.longest_clip
        return self.clip(video) if is_short else self.timeline(video, progress)

    def _find_poses(self, video, progress=None):
        """Return the poses of a video with a person, or None if the network needs no poses."""
        if not self.pipeline.needs_poses:
            return None
        poses = self.poses.of_person(video, progress)
        if not poses.shows_person.any():
            raise NoPersonError(
                f'{video.path}: no frame shows both shoulders of a person, and the network needs joints'
            )
        return poses

    def people(
        self, video: str | Path | Video, progress: Callable[[int, int], None] | None = None
    ) -> list[ClipResult | TimelineResult | DetectionResult]:
        """Recognise the actions of each chosen person in a video.

        Args:
            video (str | Path | Video): Path of the video, or the open video.
            progress (Callable[[int, int], None], optional): Function that is called with the number of scored windows
                of all people and their total. Defaults to None.

        Returns:
            list[ClipResult | TimelineResult | DetectionResult]: A result for each chosen person, from left to right.
            Its ``person`` is ``'left'`` or ``'right'`` if the video shows two people, ``'1'``, ``'2'``, … if it shows
            more, and ``''`` if it shows one.

        Raises:
            FileNotFoundError: If the file is missing.
            ValueError: If the file cannot be read as a video.
        """
        framed = self.find_people(video)

        def report(index, done, total):
            progress(index * total + done, len(framed) * total)

        return [self(video, progress and partial(report, index)) for index, video in enumerate(framed)]

    def find_people(self, video: str | Path | Video) -> list[FramedVideo]:
        """Find the chosen people in a video, without recognising their actions.

        Args:
            video (str | Path | Video): Path of the video, or the open video.

        Returns:
            list[FramedVideo]: The video, cropped to each chosen person, from left to right. Other methods accept them.

        Raises:
            FileNotFoundError: If the file is missing.
            ValueError: If the file cannot be read as a video.
        """
        if isinstance(video, np.ndarray):
            raise TypeError('an array of frames is one clip: pass it to clip(); other methods need the path of a video')
        return self._find_people(video if isinstance(video, Video) else Video(video))

    def _open(self, video):
        """Open a video and crop it to the chosen person."""
        framed = self.find_people(video)
        if len(framed) > 1:
            names = ', '.join(video.person for video in framed)
            raise ValueError(f'{video} shows several people ({names}); call people(), or choose one with person=')
        return framed[0]

    def clip(self, video: str | Path | Video | np.ndarray, fps: float = 30.0) -> ClipResult:
        """Recognise the action of a video that is one clip, as in MA-52.

        Args:
            video (str | Path | Video | np.ndarray): Path of the video, the open video, or its RGB frames, shape
                (frames, height, width, 3), uint8.
            fps (float): Frames per second of an array. Defaults to 30.

        Returns:
            ClipResult: Probabilities of the actions.

        Raises:
            FileNotFoundError: If the file is missing.
            NoPersonError: If the network needs poses and there is no person.
            ValueError: If the file cannot be read as a video to its end, the array has another shape or type, or the
                network is a detector.

        See Also:
            :meth:`timeline`, for a video with several actions.
        """
        self._require_recognizer('clip')
        if isinstance(video, np.ndarray):
            if self.pipeline.needs_poses:
                raise ValueError('the network needs poses, which are found in video files; pass the path of a video')
            if video.dtype != np.uint8 or video.ndim != 4 or video.shape[-1] != 3 or not len(video) or not fps > 0:
                raise ValueError(
                    'expected RGB frames of shape (frames, height, width, 3), uint8, and a positive frame rate, got '
                    f'shape {video.shape}, {video.dtype}, {fps:g} frames per second'
                )
            name, num_frames, duration, num_lost = 'array', len(video), len(video) / fps, 0
            framing = {}
            frames = (Frame(i, i / fps, lambda image=image: image) for i, image in enumerate(video))
            poses = None
        else:
            video = self._open(video)
            framing = _framing(video)
            name, num_frames, duration, num_lost = video.path, video.num_frames, video.duration, video.num_lost
            frames, fps = video.frames(), video.fps
            poses = None if num_lost else self._find_poses(video)
        whole = Window(0, num_frames - 1, 0, duration)
        scored = [] if num_lost else list(self._score(frames, [whole], fps, 1, name, poses and (lambda _: poses)))
        if not scored:
            raise ValueError(f'{name} ends before its last frame or has a gap; encode it again')
        return ClipResult(name, duration, scored[0][1], self.label_set, **framing)

    def timeline(self, video: str | Path | Video, progress: Callable[[int, int], None] | None = None) -> TimelineResult:
        """Find the micro-actions in a video of any length.

        A warning names the times of a video that are damaged or cannot be decoded. If the network needs poses, another
        warning names the times without a person, which have no actions.

        Args:
            video (str | Path | Video): Path of the video, or the open video.
            progress (Callable[[int, int], None], optional): Function that is called with the number of scored windows
                and their total, and before that of frames in which poses are estimated. Defaults to None.

        Returns:
            TimelineResult: The micro-actions with their times.

        Raises:
            FileNotFoundError: If the file is missing.
            NoPersonError: If the network needs poses and there is no person.
            ValueError: If the file cannot be read as a video, or the network is a detector.

        See Also:
            :meth:`clip`, for a video that shows one action.
        """
        self._require_recognizer('timeline')
        video = self._open(video)
        windows = cut(video.times, video.duration, self.window, self.step)
        poses = self._find_poses(video, progress)
        if poses is not None:
            poses = partial(select_window, poses)
            present = [window for window in windows if poses(window) is not None]
            if not present:
                raise NoPersonError(f'{video.path}: no window shows both shoulders of a person for half of its time')
            warn_of_absence(video.path, windows, present)
            windows = present
        # Where a frame is shown for long, several windows contain the same frames. The network scores them once.
        groups = {frames: list(group) for frames, group in groupby(windows, _frame_range)}
        scored = []

        def rows():
            distinct = [group[0] for group in groups.values()]
            found = self._score(video.frames(), distinct, video.fps, self.batch_size, video.path, poses)
            for done, (window, scores) in enumerate(found, start=1):
                for same in groups[_frame_range(window)]:
                    scored.append(same)
                    yield (same.start, same.end, *scores)
                if progress:
                    progress(done, len(distinct))

        # One array for all windows. Thousands of small arrays between the network's large ones would fragment the
        # memory, which then grows by 100 MB for each hour of video.
        table = np.fromiter(rows(), np.dtype((float, 2 + len(self.label_set))))
        if not len(table):
            raise ValueError(f'{video.path} cannot be decoded; encode it again')
        starts, ends, scores = table[:, 0], table[:, 1], table[:, 2:]
        warn_of_gaps(video, windows, scored)
        merge = self._merge if poses is None else self._merge_pieces
        return replace(merge(video.path, starts, ends, scores, video.duration), **_framing(video))

    def detect(self, video: str | Path | Video, progress: Callable[[int, int], None] | None = None) -> DetectionResult:
        """Find all micro-actions of a video of any length with a detector. They may overlap.

        A video longer than ``window`` is cut into overlapping windows. An action that the edge of a window cuts is
        joined with its other part, and one that two windows contain is listed once. A warning names the times of a
        video that are damaged or cannot be decoded.

        Args:
            video (str | Path | Video): Path of the video, or the open video.
            progress (Callable[[int, int], None], optional): Function that is called with the number of finished windows
                and their total. Defaults to None.

        Returns:
            DetectionResult: All detections, and those above ``min_score`` as ``intervals``.

        Raises:
            FileNotFoundError: If the file is missing.
            ValueError: If the file cannot be read as a video, or the network is a recognizer of clips.
        """
        if not self.is_detector:
            raise ValueError('the network is a recognizer of clips; use timeline, or load a detector')
        video = self._open(video)
        windows = cut(video.times, video.duration, self.window, self.step)
        seen = SeenFrames(video.frames())
        shrink = make_shrinker(self.pipeline, video.path, self.label_set)
        found = detect_windows(self.recognizer, self.pipeline, seen, windows, video.times, video.fps, shrink)

        def counted():
            for done, window in enumerate(found, start=1):
                yield window
                if progress:
                    progress(done, len(windows))

        detections = merge_windows(counted())
        if seen.last is None:
            raise ValueError(f'{video.path} cannot be decoded; encode it again')
        warn_of_damage(video, windows, seen)
        options = dict(self.limits, label_set=self.label_set, **_framing(video))
        return DetectionResult(video.path, video.duration, *detections, **options)

    def _require_recognizer(self, method):
        if self.is_detector:
            raise ValueError(f'{method} needs a recognizer of clips, but the network is a detector; use detect')

    def live(self, frames: Iterable[Frame], fps: float) -> Iterator[ScoredWindow]:
        """Score the windows of a live stream, each as soon as it is complete.

        Args:
            frames (Iterable[Frame]): Frames of the stream. A window that lacks a sampled frame is skipped. So is a
                window without a person, if the network needs poses.
            fps (float): Frames per second of the stream.

        Yields:
            ScoredWindow: Start and end of a window in seconds, and its probabilities.

        Raises:
            ImportError: If the network needs poses, and a package of the extra ``pose`` is missing.
            ValueError: If the network is a detector, which needs a whole video, or poses are those of a file.
        """
        if self.is_detector:
            raise ValueError('a detector needs a whole video, not a live stream; record a video, and use detect')
        if self.poses.path is not None:
            raise ValueError(f'{self.poses.path} has poses of videos, not of a live stream; leave out poses')
        length, step = (max(round(seconds * fps), 1) for seconds in (self.window, self.step))
        windows = (Window(first, first + length - 1, first / fps, length / fps) for first in count(step=step))
        poses = None
        if self.pipeline.needs_poses:
            live = LivePoses(fps, length)
            frames, poses = live.follow(frames), live.select
        for window, scores in self._score(frames, windows, fps, 1, poses=poses):
            yield ScoredWindow(window.start, window.end, scores)

    def merge(self, video: str, scored: Sequence[ScoredWindow], duration: float) -> TimelineResult:
        """Merge scored windows into a timeline, which contains no interval where there is no window.

        Args:
            video (str): Name of the video.
            scored (Sequence[ScoredWindow]): Windows as yielded by :meth:`live`, at least one.
            duration (float): Duration of the video in seconds.

        Returns:
            TimelineResult: The timeline.

        Raises:
            ValueError: If there is no window.
        """
        if not scored:
            raise ValueError(f'{video}: no window was scored')
        return self._merge_pieces(video, *map(np.array, zip(*scored)), duration)

    def _merge_pieces(self, video, starts, ends, scores, duration):
        """Merge scored windows, and leave out the times that no window covers."""
        parts = ((starts[part], ends[part], scores[part]) for part in split_at_gaps(starts, ends))
        intervals = [interval for part in parts for interval in self._merge(video, *part, duration).intervals]
        return TimelineResult(video, duration, intervals, starts, ends, scores, self.label_set, step=self.step)

    def _merge(self, video, starts, ends, scores, duration):
        intervals = find_intervals(starts, ends, scores, self.step, **self.merging, label_set=self.label_set)
        return TimelineResult(video, duration, intervals, starts, ends, scores, self.label_set, step=self.step)


def _framing(video):
    """Return what a result says about the person and the crop."""
    return dict(person=video.person, boxes=video.boxes)


def _frame_range(window):
    return window.first_frame, window.last_frame
