"""Linking of the boxes of single frames to faces, choice of one face, interpolation and smoothing."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter1d

PATIENCE = 300
"""Number of frames with a box after which a face that was detected only once is dropped."""
COMPANION = 0.2
"""Smallest number of detections of a second person, as a fraction of the detections of the chosen face."""


def iou(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the intersection over union of boxes.

    Args:
        first (np.ndarray): Boxes of shape (..., 4): left, top, right, bottom.
        second (np.ndarray): Boxes of shape (..., 4). Leading dimensions are broadcast.

    Returns:
        np.ndarray: Intersection over union, 0 to 1. NaN if a box has NaN.
    """
    sides = np.minimum(first[..., 2:], second[..., 2:]) - np.maximum(first[..., :2], second[..., :2])
    intersection = np.maximum(sides, 0).prod(-1)
    areas = [(boxes[..., 2:] - boxes[..., :2]).prod(-1) for boxes in (first, second)]
    return intersection / (areas[0] + areas[1] - intersection)


class LinkedFace(NamedTuple):
    """Detections of one face."""

    frames: list[int]
    """Indices of the frames in which the face was detected."""
    boxes: list[np.ndarray]
    """Box in each of these frames, shape (4,)."""

    @property
    def size(self) -> float:
        """float: Sum over the frames of the square root of the area of the box."""
        return sum(np.sqrt((box[2:] - box[:2]).prod()) for box in self.boxes)

    @property
    def x(self) -> float:
        """float: Median over the frames of the horizontal centre of the box, in pixels."""
        return float(np.median([(box[0] + box[2]) / 2 for box in self.boxes]))


def link_boxes(detections: Sequence[np.ndarray], min_iou: float = 0.3) -> list[LinkedFace]:
    """Link boxes of consecutive frames to faces.

    A box belongs to the face whose last box it overlaps most. The time since that last box does not matter, because
    people stay in their seats. A face with n detections is dropped after ``PATIENCE + 10 * n`` frames with boxes of
    other faces only, so that the running time is proportional to the number of frames.

    Args:
        detections (Sequence[np.ndarray]): Boxes of each frame, shape (n, 4).
        min_iou (float): Smallest intersection over union with the last box of a face. Defaults to 0.3.

    Returns:
        list[LinkedFace]: Faces, in the order of their first detection.
    """
    faces, open_faces, last = [], [], np.empty((0, 4))
    seen = []  # value of now at the last detection of each open face
    now = 0  # number of frames with a box so far
    for frame, boxes in enumerate(detections):
        if not len(boxes):
            continue
        now += 1
        if now % PATIENCE == 0:
            kept = [i for i, face in enumerate(open_faces) if now - seen[i] <= PATIENCE + 10 * len(face.frames)]
            open_faces, seen, last = [open_faces[i] for i in kept], [seen[i] for i in kept], last[kept]
        # The overlap with a box without area is NaN, which means none.
        with np.errstate(invalid='ignore', divide='ignore'):
            overlaps = np.nan_to_num(iou(last[:, None], boxes), nan=-1)
        unmatched = set(range(len(boxes)))
        while overlaps.size and overlaps.max() >= min_iou:
            face, box = np.unravel_index(overlaps.argmax(), overlaps.shape)
            open_faces[face].frames.append(frame)
            open_faces[face].boxes.append(boxes[box])
            last[face], seen[face] = boxes[box], now
            unmatched.discard(int(box))
            overlaps[face], overlaps[:, box] = -1, -1
        if unmatched:
            new_faces = [LinkedFace([frame], [boxes[box]]) for box in sorted(unmatched)]
            faces += new_faces
            open_faces += new_faces
            seen += [now] * len(new_faces)
            last = np.concatenate([last, boxes[sorted(unmatched)]])
    return faces


def choose_face(
    faces: Sequence[LinkedFace], which: Literal['largest', 'left', 'right'] = 'largest'
) -> tuple[LinkedFace, int]:
    """Choose the main face of a video.

    Args:
        faces (Sequence[LinkedFace]): All faces of the video.
        which (Literal['largest', 'left', 'right']): Rule of the choice. ``'largest'`` chooses the face with the largest
            size, summed over its frames. ``'left'`` and ``'right'`` choose the leftmost and the rightmost face among
            this face and all faces that have at least :data:`COMPANION` times as many detections. Defaults to
            ``'largest'``.

    Returns:
        tuple[LinkedFace, int]: Chosen face, which has no frames if the video has no face, and number of detections of
        the most frequent other face, which is 0 if it has less than :data:`COMPANION` times as many as the chosen face.
    """
    if not faces:
        return LinkedFace([], []), 0
    main = max(faces, key=lambda face: face.size)
    if which != 'largest':
        candidates = [face for face in faces if len(face.frames) >= COMPANION * len(main.frames)]
        main = (min if which == 'left' else max)(candidates, key=lambda face: face.x)
    num_second = max((len(face.frames) for face in faces if face is not main), default=0)
    return main, num_second if num_second >= COMPANION * len(main.frames) else 0


def fill_box_gaps(boxes: np.ndarray, max_frames: int) -> np.ndarray:
    """Interpolate boxes linearly in short gaps. Gaps at the start and the end are filled with the nearest box.

    Args:
        boxes (np.ndarray): Boxes of shape (N, 4), NaN where the face was not detected.
        max_frames (int): Number of frames of the longest gap that is filled.

    Returns:
        np.ndarray: Boxes of shape (N, 4).
    """
    filled = boxes.copy()
    detected = ~np.isnan(boxes).any(1)
    for start, end in _find_runs(~detected):
        if end - start <= max_frames and detected.any():
            for column, known in zip(filled.T, boxes[detected].T):
                column[start:end] = np.interp(np.arange(start, end), np.flatnonzero(detected), known)
    return filled


def smooth_boxes(boxes: np.ndarray, sigma: float) -> np.ndarray:
    """Smooth boxes over time with a Gaussian. Stretches between gaps are smoothed separately.

    Args:
        boxes (np.ndarray): Boxes of shape (N, 4), NaN where there is no face.
        sigma (float): Standard deviation in frames. If it is 0, boxes are not changed.

    Returns:
        np.ndarray: Boxes of shape (N, 4).
    """
    smoothed = boxes.copy()
    if sigma > 0:
        for start, end in _find_runs(~np.isnan(boxes).any(1)):
            smoothed[start:end] = gaussian_filter1d(boxes[start:end], sigma, axis=0, mode='nearest')
    return smoothed


def _find_runs(mask: np.ndarray) -> np.ndarray:
    """Return the start and the end (exclusive) of each run of True in a mask, shape (n, 2)."""
    return np.flatnonzero(np.diff(np.r_[False, mask, False].astype(int))).reshape(-1, 2)
