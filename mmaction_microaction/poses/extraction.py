"""Extraction of the poses of many videos into one file."""

import hashlib
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

from mmaction_microaction.label_sets import MA52, LabelSet
from mmaction_microaction.structures.annotations import is_anonymized, read_annotations
from mmaction_microaction.structures.poses import Poses, read_poses, write_poses
from mmaction_microaction.utils.files import check_writable, make_folder
from mmaction_microaction.utils.messages import first_few
from mmaction_microaction.utils.parallel import ordered_map
from mmaction_microaction.video.files import list_videos

from .estimation import PoseSettings, estimate_poses
from .estimators import DETECTORS, PoseEstimator, make_estimator


class PoseVideo(NamedTuple):
    """A video whose poses are extracted."""

    name: str
    """Name in the file of poses: path without the extension, relative to the folder of the videos."""
    path: Path
    """Path of the video."""
    label: int = -1
    """Fine label. -1 if it is unknown."""


class PoseResult(NamedTuple):
    """Result of the extraction from one video."""

    video: Path
    """Path of the video."""
    num_frames: int = 0
    """Number of frames of the video."""
    num_present: int = 0
    """Number of frames with at least one person."""
    num_people: int = 0
    """Number of people."""
    is_new: bool = False
    """Whether this run estimated the poses."""
    error: str | None = None
    """Reason why the video could not be read. None if it could."""


def find_pose_videos(
    paths: Sequence[str | Path], ann_file: str | Path | None = None, label_set: LabelSet = MA52
) -> list[PoseVideo]:
    """Find videos and their names.

    Args:
        paths (Sequence[str | Path]): Videos, and folders that are searched with their subfolders. With an annotation
            list, one folder, which the names in the list are relative to.
        ann_file (str | Path, optional): Annotation list. Only its videos are found, and they get its labels. Defaults
            to None: no labels.
        label_set (LabelSet): Label set of the list. Defaults to that of MA-52.

    Returns:
        list[PoseVideo]: Videos in the order of the paths or of the list.

    Raises:
        FileNotFoundError: If a path or the list does not exist.
        ValueError: If a folder contains no video, the list is malformed, or two videos would have the same name.
    """
    if ann_file is not None:
        if len(paths) != 1 or not Path(paths[0]).is_dir():
            raise ValueError(f'{ann_file}: with an annotation list, pass one folder, the one that contains its videos')
        # The dataset checks the names, and a config can turn that off.
        annotations = read_annotations(ann_file, check_names=False, unlabeled=True, label_set=label_set)
        anonymized = is_anonymized(annotations, label_set)  # The labels of MA-52's test list are placeholders.
        files = [(filename, Path(paths[0], filename), -1 if anonymized else label) for filename, label in annotations]
    else:
        files = []
        for path in map(Path, paths):
            if not path.exists():
                raise FileNotFoundError(f'{path}: no such video or folder')
            folder, found = (path, list_videos(path, recursive=True)[0]) if path.is_dir() else (path.parent, [path])
            files += [(video.relative_to(folder).as_posix(), video, -1) for video in found]
    videos = {}
    for filename, path, label in files:
        name = os.path.splitext(filename)[0]
        if name in videos:
            raise ValueError(
                f'{videos[name].path} and {path} would have the same name, {name}, in the file of poses: rename one of '
                'them, or pass the folder that contains both'
            )
        videos[name] = PoseVideo(name, path, label)
    return list(videos.values())


