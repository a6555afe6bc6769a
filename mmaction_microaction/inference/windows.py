"""Cuts a stream of frames into windows and packs their frames as the test pipeline of a config does."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from mmaction.datasets.transforms import ArrayDecode, Resize, SampleFrames
from mmaction.registry import TRANSFORMS
from mmengine.dataset import Compose

from mmaction_microaction.datasets.transforms import (
    DecodeRGBPose,
    SampleFramesAtRate,
    is_decoder,
    is_opener,
    selects_poses,
)
from mmaction_microaction.structures.poses import Poses
from mmaction_microaction.video.reader import Frame
from mmaction_microaction.video.times import LONGEST_STILL


class Window(NamedTuple):
    """Consecutive frames of a video that the network sees as one clip."""

    first_frame: int
    """Index of the first frame."""
    last_frame: int
    """Index of the last frame, inclusive."""
    start: float
    """Start in seconds from the start of the video. The first frame of the window may be shown a little later."""
    duration: float
    """Length in seconds, whatever the number of frames."""

    @property
    def num_frames(self) -> int:
        """Number of frames, both ends included."""
        return self.last_frame - self.first_frame + 1

    @property
    def end(self) -> float:
        """End in seconds from the start of the video."""
        return self.start + self.duration


def window_at(times: np.ndarray, duration: float, start: float, length: float) -> Window:
    """Return the window of a given start and length.

    Args:
        times (np.ndarray): Time at which each frame is shown, in seconds, ascending from 0, shape (N,).
        duration (float): Duration of the video in seconds.
        start (float): Start of the window in seconds, less than ``duration``.
        length (float): Length of the window in seconds.

    Returns:
        Window: A window of at least one frame. Where no frame begins within the window, as in recordings of calls, it
        contains the frame that is shown at the time.
    """
    [first], [stop] = _frames_between(times, duration, np.array([start]), length)
    return Window(int(first), int(stop) - 1, float(start), float(min(length, duration - start)))


def _frames_between(times, duration, starts, length):
    """Return the index of the first frame of each window, and the index after its last frame."""
    # The tolerance of 1 ms assigns a frame at a border to the later window, also where its time is rounded down.
    firsts, stops = (np.searchsorted(times, starts + offset - 1e-3) for offset in (0, length))
    stops[starts + length > duration - 1e-3] = len(times)
    firsts = np.minimum(firsts, np.maximum(stops - 1, 0))
    return firsts, np.maximum(stops, firsts + 1)


def cut(times: np.ndarray, duration: float, length: float, step: float) -> list[Window]:
    """Cut a video into windows of equal length; the last window ends with the video.

    A gap of more than two minutes without a frame contains no window: the next window starts with the next frame. Where
    a frame is shown for longer than a window, only the windows near its start and end are listed.

    Args:
        times (np.ndarray): Time at which each frame is shown, in seconds, ascending from 0, shape (N,).
        duration (float): Duration of the video in seconds.
        length (float): Length of a window in seconds. A shorter video is one window.
        step (float): Seconds from the start of one window to the start of the next.

    Returns:
        list[Window]: The windows, ascending in time.
    """
    gaps = (np.flatnonzero(np.diff(times) > LONGEST_STILL) + 1).tolist()
    windows = []
    for first, stop in zip([0, *gaps], [*gaps, len(times)]):
        start = times[first]
        # The last frame before a gap is shown for as long as the last frame of the video.
        end = duration if stop == len(times) else times[stop - 1] + duration - times[-1]
        windows += [
            Window(first + window.first_frame, first + window.last_frame, float(start + window.start), window.duration)
            for window in _cut_piece(times[first:stop] - start, end - start, length, step)
        ]
    return windows


def _cut_piece(times, duration, length, step):
    """Cut a piece of a video that has no gaps."""
    last_start = max(duration - length, 0)
    starts = np.array([*np.arange(0, last_start - 1e-3, step), last_start])
    firsts, stops = _frames_between(times, duration, starts, length)
    # Consecutive windows of the same frames form a run. At each end of a run, the windows that overlap others are kept.
    changes = np.flatnonzero((np.diff(firsts) != 0) | (np.diff(stops) != 0)) + 1
    bounds = np.array([0, *changes, len(starts)])
    indices, sizes = np.arange(len(starts)), np.diff(bounds)
    from_ends = np.minimum(indices - np.repeat(bounds[:-1], sizes), np.repeat(bounds[1:], sizes) - 1 - indices)
    kept = from_ends <= length / step
    durations = np.minimum(length, duration - starts)
    return [*map(Window, *(values[kept].tolist() for values in (firsts, stops - 1, starts, durations)))]


class WindowPipeline:
    """A test pipeline without its first part, which opens and decodes the video.

    Attributes:
        needs_poses (bool): Whether the pipeline selects keypoints.
        reads_frames (bool): Whether the pipeline decodes frames. False for poses alone.

    Args:
        pipeline (Sequence[dict]): The test pipeline of a config: it opens, samples and decodes the video, or selects
            its keypoints, then transforms them.

    Raises:
        ValueError: If no transform of the pipeline decodes a video or selects keypoints.
    """

    needs_poses: bool
    reads_frames: bool

    def __init__(self, pipeline: Sequence[dict]) -> None:
        decode = next((index for index, step in enumerate(pipeline) if is_decoder(step) or selects_poses(step)), None)
        if decode is None:
            types = [step['type'] if isinstance(step['type'], str) else step['type'].__name__ for step in pipeline]
            raise ValueError(f'the test pipeline does not decode a video: {", ".join(types)}')
        sampling = [step for step in pipeline[:decode] if not is_opener(step)]
        self.reads_frames, self.needs_poses = is_decoder(pipeline[decode]), selects_poses(pipeline[decode])
        if self.reads_frames:
            decoder = DecodeRGBPose([_take_images]) if self.needs_poses else ArrayDecode()
        else:
            decoder = TRANSFORMS.build(pipeline[decode])
        # Transforms are built here, since Compose would look for their types in MMEngine's registry.
        build = TRANSFORMS.build
        self._sample = Compose([build(step) for step in sampling])
        self._transform = Compose([decoder, *(build(step) for step in pipeline[decode + 1 :])])

    @property
    def frame_interval(self) -> int | None:
        """Distance between sampled frames. None if the network samples single frames, or samples by time
        (``target_fps``), so that the frame rate of a video does not matter."""
        for step in self._sample.transforms:
            if isinstance(step, SampleFrames) and step.clip_len > 1 and not step.target_fps:
                return step.frame_interval
        return None

    @property
    def rate(self) -> float | None:
        """Frames per second that a detector samples. None if the network samples otherwise."""
        return next((step.rate for step in self._sample.transforms if isinstance(step, SampleFramesAtRate)), None)

    def _sampled(self, num_frames, fps, poses=None):
        video = {} if poses is None else dict(poses.to_dict(), label=-1, video_id=poses.frame_dir)
        modality = 'RGB' if self.reads_frames else 'Pose'
        video.update(total_frames=num_frames, start_index=0, modality=modality, avg_fps=fps, duration=num_frames / fps)
        return self._sample(video)

    def frame_indices(self, num_frames: int, fps: float = 30.0) -> np.ndarray:
        """Return the indices of the frames that the network samples from a window.

        Args:
            num_frames (int): Number of frames of the window.
            fps (float): Frames per second of the video. Defaults to 30.

        Returns:
            np.ndarray: Indices from 0, shape (K,), ascending, without duplicates. Empty for a network of
                poses alone.
        """
        return np.unique(self.samples(num_frames, fps)) if self.reads_frames else np.empty(0, int)

    def samples(self, num_frames: int, fps: float = 30.0) -> np.ndarray:
        """Return the index of the frame of each sample of a window, in the order in which the network sees them.

        Args:
            num_frames (int): Number of frames of the window.
            fps (float): Frames per second of the video. Defaults to 30.

        Returns:
            np.ndarray: Indices from 0, shape (S,).
        """
        sampled = self._sampled(num_frames, fps)
        return sampled[_frames_key(sampled)]

    def shrink(self, image: np.ndarray) -> np.ndarray:
        """Apply the first resize of the pipeline to a frame in advance, so that less memory is kept per frame.

        Args:
            image (np.ndarray): RGB frame, shape (height, width, 3), uint8.

        Returns:
            np.ndarray: A smaller frame for which :meth:`pack` returns the same input; or ``image`` itself.
        """
        first = self._transform.transforms[1] if len(self._transform.transforms) > 1 else None
        # Resizing to a size is idempotent; resizing by a factor is not. Keypoints have the size of the whole frame.
        if self.needs_poses or type(first) is not Resize or first.lazy or not isinstance(first.scale, tuple):
            return image
        resized = first(dict(imgs=[image], img_shape=image.shape[:2], modality='RGB'))['imgs'][0]
        return resized if resized.size < image.size else image

    def pack(
        self, num_frames: int, images: list[np.ndarray], fps: float = 30.0, poses: Poses | None = None
    ) -> torch.Tensor | dict[str, torch.Tensor]:
        """Create the input of the network from the sampled frames of a window.

        Args:
            num_frames (int): Number of frames of the window.
            images (list[np.ndarray]): The K frames of :meth:`frame_indices`, RGB, shape (height, width, 3), uint8.
            fps (float): Frames per second of the video. Defaults to 30.
            poses (Poses, optional): Poses in the frames of the window, in the layout of the network. Required if the
                pipeline :attr:`needs_poses`. Defaults to None.

        Returns:
            torch.Tensor | dict[str, torch.Tensor]: Input of the network, without the batch axis; one input for each
            modality if the network sees frames and poses.
        """
        results = self._sampled(num_frames, fps, poses)
        if self.reads_frames:
            key = _frames_key(results)
            results[key] = np.unique(results[key], return_inverse=True)[1].reshape(-1)
        return self._transform(dict(results, array=images))['inputs']


def _take_images(results: dict[str, Any]) -> dict[str, Any]:
    """Set ``imgs`` to the sampled images of ``array``, whatever the modalities of the sample."""
    return dict(results, imgs=[results['array'][index] for index in results['frame_inds']])


def _frames_key(sampled: dict[str, Any]) -> str:
    """Return the key of the indices of the frames: ``RGB_inds`` of ``MMUniformSampleFrames``, else ``frame_inds``."""
    return 'RGB_inds' if 'RGB_inds' in sampled else 'frame_inds'


def stack_inputs(inputs: Sequence[torch.Tensor | dict[str, torch.Tensor]]) -> torch.Tensor | dict[str, torch.Tensor]:
    """Stack packed windows into a batch.

    Args:
        inputs (Sequence[torch.Tensor | dict[str, torch.Tensor]]): N windows of :meth:`WindowPipeline.pack`.

    Returns:
        torch.Tensor | dict[str, torch.Tensor]: Batch with N as the first dimension, of each modality.
    """
    if isinstance(inputs[0], dict):
        return {modality: torch.stack([window[modality] for window in inputs]) for modality in inputs[0]}
    return torch.stack([*inputs])


def gather(
    frames: Iterable[Frame],
    windows: Iterable[Window],
    frame_indices: Callable[[int], np.ndarray],
    shrink: Callable[[np.ndarray], np.ndarray] | None = None,
) -> Iterator[tuple[Window, list[np.ndarray]]]:
    """Collect the sampled frames of each window from a stream. Only frames of open windows are kept in memory.

    Args:
        frames (Iterable[Frame]): Frames of the video from its start; may be infinite.
        windows (Iterable[Window]): Windows, ascending in time; may be infinite.
        frame_indices (Callable[[int], np.ndarray]): Function that maps the number of frames of a window to the indices
            that are sampled.
        shrink (Callable[[np.ndarray], np.ndarray], optional): Function that is applied to each frame before it is kept.
            Defaults to None.

    Yields:
        tuple[Window, list[np.ndarray]]: A window and its sampled frames. A window is skipped if the stream lacks one of
        its frames.
    """
    windows = iter(windows)
    upcoming = next(windows, None)
    opened = deque()
    kept = {}
    for frame in frames:
        while upcoming and upcoming.first_frame <= frame.index:
            opened.append((upcoming, upcoming.first_frame + frame_indices(upcoming.num_frames)))
            upcoming = next(windows, None)
        if any(frame.index in sampled for _, sampled in opened):
            kept[frame.index] = shrink(frame.to_rgb()) if shrink else frame.to_rgb()
        while opened and opened[0][1][-1] <= frame.index:
            window, sampled = opened.popleft()
            if all(index in kept for index in sampled):
                yield window, [kept[index] for index in sampled]
            first = opened[0][0].first_frame if opened else frame.index
            kept = {index: image for index, image in kept.items() if index >= first}
