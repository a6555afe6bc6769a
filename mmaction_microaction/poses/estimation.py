"""Estimation of the poses in a video, frame by frame."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from mmaction_microaction.structures.pose_layouts import LAYOUTS
from mmaction_microaction.structures.poses import Poses
from mmaction_microaction.video.reader import Video

from .estimators import DETECTORS, PoseEstimator, make_estimator
from .following import fill_gaps, match_people, person_sizes, smooth


class PoseSettings(NamedTuple):
    """Settings of the estimation."""

    detector: Literal['blazepose', 'rtmlib'] = 'blazepose'
    """Name of the estimator, a key of ``estimators.DETECTORS``."""
    people: int = 1
    """Largest number of people that are followed at a time."""
    every: int = 1
    """Interval between the frames that are searched: 1 for every frame, 2 for every other frame."""
    longest_gap: float = 0.5
    """Longest time without a person that is interpolated, in seconds."""
    smoothing: float = 0.05
    """Standard deviation in seconds of the Gaussian weights of :func:`.smooth`. 0 for no smoothing."""

    def check(self) -> None:
        """Check that all settings are within their range.

        Raises:
            ValueError: If a setting is out of range.
        """
        if self.detector not in DETECTORS:
            raise ValueError(f'detector {self.detector!r}: must be one of {", ".join(DETECTORS)}')
        for name, minimum in (('people', 1), ('every', 1), ('longest_gap', 0), ('smoothing', 0)):
            value = getattr(self, name)
            if not minimum <= value < np.inf:
                raise ValueError(f'{name} {value}: must be finite and at least {minimum}')


DEFAULTS = PoseSettings()
"""Settings by default."""


class PoseTracker:
    """Follows people from frame to frame, without smoothing, as from a camera.

    Each person has a row of the results, and is recognised by the position. A person who appears elsewhere takes a row
    that nobody had, or else the row of the person who has been absent for the longest time.

    Attributes:
        layout (str): Name of the layout of the joints.

    Args:
        settings (PoseSettings): Settings, of which ``detector`` and ``people`` are used. Defaults to
            ``PoseSettings()``.
        estimator (PoseEstimator, optional): Estimator. Defaults to None: the one of the settings.
    """

    def __init__(self, settings: PoseSettings = DEFAULTS, estimator: PoseEstimator | None = None) -> None:
        settings.check()
        self._estimate = estimator or make_estimator(settings.detector, settings.people)
        self._estimate.reset()
        self.layout = self._estimate.layout
        num_joints = len(LAYOUTS[self.layout].joints)
        self._last = np.full((settings.people, num_joints, 2), np.nan)
        self._absences = np.full(settings.people, np.inf)  # frames since a row had a person

    def update(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Find the people in the next frame.

        Args:
            image (np.ndarray): RGB image, shape (height, width, 3), uint8.

        Returns:
            tuple[np.ndarray, np.ndarray]: Coordinates in pixels, shape (people, V, 2), and scores, shape (people, V),
            float32. Rows of absent people are 0.
        """
        points, scores = self._estimate(image)
        sizes = person_sizes(points, scores)
        matches = match_people(self._last, points, sizes)
        taken, placed = {row for row, _ in matches}, {column for _, column in matches}
        free = [int(row) for row in np.argsort(-self._absences, kind='stable') if row not in taken]
        new = [int(column) for column in np.argsort(-sizes, kind='stable') if column not in placed]
        self._absences += 1
        keypoint = np.zeros(self._last.shape, np.float32)
        keypoint_score = np.zeros(keypoint.shape[:-1], np.float32)
        for row, column in [*matches, *zip(free, new)]:
            keypoint[row], keypoint_score[row] = points[column], scores[column]
            self._last[row], self._absences[row] = points[column], 0
        return keypoint, keypoint_score


