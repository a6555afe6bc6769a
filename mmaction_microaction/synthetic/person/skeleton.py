"""The skeleton of a seated person: body lengths, the controls that pose it, and the joints that result.

Index 0 of a pair is the person's right (-x), index 1 the left (+x).
"""

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from .geometry import blend_directions, frame_along, rotate, rotation, two_bone_ik, unit

SIDES = (-1.0, 1.0)
"""Sign of x on the person's right and left."""
SEAT = 0.53
"""Height of the hip joints above the floor, in units of the subject's scale."""


@dataclass
class Proportions:
    """Body lengths in metres, and dimensionless factors. The defaults are an average person."""

    scale: float = 1.0
    """Factor of all lengths."""
    torso: float = 0.50
    shoulder: float = 0.175
    hip: float = 0.085
    upper_arm: float = 0.285
    forearm: float = 0.25
    hand: float = 0.17
    thigh: float = 0.42
    shin: float = 0.425
    head: float = 1.0
    """Factor of the size of the head."""
    girth: float = 1.0
    """Factor of the thickness of trunk and limbs."""


@dataclass
class Contact:
    """Position and direction of a hand relative to a part of the body."""

    part: str
    """Body part whose coordinate frame is used, a key of ``Skeleton.part_frames``."""
    point: np.ndarray
    """Point that the hand touches in metres, shape (3,) or (T, 3)."""
    fingers: np.ndarray
    """Direction from the wrist to the fingertips, shape (3,)."""
    palm: np.ndarray
    """Direction that the palm faces, shape (3,)."""
    elbow: np.ndarray
    """Direction in which the elbow bends, in the frame of the chest, shape (3,)."""
    grip: float = 0.5
    """Position along the hand that touches: 0.5 is the palm, 0.95 the fingertips."""


@dataclass
class Reach:
    """Movement of a hand from its previous position to a contact, and possibly back."""

    contact: Contact
    """Goal of the hand."""
    weight: np.ndarray
    """Progress of the hand from 0 (previous position) to 1 (goal), shape (T,)."""
    arc: np.ndarray = field(default_factory=lambda: np.array([0.0, 0.02, 0.07]))
    """Detour half-way, in metres outward, up and forward in the frame of the chest, shape (3,)."""
    offset: np.ndarray | float = 0.0
    """Movement around the point in metres, in the frame of the contact's part, shape (T, 3)."""


@dataclass
class Controls:
    """Everything that moves over the T frames of a video. Angles are in radians, lengths in metres."""

    pelvis: np.ndarray
    """Displacement of the pelvis from the seat, shape (T, 3)."""
    torso: np.ndarray
    """Yaw, pitch and roll of the torso, shape (T, 3)."""
    slouch: np.ndarray
    """Bend of the spine, 0 if straight, shape (T,)."""
    head: np.ndarray
    """Yaw, pitch and roll of the head relative to the torso, shape (T, 3)."""
    shoulders: np.ndarray
    """Upward and forward displacement of each shoulder, shape (T, 2, 2)."""
    balls: np.ndarray
    """Position of the balls of the feet, shape (T, 2, 3)."""
    feet: np.ndarray
    """Yaw and heel lift of each foot, shape (T, 2, 2)."""
    knees: np.ndarray
    """Outward bend of each knee, 0 if it points straight up, shape (T, 2)."""
    fingers: np.ndarray
    """Curl of the thumb to the little finger, from 0 (straight) to 1 (fist), shape (T, 2, 5)."""
    spread: np.ndarray
    """Spread of the fingers from 0 to 1, shape (T, 2)."""
    hands: tuple[list[Reach], list[Reach]]
    """Successive reaches of each hand. The first is the resting place."""

    @classmethod
    def zeros(cls, num_frames: int) -> Self:
        """Return the controls of a person who sits upright, without reaches of the hands."""
        shapes = ((3,), (3,), (), (3,), (2, 2), (2, 3), (2, 2), (2,), (2, 5), (2,))
        return cls(*(np.zeros((num_frames, *shape)) for shape in shapes), hands=([], []))


@dataclass
class Skeleton:
    """Joints over the T frames of a video, in metres."""

    joints: dict[str, np.ndarray]
    """Positions, shape (T, 3), or (T, 2, 3) for paired joints."""
    part_frames: dict[str, tuple[np.ndarray, np.ndarray]]
    """Coordinate frame of each body part: origin, shape (T, 3), and rotation, shape (T, 3, 3)."""
    hand_frames: np.ndarray
    """Rotation of each hand. The columns are its side, its back and its fingers; shape (T, 2, 3, 3)."""
    wanted: np.ndarray
    """Points that the hands should touch, shape (T, 2, 3)."""
    touched: np.ndarray
    """Points that the hands touch, shape (T, 2, 3)."""


