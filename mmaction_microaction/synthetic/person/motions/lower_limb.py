"""Motions of the lower limb (D). Only shaking legs is a repeated movement."""

import numpy as np

from mmaction_microaction.synthetic.person.posture import (
    FOOT_FORWARD_CHANGE,
    KNEE_GAP_CHANGE,
    knees_apart,
)
from mmaction_microaction.synthetic.person.skeleton import SIDES

from .stage import Stage


def _detour(weight: np.ndarray, up: float, forward: float) -> np.ndarray:
    """Return the detour of a foot that moves to another position, shape (T, 3)."""
    return (4 * weight * (1 - weight))[:, None] * np.array([0.0, up, forward])


def shaking_legs(stage: Stage) -> None:
    """Bounce a leg on the ball of its foot."""
    for side in stage.sides(0.3):
        bounce = 0.5 + 0.5 * stage.repeat(2.6, 4.2, 3)
        stage.controls.feet[:, side, 1] += stage.uniform('amplitude', 0.22, 0.4) * (bounce - bounce[0])


def curling_legs(stage: Stage) -> None:
    """Lay one leg over the other."""
    side = stage.side()
    sign = SIDES[side]
    weight = stage.move(1.1)
    scale, controls = stage.proportions.scale, stage.controls
    other = controls.balls[:, 1 - side]
    over = np.stack(
        [
            other[:, 0] - sign * stage.uniform('across', 0.02, 0.07) * scale,
            np.full(len(other), stage.uniform('height', 0.24, 0.30)) * scale,
            np.full(len(other), 0.62 * scale),
        ],
        -1,
    )
    ball = controls.balls[:, side]
    # The foot is lifted in front of the other knee and lowered beside it.
    arc = _detour(weight, 0.10 * scale, 0.13 * scale)
    controls.balls[:, side] = ball + weight[:, None] * (over - ball) + arc
    controls.feet[:, side, 1] += weight * (0.15 - controls.feet[:, side, 1])
    controls.feet[:, side, 0] += weight * (-sign * 0.35 - controls.feet[:, side, 0])
    controls.knees[:, side] += weight * (-0.1 - controls.knees[:, side])
    controls.knees[:, 1 - side] += weight * (0.0 - controls.knees[:, 1 - side])


def spread_legs(stage: Stage) -> None:
    """Move the knees apart."""
    _part_knees(stage, 1)


def closing_legs(stage: Stage) -> None:
    """Move the knees towards each other."""
    _part_knees(stage, -1)


def _part_knees(stage: Stage, sign: int) -> None:
    """Move the knees apart (sign 1) or towards each other (sign -1)."""
    amplitude = stage.uniform('amplitude', *KNEE_GAP_CHANGE)
    weight = stage.move(0.9)
    for side, outward in enumerate(SIDES):
        ball = stage.controls.balls[:, side]
        ball[:, 0] += outward * sign * amplitude * stage.proportions.scale * weight
        ball[:, 1] += 0.015 * 4 * weight * (1 - weight)
        stage.controls.knees[:, side] += sign * (knees_apart(amplitude) - knees_apart(0.0)) * weight


def crossing_legs(stage: Stage) -> None:
    """Cross the lower legs at the ankles."""
    weight = stage.move(1.0)
    front = stage.side()
    scale, balls = stage.proportions.scale, stage.controls.balls
    forward = balls[0, :, 2].max()
    for side, sign in enumerate(SIDES):
        nearer = side == front
        goal = np.array([-sign * 0.085 * scale, 0.03 * scale, forward + (0.09 if nearer else -0.03) * scale])
        arc = _detour(weight, (0.07 if nearer else 0.02) * scale, (0.05 if nearer else 0.0) * scale)
        balls[:, side] += weight[:, None] * (goal - balls[:, side]) + arc
        stage.controls.feet[:, side, 0] += weight * (-sign * 0.25 - stage.controls.feet[:, side, 0])
        stage.controls.knees[:, side] += weight * (0.35 - stage.controls.knees[:, side])


def stretching_feet(stage: Stage) -> None:
    """Move a foot forward, or forward and outward."""
    _extend_feet(stage, 1)


def retracting_feet(stage: Stage) -> None:
    """Move a foot back, or back and inward."""
    _extend_feet(stage, -1)


def _extend_feet(stage: Stage, sign: int) -> None:
    """Move feet forward (sign 1) or back (sign -1)."""
    weight = stage.move(0.9)
    amplitude = stage.uniform('amplitude', *FOOT_FORWARD_CHANGE)
    lift = stage.uniform('lift', 0.01, 0.05)
    for side in stage.sides(0.3):
        outward = stage.choose('outward', (0.0, 0.06), (0.6, 0.4))
        ball = stage.controls.balls[:, side]
        ball[:, 2] += sign * amplitude * stage.proportions.scale * weight
        ball[:, 0] += SIDES[side] * sign * outward * weight
        ball[:, 1] += lift * 4 * weight * (1 - weight)


def tiptoe(stage: Stage) -> None:
    """Lift the heel until only the toes touch the ground, and draw the foot towards the stool."""
    weight = stage.move(0.8, comes_back=0.2)
    back = stage.uniform('back', 0.02, 0.14)
    for side in stage.sides(0.6):
        feet = stage.controls.feet[:, side]
        feet[:, 1] += weight * (stage.uniform('amplitude', 0.75, 1.05) - feet[:, 1])
        stage.controls.balls[:, side, 2] -= back * weight


MOTIONS = {
    'shaking legs': shaking_legs,
    'curling legs': curling_legs,
    'spread legs': spread_legs,
    'closing legs': closing_legs,
    'crossing legs': crossing_legs,
    'stretching feet': stretching_feet,
    'retracting feet': retracting_feet,
    'tiptoe': tiptoe,
}