def finish_poses(
    keypoint: np.ndarray,
    keypoint_score: np.ndarray,
    img_shape: tuple[int, int],
    fps: float,
    layout: str,
    settings: PoseSettings = DEFAULTS,
    frame_dir: str = '',
) -> Poses:
    """Fill gaps, smooth, and order people by their size.

    Args:
        keypoint (np.ndarray): Results of :class:`PoseTracker` for each frame, shape (T, people, V, 2). Frames that were
            not searched are 0.
        keypoint_score (np.ndarray): Scores, shape (T, people, V).
        img_shape (tuple[int, int]): Height and width of the frames in pixels.
        fps (float): Frames per second.
        layout (str): Name of the layout of the joints.
        settings (PoseSettings): Settings, of which ``every``, ``longest_gap`` and ``smoothing`` are used. Defaults to
            ``PoseSettings()``.
        frame_dir (str): Name of the video. Defaults to ``''``.

    Returns:
        Poses: Poses of the people by decreasing size. Joints outside of the image are undetected. Without any person,
        the poses have one who is absent from all frames.
    """
    present = keypoint_score.any((0, 2))
    present[0] |= not present.any()
    points, scores = keypoint[:, present].swapaxes(0, 1), keypoint_score[:, present].swapaxes(0, 1)
    points, scores = fill_gaps(points, scores, round(settings.longest_gap * fps), settings.every)
    points = smooth(points, scores, settings.smoothing * fps)
    inside = ((points >= 0) & (points < np.array(img_shape[::-1]))).all(-1)
    scores = np.where(inside, scores, 0)
    sizes = person_sizes(points, scores).sum(1)
    order = np.argsort(-sizes, kind='stable')[: max(1, np.count_nonzero(sizes))]
    source = dict(settings._asdict())
    return Poses(frame_dir, img_shape, points[order], scores[order], layout=layout, fps=fps, source=source)


def estimate_poses(
    video: str | Path | Video,
    settings: PoseSettings = DEFAULTS,
    estimator: PoseEstimator | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Poses:
    """Estimate the poses of the people in a video. Frames are read one after another and not kept.

    Args:
        video (str | Path | Video): The video, or its path.
        settings (PoseSettings): Settings of the estimation. Defaults to ``PoseSettings()``.
        estimator (PoseEstimator, optional): Estimator. Defaults to None: the one of the settings.
        progress (Callable[[int, int], None], optional): Function that is called with the number of finished frames and
            the total. Defaults to None.

    Returns:
        Poses: Poses in the layout of the estimator, with the stem of the file as ``frame_dir``.

    Raises:
        FileNotFoundError: If the video does not exist.
        ImportError: If the package of the estimator is not installed.
        OSError: If the weights of the estimator have to be downloaded and cannot be.
        ValueError: If the file is not a video, none of its frames can be decoded, or a setting is out of range.
    """
    video = video if isinstance(video, Video) else Video(video)
    tracker = PoseTracker(settings, estimator)
    num_joints = len(LAYOUTS[tracker.layout].joints)
    # Frames that cannot be decoded, or are not searched, remain 0. Rows in which nobody is written take no memory.
    keypoint = np.zeros((settings.people, video.num_frames, num_joints, 2), np.float32)
    keypoint_score = np.zeros(keypoint.shape[:-1], np.float32)
    img_shape = None
    for frame in video.frames(settings.every):
        image = frame.to_rgb()
        img_shape = image.shape[:2]
        points, scores = tracker.update(image)
        present = scores.any(1)
        keypoint[present, frame.index], keypoint_score[present, frame.index] = points[present], scores[present]
        if progress:
            progress(min(frame.index + settings.every, video.num_frames), video.num_frames)
    if img_shape is None:
        raise ValueError(f'{video.path}: no frame can be decoded; use another file')
    name = Path(video.path).stem
    keypoint, keypoint_score = keypoint.swapaxes(0, 1), keypoint_score.swapaxes(0, 1)
    return finish_poses(keypoint, keypoint_score, img_shape, video.fps, tracker.layout, settings, name)
