"""Poses for networks that need them: estimated from a video or a live stream, or read from a file."""

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from weakref import WeakKeyDictionary

import numpy as np
import torch
from mmaction.registry import DATASETS
from mmengine.config import Config

from mmaction_microaction.poses import (
    PoseEstimator,
    PoseSettings,
    PoseTracker,
    estimate_poses,
    finish_poses,
    make_estimator,
)
from mmaction_microaction.structures.pose_layouts import LAYOUTS
from mmaction_microaction.structures.poses import Poses, index_poses, read_poses
from mmaction_microaction.video.reader import Frame, Video

from .people import FramedVideo
from .windows import Window


class PoseSource:
    """Poses of whole videos. They are estimated once for each video, or read from a file.

    Args:
        path (str | Path, optional): Path of a pickle that :func:`.read_poses` reads. Defaults to None: the poses are
            estimated, see :func:`.estimate_poses`.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If the file contains no poses, or those of a video twice.
    """

    def __init__(self, path: str | Path | None = None) -> None:
        self.path = path
        self._by_name = None if path is None else index_poses(read_poses(path))
        self._estimated: WeakKeyDictionary[Video, dict[int, Poses]] = WeakKeyDictionary()

    def prepare(self) -> None:
        """Check, before the first video, that poses can be estimated if they are not in a file.

        Raises:
            ImportError: If a package of the extra ``pose`` is missing.
            OSError: If the networks of the estimator have to be downloaded and cannot be.
        """
        if self._by_name is None:
            make_estimator()

    def __call__(self, video: Video, progress: Callable[[int, int], None] | None = None, people: int = 1) -> Poses:
        """Return the poses of a video.

        Args:
            video (Video): The video.
            progress (Callable[[int, int], None], optional): Function that is called with the number of searched frames
                and their total. Defaults to None.
            people (int): Largest number of people whose poses are estimated. Defaults to 1. Poses of a file are those
                of all people in it.

        Returns:
            Poses: Poses in the layout of the detector or of the file. Estimated ones are kept as long as ``video``.

        Raises:
            ImportError: If the poses are estimated, and a package of the extra ``pose`` is missing.
            ValueError: If the file lacks the video, or has poses of another number of frames.
        """
        if self._by_name is not None:
            return self._find(video)
        estimated = self._estimated.setdefault(video, {})
        if people not in estimated:
            estimated[people] = estimate_poses(video, PoseSettings(people=people), progress=progress)
        return estimated[people]

    def of_person(self, video: FramedVideo, progress: Callable[[int, int], None] | None = None) -> Poses:
        """Return the poses of the person to whom a video is cropped, or those of the whole frames.

        Args:
            video (FramedVideo): The video.
            progress (Callable[[int, int], None], optional): As above. Defaults to None.

        Returns:
            Poses: Poses in pixels of the whole frames. With a crop, they are those of one person, and estimated joints
            are within the crop.

        Raises:
            ImportError: If the poses are estimated, and a package of the extra ``pose`` is missing.
            ValueError: If the file lacks the video or the person, or has poses of another number of frames.
        """
        if video.boxes is None:
            return self(video.whole, progress)
        poses = self(video, progress)
        keypoint, row = poses.keypoint, 0
        if self._by_name is None:
            keypoint = keypoint + video.boxes[:, None, :2].astype(np.float32)
        else:
            row = self._find_row(poses, video)
        return replace(poses, keypoint=keypoint[row : row + 1], keypoint_score=poses.keypoint_score[row : row + 1])

    def _find_row(self, poses: Poses, video: FramedVideo) -> int:
        """Return the index of the person of a video in poses of whole frames.

        In each frame, the person in the file whose joints have their mean nearest to the middle of the box is chosen,
        unless this mean is outside the box, or nearer to the middle of the box of another person in the video. The
        index is that of the person who is chosen most often.
        """
        found = poses.keypoint_score[..., None] > 0
        present = found.any((2, 3))
        means = (poses.keypoint * found).sum(2) / np.maximum(found.sum(2), 1)
        boxes = np.stack([video.boxes, *video.others])
        offsets = means - (boxes[..., :2] + boxes[..., 2:] / 2)[:, None]
        distances = np.linalg.norm(offsets, axis=-1)
        inside = present & (np.abs(offsets[0]) <= video.boxes[:, 2:] / 2).all(-1) & (distances.argmin(0) == 0)
        nearest = np.where(inside, distances[0], np.inf).argmin(0)
        row = int(np.bincount(nearest[inside.any(0)], minlength=len(means)).argmax())
        if not inside[row].sum() > present[row].sum() / 2:
            raise ValueError(
                f'{self.path} has no joints of {video.person or "a person in the crop"} in {video.path}; write those '
                f'of everybody with "microaction poses --people {max(len(boxes), 2)}", or choose another person with '
                '--person, or person= in Python'
            )
        return row

    def _find(self, video):
        """Return the poses of the file that have the name of a video: the longest end of its path."""
        parts = Path(video.path).absolute().with_suffix('').parts
        names = ['/'.join(parts[start:]) for start in range(1, len(parts))]
        poses = next((self._by_name[name] for name in names if name in self._by_name), None)
        if poses is None:
            raise ValueError(
                f'{self.path} has no poses of {names[-1]} ({video.path}); it has those of {len(self._by_name):,} '
                f'videos, for example {next(iter(self._by_name), "none")}. "microaction poses" estimates them'
            )
        if poses.total_frames != video.num_frames:
            raise ValueError(
                f'{self.path} has poses of {poses.total_frames:,} frames of {names[-1]}, but {video.path} has '
                f'{video.num_frames:,} frames; estimate them from this video by "microaction poses"'
            )
        return poses


