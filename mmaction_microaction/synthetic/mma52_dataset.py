"""Writes a synthetic MMA-52 with the files of the real MMA-52 (videos and tables), true poses and a manifest."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mmaction_microaction.structures.detection_annotations import COLUMNS
from mmaction_microaction.video.writer import write_video

from .folder import DatasetFolder
from .keypoints import make_true_poses, true_keypoints
from .mma52_video import COUNTS, TimedAction, make_mma52_video
from .scene import FIRST_SUBJECTS, SPLITS, make_generator, render_frames
from .settings import DatasetSettings

VERSION = 'MMA-52 1'
"""Version of the format. The manifest contains the version of the renderer, too."""
SUBJECT_SHARES = (0.6, 0.2, 0.2)
"""Shares of train, val and test of the subjects."""
_PLAN = 97  # stream of random numbers


@dataclass(frozen=True)
class Mma52Settings(DatasetSettings):
    """Settings of a synthetic MMA-52. They determine every pixel.

    Raises:
        ValueError: If a value is out of range.
    """

    train: int = 600
    """Number of train videos."""
    val: int = 100
    """Number of val videos."""
    test: int = 200
    """Number of test videos."""
    size: tuple[int, int] = (112, 134)
    """Width and height of the videos in pixels."""
    seed: int = 0
    """Seed of all random numbers."""
    counts: str = 'long-tailed'
    """Frequencies of the actions: ``'long-tailed'`` as in MMA-52's train split, or ``'uniform'``."""
    subjects: int = 200
    """Number of subjects. No subject is in two splits."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for split, num_videos in zip(SPLITS, (self.train, self.val, self.test)):
            if not 1 <= num_videos <= 9999:
                raise ValueError(f'{num_videos} {split} videos: must be from 1 to 9999')
        if self.counts not in COUNTS:
            raise ValueError(f'counts {self.counts!r}: must be one of {", ".join(COUNTS)}')
        if not 5 <= self.subjects <= 9999:
            raise ValueError(f'{self.subjects} subjects: must be from 5 (one in each split) to 9999')


class Mma52Entry(NamedTuple):
    """One video of the plan."""

    split: int
    """Index of the split: 0 train, 1 val, 2 test."""
    index: int
    """Index of the video in its split."""
    subject_id: int
    """Index of the subject."""

    @property
    def video_id(self) -> str:
        """str: Name of the video in the table, such as ``train0000``, which does not tell the subject."""
        return f'{SPLITS[self.split]}{self.index:04d}'


def make_mma52_plan(settings: Mma52Settings) -> list[Mma52Entry]:
    """Return the plan of a dataset.

    Args:
        settings (Mma52Settings): Settings of the dataset.

    Returns:
        list[Mma52Entry]: Every video, in the order of the splits.
    """
    rng = make_generator(settings.seed, _PLAN)
    everyone = FIRST_SUBJECTS['MMA-52'] + rng.permutation(settings.subjects)
    ends = np.round(np.cumsum(SUBJECT_SHARES)[:-1] * settings.subjects).astype(int)
    plan = []
    for split, (num_videos, group) in enumerate(
        zip((settings.train, settings.val, settings.test), np.split(everyone, ends))
    ):
        subjects = group[rng.integers(len(group), size=num_videos)]
        plan += [Mma52Entry(split, index, int(subject)) for index, subject in enumerate(subjects)]
    return plan


def write_mma52_dataset(
    out: str | Path, settings: Mma52Settings, workers: int = 1, progress: Callable[[int, int], None] | None = None
) -> list[Mma52Entry]:
    """Write a synthetic MMA-52, or the files of it that are missing, like :func:`write_dataset`.

    Args:
        out (str | Path): Path of the dataset folder.
        settings (Mma52Settings): Settings of the dataset.
        workers (int): Number of worker processes. Defaults to 1.
        progress (Callable[[int, int], None], optional): Callback that receives the number of finished videos and their
            total. Defaults to None.

    Returns:
        list[Mma52Entry]: Every video, in the order of the splits.

    Raises:
        OSError: If the folder is not writable.
        ValueError: If the folder contains another dataset.
    """
    folder = DatasetFolder(out, VERSION, settings)
    folder.begin('videos')
    plan = make_mma52_plan(settings)
    written, keypoints = zip(*folder.render(_write_video, plan, workers, progress))
    for index, split in enumerate(SPLITS):
        rows = [row for entry, row in zip(plan, written) if entry.split == index]
        folder.write(f'{split}.csv', _table(rows))
    poses = [
        make_true_poses(entry.video_id, keypoint, settings.size, row['fps'])
        for entry, row, keypoint in zip(plan, written, keypoints)
    ]
    folder.write_poses(plan, poses)
    folder.finish('videos', written)
    return plan


def _write_video(out: Path, settings: Mma52Settings, entry: Mma52Entry) -> tuple[dict, np.ndarray]:
    """Write a video if it is missing, and return its parameters and true keypoints."""
    video = make_mma52_video(entry.subject_id, settings.size, settings.seed, entry.split, entry.index, settings.counts)
    path = out / f'videos_{SPLITS[entry.split]}' / f'{entry.video_id}.mp4'
    if not path.exists():
        write_video(path, render_frames(video), video.size, fps=video.fps, crf=video.nuisances.crf)
    return {'video_id': entry.video_id, **video.parameters()}, true_keypoints(video)


def _table(videos: list[dict]) -> str:
    """Return the annotation table of a split. As in MMA-52, the rows of a video are not sorted by time."""
    lines = [','.join(['id', *COLUMNS])]
    for video in videos:
        for action in video['actions']:
            start, end, label = TimedAction(**action)
            columns = (len(lines) - 1, video['video_id'], start, end, label, video['num_frames'], float(video['fps']))
            lines.append(','.join(map(str, columns)))
    return '\n'.join(lines) + '\n'
