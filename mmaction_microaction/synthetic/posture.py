"""The posture a clip begins in, drawn independently of its class."""

from dataclasses import dataclass

import numpy as np

from .places import contact
from .skeleton import SIDES, Controls, Reach

HANDS = ('both thighs', 'lap', 'thigh and lap', 'lap and thigh', 'beside the stool', 'one in front')
_HANDS_PROBABILITY = (0.36, 0.26, 0.12, 0.12, 0.08, 0.06)

KNEE_GAP = (0.07, 0.27)
"""Range of the sideways distance of a foot from the middle, metres."""
FOOT_FORWARD = (0.36, 0.66)
"""Range of the distance of the balls of the feet in front of the hips, metres."""
HEAD_PITCH = (-0.30, 0.42)
"""Range of the head's pitch, radians."""


@dataclass
class Posture:
    """How a person sits, in radians and metres of a person of average height.

    Attributes:
        torso (tuple): Yaw, pitch and roll.
        slouch (float): Bend of the spine.
        head (tuple): Yaw, pitch and roll.
        gaps (tuple): Sideways distance of each foot from the middle.
        forward (tuple): Distance of each foot in front of the hips.
        toes (tuple): Outward turn of each foot.
        heels (tuple): Heel lift of each foot.
        knees (float): How far the knees fall outward.
        hands (str): One of :data:`HANDS`.
        hand_offsets (tuple): Where on the place each hand lies, sideways and along.
        curls (tuple): Mean curl of the fingers of each hand.
    """

    torso: tuple
    slouch: float
    head: tuple
    gaps: tuple
    forward: tuple
    toes: tuple
    heels: tuple
    knees: float
    hands: str
    hand_offsets: tuple
    curls: tuple


def knees_apart(gap):
    """How far the knees fall outward when the feet are `gap` metres from the middle."""
    return 1.6 * (gap - KNEE_GAP[0])


def draw_posture(rng):
    """Draw a :class:`Posture`."""

    def pair(low, high):
        return tuple(rng.uniform(low, high, 2).tolist())

    gap, forward = rng.uniform(*KNEE_GAP), rng.uniform(FOOT_FORWARD[0] + 0.04, FOOT_FORWARD[1] - 0.04)
    return Posture(
        torso=(rng.uniform(-0.16, 0.16), rng.uniform(-0.06, 0.20), rng.uniform(-0.05, 0.05)),
        slouch=rng.uniform(0.0, 0.34),
        head=(rng.uniform(-0.35, 0.35), rng.uniform(*HEAD_PITCH), rng.uniform(-0.12, 0.12)),
        gaps=tuple((gap + rng.uniform(-0.025, 0.025, 2)).tolist()),
        forward=tuple((forward + rng.uniform(-0.04, 0.04, 2)).tolist()),
        toes=pair(-0.05, 0.45),
        heels=tuple((rng.uniform(0.0, 0.5, 2) * (rng.random(2) < 0.25)).tolist()),
        knees=knees_apart(gap) + rng.uniform(0.0, 0.12),
        hands=str(rng.choice(HANDS, p=_HANDS_PROBABILITY)),
        hand_offsets=(pair(-0.025, 0.015), pair(-0.10, 0.10)),
        curls=pair(0.12, 0.5),
    )


def _resting_place(hands, side):
    """Name of the place where a hand rests."""
    if hands == 'thigh and lap':
        return ('thigh', 'lap')[side]
    if hands == 'lap and thigh':
        return ('lap', 'thigh')[side]
    if hands == 'one in front':
        return ('front', 'thigh')[side]
    return {'both thighs': 'thigh', 'lap': 'lap', 'beside the stool': 'stool'}[hands]


def sit(posture, size, num_frames):
    """Controls of a person who sits still.

    Args:
        posture (Posture): How.
        size (Proportions): The subject's lengths.
        num_frames (int): Number of frames T.

    Returns:
        Controls: The same in every frame.
    """
    controls = Controls.zeros(num_frames)
    controls.torso[:] = posture.torso
    controls.slouch[:] = posture.slouch
    controls.head[:] = posture.head
    controls.knees[:] = posture.knees
    for side, sign in enumerate(SIDES):
        ball = np.array([sign * posture.gaps[side], 0.03, posture.forward[side]]) * size.scale
        controls.balls[:, side] = ball
        controls.feet[:, side] = sign * posture.toes[side], posture.heels[side]
        controls.fingers[:, side] = posture.curls[side]
        controls.spread[:, side] = 0.25
        place = _resting_place(posture.hands, side)
        rest = contact(place, side, size)
        across, along = posture.hand_offsets[0][side] * sign, posture.hand_offsets[1][side]
        if place == 'thigh':
            rest.point = rest.point + np.array([across, 0.0, along]) * size.scale
        elif place == 'lap':
            # One hand lies on the other.
            rest.point = rest.point + np.array([across, 0.03 * side, 0.2 * along]) * size.scale
        elif place == 'front':
            rest.point = rest.point + np.array([across, 0.4 * along, 0.3 * along]) * size.scale
        controls.hands[side].append(Reach(rest, np.ones(num_frames)))
    return controls