class LivePoses:
    """Poses of the largest person in a live stream, which are estimated while its frames pass.

    Args:
        fps (float): Frames per second of the stream.
        num_frames (int): Number of frames of the longest window.
        estimator (PoseEstimator, optional): Estimator. Defaults to None: the default one.

    Raises:
        ImportError: If a package of the extra ``pose`` is missing.
    """

    # A CPU takes about as long to search one frame as a camera to send it, and the network needs time, too.
    _settings = PoseSettings(every=2)

    def __init__(self, fps: float, num_frames: int, estimator: PoseEstimator | None = None) -> None:
        self._fps, self._num_frames = fps, num_frames
        self._tracker = PoseTracker(self._settings, estimator)
        self._found: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        self._shape = (1, 1)

    def follow(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """Estimate the poses in the frames of the stream.

        Args:
            frames (Iterable[Frame]): Frames of the stream.

        Yields:
            Frame: The same frames.
        """
        for frame in frames:
            if frame.index % self._settings.every == 0:
                image = frame.to_rgb()
                self._shape = image.shape[:2]
                self._found[frame.index] = self._tracker.update(image)
                while next(iter(self._found)) <= frame.index - self._num_frames - self._settings.every:
                    del self._found[next(iter(self._found))]
            yield frame

    def select(self, window: Window) -> Poses | None:
        """Return the poses in a window whose frames have passed.

        Args:
            window (Window): A window of the stream.

        Returns:
            Poses | None: Poses in the layout of the estimator. None if less than half of the frames show both shoulders
            of a person.
        """
        # The search may have skipped the first frame. Then the frame before it was searched.
        lead = window.first_frame % self._settings.every
        frames = range(window.first_frame - lead, window.last_frame + 1)
        found = {index: self._found[frame] for index, frame in enumerate(frames) if frame in self._found}
        if not found:
            return None
        points, scores = next(iter(found.values()))
        keypoint = np.zeros((len(frames), *points.shape), np.float32)
        keypoint_score = np.zeros((len(frames), *scores.shape), np.float32)
        for index, values in found.items():
            keypoint[index], keypoint_score[index] = values
        poses = finish_poses(keypoint, keypoint_score, self._shape, self._fps, self._tracker.layout, self._settings)
        return select_window(poses, Window(lead, len(frames) - 1, window.start, window.duration))


def find_pose_layout(config: Config, model: torch.nn.Module) -> str:
    """Return the layout of the joints that a network expects.

    Args:
        config (Config): Config of the network.
        model (torch.nn.Module): The network.

    Returns:
        str: ``layout`` of the test dataset or the default of its class. If it has none, as MMAction2's ``PoseDataset``,
        the layout with as many joints as the network has channels of heat maps.

    Raises:
        ValueError: If no layout has that many joints.
    """
    dataset = config.test_dataloader.dataset
    kind = DATASETS.get(dataset.type) if isinstance(dataset.type, str) else dataset.type
    argument = inspect.signature(kind).parameters.get('layout')
    name = dataset.get('layout') or (argument and argument.default)
    if name:
        return name
    by_size = {len(layout.joints): layout.name for layout in LAYOUTS.values()}
    channels = [module.in_channels for module in model.modules() if isinstance(module, torch.nn.Conv3d)]
    layout = next((by_size[size] for size in channels if size in by_size), None)
    if layout is None:
        raise ValueError(
            f'{config.filename} does not say in which layout its network expects joints; use PoseClipDataset with '
            f'layout in the test_dataloader ({", ".join(LAYOUTS)})'
        )
    return layout


def select_window(poses: Poses, window: Window) -> Poses | None:
    """Return the poses in the frames of a window.

    Args:
        poses (Poses): Poses of the video.
        window (Window): A window of the video.

    Returns:
        Poses | None: Poses of ``window.num_frames`` frames. None if less than half of them show both shoulders of a
        person, without which a network of joints knows neither place nor size.
    """
    frames = slice(window.first_frame, window.last_frame + 1)
    selected = replace(poses, keypoint=poses.keypoint[:, frames], keypoint_score=poses.keypoint_score[:, frames])
    return selected if selected.shows_person.mean() >= 0.5 else None
