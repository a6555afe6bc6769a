"""The posture a clip begins in, drawn independently of its class."""

from dataclasses import dataclass

import numpy as np

from .places import contact
from .skeleton import SIDES, Controls, Reach

HANDS = ('both thighs', 'lap', 'thigh and lap', 'lap and thigh', 'beside the stool')
_HANDS_PROBABILITY = (0.38, 0.28, 0.13, 0.13, 0.08)

KNEE_GAP = (0.06, 0.32)
"""Range of the sideways distance of a foot from the middle, metres."""
FOOT_FORWARD = (0.34, 0.70)
"""Range of the distance of the balls of the feet in front of the hips, metres."""
HEAD_PITCH = (-0.42, 0.54)
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
        extended (tuple or None): Sides of the arms that are held out, how far they are on their way from the resting
            place to full extension, 0 to 1, and the place of the hand at full extension.
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
    extended: tuple


def knees_apart(gap):
    """How far the knees fall outward when the feet are `gap` metres from the middle."""
    return 1.5 * (gap - KNEE_GAP[0])


def draw_extension(uniform):
    """Draw where a hand is when its arm is stretched, forward or sideways.

    Args:
        uniform (Callable[[str, float, float], float]): Draws a number, given its name and range.

    Returns:
        tuple[float, float, float]: Metres outward, up and forward of the place ``'front'``.
    """
    if uniform('sideways', 0.0, 1.0) < 0.4:
        goal = uniform('outward', 0.34, 0.44), uniform('height', -0.38, -0.2), uniform('forward', 0.12, 0.22)
    else:
        goal = uniform('outward', 0.12, 0.24), uniform('height', -0.32, -0.12), uniform('forward', 0.40, 0.48)
    return tuple(float(g - f) for g, f in zip(goal, (0.10, -0.36, 0.27)))


def draw_posture(rng):
    """Draw a :class:`Posture`."""
    extended = None
    if rng.random() < 0.25:
        sides = ((0,), (1,), (0, 1))[int(rng.integers(3))]
        extended = sides, float(rng.random()), draw_extension(lambda _, low, high: rng.uniform(low, high))

    def pair(low, high):
        return tuple(rng.uniform(low, high, 2).tolist())

    gap = rng.uniform(*KNEE_GAP)
    return Posture(
        torso=(rng.uniform(-0.16, 0.16), rng.uniform(-0.06, 0.20), rng.uniform(-0.05, 0.05)),
        slouch=rng.uniform(0.0, 0.34),
        head=(rng.uniform(-0.35, 0.35), rng.uniform(*HEAD_PITCH), rng.uniform(-0.12, 0.12)),
        gaps=tuple((gap + rng.uniform(-0.025, 0.025, 2)).tolist()),
        forward=pair(*FOOT_FORWARD),
        toes=pair(-0.05, 0.45),
        heels=tuple((rng.uniform(0.0, 0.5, 2) * (rng.random(2) < 0.25)).tolist()),
        knees=knees_apart(gap) + rng.uniform(0.0, 0.12),
        hands=str(rng.choice(HANDS, p=_HANDS_PROBABILITY)),
        hand_offsets=(pair(-0.025, 0.015), pair(-0.10, 0.10)),
        curls=pair(0.12, 0.5),
        extended=extended,
    )


def _resting_place(hands, side):
    """Name of the place where a hand rests."""
    if hands == 'thigh and lap':
        return ('thigh', 'lap')[side]
    if hands == 'lap and thigh':
        return ('lap', 'thigh')[side]
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
        controls.hands[side].append(Reach(rest, np.ones(num_frames)))
    if posture.extended is not None:
        sides, progress, shift = posture.extended
        for side in sides:
            goal = contact('front', side, size)
            goal.point = goal.point + np.array(shift) * [SIDES[side], 1.0, 1.0] * size.scale
            controls.hands[side].append(Reach(goal, np.full(num_frames, progress)))
    return controls
