"""Where a video's face is, frame by frame, and the files that say so."""

import json
from typing import NamedTuple

import numpy as np

from mmaction_microaction.files import write_whole


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
        ValueError: If it is no such file, or a box has no area.
    """
    try:
        with open(path, encoding='utf-8') as file:
            content = json.load(file)
        boxes = np.array([[np.nan] * 4 if box is None else box for box in content['boxes']], float).reshape(-1, 4)
        width, height = (int(content[side]) for side in ('width', 'height'))
        settings = dict(content['settings']) if 'settings' in content else None
        numbers = int(content['num_detected']), int(content.get('num_second', 0))
        track = FaceTrack(boxes, (width, height), str(content['detector']), numbers[0], settings, numbers[1])
    except FileNotFoundError:
        raise FileNotFoundError(f'{path}: no such file; tools/extract_faces.py writes it') from None
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f'{path} is no face track ({type(error).__name__}: {error})') from None
    some = boxes[~np.isnan(boxes).any(axis=1)]
    empty = (some[:, 2:] <= some[:, :2]).any(axis=1)
    if empty.any():
        raise ValueError(f'{path}: the box {some[empty][0].tolist()} has no area')
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
