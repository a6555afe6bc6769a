"""From boxes found in single frames to the one face of a video: link, fill gaps, smooth."""

import numpy as np
from scipy.ndimage import gaussian_filter1d


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


def main_face(detections, least=0.3):
    """Link boxes from frame to frame and keep the face that is largest for longest.

    A box goes to the face that it overlaps most where that was last seen, however long ago: people stay in their seats.

    Args:
        detections (list[np.ndarray]): Boxes of each frame, shape (n, 4).
        least (float): Smallest intersection over union with a face's last box.

    Returns:
        np.ndarray: A box per frame, NaN where that face was not found, shape (N, 4).
    """
    tracks = []
    for frame, boxes in enumerate(detections):
        overlaps = np.array([iou(track[max(track)], boxes) for track in tracks]).reshape(len(tracks), len(boxes))
        left = set(range(len(boxes)))
        while overlaps.size and overlaps.max() >= least:
            track, box = np.unravel_index(overlaps.argmax(), overlaps.shape)
            tracks[track][frame] = boxes[box]
            left.discard(int(box))
            overlaps[track], overlaps[:, box] = -1, -1
        tracks += [{frame: boxes[box]} for box in sorted(left)]
    result = np.full((len(detections), 4), np.nan)
    if tracks:
        main = max(tracks, key=lambda track: sum(np.sqrt((box[2:] - box[:2]).prod()) for box in track.values()))
        result[list(main)] = list(main.values())
    return result


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
