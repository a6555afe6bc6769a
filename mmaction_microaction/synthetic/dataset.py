"""Writes a synthetic MA-52 with the files of the real MA-52 (videos, annotation files and poses), and a manifest."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from mmaction_microaction.video.writer import write_video

from .clip import FPS, make_clip
from .folder import DatasetFolder
from .keypoints import make_true_poses, true_keypoints
from .plan import PlanEntry, SyntheticSettings, annotation_lines, make_plan
from .scene import SPLITS, render_frames

VERSION = 1
"""Version of the format. The manifest contains the version of the renderer, too."""


def write_dataset(
    out: str | Path,
    settings: SyntheticSettings,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
    layout: str = 'ma52_28',
    poses_only: bool = False,
) -> list[PlanEntry]:
    """Write a synthetic MA-52, or its missing files.

    The same call continues an interrupted run: finished videos are kept. Every file is either complete or absent. The
    annotation files, the true poses (``poses_train.pkl`` and so on) and the parameters in the manifest are written
    after the last video.

    Args:
        out (str | Path): Path of the dataset folder.
        settings (SyntheticSettings): Settings of the dataset.
        workers (int): Number of worker processes. Defaults to 1.
        progress (Callable[[int, int], None], optional): Callback that receives the number of finished clips and their
            total. Defaults to None.
        layout (str): Layout of the true poses, a key of :data:`.LAYOUTS`. Defaults to ``'ma52_28'``.
        poses_only (bool): Whether no videos are rendered, for networks that see poses alone. The manifest then lacks
            the parameters of the clips. Defaults to False.

    Returns:
        list[PlanEntry]: Every clip, in the order of the splits.

    Raises:
        OSError: If the folder is not writable.
        ValueError: If the folder contains another dataset.
    """
    folder = DatasetFolder(out, VERSION, settings)
    folder.begin('videos')
    plan = make_plan(settings)
    write = partial(_write_clip, layout=layout, poses_only=poses_only)
    rows, keypoints = zip(*folder.render(write, plan, workers, progress))
    for index, split in enumerate(SPLITS):
        folder.write(f'{split}_list_videos.txt', annotation_lines(plan, index))
    poses = [
        make_true_poses(Path(entry.name).stem, keypoint, settings.size, FPS, entry.label)
        for entry, keypoint in zip(plan, keypoints)
    ]
    folder.write_poses(plan, poses)
    if not poses_only:
        folder.finish('clips', rows)
    return plan


def _write_clip(
    out: Path, settings: SyntheticSettings, entry: PlanEntry, layout: str, poses_only: bool
) -> tuple[dict[str, Any] | None, np.ndarray]:
    """Write the video of a clip if it is missing, and return the clip's parameters and true keypoints."""
    clip = make_clip(
        entry.label,
        entry.subject_id,
        settings.size,
        settings.seed,
        entry.split,
        entry.index,
        variety=settings.variety,
    )
    keypoint = true_keypoints(clip, layout)
    if poses_only:
        return None, keypoint
    path = out / f'videos_{SPLITS[entry.split]}' / entry.name
    if not path.exists():
        write_video(path, render_frames(clip), clip.size, fps=clip.fps, crf=clip.nuisances.crf)
    return {'name': entry.name, 'split': SPLITS[entry.split], **clip.parameters()}, keypoint
