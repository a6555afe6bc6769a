"""Skeletons: the joints of people, drawn over the frames of their video."""

from collections.abc import Sequence

import cv2
import numpy as np
from matplotlib.colors import to_rgb

from mmaction_microaction.structures.pose_layouts import PoseLayout, get_layout
from mmaction_microaction.structures.poses import Poses

from .style import GROUP_COLORS

LEFT, RIGHT, MIDDLE = GROUP_COLORS[2], GROUP_COLORS[1], GROUP_COLORS[3]
"""Colours of the person's left, right and middle: green, orange and blue, as MMPose draws COCO's joints."""
MIN_SCORE, CLEAR_SCORE = 0.2, 0.5
"""Joints with a lower score than the first are left out. Those with a lower score than the second are faint."""
FAINT = 0.35
"""Opacity of faint joints and bones."""
LARGE_JOINTS = ('shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle', 'neck')
"""Joints whose lines have the full width. Those of face, hands and feet are thinner, since they are close together."""
_SUBPIXEL_BITS = 4


def side_color(*joints: str) -> str:
    """Return the colour of a joint or a bone.

    Args:
        *joints (str): Name of a joint, or of the two joints of a bone.

    Returns:
        str: :data:`LEFT` or :data:`RIGHT` if a joint belongs to that side of the person, and none to the other; else
        :data:`MIDDLE`.

    Examples:
        >>> side_color('left_wrist') == side_color('neck', 'left_shoulder') == LEFT
        True
        >>> side_color('left_hip', 'right_hip') == side_color('nose') == MIDDLE
        True
    """
    sides = {joint.partition('_')[0] for joint in joints} & {'left', 'right'}
    return MIDDLE if len(sides) != 1 else LEFT if sides == {'left'} else RIGHT


def draw_skeleton(
    image: np.ndarray, keypoint: np.ndarray, keypoint_score: np.ndarray, layout: str | PoseLayout
) -> np.ndarray:
    """Draw the joints of a person and the bones between them over a frame.

    The width of the lines depends on the size of the frame. Joints with a score below ``MIN_SCORE`` are left out,
    and those with a score below ``CLEAR_SCORE`` are faint. A bone is as clear as the fainter one of its joints.

    Args:
        image (np.ndarray): RGB frame, shape (H, W, 3), uint8. It is not modified.
        keypoint (np.ndarray): Coordinates of the joints in pixels of the frame, shape (V, 2).
        keypoint_score (np.ndarray): Scores of the joints, shape (V,).
        layout (str | PoseLayout): Layout of the joints, or its name.

    Returns:
        np.ndarray: The frame with the skeleton, shape (H, W, 3), uint8.
    """
    layout = get_layout(layout)
    width = np.sqrt(image.shape[0] * image.shape[1]) / 200
    joints = [([index], (name,)) for index, name in enumerate(layout.joints)]
    bones = [(list(pair), names) for pair, names in zip(layout.bone_indices, layout.bones)]
    drawn = image.copy()
    for lowest, highest, opacity in ((MIN_SCORE, CLEAR_SCORE, FAINT), (CLEAR_SCORE, np.inf, 1)):
        parts = [
            (keypoint[indices], side_color(*names), width if _are_large(names) else width / 2)
            for indices, names in (*bones, *joints)
            if lowest <= keypoint_score[indices].min() < highest
        ]
        layer = drawn.copy()
        # All borders before all colours, so that no border crosses a line.
        for points, _, part_width in parts:
            if part_width >= 1.5:  # thinner lines would look dark
                _draw_part(layer, points, (32, 32, 32), part_width, border=1)
        for points, color, part_width in parts:
            _draw_part(layer, points, [round(255 * value) for value in to_rgb(color)], part_width, border=0)
        drawn = cv2.addWeighted(layer, opacity, drawn, 1 - opacity, 0)
    return drawn


def _are_large(names: Sequence[str]) -> bool:
    """Return whether all joints of a bone are among LARGE_JOINTS."""
    return all(name.rpartition('_')[2] in LARGE_JOINTS for name in names)


def _draw_part(image: np.ndarray, points: np.ndarray, color: Sequence[int], width: float, border: int) -> None:
    """Draw a bone between two points or the joint at a single one, in place, wider by a border on each side."""
    width = max(round(width), 1)
    # Coordinates far outside would overflow OpenCV's integers.
    points = np.clip(points, -(2**14), 2**14)
    points = [tuple(map(int, np.round(point * 2**_SUBPIXEL_BITS))) for point in points]
    if len(points) == 2:
        cv2.line(image, *points, color, width + 2 * border, cv2.LINE_AA, _SUBPIXEL_BITS)
    else:
        radius = (width + border) * 2**_SUBPIXEL_BITS
        cv2.circle(image, *points, radius, color, cv2.FILLED, cv2.LINE_AA, _SUBPIXEL_BITS)


def draw_poses(image: np.ndarray, poses: Poses, frame: int) -> np.ndarray:
    """Draw the skeletons of all people in a frame of a video.

    Args:
        image (np.ndarray): The frame in RGB, in any size, shape (H, W, 3), uint8. It is not modified.
        poses (Poses): Poses of the video.
        frame (int): Index of the frame.

    Returns:
        np.ndarray: The frame with the skeletons, see :func:`draw_skeleton`. A frame beyond those of the poses is
        unchanged.
    """
    if frame >= poses.total_frames:
        return image
    scale = np.divide(image.shape[1::-1], poses.img_shape[::-1])
    # The largest person is drawn last, over the others.
    for keypoint, scores in zip(poses.keypoint[::-1, frame], poses.keypoint_score[::-1, frame]):
        image = draw_skeleton(image, keypoint * scale, scores, poses.layout)
    return image
