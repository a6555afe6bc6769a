"""The true poses of rendered people: the renderer knows where each joint is.

A joint that is hidden behind the body or an object has a position like any other, as estimators guess it too.
"""

import numpy as np

from mmaction_microaction.structures.pose_layouts import BLAZEPOSE33, LAYOUTS, MA52_28, convert_layout
from mmaction_microaction.structures.poses import Poses

from .person.fingers import finger_joints
from .person.geometry import rotate
from .person.skeleton import Skeleton
from .render.face import face_landmarks
from .scene import Scene

# The right side comes first in the arrays of a skeleton.
_SIDES = ('right', 'left')
_PAIRS = ('shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle')
_FINGERS = ('thumb', 'index', 'middle', 'ring', 'pinky')
# Points of a shoe in metres, in the frame of the foot.
_FOOT = {'heel': (0.0, -0.01, -0.150), 'foot': (0.0, 0.0, 0.085)}
_KNUCKLE, _MIDDLE, _TIP = range(3)


def true_keypoints(scene: Scene, layout: str = 'ma52_28') -> np.ndarray:
    """Compute where the joints of the person are in the frames of a scene.

    Args:
        scene (Scene): A :class:`RenderedClip`, a :class:`ProVideo` or a :class:`Mma52Video`.
        layout (str): Layout of the joints, a key of :data:`.LAYOUTS`. Defaults to ``'ma52_28'``, in which fingers are
            their tips. In ``'blazepose33'``, they are what BlazePose is trained on: the knuckles of index and little
            finger, and the middle joint of the thumb.

    Returns:
        np.ndarray: Coordinates x and y in pixels, shape (T, V, 2), float32. Joints can be outside of the frame.

    Examples:
        >>> from mmaction_microaction.synthetic import make_clip, true_keypoints
        >>> clip = make_clip(label=0, subject_id=0, size=(64, 76), seed=0)
        >>> true_keypoints(clip).shape
        (54, 28, 2)
    """
    source = BLAZEPOSE33 if layout == 'blazepose33' else MA52_28
    points = _find_joints(scene, {'thumb': _MIDDLE} if source == BLAZEPOSE33 else dict.fromkeys(_FINGERS, _TIP))
    keypoint = scene.project(np.stack([points[joint] for joint in source.joints], 1)).astype(np.float32)
    return convert_layout(keypoint, np.ones(keypoint.shape[:-1], np.float32), source, LAYOUTS[layout])[0]


def _find_joints(scene: Scene, finger_parts: dict[str, int]) -> dict[str, np.ndarray]:
    """Return the joints of all layouts in metres by name, shape (T, 3).

    Of a finger, the point is the knuckle, or another joint that `finger_parts` names.
    """
    skeleton, proportions = scene.skeleton, scene.subject.proportions
    points = face_landmarks(skeleton, proportions, scene.expression)
    for side, name in enumerate(_SIDES):
        fingers = finger_joints(skeleton, scene.controls, proportions, side)
        for index, finger in enumerate(_FINGERS):
            points[f'{name}_{finger}'] = fingers[:, index, finger_parts.get(finger, _KNUCKLE)]
        for joint in _PAIRS:
            points[f'{name}_{joint}'] = skeleton.joints[f'{joint}s'][:, side]
        for joint, point in _FOOT.items():
            points[f'{name}_{joint}'] = _place_on_foot(skeleton, side, np.array(point) * proportions.scale)
    # As in MA-52's layout, the neck is the middle of the shoulders.
    points['neck'] = skeleton.joints['shoulders'].mean(1)
    return points


def _place_on_foot(skeleton: Skeleton, side: int, point: np.ndarray) -> np.ndarray:
    ball, turn = skeleton.part_frames[f'foot{side}']
    return ball + rotate(turn, point)


def make_true_poses(frame_dir: str, keypoint: np.ndarray, size: tuple[int, int], fps: float, label: int = -1) -> Poses:
    """Return true keypoints as poses.

    Args:
        frame_dir (str): Name of the video without the extension.
        keypoint (np.ndarray): Coordinates in pixels, shape (T, V, 2), of :func:`true_keypoints`.
        size (tuple[int, int]): Width and height of the video in pixels.
        fps (float): Frames per second.
        label (int): Fine label of a clip. Defaults to -1: none.

    Returns:
        Poses: Poses of one person. The score is 1 in the frame and 0 outside of it.
    """
    # The frame ends half a pixel beyond the centres of its outermost pixels.
    inside = ((keypoint > -0.5) & (keypoint < np.array(size) - 0.5)).all(-1)
    return Poses(frame_dir, size[::-1], keypoint[None], inside[None], label, fps=fps, source={'detector': 'renderer'})
