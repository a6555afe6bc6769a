"""Motions of body-hand, head-hand and leg-hand (E, F, G): a hand touches a place on the body."""

import numpy as np

from .stage import OPEN, POINTING, RELAXED, Stage, along


def touch(
    stage: Stage,
    places: tuple[str, ...],
    grip: tuple[float, ...] = RELAXED,
    rub: tuple[float, float, float] = (1, 0, 0),
    scratches: float = 0.6,
    amplitude: float = 0.014,
    frequency: tuple[float, float] = (2.0, 3.6),
) -> tuple[int, np.ndarray]:
    """Move one hand to a place, and rest there or scratch.

    Args:
        stage (Stage): Stage of the motion.
        places (tuple[str, ...]): Places, one of which is touched.
        grip (tuple[float, ...]): Curl of the five fingers at the place.
        rub (tuple[float, float, float]): Direction of scratching in the frame of the body part.
        scratches (float): Probability of scratching instead of resting.
        amplitude (float): Amplitude of scratching in metres.
        frequency (tuple[float, float]): Lowest and highest frequency of scratching in hertz.

    Returns:
        tuple[int, np.ndarray]: Side of the hand, and its progress from 0 to 1, shape (T,).
    """
    side = stage.hand()
    weight, arrival, departure = stage.approach()
    moves = float(stage.chance('scratches', scratches))
    offset = along(rub, moves * amplitude * stage.repeat(*frequency, 1.5, arrival, departure))
    stage.reach(side, stage.choose('place', places), weight, grip, offset=offset)
    return side, weight


def neck(stage: Stage) -> None:
    """Scratch or touch the side of the neck."""
    _, weight = touch(stage, ('neck',), rub=(0, 1, 0))
    stage.controls.head[:, 1] += 0.08 * weight


def chest(stage: Stage) -> None:
    """Scratch or touch the front of the upper body."""
    touch(stage, ('chest',), rub=(0, 1, 0), amplitude=0.02)


def back(stage: Stage) -> None:
    """Scratch or touch the back of the upper body."""
    side, weight = touch(stage, ('back',), rub=(0, 1, 0), amplitude=0.02)
    stage.controls.torso[:, 1] += 0.14 * weight
    stage.controls.torso[:, 0] += 0.16 * weight * (2 * side - 1)


def shoulder(stage: Stage) -> None:
    """Scratch or touch a shoulder."""
    touch(stage, ('other shoulder', 'other shoulder', 'own shoulder'), rub=(1, 0, 0), amplitude=0.02)


def arms_akimbo(stage: Stage) -> None:
    """Place one hand or both on the hips."""
    weight, _, _ = stage.approach(0.4, 0.7, stays=0.75)
    for side in stage.hands(0.7):
        stage.reach(side, 'hip', weight, OPEN, arc=(0.12, 0.03, 0.0))


def crossing_arms(stage: Stage) -> None:
    """Cross the arms over the chest."""
    weight, _, _ = stage.approach(0.45, 0.75, stays=0.75)
    front = stage.side()
    for side in (0, 1):
        over = (0.0, 0.025, 0.055) if side == front else (0.0, -0.015, 0.0)
        stage.reach(side, 'arm across the chest', weight, RELAXED, arc=(0.0, 0.0, 0.1), shift=over)


def hair(stage: Stage) -> None:
    """Adjust the hair on the side or the top of the head."""
    touch(stage, ('hair on the side', 'hair on top'), RELAXED, (0, 0.3, -1), 1.0, 0.03, (0.9, 1.8))


def hindbrain(stage: Stage) -> None:
    """Touch the back of the head."""
    side, weight = touch(stage, ('hindbrain',), RELAXED, (0, 1, 0), amplitude=0.018)
    stage.controls.head[:, 1] += 0.15 * weight
    stage.controls.shoulders[:, side, 0] += 0.04 * weight


def forehead(stage: Stage) -> None:
    """Touch or scratch the forehead."""
    touch(stage, ('forehead',), (0.4, 0.15, 0.25, 0.4, 0.5), (1, 0, 0))


def face(stage: Stage) -> None:
    """Touch a cheek."""
    touch(stage, ('cheek',), RELAXED, (0, 1, 0))


def rubbing_eyes(stage: Stage) -> None:
    """Rub one eye or both."""
    weight, arrival, departure = stage.approach(stays=0.4)
    rub = stage.repeat(2.0, 3.4, 2, arrival, departure) * 0.013
    for side in stage.hands(0.4):
        grip = (0.6, 0.45, 0.8, 0.9, 0.9)
        stage.reach(side, 'eye', weight, grip, offset=along((1, 0.2, 0), rub))
    stage.controls.head[:, 1] += 0.1 * weight


