"""From boxes found in single frames to the one face of a video: link, fill gaps, smooth."""

from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter1d

PATIENCE = 300
"""Frames with a box after which a face that was found in one frame is forgotten."""
COMPANION = 0.2
"""Share of the frames of a video's face in which another face must be found to be a second person."""


def iou(first, second):
    """Intersection over union of boxes.

    Args:
        first (np.ndarray): Shape (..., 4): left, top, right, bottom.
        second (np.ndarray): Shape (..., 4); leading dimensions are broadcast.

    Returns:
        np.ndarray: 0 to 1, NaN where a box is.
    """
    sides = np.minimum(first[..., 2:], second[..., 2:]) - np.maximum(first[..., :2], second[..., :2])
    shared = np.maximum(sides, 0).prod(-1)
    areas = [(boxes[..., 2:] - boxes[..., :2]).prod(-1) for boxes in (first, second)]
    return shared / (areas[0] + areas[1] - shared)


class Track(NamedTuple):
    """The boxes of one face."""

    frames: list[int]
    """Indices of the frames in which the face was found."""
    boxes: list[np.ndarray]
    """Boxes of these frames, each of shape (4,)."""

    @property
    def size(self):
        """float: How large the face is, added up over its frames: the sum of the square roots of its areas."""
        return sum(np.sqrt((box[2:] - box[:2]).prod()) for box in self.boxes)

    @property
    def x(self):
        """float: Horizontal centre of the face in pixels, the median over its frames."""
        return float(np.median([(box[0] + box[2]) / 2 for box in self.boxes]))


def link_boxes(detections, least=0.3):
    """Link boxes from frame to frame.

    A box belongs to the face whose last box it overlaps most, however long ago that was: people stay in their seats.
    Only a face that was found in few frames is forgotten, once others have been found in ten times as many and in
    :data:`PATIENCE` more, so that the time this takes grows with the number of frames alone.

    Args:
        detections (Sequence[np.ndarray]): Boxes of each frame, shape (n, 4).
        least (float): Smallest intersection over union with a face's last box.

    Returns:
        list[Track]: One per face, in the order in which they were first found.
    """
    tracks, open_tracks, last = [], [], np.empty((0, 4))
    seen = []  # when each open track was last continued, in frames with a box
    now = 0
    for frame, boxes in enumerate(detections):
        if not len(boxes):
            continue
        now += 1
        if now % PATIENCE == 0:
            kept = [i for i, track in enumerate(open_tracks) if now - seen[i] <= PATIENCE + 10 * len(track.frames)]
            open_tracks, seen, last = [open_tracks[i] for i in kept], [seen[i] for i in kept], last[kept]
        # A box without an area overlaps nothing.
        with np.errstate(invalid='ignore', divide='ignore'):
            overlaps = np.nan_to_num(iou(last[:, None], boxes), nan=-1)
        left = set(range(len(boxes)))
        while overlaps.size and overlaps.max() >= least:
            place, box = np.unravel_index(overlaps.argmax(), overlaps.shape)
            open_tracks[place].frames.append(frame)
            open_tracks[place].boxes.append(boxes[box])
            last[place], seen[place] = boxes[box], now
            left.discard(int(box))
            overlaps[place], overlaps[:, box] = -1, -1
        if left:
            new = sorted(left)
            open_tracks += [Track([frame], [boxes[box]]) for box in new]
            tracks += open_tracks[-len(new) :]
            seen += [now] * len(new)
            last = np.concatenate([last, boxes[new]])
    return tracks


def choose_face(tracks, which='largest'):
    """Choose the face of a video.

    Args:
        tracks (Sequence[Track]): All faces.
        which (str): ``'largest'``: the face that is largest for longest; ``'left'`` or ``'right'``: of that face and
            those found in at least :data:`COMPANION` as many frames, the one farthest to that side of the picture.

    Returns:
        tuple[Track, int]: The face, and in how many frames the most frequent of the others was found, 0 if that is in
        less than :data:`COMPANION` of the frames of the face. A track without frames if there is none.
    """
    if not tracks:
        return Track([], []), 0
    main = max(tracks, key=lambda track: track.size)
    if which != 'largest':
        often = [track for track in tracks if len(track.frames) >= COMPANION * len(main.frames)]
        main = (min if which == 'left' else max)(often, key=lambda track: track.x)
    second = max((len(track.frames) for track in tracks if track is not main), default=0)
    return main, second if second >= COMPANION * len(main.frames) else 0


def fill_gaps(boxes, longest):
    """Interpolate boxes where the face was not found; before the first box and after the last, hold that one.

    Args:
        boxes (np.ndarray): Shape (N, 4), NaN where the face was not found.
        longest (int): Frames; a longer gap stays as it is.

    Returns:
        np.ndarray: Shape (N, 4).
    """
    filled = boxes.copy()
    found = ~np.isnan(boxes).any(1)
    for start, end in _runs(~found):
        if end - start <= longest and found.any():
            for column, known in zip(filled.T, boxes[found].T):
                column[start:end] = np.interp(np.arange(start, end), np.flatnonzero(found), known)
    return filled


def smooth(boxes, sigma):
    """Smooth boxes over time with a Gaussian, each stretch without gaps by itself.

    Args:
        boxes (np.ndarray): Shape (N, 4), NaN where there is no face.
        sigma (float): Standard deviation in frames; 0 leaves the boxes as they are.

    Returns:
        np.ndarray: Shape (N, 4).
    """
    smoothed = boxes.copy()
    for start, end in _runs(~np.isnan(boxes).any(1)) if sigma > 0 else ():
        smoothed[start:end] = gaussian_filter1d(boxes[start:end], sigma, axis=0, mode='nearest')
    return smoothed


def _runs(mask):
    """Where a mask is true without a break: pairs of first index and index after the last, shape (n, 2)."""
    return np.flatnonzero(np.diff(np.r_[False, mask, False].astype(int))).reshape(-1, 2)
