"""From videos to a frame store."""

from functools import partial

import cv2
import mmcv
import numpy as np

from mmaction_microaction.datasets.frame_store import REMEDY, FrameStore, FrameStoreWriter
from mmaction_microaction.structures.annotations import read_annotations
from mmaction_microaction.utils.messages import last_line
from mmaction_microaction.utils.parallel import ordered_map
from mmaction_microaction.video.sampling import decode, open_video

from .ma52 import UNREADABLE


def make_frame_store(ann_file, videos, path, settings, workers=1, progress=None):
    """Write every frame of every listed clip into a store.

    A run that was stopped is continued by the same call: finished clips are kept. The store appears under its name only
    when it is whole.

    Args:
        ann_file (Path): List of ``name.mp4 label`` lines.
        videos (Path): Folder of the clips.
        path (Path): The store.
        settings (FrameSettings): Size and quality of the frames.
        workers (int): Processes.
        progress (Callable[[int, int], None], optional): Called with the number of clips done and their total.

    Returns:
        int: How many clips were new.

    Raises:
        FileNotFoundError: If the list is missing.
        OSError: If the store cannot be written.
        ValueError: If the list is malformed, clips cannot be read, a setting is out of range, or there is a store of
            other settings or clips.
    """
    if settings.short_side < 1 or not 0 <= settings.quality <= 100:
        raise ValueError(f'{settings} cannot be: the shorter side has a pixel or more, the quality is 0 to 100')
    annotations = read_annotations(ann_file, check_names=False, unlabelled=True)
    names = [annotation.filename for annotation in annotations]
    if path.exists():
        _check_store(path, settings, names, ann_file)
        return 0
    unreadable = []
    with FrameStoreWriter(path, settings) as store:
        written = store.names()
        unlisted = written.difference(names)
        if unlisted:
            raise ValueError(
                f'{store.unfinished} has {len(unlisted):,} clips that are not in {ann_file}, {min(unlisted)} for one: '
                'delete it, or name the list that it was begun with.'
            )
        waiting = [name for name in names if name not in written]
        results = ordered_map(partial(extract_frames, videos, settings), waiting, workers, progress=progress)
        for (fps, frames, error), name in zip(results, waiting):
            if error:
                unreadable.append(f'{name} ({error})')
            else:
                store.add(name, fps, frames)
        if unreadable:
            raise ValueError(
                f'{len(unreadable):,} of the {len(names):,} clips of {ann_file} cannot be read from {videos}: '
                f'{"; ".join(unreadable)}. Replace them and run again; the others are kept in {store.unfinished}.'
            )
        store.publish()
    return len(waiting)


def _check_store(path, settings, names, ann_file):
    """Refuse a finished store that is not what is asked for."""
    store = FrameStore(path)
    if store.settings != settings:
        raise ValueError(f'{path} was made with {store.settings}, not {settings}. {REMEDY}')
    missing = set(names) - store.names()
    if missing:
        raise ValueError(f'{path} lacks {len(missing):,} clips of {ann_file}, {min(missing)} for one. {REMEDY}')


def extract_frames(videos, settings, name):
    """Decode a clip and encode each of its frames anew, as small as MMAction2's ``Resize`` makes it.

    Args:
        videos (Path): Folder of the clips.
        settings (FrameSettings): Size and quality of the frames.
        name (str): Of the clip.

    Returns:
        tuple[float, list[bytes], str | None]: Frames per second, JPEGs, and what went wrong, if anything.
    """
    try:
        video = open_video(str(videos / name))
        return video.fps, [_encode(frame, settings) for _, frame in decode(video, range(video.num_frames))], None
    except UNREADABLE as error:
        return 0, [], last_line(error)


def _encode(frame, settings):
    """Turn an RGB frame into a JPEG."""
    if min(frame.shape[:2]) > settings.short_side:
        frame = mmcv.imrescale(frame, (np.inf, settings.short_side))
    encoded = cv2.imencode('.jpg', cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, settings.quality])
    return encoded[1].tobytes()
