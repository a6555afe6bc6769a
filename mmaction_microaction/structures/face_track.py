"""Face tracks: the boxes of one face in the frames of a video, and their files."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mmaction_microaction.utils.files import write_whole
from mmaction_microaction.utils.untrusted import parse_json, read_limited

MAX_SIZE = 2**26
"""Largest size of a file in bytes. The track of one hour at 30 frames per second has 3 million."""
MAX_SIDE = 2**16
"""Largest width and height of a video in pixels."""


class FaceTrack(NamedTuple):
    """Boxes of one face in the frames of a video."""

    boxes: np.ndarray
    """Left, top, right and bottom of the face in each frame in pixels, shape (N, 4). NaN where no face was found."""
    size: tuple[int, int]
    """Width and height of the video in pixels."""
    detector: str
    """Name of the face detector."""
    num_detected: int
    """Number of frames in which the face was detected rather than interpolated."""
    settings: dict[str, Any] | None = None
    """Fields of the :class:`~.extraction.FaceSettings` of the extraction. None if they are unknown."""
    num_second: int = 0
    """Number of frames in which a second person was detected. 0 if there are only few."""


def read_face_track(path: str | Path) -> FaceTrack:
    """Read a face track.

    Args:
        path (str | Path): Path of a file that :func:`write_face_track` wrote.

    Returns:
        FaceTrack: Face track.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If the file is not a face track, or a box has no area, is not finite, or reaches more than half the
            video's size beyond its border.
    """
    try:
        content = parse_json(read_limited(path, MAX_SIZE, 'a face track'))
        boxes = np.array([[np.nan] * 4 if box is None else box for box in content['boxes']], float)
        if boxes.size and boxes.shape[1:] != (4,):
            raise ValueError(f'a box should have 4 numbers, got shape {boxes.shape[1:]}')
        boxes = boxes.reshape(-1, 4)
        width, height = (content[side] for side in ('width', 'height'))
        if not all(type(side) is int and 1 <= side <= MAX_SIDE for side in (width, height)):
            raise ValueError(f'the video has {width} x {height} pixels')
        settings = dict(content['settings']) if 'settings' in content else None
        num_detected, num_second = int(content['num_detected']), int(content.get('num_second', 0))
        track = FaceTrack(boxes, (width, height), str(content['detector']), num_detected, settings, num_second)
    except FileNotFoundError:
        raise FileNotFoundError(f'{path}: no such file; "microaction faces" writes face tracks') from None
    except (KeyError, OverflowError, TypeError, ValueError) as error:
        raise ValueError(f'{path} is not a face track ({type(error).__name__}: {error})') from None
    faces = boxes[~np.isnan(boxes).all(axis=1)]
    empty = ~(faces[:, 2:] > faces[:, :2]).all(axis=1)  # also finds boxes with NaN
    if empty.any():
        raise ValueError(f'{path}: the box {faces[empty][0].tolist()} has no area')
    # Detectors extend a face beyond the border, but by less than half the size of the frame.
    size = np.array([width, height] * 2)
    outside = ~((-size / 2 <= faces) & (faces <= 1.5 * size)).all(axis=1)
    if outside.any():
        raise ValueError(
            f'{path}: the box {faces[outside][0].tolist()} is not within a video of {width} x {height} pixels; write '
            'the track again with "microaction faces"'
        )
    return track


def write_face_track(track: FaceTrack, path: str | Path) -> None:
    """Write a face track as JSON.

    The keys are the fields of :class:`FaceTrack`, except that ``size`` is written as ``width`` and ``height``. A frame
    without a face has null instead of a box.

    Args:
        track (FaceTrack): Face track.
        path (str | Path): Path of the file.
    """
    boxes = [None if np.isnan(box).any() else box.round(1).tolist() for box in track.boxes]
    width, height = track.size
    content = {
        'width': width,
        'height': height,
        'detector': track.detector,
        'num_detected': track.num_detected,
        **({'num_second': track.num_second} if track.num_second else {}),
        **({} if track.settings is None else {'settings': track.settings}),
        'boxes': boxes,
    }
    write_whole(path, (json.dumps(content) + '\n').encode())
