"""Layouts of body joints: which joint stands at which index, and how one layout is converted into another."""

from typing import NamedTuple

import numpy as np


class PoseLayout(NamedTuple):
    """Order of the joints in an array of keypoints."""

    name: str
    """Name of the layout, a key of :data:`LAYOUTS`."""
    joints: tuple[str, ...]
    """Name of each joint. The person's left and right joints start with ``left_`` and ``right_``."""
    bones: tuple[tuple[str, str], ...]
    """Pairs of joints that figures connect."""

    @property
    def bone_indices(self) -> np.ndarray:
        """np.ndarray: Indices of the joints of each bone, shape (B, 2)."""
        return np.array([[self.joints.index(joint) for joint in bone] for bone in self.bones])

    @property
    def left(self) -> list[int]:
        """list[int]: Indices of the person's left joints, ``left_kp`` of MMAction2's ``Flip``."""
        return [index for index, joint in enumerate(self.joints) if joint.startswith('left_')]

    @property
    def right(self) -> list[int]:
        """list[int]: Indices of the opposite joints, in the order of :attr:`left`; ``right_kp`` of ``Flip``."""
        return [self.joints.index(self.joints[index].replace('left_', 'right_')) for index in self.left]


_ARMS_AND_LEGS = tuple(
    (f'{side}_{start}', f'{side}_{end}')
    for side in ('right', 'left')
    for start, end in (('shoulder', 'elbow'), ('elbow', 'wrist'), ('hip', 'knee'), ('knee', 'ankle'))
)
_FACE = tuple((f'{side}_eye', other) for side in ('right', 'left') for other in ('nose', f'{side}_ear'))
_TRUNK = (
    ('right_shoulder', 'left_shoulder'),
    ('right_hip', 'left_hip'),
    ('right_shoulder', 'right_hip'),
    ('left_shoulder', 'left_hip'),
)
_FINGERS = ('thumb', 'index', 'middle', 'ring', 'pinky')

COCO17 = PoseLayout(
    'coco17',
    (
        *('nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear'),
        *(
            f'{side}_{joint}'
            for joint in ('shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle')
            for side in ('left', 'right')
        ),
    ),
    (*_ARMS_AND_LEGS, *_FACE, *_TRUNK),
)
"""The 17 joints of COCO, in the order of MMPose, RTMPose and MMAction2."""
BLAZEPOSE33 = PoseLayout(
    'blazepose33',
    (
        'nose',
        *(f'{side}_eye{part}' for side in ('left', 'right') for part in ('_inner', '', '_outer')),
        *('left_ear', 'right_ear', 'left_mouth', 'right_mouth'),
        *(
            f'{side}_{joint}'
            for joint in (
                *('shoulder', 'elbow', 'wrist', 'pinky', 'index', 'thumb'),
                *('hip', 'knee', 'ankle', 'heel', 'foot'),
            )
            for side in ('left', 'right')
        ),
    ),
    (
        *_ARMS_AND_LEGS,
        *_FACE,
        *_TRUNK,
        ('left_mouth', 'right_mouth'),
        *(
            (f'{side}_wrist', f'{side}_{finger}')
            for side in ('right', 'left')
            for finger in ('thumb', 'index', 'pinky')
        ),
        *(
            (f'{side}_{start}', f'{side}_{end}')
            for side in ('right', 'left')
            for start, end in (('ankle', 'heel'), ('heel', 'foot'), ('foot', 'ankle'))
        ),
    ),
)
"""The 33 joints of BlazePose. The hands have a thumb, an index and a little finger, the feet a heel and a toe."""
MA52_28 = PoseLayout(
    'ma52_28',
    (
        *('nose', 'neck'),
        *(f'{side}_{joint}' for side in ('right', 'left') for joint in ('shoulder', 'elbow', 'wrist')),
        *(f'{side}_{joint}' for side in ('right', 'left') for joint in ('hip', 'knee', 'ankle')),
        *('right_eye', 'left_eye', 'right_ear', 'left_ear'),
        *(f'{side}_{finger}' for side in ('left', 'right') for finger in _FINGERS),
    ),
    (
        *_ARMS_AND_LEGS,
        *_FACE,
        *((('neck', joint)) for joint in ('nose', 'right_shoulder', 'left_shoulder', 'right_hip', 'left_hip')),
        *((f'{side}_wrist', f'{side}_{finger}') for side in ('right', 'left') for finger in _FINGERS),
    ),
)
"""The 28 joints that MA-52's authors publish: OpenPose's 18 of the body and five of each hand.

The authors' code connects the five to the wrist and does not say which points of the fingers they are. This project
takes them for the thumb to the little finger.
"""
LAYOUTS = {layout.name: layout for layout in (BLAZEPOSE33, COCO17, MA52_28)}
"""All layouts, by name."""