def _trunk(
    controls: Controls, proportions: Proportions
) -> tuple[dict[str, np.ndarray], dict[str, tuple[np.ndarray, np.ndarray]]]:
    """Return the joints and coordinate frames of the pelvis, spine, head and shoulders."""
    s = proportions.scale
    yaw, pitch, roll = np.moveaxis(controls.torso, -1, 0)
    pelvis = np.array([0.0, SEAT * s, 0.0]) + controls.pelvis
    waist_rotation = rotation(yaw * 0.6, pitch - controls.slouch, roll * 0.7)
    chest_rotation = rotation(yaw, pitch + controls.slouch, roll)
    waist = pelvis + rotate(waist_rotation, np.array([0.0, 0.42 * proportions.torso * s, 0.0]))
    neck = waist + rotate(chest_rotation, np.array([0.0, 0.58 * proportions.torso * s, 0.0]))
    head_yaw, head_pitch, head_roll = np.moveaxis(controls.head, -1, 0)
    neck_rotation = rotation(
        yaw + 0.3 * head_yaw, 0.6 * pitch + 0.5 * head_pitch + 0.5 * controls.slouch, 0.8 * roll + 0.5 * head_roll
    )
    head_rotation = rotation(yaw + head_yaw, 0.35 * pitch + head_pitch, 0.6 * roll + head_roll)
    skull = neck + rotate(neck_rotation, np.array([0.0, 0.058 * s, 0.012 * s]))
    head = skull + rotate(head_rotation, np.array([0.0, 0.108 * s * proportions.head, 0.018 * s]))
    shoulders = []
    for i, side in enumerate(SIDES):
        raised, forward = np.moveaxis(controls.shoulders[:, i], -1, 0)
        sideways = np.full(len(neck), side * proportions.shoulder * s)
        shoulders.append(neck + rotate(chest_rotation, np.stack([sideways, -0.055 * s + raised, forward], -1)))
    hips = pelvis[:, None] + np.stack(
        [rotate(waist_rotation, np.array([side * proportions.hip * s, 0.0, 0.02])) for side in SIDES], 1
    )
    joints = {'pelvis': pelvis, 'waist': waist, 'neck': neck, 'skull': skull, 'head': head}
    frames = {'pelvis': (pelvis, waist_rotation), 'chest': (neck, chest_rotation), 'head': (head, head_rotation)}
    return {**joints, 'shoulders': np.stack(shoulders, 1), 'hips': hips}, frames


def _leg(
    controls: Controls, proportions: Proportions, hip: np.ndarray, i: int
) -> tuple[tuple[np.ndarray, ...], dict[str, tuple[np.ndarray, np.ndarray]]]:
    """Return the joints and coordinate frames of one leg."""
    s, side = proportions.scale, SIDES[i]
    ball = controls.balls[:, i]
    yaw, lift = np.moveaxis(controls.feet[:, i], -1, 0)
    foot_rotation = rotation(yaw, lift, 0.0)
    ankle = ball + rotate(foot_rotation, np.array([0.0, 0.055 * s, -0.125 * s]))
    outward = np.stack([side * controls.knees[:, i], np.ones(len(ball)), np.full(len(ball), 0.45)], -1)
    knee, ankle = two_bone_ik(hip, ankle, outward, proportions.thigh * s, proportions.shin * s)
    ball = ankle - rotate(foot_rotation, np.array([0.0, 0.055 * s, -0.125 * s]))
    frames = {
        f'thigh{i}': (hip, frame_along(knee - hip, np.array([0.0, 1.0, 0.3]))),
        f'shin{i}': (knee, frame_along(ankle - knee, np.array([0.0, 0.3, 1.0]))),
        f'foot{i}': (ball, foot_rotation),
    }
    return (knee, ankle, ball), frames


def _arm(
    controls: Controls,
    proportions: Proportions,
    joints: dict[str, np.ndarray],
    frames: dict[str, tuple[np.ndarray, np.ndarray]],
    i: int,
) -> tuple:
    """Place one arm by the reaches of its hand. Reaches to a part that has no coordinate frame yet are left out.

    Returns:
        tuple: Elbow and wrist; coordinate frames of the arm by name; rotation of the hand; wanted and touched point.
    """
    s, side = proportions.scale, SIDES[i]
    chest = frames['chest'][1]
    grip = None
    for reach in controls.hands[i]:
        contact = reach.contact
        if contact.part not in frames:
            continue
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
    shift = rotate(hand, np.array([0.0, 0.016 * s, 0.0])) - fingers * (grip * proportions.hand * s)[:, None]
    shoulder = joints['shoulders'][:, i]
    elbow, wrist = two_bone_ik(shoulder, point + shift, elbow, proportions.upper_arm * s, proportions.forearm * s)
    outward = rotate(chest, np.array([0.0, 0.8, 0.6]))
    arm_frames = {
        f'upper_arm{i}': (shoulder, frame_along(elbow - shoulder, outward)),
        f'forearm{i}': (elbow, frame_along(wrist - elbow, outward)),
        f'hand{i}': (wrist, hand),
    }
    return (elbow, wrist), arm_frames, hand, point, wrist - shift


def solve(controls: Controls, proportions: Proportions) -> Skeleton:
    """Compute the joints from the controls.

    A hand that touches the other arm follows it. If both hands do so in one video, the right hand follows the left arm
    as it is without that touch, so both are exact unless they touch at the same time.

    Args:
        controls (Controls): Controls over T frames.
        proportions (Proportions): Body lengths of the subject.

    Returns:
        Skeleton: Joints over T frames.
    """
    joints, frames = _trunk(controls, proportions)
    legs = [_leg(controls, proportions, joints['hips'][:, i], i) for i in range(2)]
    for _, leg_frames in legs:
        frames.update(leg_frames)
    for name, pair in zip(('knees', 'ankles', 'balls'), zip(*(leg for leg, _ in legs))):
        joints[name] = np.stack(pair, 1)
    # A hand that touches the other arm is placed after that arm. If both do, the left arm is placed twice.
    right_touches, left_touches = (
        any(reach.contact.part.endswith(f'arm{1 - i}') for reach in controls.hands[i]) for i in range(2)
    )
    order = (1, 0) if right_touches else (0, 1)
    arms = {}
    for i in (1, 0, 1) if right_touches and left_touches else order:
        arms[i] = _arm(controls, proportions, joints, frames, i)
        frames.update(arms[i][1])
    joints['elbows'], joints['wrists'] = (np.stack([arms[0][0][k], arms[1][0][k]], 1) for k in range(2))
    hand_frames, wanted, touched = (np.stack([arms[0][k], arms[1][k]], 1) for k in (2, 3, 4))
    return Skeleton(joints, frames, hand_frames, wanted, touched)