def extract_poses(
    videos: Sequence[PoseVideo],
    out: Path,
    settings: PoseSettings,
    layout: str | None = None,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> list[PoseResult]:
    """Write the poses of videos to a file, see :func:`.write_poses`.

    Until the file is written, finished videos are kept in a folder beside it, ``NAME.parts``, so that a run that was
    interrupted can be continued. Poses that the file already contains are kept, too.

    Args:
        videos (Sequence[PoseVideo]): The videos.
        out (Path): Path of the file.
        settings (PoseSettings): Settings of the estimation.
        layout (str, optional): Name of the layout of the joints. Defaults to None: the one of the detector.
        workers (int): Number of worker processes. Defaults to 1.
        progress (Callable[[int, int], None], optional): Function that is called with the number of finished videos and
            the total. Defaults to None.

    Returns:
        list[PoseResult]: Result of each video, in the order of the videos.

    Raises:
        ImportError: If the package of the detector is not installed.
        OSError: If the file cannot be written, or the weights of the detector cannot be downloaded.
        ValueError: If a setting is out of range, or the file contains anything other than poses of these videos with
            these settings.
    """
    settings.check()
    layout = layout or DETECTORS[settings.detector]
    make_folder(out.parent)
    check_writable(out)
    finished = {poses.frame_dir: poses for poses in (read_poses(out) if out.exists() else [])}
    names = {video.name for video in videos}
    others = [name for name in finished if name not in names]
    if others:
        raise ValueError(
            f'{out} contains poses of videos that are not among these: {first_few(others)}; choose another file, or '
            'pass those videos too'
        )
    parts = out.with_name(f'{out.name}.parts')
    for video in videos:  # before any video is searched, since the settings of all poses should be the same
        if video.name in finished:
            _check_settings(out, finished[video.name], video, settings, layout)
        elif _part_of(parts, video).exists():
            _check_settings(parts, read_poses(_part_of(parts, video))[0], video, settings, layout)
    make_estimator(settings.detector, settings.people)  # fails before the first video
    make_folder(parts)
    missing = [video for video in videos if video.name not in finished]
    new = ordered_map(partial(_extract, parts, settings, layout), missing, workers, progress=progress)
    results = {video.name: result for result, video in zip(new, missing)}
    results.update((name, _summarize(poses, False)) for name, poses in finished.items())
    finished.update((name, read_poses(path)[0]) for name, path in _list_parts(parts, missing))
    if finished:
        write_poses([_add_label(finished[video.name], video) for video in videos if video.name in finished], out)
    for _, path in _list_parts(parts, missing):
        path.unlink()
    with suppress(OSError):  # A folder with other files remains.
        parts.rmdir()
    return [results[video.name]._replace(video=video.path) for video in videos]


def _part_of(parts: Path, video: PoseVideo) -> Path:
    """Return the path of the poses of one video, for any length and any characters of its name."""
    return parts / f'{hashlib.sha256(os.fsencode(video.name)).hexdigest()[:32]}.pkl'


def _list_parts(parts: Path, videos: Sequence[PoseVideo]) -> list[tuple[str, Path]]:
    """Return the name and the path of each video's poses that exist."""
    paths = [(video.name, _part_of(parts, video)) for video in videos]
    return [(name, path) for name, path in paths if path.exists()]


def _add_label(poses: Poses, video: PoseVideo) -> Poses:
    """Return poses with the label of the video, unless it is unknown."""
    return poses if video.label < 0 else replace(poses, label=video.label)


def _describe(video: PoseVideo, settings: PoseSettings) -> dict[str, str | int | float]:
    """Return the ``source`` of the poses of a video: the settings, and the size of the file in bytes."""
    return {**settings._asdict(), 'video_size': os.path.getsize(video.path) if video.path.exists() else None}


def _check_settings(path: Path, poses: Poses, video: PoseVideo, settings: PoseSettings, layout: str) -> None:
    """Raise an error if the poses of a video were estimated with other settings, or from another file."""
    old = {'layout': poses.layout, **(poses.source or {})}
    differences = [
        f'{key.replace("_", " ")} {old.get(key, "unknown")}, not {value}'
        for key, value in {'layout': layout, **_describe(video, settings)}.items()
        if value is not None and (key not in old or old[key] != value)
    ]
    if differences:
        raise ValueError(
            f'{path} contains poses of {video.name} of other settings or of another video ({"; ".join(differences)}): '
            'choose another file, delete this one, or use the same settings'
        )


def _extract(parts: Path, settings: PoseSettings, layout: str, video: PoseVideo) -> PoseResult:
    """Write the poses of a video unless they exist, and return the result."""
    path = _part_of(parts, video)
    if path.exists():
        return _summarize(read_poses(path)[0], False)
    try:
        poses = estimate_poses(video.path, settings, _cached_estimator(settings.detector, settings.people))
    except (FileNotFoundError, ValueError) as error:
        return PoseResult(video.path, error=str(error))
    poses = replace(poses.convert(layout), frame_dir=video.name, source=_describe(video, settings))
    write_poses([poses], path)
    return _summarize(poses, True)


@lru_cache(maxsize=1)
def _cached_estimator(detector: str, people: int) -> PoseEstimator:
    """Return an estimator that is opened once per process."""
    return make_estimator(detector, people)


def _summarize(poses: Poses, is_new: bool) -> PoseResult:
    """Return the result for the poses of a video."""
    present = (poses.keypoint_score > 0).any(-1)
    num_people = int(present.any(1).sum())
    return PoseResult(Path(poses.frame_dir), poses.total_frames, int(present.any(0).sum()), num_people, is_new)
