"""Where a video's face is, frame by frame, and the files that say so."""

import json
from typing import NamedTuple

import numpy as np

from mmaction_microaction.utils.files import write_whole
from mmaction_microaction.utils.untrusted import parse_json, read_limited

MAX_SIZE = 2**26
"""Bytes of a track; one hour at 30 frames a second has 3 million."""
MAX_SIDE = 2**16
"""Pixels of a side of a video."""


class FaceTrack(NamedTuple):
    """The boxes of one face in a video."""

    boxes: np.ndarray
    """Shape ``(N, 4)``, one row a frame: left, top, right and bottom in pixels; NaN where there is no face."""
    size: tuple[int, int]
    """Width and height of the video in pixels."""
    detector: str
    """What found the face."""
    num_detected: int
    """In how many frames it was found rather than interpolated."""
    settings: dict | None = None
    """How it was extracted, by the names in :class:`~.extraction.FaceSettings`, if that is known."""
    num_second: int = 0
    """In how many frames a second person was found, 0 if that is in few."""


def read_face_track(path):
    """Read what :func:`write_face_track` wrote.

    Args:
        path (str | Path): The file.

    Returns:
        FaceTrack: The boxes.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no such file, or a box has no area, is not finite, or is far larger than the video or far
            from it.
    """
    try:
        content = parse_json(read_limited(path, MAX_SIZE, 'a face track'))
        boxes = np.array([[np.nan] * 4 if box is None else box for box in content['boxes']], float)
        if boxes.size and boxes.shape[1:] != (4,):
            raise ValueError(f'a box has 4 numbers, not {boxes.shape[1:]}')
        boxes = boxes.reshape(-1, 4)
        width, height = (content[side] for side in ('width', 'height'))
        if not all(type(side) is int and 1 <= side <= MAX_SIDE for side in (width, height)):
            raise ValueError(f'a video of {width} x {height} pixels')
        settings = dict(content['settings']) if 'settings' in content else None
        numbers = int(content['num_detected']), int(content.get('num_second', 0))
        track = FaceTrack(boxes, (width, height), str(content['detector']), numbers[0], settings, numbers[1])
    except FileNotFoundError:
        raise FileNotFoundError(f'{path}: no such file; tools/extract_faces.py writes it') from None
    except (KeyError, OverflowError, TypeError, ValueError) as error:
        raise ValueError(f'{path} is no face track ({type(error).__name__}: {error})') from None
    some = boxes[~np.isnan(boxes).all(axis=1)]
    empty = ~(some[:, 2:] > some[:, :2]).all(axis=1)  # NaN, too
    if empty.any():
        raise ValueError(f'{path}: the box {some[empty][0].tolist()} has no area')
    # A detector completes a face at the border, by less than half a picture.
    size = np.array([width, height] * 2)
    outside = ~((-size / 2 <= some) & (some <= 1.5 * size)).all(axis=1)
    if outside.any():
        raise ValueError(
            f'{path}: the box {some[outside][0].tolist()} is not within a video of {width} x {height} pixels; write '
            'the track again with tools/extract_faces.py'
        )
    return track


def write_face_track(track, path):
    """Write a track as JSON: the size as ``width`` and ``height``, the rest by its names; a box is null for no face.

    Args:
        track (FaceTrack): The boxes.
        path (str | Path): The file.
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
