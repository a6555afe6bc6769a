"""One face track per video of a folder and of those in it."""

from collections import Counter
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mmaction_microaction.structures.face_track import FaceTrack, read_face_track, write_face_track
from mmaction_microaction.utils.files import check_writable, make_folder
from mmaction_microaction.utils.messages import first_few
from mmaction_microaction.utils.parallel import ordered_map
from mmaction_microaction.video.files import list_videos
from mmaction_microaction.video.reader import Video

from .detectors import DETECTORS, make_detector
from .linking import choose_face, fill_gaps, link_boxes, smooth

FACES = ('largest', 'left', 'right')
"""Which of several faces can be asked for."""


class FaceSettings(NamedTuple):
    """How faces are extracted."""

    detector: str = 'dlib'
    """One of ``detectors.DETECTORS``."""
    every: int = 1
    """Look at every so many frames."""
    longest_gap: float = 1.0
    """Seconds without a detection that are interpolated."""
    smoothing: float = 0.1
    """Standard deviation of the Gaussian over time, seconds."""
    side: int = None
    """Pixels of the longer side of what the detector sees; None: the detector's usual."""
    face: str = 'largest'
    """Which of several faces: ``'largest'``, ``'left'`` or ``'right'``, see ``linking.choose_face``."""


class Extracted(NamedTuple):
    """What became of a video."""

    video: Path
    """Below the folder."""
    num_frames: int = 0
    num_looked_at: int = 0
    num_detected: int = 0
    num_boxes: int = 0
    """Frames with a box, detected or interpolated."""
    num_second: int = 0
    """Frames in which a second person was found."""
    new: bool = False
    error: str = None
    """Why the video could not be read."""


def track_face(path, settings, detect=None):
    """Follow the main face of a video.

    Args:
        path (str | Path): The video.
        settings (FaceSettings): How.
        detect (Callable, optional): As ``detectors.make_detector`` gives it. Defaults to None: what the settings
            name.

    Returns:
        FaceTrack: A row per frame, NaN where there is no face.

    Raises:
        ImportError: If the detector's package is not installed.
        FileNotFoundError: If there is no such file.
        ValueError: If the file is no video.
    """
    detect = detect or _detector(settings.detector, settings.side)
    video = Video(path)
    found, size = [], (0, 0)
    for frame in video.frames():
        found += [np.empty((0, 4))] * (frame.index - len(found))  # where frames cannot be decoded
        if frame.index % settings.every:
            found.append(np.empty((0, 4)))
            continue
        image = frame.image()
        size = image.shape[1], image.shape[0]
        found.append(detect(image))
    if not found:
        raise ValueError(f'{path}: no frame can be decoded; give another file')
    # A damaged file may hold fewer frames than its header says.
    found += [np.empty((0, 4))] * (video.num_frames - len(found))
    track, num_second = choose_face(link_boxes(found), settings.face)
    face = np.full((len(found), 4), np.nan)
    if track.frames:
        face[track.frames] = track.boxes
    # Frames that nobody looked at are no gap.
    longest = max(round(settings.longest_gap * video.fps), settings.every - 1)
    boxes = smooth(fill_gaps(face, longest), settings.smoothing * video.fps)
    return FaceTrack(boxes, size, settings.detector, len(track.frames), settings._asdict(), num_second)


_detector = lru_cache(maxsize=1)(make_detector)


def extract_faces(videos, out, settings, workers=1, progress=None):
    """Write a face track for every video of a folder, and of the folders in it, that has none yet.

    Args:
        videos (Path): Folder of the videos.
        out (Path): Folder that receives ``<path of the video below its folder, without ending>.json``.
        settings (FaceSettings): How.
        workers (int): Processes.
        progress (Callable[[int, int], None], optional): Called with the number of videos done and their total.

    Returns:
        list[Extracted]: What became of each video, in the order of their names.

    Raises:
        FileNotFoundError: If there is no such folder.
        ImportError: If the detector's package is not installed.
        OSError: If a track cannot be written.
        ValueError: If a setting is out of range, the folder holds no video, videos would share a track, or a track is
            there that was made with other settings.
    """
    names = [path.relative_to(videos) for path in list_videos(videos, below=True)[0]]
    tracks = Counter(name.with_suffix('') for name in names)
    clashing = [str(name) for name in names if tracks[name.with_suffix('')] > 1]
    if clashing:
        raise ValueError(
            f'{videos} holds videos whose names differ in the ending alone, so that they would share a track: '
            f'{first_few(clashing)}. Rename them'
        )
    for name, least in (('every', 1), ('longest_gap', 0), ('smoothing', 0), ('side', 1)):
        value = getattr(settings, name)
        if value is not None and not least <= value < np.inf:
            raise ValueError(f'{name} {value}: must be at least {least}, and finite')
    if settings.face not in FACES:
        raise ValueError(f"face '{settings.face}': must be one of {', '.join(FACES)}")
    make_detector(settings.detector, settings.side)  # before the first video, so that what is missing is said at once
    if settings.side is None:
        settings = settings._replace(side=DETECTORS[settings.detector][1])
    make_folder(out)
    check_writable(out / _track_file(out, names[0]).name)
    for name in names:  # all before the first is written, or the folder would hold tracks of two kinds
        _check_settings(_track_file(out, name), settings)
    return list(ordered_map(partial(_extract, videos, out, settings), names, workers, progress=progress))


def _track_file(out, name):
    """Name the file of a video's track."""
    return out / name.with_suffix('.json')


def _check_settings(path, settings):
    """Refuse a track that is there and was made with other settings."""
    if not path.exists():
        return
    track = read_face_track(path)
    # Tracks that do not say which face they follow are older than the choice.
    old = {'face': 'largest', **(track.settings or {'detector': track.detector})}
    differences = [
        f'{key} {old.get(key, "unknown")}, not {value}'
        for key, value in settings._asdict().items()
        if key not in old or old[key] != value
    ]
    if differences:
        raise ValueError(
            f'{path} was made with other settings ({"; ".join(differences)}): choose another folder, delete the tracks '
            'in this one, or ask for the same settings'
        )


def _extract(videos, out, settings, name):
    """Write a video's track unless it is there."""
    path = _track_file(out, name)
    new = not path.exists()
    if new:
        try:
            track = track_face(videos / name, settings)
        except (FileNotFoundError, ValueError) as error:
            return Extracted(name, error=str(error))
        make_folder(path.parent)
        write_face_track(track, path)
    track = read_face_track(path)
    there = int((~np.isnan(track.boxes).any(1)).sum())
    num_frames = len(track.boxes)
    num_looked_at = -(-num_frames // settings.every)
    return Extracted(name, num_frames, num_looked_at, track.num_detected, there, track.num_second, new)
