"""A seated person's skeleton: proportions, the controls that pose it, and the joints that follow from them.

Index 0 of a pair is the person's right (-x), index 1 the left (+x).
"""

from dataclasses import dataclass, field

import numpy as np

from .geometry import blend_directions, frame_along, rotate, rotation, two_bone_ik, unit

SIDES = (-1.0, 1.0)
SEAT = 0.53
"""Height of the hip joints above the floor, in units of the subject's scale."""


@dataclass
class Proportions:
    """Lengths in metres of a person of average height; `scale` multiplies them all."""

    scale: float = 1.0
    torso: float = 0.50
    shoulder: float = 0.175
    hip: float = 0.085
    upper_arm: float = 0.285
    forearm: float = 0.25
    hand: float = 0.17
    thigh: float = 0.42
    shin: float = 0.425
    head: float = 1.0
    girth: float = 1.0


@dataclass
class Contact:
    """Where a hand is, relative to a part of the body.

    Attributes:
        part (str): Body part whose frame `point` and the directions are given in, a key of :attr:`Skeleton.frames`.
        point (np.ndarray): Place the hand touches, metres, shape (3,) or (T, 3).
        fingers (np.ndarray): Direction from the wrist to the fingertips, shape (3,).
        palm (np.ndarray): Direction the palm faces, shape (3,).
        elbow (np.ndarray): Direction the elbow bends to, in the frame of the chest, shape (3,).
        grip (float): Which part of the hand touches: 0.5 is the palm, 0.95 the fingertips.
    """

    part: str
    point: np.ndarray
    fingers: np.ndarray
    palm: np.ndarray
    elbow: np.ndarray
    grip: float = 0.5


@dataclass
class Reach:
    """A hand's way from where it was to a contact and perhaps back.

    Attributes:
        contact (Contact): The goal.
        weight (np.ndarray): 0 where the hand is at its earlier place, 1 where it is at the goal, shape (T,).
        arc (np.ndarray): How far the way bends away from the straight line half-way, metres in the chest's frame,
            shape (3,).
        offset (np.ndarray): What is added to the point, in the frame of the contact's part, metres, shape (T, 3).
    """

    contact: Contact
    weight: np.ndarray
    arc: np.ndarray = field(default_factory=lambda: np.array([0.0, 0.02, 0.07]))
    offset: np.ndarray = 0.0


@dataclass
class Controls:
    """Everything that moves, over the T frames of a clip. Angles in radians, lengths in metres.

    Attributes:
        pelvis (np.ndarray): Shift of the pelvis off the seat, shape (T, 3).
        torso (np.ndarray): Yaw, pitch and roll of the torso, shape (T, 3).
        slouch (np.ndarray): Bend of the spine, 0 is straight, shape (T,).
        head (np.ndarray): Yaw, pitch and roll of the head on the torso, shape (T, 3).
        shoulders (np.ndarray): Raise and forward shift of each shoulder, shape (T, 2, 2).
        balls (np.ndarray): Balls of the feet, shape (T, 2, 3).
        feet (np.ndarray): Yaw and heel lift of each foot, shape (T, 2, 2).
        knees (np.ndarray): How far each knee bends outward; 0 is straight up, shape (T, 2).
        fingers (np.ndarray): Curl of thumb to little finger, 0 straight to 1 fist, shape (T, 2, 5).
        spread (np.ndarray): How far the fingers are spread, 0 to 1, shape (T, 2).
        hands (tuple[list[Reach], list[Reach]]): What each hand does; the first reach of each is its resting place.
    """

    pelvis: np.ndarray
    torso: np.ndarray
    slouch: np.ndarray
    head: np.ndarray
    shoulders: np.ndarray
    balls: np.ndarray
    feet: np.ndarray
    knees: np.ndarray
    fingers: np.ndarray
    spread: np.ndarray
    hands: tuple

    @classmethod
    def zeros(cls, num_frames):
        """Controls of a person who sits straight up, with the hands still to be placed."""
        shapes = ((3,), (3,), (), (3,), (2, 2), (2, 3), (2, 2), (2,), (2, 5), (2,))
        return cls(*(np.zeros((num_frames, *shape)) for shape in shapes), hands=([], []))


@dataclass
class Skeleton:
    """Joints over the T frames of a clip, in metres.

    Attributes:
        joints (dict[str, np.ndarray]): Positions of shape (T, 3), or (T, 2, 3) for paired joints.
        frames (dict[str, tuple[np.ndarray, np.ndarray]]): Origin (T, 3) and rotation (T, 3, 3) of each body part.
        hand_frames (np.ndarray): Columns are side, back of the hand and fingers, shape (T, 2, 3, 3).
        wanted (np.ndarray): Places the hands should touch, shape (T, 2, 3).
        touched (np.ndarray): Places they do touch, shape (T, 2, 3).
    """

    joints: dict
    frames: dict
    hand_frames: np.ndarray
    wanted: np.ndarray
    touched: np.ndarray


