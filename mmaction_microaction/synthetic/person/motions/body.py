"""Motions of the body (A)."""

import numpy as np

from mmaction_microaction.synthetic.person.curves import pulse

from .stage import Stage


def shaking_body(stage: Stage) -> None:
    """Move the upper body from side to side."""
    swing = stage.repeat(0.8, 1.6, 1.5) * stage.uniform('amplitude', 0.09, 0.17) * stage.sign()
    stage.controls.torso[:, 2] += swing
    stage.controls.torso[:, 0] += 0.25 * swing
    stage.controls.pelvis[:, 0] -= 0.06 * swing


def sitting_straightly(stage: Stage) -> None:
    """Straighten the back."""
    rise = stage.move(1.0)
    straightened = stage.uniform('amplitude', 0.24, 0.36)
    stage.controls.slouch -= straightened * rise
    stage.controls.torso[:, 1] -= (0.25 * straightened + 0.5 * stage.controls.torso[0, 1]) * rise
    stage.controls.head[:, 1] -= 0.3 * straightened * rise


def shrugging(stage: Stage) -> None:
    """Move the shoulders, and nothing else, up and down or back and forth."""
    direction = stage.choose('direction', (0, 1), (0.75, 0.25))
    count = stage.choose('count', (1, 2, 3)) if stage.length > 1.0 else 1
    lift = np.zeros_like(stage.times)
    for i in range(count):
        start = stage.start + i * stage.length / count
        length = min(stage.length / count, 1.1)
        lift += pulse(stage.times, start, start + 0.38 * length, start + 0.55 * length, start + length)
    for side in stage.sides(0.85):
        stage.controls.shoulders[:, side, direction] += stage.uniform('amplitude', 0.05, 0.075) * lift
        if direction == 1:
            stage.controls.shoulders[:, side, 0] += 0.02 * lift


def turning_around(stage: Stage) -> None:
    """Turn the whole body to one side."""
    turn = stage.move(1.1, comes_back=0.3) * stage.uniform('amplitude', 0.45, 0.85) * stage.sign()
    stage.controls.torso[:, 0] += turn
    stage.controls.head[:, 0] += 0.35 * turn
    for side in range(2):
        stage.controls.balls[:, side, 0] += 0.16 * turn
        stage.controls.feet[:, side, 0] += 0.5 * turn
    stage.controls.pelvis[:, 0] += 0.02 * turn


def rising_up(stage: Stage) -> None:
    """Begin to stand up: lean the trunk forward and lift the pelvis a little off the seat."""
    rise = stage.move(1.0, comes_back=0.35)
    amplitude = stage.uniform('amplitude', 0.6, 1.0)
    later = rise * rise
    stage.controls.torso[:, 1] += 0.62 * amplitude * rise
    stage.controls.head[:, 1] -= 0.15 * amplitude * rise
    stage.controls.pelvis[:, 1] += 0.11 * amplitude * later
    stage.controls.pelvis[:, 2] += 0.10 * amplitude * later
    stage.controls.balls[:, :, 2] -= (0.05 * amplitude * rise)[:, None]


MOTIONS = {
    'shaking body': shaking_body,
    'sitting straightly': sitting_straightly,
    'shrugging': shrugging,
    'turning around': turning_around,
    'rising up': rising_up,
}
