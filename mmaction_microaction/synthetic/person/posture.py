"""The posture in which a video begins. It is drawn independently of the label."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from .places import make_contact
from .skeleton import SIDES, Controls, Proportions, Reach

HANDS = ('both thighs', 'lap', 'thigh and lap', 'lap and thigh', 'beside the stool')
"""Resting places of the hands. Where they differ, the right hand is named first."""
_HANDS_PROBABILITIES = (0.38, 0.28, 0.13, 0.13, 0.08)

KNEE_GAP = (0.05, 0.41)
"""Range of the sideways distance of a foot from the middle, in metres."""
FOOT_FORWARD = (0.26, 0.70)
"""Range of the forward distance of the balls of the feet from the hips, in metres."""
HEAD_PITCH = (-0.52, 0.62)
"""Range of the pitch of the head, in radians."""

KNEE_GAP_CHANGE = (0.06, 0.08)
"""Range of the distance in metres by which a foot moves sideways when the legs are spread or closed."""
FOOT_FORWARD_CHANGE = (0.10, 0.13)
"""Range of the distance in metres by which a foot is stretched or retracted."""
HEAD_PITCH_CHANGE = (0.22, 0.30)
"""Range of the angle in radians by which the head is bowed or raised."""
EXTENSION_CHANGE = (0.2, 0.28)
"""Range of the share of its extension by which an extended arm is stretched or retracted."""


@dataclass
class Posture:
    """Posture of a seated person. Angles are in radians, lengths in metres of a person of average height."""

    torso: tuple[float, float, float]
    """Yaw, pitch and roll of the torso."""
    slouch: float
    """Bend of the spine."""
    head: tuple[float, float, float]
    """Yaw, pitch and roll of the head."""
    gaps: tuple[float, float]
    """Sideways distance of each foot from the middle."""
    forward: tuple[float, float]
    """Forward distance of each foot from the hips."""
    toes: tuple[float, float]
    """Outward turn of each foot."""
    heels: tuple[float, float]
    """Heel lift of each foot."""
    knees: float
    """Outward bend of the knees."""
    hands: str
    """Resting places of the hands, one of :data:`HANDS`."""
    hand_offsets: tuple[tuple[float, float], tuple[float, float]]
    """Displacement of the hands from their resting places: sideways and along the place, each for both hands."""
    curls: tuple[float, float]
    """Mean curl of the fingers of each hand."""
    extended: tuple[tuple[int, ...], float, tuple[float, float, float]] | None
    """Arms that are extended: their sides, the progress from the resting place (0) to full extension (1), and the
    position of the hand at full extension (see :func:`draw_extension`). None if no arm is extended."""


def knees_apart(gap: float) -> float:
    """Return the outward bend of the knees when the feet are `gap` metres from the middle."""
    return 1.5 * (gap - KNEE_GAP[0])


def draw_extension(uniform: Callable[[str, float, float], float]) -> tuple[float, float, float]:
    """Draw the position of the hand of an arm that is stretched forward or sideways.

    Args:
        uniform (Callable[[str, float, float], float]): Function that draws a number, given its name and range.

    Returns:
        tuple[float, float, float]: Displacement from the place ``'front'`` in metres outward, up and forward.
    """
    if uniform('sideways', 0.0, 1.0) < 0.4:
        goal = uniform('outward', 0.34, 0.44), uniform('height', -0.38, -0.2), uniform('forward', 0.12, 0.22)
    else:
        goal = uniform('outward', 0.12, 0.24), uniform('height', -0.32, -0.12), uniform('forward', 0.40, 0.48)
    return tuple(float(g - f) for g, f in zip(goal, (0.10, -0.36, 0.27)))


def _middle(bounds: tuple[float, float], change: tuple[float, float]) -> tuple[float, float]:
    """Return the values from which the largest change stays within the bounds in both directions."""
    return bounds[0] + change[1], bounds[1] - change[1]


def center_legs(posture: Posture) -> Posture:
    """Return the posture with knees from which the legs can be spread and closed."""
    bounds = _middle(KNEE_GAP, KNEE_GAP_CHANGE)
    gaps = tuple(float(np.interp(gap, KNEE_GAP, bounds)) for gap in posture.gaps)
    outward = posture.knees - knees_apart(float(np.mean(posture.gaps)))
    return replace(posture, gaps=gaps, knees=knees_apart(float(np.mean(gaps))) + outward)


def center_feet(posture: Posture) -> Posture:
    """Return the posture with feet that can be stretched and retracted."""
    bounds = _middle(FOOT_FORWARD, FOOT_FORWARD_CHANGE)
    return replace(posture, forward=tuple(float(np.interp(f, FOOT_FORWARD, bounds)) for f in posture.forward))


def center_head(posture: Posture) -> Posture:
    """Return the posture with a head that can be bowed and raised."""
    yaw, pitch, roll = posture.head
    return replace(
        posture, head=(yaw, float(np.interp(pitch, HEAD_PITCH, _middle(HEAD_PITCH, HEAD_PITCH_CHANGE))), roll)
    )


def center_arms(posture: Posture) -> Posture:
    """Return the posture with extended arms that can be stretched and retracted."""
    if posture.extended is None:
        return posture
    sides, progress, shift = posture.extended
    bounds = _middle((0.0, 1.0), EXTENSION_CHANGE)
    return replace(posture, extended=(sides, float(np.interp(progress, (0.0, 1.0), bounds)), shift))


def rest_between_actions(posture: Posture) -> Posture:
    """Return the posture from which a person can perform any action, as in a video with several actions.

    Knees, feet and head can move in both directions of every reversed pair, and no arm is extended.
    """
    return replace(center_legs(center_feet(center_head(posture))), extended=None)


def draw_posture(rng: np.random.Generator) -> Posture:
    """Draw a posture."""
    extended = None
    if rng.random() < 0.4:
        sides = ((0,), (1,), (0, 1))[int(rng.integers(3))]
        extended = sides, float(rng.random()), draw_extension(lambda _, low, high: rng.uniform(low, high))

    def pair(low: float, high: float) -> tuple[float, float]:
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
        hands=str(rng.choice(HANDS, p=_HANDS_PROBABILITIES)),
        hand_offsets=(pair(-0.025, 0.015), pair(-0.10, 0.10)),
        curls=pair(0.12, 0.5),
        extended=extended,
    )


def _resting_place(hands: str, side: int) -> str:
    """Return the name of the place where a hand rests."""
    if hands == 'thigh and lap':
        return ('thigh', 'lap')[side]
    if hands == 'lap and thigh':
        return ('lap', 'thigh')[side]
    return {'both thighs': 'thigh', 'lap': 'lap', 'beside the stool': 'stool'}[hands]


def sit(posture: Posture, proportions: Proportions, num_frames: int) -> Controls:
    """Return the controls of a person who sits still.

    Args:
        posture (Posture): Posture of the person.
        proportions (Proportions): Body lengths of the subject.
        num_frames (int): Number of frames T.

    Returns:
        Controls: Controls over T equal frames.
    """
    controls = Controls.zeros(num_frames)
    controls.torso[:] = posture.torso
    controls.slouch[:] = posture.slouch
    controls.head[:] = posture.head
    controls.knees[:] = posture.knees
    for side, sign in enumerate(SIDES):
        ball = np.array([sign * posture.gaps[side], 0.03, posture.forward[side]]) * proportions.scale
        controls.balls[:, side] = ball
        controls.feet[:, side] = sign * posture.toes[side], posture.heels[side]
        controls.fingers[:, side] = posture.curls[side]
        controls.spread[:, side] = 0.25
        place = _resting_place(posture.hands, side)
        rest = make_contact(place, side, proportions)
        across, along = posture.hand_offsets[0][side] * sign, posture.hand_offsets[1][side]
        if place == 'thigh':
            rest.point = rest.point + np.array([across, 0.0, along]) * proportions.scale
        elif place == 'lap':
            # The left hand is on top of the right hand.
            rest.point = rest.point + np.array([across, 0.03 * side, 0.2 * along]) * proportions.scale
        controls.hands[side].append(Reach(rest, np.ones(num_frames)))
    if posture.extended is not None:
        sides, progress, shift = posture.extended
        for side in sides:
            goal = make_contact('front', side, proportions)
            goal.point = goal.point + np.array(shift) * [SIDES[side], 1.0, 1.0] * proportions.scale
            controls.hands[side].append(Reach(goal, np.full(num_frames, progress)))
    return controls
