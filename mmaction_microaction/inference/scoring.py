"""Scores the windows of videos and live streams with a recognizer of clips."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from mmaction_microaction.label_sets import LabelSet, is_ma52
from mmaction_microaction.structures.poses import Poses
from mmaction_microaction.structures.predictions import check_probabilities
from mmaction_microaction.video.reader import Frame

from .video_warnings import warn_of_frame_rate, warn_of_width
from .windows import Window, WindowPipeline, gather, stack_inputs

if TYPE_CHECKING:
    from .onnx_model import OnnxRecognizer
    from .recognizer import TorchRecognizer


class WindowScorer:
    """Scores windows in batches.

    Args:
        recognizer (TorchRecognizer | OnnxRecognizer): The network.
        pipeline (WindowPipeline): Test pipeline of the network.
        pose_layout (str, optional): Layout of the joints that the network expects. Required if the pipeline needs
            poses. Defaults to None.
    """

    def __init__(
        self, recognizer: 'TorchRecognizer | OnnxRecognizer', pipeline: WindowPipeline, pose_layout: str | None = None
    ) -> None:
        self.recognizer, self.pipeline, self.pose_layout = recognizer, pipeline, pose_layout

    def __call__(
        self,
        frames: Iterable[Frame],
        windows: Iterable[Window],
        fps: float,
        batch_size: int,
        video: str | None = None,
        poses: Callable[[Window], Poses | None] | None = None,
    ) -> Iterator[tuple[Window, np.ndarray]]:
        """Score the windows of a video or of a live stream.

        A warning says if the frame rate or the frames of a video differ from those of MA-52 in a way that matters.

        Args:
            frames (Iterable[Frame]): Frames of the video from its start.
            windows (Iterable[Window]): Windows, ascending in time.
            fps (float): Frames per second.
            batch_size (int): Number of windows that are scored at once.
            video (str, optional): Name of the video. Defaults to None, for a live stream, in which a window is complete
                when its last frame has passed.
            poses (Callable[[Window], Poses | None], optional): Function that returns the poses in a window, or None to
                skip the window. Defaults to None, for networks that see frames alone.

        Yields:
            tuple[Window, np.ndarray]: A window and its probabilities, shape (C,). A window is skipped if the stream
            lacks one of its frames.

        Raises:
            ValueError: If the network returns something else than probabilities.
        """
        if _is_compared(video, self.recognizer.label_set):
            warn_of_frame_rate(video, fps, self.pipeline.frame_interval)
        batch, inputs = [], []
        for window, images in self._gather(frames, windows, fps, video):
            seen = None
            if poses is not None:
                seen = poses(window)
                if seen is None:
                    continue
                seen = seen.convert(self.pose_layout)
            batch.append(window)
            inputs.append(self.pipeline.pack(window.num_frames, images, fps, seen))
            if len(inputs) == batch_size:
                yield from self._score(batch, inputs)
                batch, inputs = [], []
        if inputs:
            yield from self._score(batch, inputs)

    def _gather(self, frames, windows, fps, video):
        """Collect the frames of each window. A window of a live stream is complete when its last frame has passed."""
        is_live = video is None
        if not self.pipeline.reads_frames and not is_live:
            return ((window, []) for window in windows)

        def frame_indices(num_frames):
            indices = self.pipeline.frame_indices(num_frames, fps)
            waits = is_live and self.pipeline.needs_poses
            return np.union1d(indices, num_frames - 1).astype(int) if waits else indices

        return gather(frames, windows, frame_indices, make_shrinker(self.pipeline, video, self.recognizer.label_set))

    def _score(self, windows, inputs):
        for window, scores in zip(windows, self.recognizer(stack_inputs(inputs))):
            check_probabilities(scores, f'{window.start:.1f} s', len(self.recognizer.label_set))
            yield window, scores


def make_shrinker(
    pipeline: WindowPipeline, video: str | None, label_set: LabelSet
) -> Callable[[np.ndarray], np.ndarray]:
    """Create a function that shrinks frames, and warns if those of a video are much wider than in MA-52.

    Args:
        pipeline (WindowPipeline): Test pipeline of the network.
        video (str | None): Name of the video. None for a live stream, for which there is no warning.
        label_set (LabelSet): Label set of the network.

    Returns:
        Callable[[np.ndarray], np.ndarray]: Function from a frame to a smaller one, see :meth:`.WindowPipeline.shrink`.
    """
    is_first = _is_compared(video, label_set)

    def shrink(image):
        nonlocal is_first
        if is_first:
            warn_of_width(video, image)
        is_first = False
        return pipeline.shrink(image)

    return shrink


def _is_compared(video, label_set):
    """Return whether a video is compared with those of MA-52. How those of other sets were recorded is unknown."""
    return video is not None and is_ma52(label_set)