def _trunk(controls, size):
    """Joints and frames of pelvis, spine, head and shoulders."""
    s = size.scale
    yaw, pitch, roll = np.moveaxis(controls.torso, -1, 0)
    pelvis = np.array([0.0, SEAT * s, 0.0]) + controls.pelvis
    waist_rotation = rotation(yaw * 0.6, pitch - controls.slouch, roll * 0.7)
    chest_rotation = rotation(yaw, pitch + controls.slouch, roll)
    waist = pelvis + rotate(waist_rotation, np.array([0.0, 0.42 * size.torso * s, 0.0]))
    neck = waist + rotate(chest_rotation, np.array([0.0, 0.58 * size.torso * s, 0.0]))
    head_yaw, head_pitch, head_roll = np.moveaxis(controls.head, -1, 0)
    neck_rotation = rotation(
        yaw + 0.3 * head_yaw, 0.6 * pitch + 0.5 * head_pitch + 0.5 * controls.slouch, 0.8 * roll + 0.5 * head_roll
    )
    head_rotation = rotation(yaw + head_yaw, 0.35 * pitch + head_pitch, 0.6 * roll + head_roll)
    skull = neck + rotate(neck_rotation, np.array([0.0, 0.058 * s, 0.012 * s]))
    head = skull + rotate(head_rotation, np.array([0.0, 0.108 * s * size.head, 0.018 * s]))
    shoulders = np.stack(
        [
            neck
            + rotate(
                chest_rotation,
                np.stack(
                    [
                        np.full(len(neck), side * size.shoulder * s),
                        -0.055 * s + controls.shoulders[:, i, 0],
                        controls.shoulders[:, i, 1],
                    ],
                    -1,
                ),
            )
            for i, side in enumerate(SIDES)
        ],
        1,
    )
    hips = pelvis[:, None] + np.stack(
        [rotate(waist_rotation, np.array([side * size.hip * s, 0.0, 0.02])) for side in SIDES], 1
    )
    joints = {'pelvis': pelvis, 'waist': waist, 'neck': neck, 'skull': skull, 'head': head}
    frames = {'pelvis': (pelvis, waist_rotation), 'chest': (neck, chest_rotation), 'head': (head, head_rotation)}
    return {**joints, 'shoulders': shoulders, 'hips': hips}, frames


def _leg(controls, size, hip, i):
    """Joints and frames of one leg."""
    s, side = size.scale, SIDES[i]
    ball = controls.balls[:, i]
    yaw, lift = np.moveaxis(controls.feet[:, i], -1, 0)
    foot_rotation = rotation(yaw, lift, 0.0)
    ankle = ball + rotate(foot_rotation, np.array([0.0, 0.055 * s, -0.125 * s]))
    outward = np.stack([side * controls.knees[:, i], np.ones(len(ball)), np.full(len(ball), 0.45)], -1)
    knee, ankle = two_bone_ik(hip, ankle, outward, size.thigh * s, size.shin * s)
    ball = ankle - rotate(foot_rotation, np.array([0.0, 0.055 * s, -0.125 * s]))
    frames = {
        f'thigh{i}': (hip, frame_along(knee - hip, np.array([0.0, 1.0, 0.3]))),
        f'shin{i}': (knee, frame_along(ankle - knee, np.array([0.0, 0.3, 1.0]))),
        f'foot{i}': (ball, foot_rotation),
    }
    return (knee, ankle, ball), frames


def _arm(controls, size, joints, frames, i):
    """Joints and frames of one arm, from the hand's reaches."""
    s, side = size.scale, SIDES[i]
    chest = frames['chest'][1]
    grip = None
    for reach in controls.hands[i]:
        contact = reach.contact
        origin, orientation = frames[contact.part]
        goal = (
            origin + rotate(orientation, contact.point + reach.offset),
            rotate(orientation, unit(contact.fingers)),
            rotate(orientation, unit(contact.palm)),
            rotate(chest, unit(contact.elbow)),
            np.full(len(origin), contact.grip),
        )
        if grip is None:
            point, fingers, palm, elbow, grip = goal
            continue
        w = reach.weight
        bend = rotate(chest, reach.arc * np.array([side, 1.0, 1.0])) * (4 * w * (1 - w))[:, None]
        point = point + w[:, None] * (goal[0] - point) + bend
        fingers = blend_directions(fingers, goal[1], w)
        palm = blend_directions(palm, goal[2], w)
        elbow = blend_directions(elbow, goal[3], w)
        grip = grip + w * (goal[4] - grip)
    hand = frame_along(fingers, -palm)
    shift = rotate(hand, np.array([0.0, 0.016 * s, 0.0])) - fingers * (grip * size.hand * s)[:, None]
    elbow, wrist = two_bone_ik(joints['shoulders'][:, i], point + shift, elbow, size.upper_arm * s, size.forearm * s)
    shoulder = joints['shoulders'][:, i]
    outward = rotate(chest, np.array([0.0, 0.8, 0.6]))
    arm_frames = {
        f'upper_arm{i}': (shoulder, frame_along(elbow - shoulder, outward)),
        f'forearm{i}': (elbow, frame_along(wrist - elbow, outward)),
        f'hand{i}': (wrist, hand),
    }
    return (elbow, wrist), arm_frames, hand, point, wrist - shift


def solve(controls, size):
    """Joints of a clip.

    Args:
        controls (Controls): What moves, over T frames.
        size (Proportions): The subject's lengths.

    Returns:
        Skeleton: The joints.
    """
    joints, frames = _trunk(controls, size)
    legs = [_leg(controls, size, joints['hips'][:, i], i) for i in range(2)]
    for _, leg_frames in legs:
        frames.update(leg_frames)
    for name, pair in zip(('knees', 'ankles', 'balls'), zip(*(leg for leg, _ in legs))):
        joints[name] = np.stack(pair, 1)
    # A hand that touches the other arm is placed after it.
    order = (1, 0) if any(reach.contact.part.endswith('arm1') for reach in controls.hands[0]) else (0, 1)
    arms = {}
    for i in order:
        arms[i] = _arm(controls, size, joints, frames, i)
        frames.update(arms[i][1])
    joints['elbows'], joints['wrists'] = (np.stack([arms[0][0][k], arms[1][0][k]], 1) for k in range(2))
    hand_frames, wanted, touched = (np.stack([arms[0][k], arms[1][k]], 1) for k in (2, 3, 4))
    return Skeleton(joints, frames, hand_frames, wanted, touched)
