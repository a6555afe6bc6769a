"""Makes a frame store from videos."""

import os
import warnings
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import cv2
import mmcv
import numpy as np

from mmaction_microaction.datasets.frame_store import FrameSettings, FrameStore, FrameStoreWriter
from mmaction_microaction.label_sets import MA52, LabelSet
from mmaction_microaction.poses import make_estimator
from mmaction_microaction.poses.framing import MAX_PEOPLE, find_crop
from mmaction_microaction.poses.person_box import crop_box
from mmaction_microaction.structures.annotations import read_annotations
from mmaction_microaction.structures.detection_annotations import is_detection_table, read_detection_annotations
from mmaction_microaction.utils.messages import first_few, format_count, last_line
from mmaction_microaction.utils.parallel import ordered_map
from mmaction_microaction.video.reader import Video
from mmaction_microaction.video.sparse_decoding import READ_ERRORS, decode, open_video


def make_frame_store(
    ann_file: Path,
    videos: Path,
    path: Path,
    settings: FrameSettings,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
    label_set: LabelSet = MA52,
) -> int:
    """Write every frame of every listed clip to a frame store.

    The same call continues an interrupted run and keeps its finished clips. The store appears at its path only
    when it is complete.

    Args:
        ann_file (Path): Path of the list of ``name.mp4 label`` lines, or of a table of MMA-52.
        videos (Path): Path of the folder of the clips.
        path (Path): Path of the store.
        settings (FrameSettings): Size and quality of the frames.
        workers (int): Number of worker processes. Defaults to 1.
        progress (Callable[[int, int], None], optional): Function that is called with the number of finished clips and
            the total number of clips. Defaults to None.
        label_set (LabelSet): Label set of the labels in the list. Defaults to that of MA-52.

    Returns:
        int: Number of new clips.

    Raises:
        FileNotFoundError: If the list is missing.
        ImportError: If frames are to be cropped and the extra ``pose`` is not installed.
        OSError: If the store cannot be written, or the networks that find people cannot be downloaded.
        ValueError: If the list is malformed, clips cannot be read, a setting is out of range, or the store exists with
            other settings or clips.
    """
    if settings.short_side < 1 or not 0 <= settings.quality <= 100 or settings.crop not in ('auto', 'none'):
        raise ValueError(
            f'{settings} is out of range: short_side is at least 1, quality is 0 to 100, crop is auto or none'
        )
    filenames = _read_filenames(ann_file, label_set)
    names = list(filenames)
    if path.exists():
        _check_store(path, settings, names, ann_file)
        return 0
    if not videos.is_dir() and not all(map(os.path.isabs, filenames.values())):
        raise FileNotFoundError(
            f'{videos}: no such folder; put the clips of {ann_file} there, or name their folder by --videos'
        )
    if settings.crop == 'auto':
        make_estimator()  # fails before the first clip, and downloads its networks once for all processes
    unreadable, whole = [], []
    with FrameStoreWriter(path, settings) as store:
        written = store.names()
        unlisted = written.difference(names)
        if unlisted:
            raise ValueError(
                f'{store.unfinished} has {format_count(len(unlisted), "clip")} that {ann_file} does not list, for '
                f'example {min(unlisted)}: delete it, or use the list that it was started with.'
            )
        waiting = [name for name in names if name not in written]
        tasks = [filenames[name] for name in waiting]
        results = ordered_map(partial(extract_frames, videos, settings), tasks, workers, progress=progress)
        for (fps, frames, error, has_person), name in zip(results, waiting):
            if not has_person:
                whole.append(name)
            if error:
                unreadable.append(f'{name} ({error})')
            else:
                store.add(name, fps, frames)
        if unreadable:
            raise ValueError(
                f'{len(unreadable):,} of the {len(names):,} clips of {ann_file} cannot be read from {videos}: '
                f'{first_few(unreadable, separator="; ")}. Replace them and run again; the others are kept in '
                f'{store.unfinished}.'
            )
        store.publish()
    if whole:
        warnings.warn(
            f'{len(whole):,} of the {len(waiting):,} clips show no person whose shoulders can be found, and are stored '
            f'whole: {first_few(whole)}',
            stacklevel=2,
        )
    return len(waiting)


def _read_filenames(ann_file, label_set):
    """Return the file name of each clip by the name under which its dataset looks for it."""
    if is_detection_table(ann_file):
        return {video.video_id: video.filename for video in read_detection_annotations(ann_file, label_set)}
    annotations = read_annotations(ann_file, check_names=False, unlabeled=True, label_set=label_set)
    return {annotation.filename: annotation.filename for annotation in annotations}


def _check_store(path, settings, names, ann_file) -> None:
    """Raise an error if an existing store has other settings, or lacks clips."""
    store, remedy = FrameStore(path), 'choose another folder (--out), or delete it and run again'
    if store.settings != settings:
        raise ValueError(f'{path} was made with {store.settings}, not {settings}: {remedy}')
    missing = set(names) - store.names()
    if missing:
        raise ValueError(
            f'{path} lacks {format_count(len(missing), "clip")} of {ann_file}, for example {min(missing)}: {remedy}'
        )


def extract_frames(videos: Path, settings: FrameSettings, name: str) -> tuple[float, list[bytes], str | None, bool]:
    """Decode a clip, scale its frames down as MMAction2's ``Resize`` does, and encode them as JPEGs.

    Before that, frames are cropped to the largest person if the settings say so.

    Args:
        videos (Path): Path of the folder of the clips.
        settings (FrameSettings): Size and quality of the frames.
        name (str): Name of the clip.

    Returns:
        tuple[float, list[bytes], str | None, bool]: Frames per second, JPEGs, the reason why the clip cannot be read,
        if any, and False if frames should be cropped but show no person.
    """
    try:
        boxes, has_person = None, True
        if settings.crop == 'auto':
            boxes, has_person = find_crop(Video(videos / name), _estimator())
        video, jpegs = open_video(videos / name), []
        for index, frame in decode(video, range(video.num_frames)):
            if boxes is not None:
                # Readers may differ by a frame at the end.
                frame = crop_box(frame, boxes[min(index, len(boxes) - 1)])
            jpegs.append(_encode(frame, settings))
        return video.fps, jpegs, None, has_person
    except READ_ERRORS as error:
        return 0, [], last_line(error), True


@cache
def _estimator():
    """Return the pose estimator of this process."""
    return make_estimator('blazepose', MAX_PEOPLE)


def _encode(frame, settings):
    """Encode an RGB frame as a JPEG."""
    if min(frame.shape[:2]) > settings.short_side:
        frame = mmcv.imrescale(frame, (np.inf, settings.short_side))
    encoded = cv2.imencode('.jpg', cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, settings.quality])
    return encoded[1].tobytes()
