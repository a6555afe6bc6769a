"""The joints of the people in clips, for networks that see joints instead of frames."""

import os
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from mmaction_microaction.poses import PoseSettings
from mmaction_microaction.poses.extraction import PoseVideo, extract_poses
from mmaction_microaction.structures.poses import index_poses, read_poses
from mmaction_microaction.utils.messages import first_few, format_count

MIN_PRESENCE = 0.5
"""Share of the frames of a clip that must show a person, as in windows of videos that are recognised."""


def estimate_joints(
    clips: str | Path,
    names: Sequence[str],
    out: Path,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Estimate the poses of the largest person in clips, unless the file contains them already.

    Args:
        clips (str | Path): Folder of the clips.
        names (Sequence[str]): Path of each clip below the folder.
        out (Path): Path of the file, see :func:`.extract_poses`.
        workers (int): Number of processes. Defaults to 1.
        progress (Callable[[int, int], None], optional): Function that is called with the number of finished clips and
            their total. Defaults to None.

    Raises:
        ImportError: If the package of the estimator is not installed.
        OSError: If the file cannot be written, or the networks of the estimator cannot be downloaded.
        ValueError: If a clip cannot be read, or the file contains other poses.
    """
    videos = [PoseVideo(os.path.splitext(name)[0], Path(clips, name)) for name in names]
    results = extract_poses(videos, out, PoseSettings(), workers=workers, progress=progress)
    errors = [result.error for result in results if result.error]
    if errors:
        raise ValueError(
            f'{format_count(len(errors), "clip")} without frames that can be read: {first_few(errors)}; delete '
            'each of them, and run again'
        )


def find_clips_with_person(path: str | Path, names: Sequence[str]) -> np.ndarray:
    """Return the clips whose joints a network can learn. A warning names the others.

    Args:
        path (str | Path): File of :func:`estimate_joints`.
        names (Sequence[str]): Path of each clip.

    Returns:
        np.ndarray: Indices of the clips that show both shoulders of a person for half of their time, ascending, shape
        (K,).
    """
    poses = index_poses(read_poses(path))
    shown = np.array([poses[os.path.splitext(name)[0]].shows_person.mean() >= MIN_PRESENCE for name in names])
    if not shown.all():
        without = [names[index] for index in np.flatnonzero(~shown)]
        warnings.warn(
            f'{len(without):,} of {len(names):,} clips do not show both shoulders of a person for half of their time, '
            f'and are left out: {first_few(without)}',
            stacklevel=2,
        )
    return np.flatnonzero(shown)