def nose(stage: Stage) -> None:
    """Touch the nose."""
    touch(stage, ('nose',), (0.5, 0.15, 0.85, 0.95, 0.95), (1, 0, 0), amplitude=0.01)


def ears(stage: Stage) -> None:
    """Touch or rub an ear."""
    touch(stage, ('ear',), (0.3, 0.3, 0.6, 0.8, 0.8), (0, 1, 0), amplitude=0.015)


def covering_face(stage: Stage) -> None:
    """Cover the face above the mouth with one hand or both."""
    weight, _, _ = stage.approach(0.4, 0.65, stays=0.5)
    for side in stage.hands(0.75):
        stage.reach(side, 'face', weight, OPEN)
    stage.controls.head[:, 1] += 0.2 * weight


def covering_mouth(stage: Stage) -> None:
    """Cover the mouth with a hand."""
    side = stage.hand()
    weight, _, _ = stage.approach(stays=0.5)
    stage.reach(side, 'mouth', weight, (0.2, 0.15, 0.15, 0.15, 0.15))


def pushing_glasses(stage: Stage) -> None:
    """Push the glasses up at the bridge or the rim."""
    stage.parameters['glasses'] = True
    side = stage.hand()
    weight, arrival, departure = stage.approach(stays=0.15)
    push = abs(stage.repeat(0.6, 1.2, 1, arrival, departure)) * 0.014
    place = stage.choose('place', ('bridge of the glasses', 'rim of the glasses'))
    stage.reach(side, place, weight, POINTING, offset=along((0, 1, 0), push))


def patting_legs(stage: Stage) -> None:
    """Pat the leg repeatedly with a hand."""
    for side in stage.hands(0.3):
        weight, arrival, departure = stage.approach(0.2, 0.35, stays=0.8)
        departure = min(departure, stage.end)
        height = stage.taps(1.7, 3.0, arrival, departure) * stage.uniform('amplitude', 0.05, 0.09)
        position = stage.uniform('along', -0.06, 0.08)
        stage.reach(side, 'thigh', weight, OPEN, (0, 0.05, 0.0), along((0, 1, 0), height), (0, 0, position))


def touching_legs(stage: Stage) -> None:
    """Touch the leg with a hand and rub along it."""
    side = stage.hand()
    weight, arrival, departure = stage.approach(0.2, 0.4, stays=0.8)
    departure = min(departure, stage.end)
    rub = stage.repeat(0.7, 1.6, 1, arrival, departure) * stage.uniform('amplitude', 0.05, 0.085)
    place = stage.choose('place', ('thigh', 'thigh', 'other thigh'))
    stage.reach(side, place, weight, OPEN, (0, 0.05, 0.0), along((0, 0, 1), rub))
    if place == 'other thigh':
        stage.controls.torso[:, 1] += 0.14 * weight
        stage.controls.torso[:, 0] += 0.1 * weight * (1 - 2 * side)


def _bend_down(stage: Stage, side: int, weight: np.ndarray, pitch: float) -> None:
    """Lean forward and towards the leg that the hand reaches for."""
    stage.controls.torso[:, 1] += weight * (pitch - stage.controls.torso[:, 1])
    stage.controls.torso[:, 2] += weight * 0.12 * (1 - 2 * side)
    stage.controls.head[:, 1] += 0.2 * weight


def scratching_legs(stage: Stage) -> None:
    """Scratch the calf."""
    side, weight = touch(stage, ('calf',), RELAXED, (0, 0, 1), 1.0, 0.022)
    _bend_down(stage, side, weight, 0.8)


def scratching_feet(stage: Stage) -> None:
    """Scratch a foot."""
    side, weight = touch(stage, ('foot',), RELAXED, (0, 0, 1), 1.0, 0.02)
    _bend_down(stage, side, weight, 1.14)
    # The foot moves towards the hand.
    balls = stage.controls.balls[:, side]
    goal = balls * [1, 1, 0] + [0, 0.11, 0.46]
    balls += weight[:, None] * (goal - balls)


MOTIONS = {
    'scratching or touching neck': neck,
    'scratching or touching chest': chest,
    'scratching or touching back': back,
    'scratching or touching shoulder': shoulder,
    'arms akimbo': arms_akimbo,
    'crossing arms': crossing_arms,
    'playing or tidying hair': hair,
    'scratching or touching hindbrain': hindbrain,
    'scratching or touching forehead': forehead,
    'scratching or touching face': face,
    'rubbing eyes': rubbing_eyes,
    'touching nose': nose,
    'touching ears': ears,
    'covering face': covering_face,
    'covering mouth': covering_mouth,
    'pushing glasses': pushing_glasses,
    'patting legs': patting_legs,
    'touching legs': touching_legs,
    'scratching legs': scratching_legs,
    'scratching feet': scratching_feet,
}
