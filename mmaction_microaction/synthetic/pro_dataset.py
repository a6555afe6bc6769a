"""Writes a synthetic MA-52-Pro: videos, face tracks, an annotation file and poses per split, and a manifest."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from mmaction_microaction.faces import FaceTrack, write_face_track
from mmaction_microaction.video.writer import write_video

from .folder import DatasetFolder
from .keypoints import make_true_poses, true_keypoints
from .pro_plan import ProEntry, ProSettings, make_pro_plan
from .pro_video import FPS, make_pro_video
from .scene import SPLITS, face_boxes, render_frames

VERSION = 'MA-52-Pro 1'
"""Version of the format. The manifest contains the version of the renderer, too."""


def write_pro_dataset(
    out: str | Path, settings: ProSettings, workers: int = 1, progress: Callable[[int, int], None] | None = None
) -> list[ProEntry]:
    """Write a synthetic MA-52-Pro, or the files of it that are missing, like :func:`write_dataset`.

    Args:
        out (str | Path): Path of the dataset folder.
        settings (ProSettings): Settings of the dataset.
        workers (int): Number of worker processes. Defaults to 1.
        progress (Callable[[int, int], None], optional): Callback that receives the number of finished videos and their
            total. Defaults to None.

    Returns:
        list[ProEntry]: Every video, in the order of the splits.

    Raises:
        OSError: If the folder is not writable.
        ValueError: If the folder contains another dataset.
    """
    folder = DatasetFolder(out, VERSION, settings)
    folder.begin('videos', 'faces')
    plan = make_pro_plan(settings)
    written = folder.render(_write_video, plan, workers, progress)
    for index, split in enumerate(SPLITS):
        lines = [line for entry, (line, *_) in zip(plan, written) if entry.split == index]
        folder.write(f'{split}.jsonl', ''.join(lines))
    poses = [make_true_poses(entry.name, keypoint, settings.size, FPS) for entry, (*_, keypoint) in zip(plan, written)]
    folder.write_poses(plan, poses)
    folder.finish('videos', [parameters for _, parameters, _ in written])
    return plan


def _write_video(out: Path, settings: ProSettings, entry: ProEntry) -> tuple[str, dict, np.ndarray]:
    """Write the face track and the video of an entry if they are missing.

    Returns:
        tuple[str, dict, np.ndarray]: Line of the annotation file, parameters and true keypoints of the video.
    """
    video = make_pro_video(entry.emotion, entry.subject_id, settings.size, settings.seed, entry.split, entry.index)
    split = SPLITS[entry.split]
    path, faces = out / f'videos_{split}' / f'{entry.name}.mp4', out / f'faces_{split}' / f'{entry.name}.json'
    if not faces.exists():
        write_face_track(FaceTrack(face_boxes(video), video.size, 'renderer', video.num_frames), faces)
    if not path.exists():
        write_video(path, render_frames(video), video.size, fps=video.fps, crf=video.nuisances.crf)
    line = json.dumps({'video': path.name, **video.annotation(), 'faces': faces.name}) + '\n'
    return line, {'video': f'{path.parent.name}/{path.name}', **video.parameters()}, true_keypoints(video)