def get_layout(layout: str | PoseLayout) -> PoseLayout:
    """Return a layout by its name.

    Args:
        layout (str | PoseLayout): Name of the layout, a key of :data:`LAYOUTS`, or the layout itself.

    Returns:
        PoseLayout: The layout.

    Raises:
        ValueError: If there is no layout of this name.
    """
    if isinstance(layout, PoseLayout):
        return layout
    if layout not in LAYOUTS:
        raise ValueError(f'layout is {layout!r}, but must be one of {", ".join(LAYOUTS)}')
    return LAYOUTS[layout]


_MIXTURES = {
    'neck': {'left_shoulder': 1 / 2, 'right_shoulder': 1 / 2},
    **{
        f'{side}_{finger}': {f'{side}_index': 1 - share, f'{side}_pinky': share}
        for side in ('left', 'right')
        for finger, share in (('middle', 1 / 3), ('ring', 2 / 3))
    },
}
"""Joints that are computed as a weighted mean of other joints if a layout lacks them."""


def convert_layout(
    keypoint: np.ndarray, keypoint_score: np.ndarray, source: PoseLayout, target: PoseLayout
) -> tuple[np.ndarray, np.ndarray]:
    """Convert keypoints from one layout to another.

    Joints are matched by name. The neck is the middle of the shoulders, and the middle and ring finger are at one and
    two thirds of the way from the index to the little finger, if the source lacks them. The score of such a joint is
    the lower one of its two. Other joints that the source lacks are undetected: they have the coordinates and the score
    0. The same is true of a joint that is computed from an undetected one.

    Args:
        keypoint (np.ndarray): Coordinates, shape (..., V, 2).
        keypoint_score (np.ndarray): Scores, shape (..., V). A joint with the score 0 is undetected.
        source (PoseLayout): Layout of the keypoints, of V joints.
        target (PoseLayout): Layout of the result, of W joints.

    Returns:
        tuple[np.ndarray, np.ndarray]: Coordinates of shape (..., W, 2) and scores of shape (..., W), of the data types
        of the arguments.

    Examples:
        >>> import numpy as np
        >>> shoulders = np.zeros((17, 2))
        >>> shoulders[[5, 6]] = [60, 20], [40, 30]
        >>> points, scores = convert_layout(shoulders, shoulders.any(-1) * 0.9, COCO17, MA52_28)
        >>> points[1].tolist(), float(scores[1]), float(scores[0])
        ([50.0, 25.0], 0.9, 0.0)
    """
    if source == target:
        return keypoint, keypoint_score
    points = np.zeros((*keypoint.shape[:-2], len(target.joints), 2), keypoint.dtype)
    scores = np.zeros(points.shape[:-1], keypoint_score.dtype)
    for index, joint in enumerate(target.joints):
        mixture = {joint: 1.0} if joint in source.joints else _MIXTURES.get(joint, {})
        if not mixture or not set(mixture) <= set(source.joints):
            continue
        sources = [source.joints.index(name) for name in mixture]
        scores[..., index] = keypoint_score[..., sources].min(-1)
        mean = np.tensordot(keypoint[..., sources, :], list(mixture.values()), axes=(-2, 0))
        points[..., index, :] = np.where(scores[..., index, None] > 0, mean, 0)
    return points, scores
