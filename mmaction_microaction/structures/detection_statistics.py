"""Statistics of tables of videos with several actions each."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mmaction_microaction.label_sets import MA52, LabelSet

from .detection_annotations import AnnotatedVideo


class DetectionStatistics(NamedTuple):
    """Numbers, durations and overlaps of N actions of C classes."""

    videos: int
    """Number of videos."""
    seconds: float
    """Duration of all videos together."""
    labels: np.ndarray
    """Label of each action, shape (N,)."""
    durations: np.ndarray
    """Duration of each action in seconds, shape (N,)."""
    overlapping: np.ndarray
    """Whether each action overlaps another one of its video, bool, shape (N,)."""
    cooccurrences: np.ndarray
    """Number of pairs of overlapping actions by their labels, shape (C, C), symmetric. A pair of one label counts once,
    on the diagonal."""
    simultaneous: np.ndarray
    """Share of the frames with 0, 1, 2, … actions at once, shape (M + 1,), M the largest number."""

    @property
    def num_pairs(self) -> int:
        """int: Number of pairs of overlapping actions."""
        return int(np.triu(self.cooccurrences).sum())


def summarize_detections(videos: Sequence[AnnotatedVideo], label_set: LabelSet = MA52) -> DetectionStatistics:
    """Count actions and their overlaps. An action includes its first frame, but not the frame at which it ends.

    Args:
        videos (Sequence[AnnotatedVideo]): Videos with at least one action in all.
        label_set (LabelSet): Label set of the labels. Defaults to that of MA-52.

    Returns:
        DetectionStatistics: Statistics.

    Raises:
        ValueError: If there is no action.

    Examples:
        >>> from mmaction_microaction.structures.detection_annotations import Instance
        >>> video = AnnotatedVideo('a', 40, 10.0, (Instance(0, 20, 9), Instance(10, 30, 24)))
        >>> statistics = summarize_detections([video])
        >>> statistics.durations.tolist(), statistics.simultaneous.tolist(), statistics.num_pairs
        ([2.0, 2.0], [0.25, 0.5, 0.25], 1)
    """
    if not any(video.instances for video in videos):
        raise ValueError('there is no action to count')
    overlapping, frames = [], []
    cooccurrences = np.zeros((len(label_set), len(label_set)), dtype=int)
    for video in videos:
        starts, ends, labels = np.array(video.instances, dtype=int).reshape(-1, 3).T
        overlaps = (starts[:, None] < ends) & (starts < ends[:, None]) & ~np.eye(len(starts), dtype=bool)
        overlapping.append(overlaps.any(axis=1))
        first, second = np.nonzero(np.triu(overlaps))
        np.add.at(cooccurrences, (labels[first], labels[second]), 1)
        changes = np.zeros(video.total_frames + 1, dtype=int)
        np.add.at(changes, starts, 1)
        np.add.at(changes, ends, -1)
        frames.append(np.cumsum(changes)[:-1])
    frames = np.bincount(np.concatenate(frames))
    return DetectionStatistics(
        len(videos),
        sum(video.duration for video in videos),
        np.concatenate([video.labels for video in videos]),
        np.concatenate([np.diff(video.segments)[:, 0] for video in videos]),
        np.concatenate(overlapping),
        cooccurrences + cooccurrences.T - np.diag(np.diag(cooccurrences)),
        frames / frames.sum(),
    )
