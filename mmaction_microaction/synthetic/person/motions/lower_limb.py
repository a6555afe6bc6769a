"""Motions of the lower limb (D). Only shaking legs is a repeated movement."""

import numpy as np

from mmaction_microaction.synthetic.person.posture import FOOT_FORWARD, KNEE_GAP, knees_apart
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
    """Move the knees apart. Played backwards, this is closing the legs."""
    amplitude = stage.uniform('amplitude', 0.075, 0.11)
    narrow = stage.uniform('gap', KNEE_GAP[0], KNEE_GAP[1] - amplitude)
    weight = stage.move(0.9)
    balls = stage.controls.balls
    # The asymmetry of the feet is kept.
    middle = balls[:, :, 0].mean(1)
    gap = (narrow + amplitude * weight) * stage.proportions.scale
    knees = knees_apart(narrow + amplitude * weight) - knees_apart(abs(balls[0, :, 0]).mean() / stage.proportions.scale)
    for side, sign in enumerate(SIDES):
        balls[:, side, 0] = middle + sign * gap
        balls[:, side, 1] += 0.015 * 4 * weight * (1 - weight)
        stage.controls.knees[:, side] += knees


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
    """Move a foot forward or sideways. Played backwards, this is retracting the foot."""
    weight = stage.move(0.9)
    amplitude = stage.uniform('amplitude', 0.14, 0.20)
    lift = stage.uniform('lift', 0.01, 0.05)
    for side in stage.sides(0.3):
        # The foot moves either forward, or forward and outward.
        outward = stage.choose('outward', (0.0, 0.08), (0.6, 0.4)) * weight
        near = stage.uniform('near', FOOT_FORWARD[0], FOOT_FORWARD[1] - amplitude)
        ball = stage.controls.balls[:, side]
        ball[:, 2] = (near + amplitude * weight) * stage.proportions.scale
        ball[:, 0] += SIDES[side] * outward
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
    'crossing legs': crossing_legs,
    'stretching feet': stretching_feet,
    'tiptoe': tiptoe,
}
