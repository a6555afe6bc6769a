"""Motions of the upper limb (C): arms, hands and fingers."""

import numpy as np

from mmaction_microaction.synthetic.person.curves import pulse, wander
from mmaction_microaction.synthetic.person.posture import EXTENSION_CHANGE, draw_extension

from .stage import FIST, OPEN, POINTING, RELAXED, Stage, along


def scratching_arms(stage: Stage) -> None:
    """Scratch one arm with the other hand."""
    side = stage.hand()
    weight, arrival, departure = stage.approach()
    place = stage.choose('place', ('other forearm', 'other upper arm'))
    scratch = stage.repeat(2.2, 4.0, 2, arrival, departure) * 0.028
    stage.reach(side, place, weight, RELAXED, offset=along((0, 0, 1), scratch))
    # The scratched arm moves towards the hand.
    stage.reach(1 - side, 'front', 0.8 * weight, shift=(0.02, 0.02, -0.02))


def playing_objects(stage: Stage) -> None:
    """Turn an object over in both hands."""
    weight, arrival, departure = stage.approach(stays=0.8)
    stage.parameters['object'] = True
    turn = stage.repeat(1.0, 2.2, 1.5, arrival, departure)
    for side in (0, 1):
        offset = along((0.012, (1 - 2 * side) * 0.02, 0.008), turn)
        stage.reach(side, 'object', weight, (0.4, 0.55, 0.6, 0.65, 0.7), offset=offset)
        stage.controls.fingers[:, side, 1:3] += (0.25 * turn * (1 - 2 * side))[:, None]


def putting_hands_together(stage: Stage) -> None:
    """Bring the palms together."""
    weight, _, _ = stage.approach(0.4, 0.7, stays=0.7)
    height = stage.uniform('height', 0.0, 0.13)
    for side in (0, 1):
        stage.reach(side, 'meeting point', weight, OPEN, shift=(0.0, height, 0.0), arc=(0.05, 0.03, 0.05))
        stage.controls.spread[:, side] *= 1 - weight


def rubbing_hands(stage: Stage) -> None:
    """Rub the hands against each other."""
    weight, arrival, departure = stage.approach(stays=0.6)
    height = stage.uniform('height', 0.0, 0.13)
    rub = stage.repeat(1.8, 3.2, 2, arrival, departure) * stage.uniform('amplitude', 0.03, 0.045)
    for side in (0, 1):
        offset = along((0.0, 0.3, 0.95), rub * (1 - 2 * side))
        stage.reach(side, 'meeting point', weight, OPEN, (0.03, 0.03, 0.05), offset, (0.0, height, 0.0))
        stage.controls.spread[:, side] *= 1 - weight


def pointing_oneself(stage: Stage) -> None:
    """Point at the own chest with the index finger."""
    side = stage.hand()
    weight, arrival, departure = stage.approach(stays=0.4)
    jab = -0.5 * abs(stage.repeat(0.7, 1.4, 1, arrival, departure)) * stage.uniform('amplitude', 0.05, 0.09)
    stage.reach(side, 'towards the chest', weight, POINTING, offset=along((0, 0, 1), jab))


def clenching_fist(stage: Stage) -> None:
    """Bend the fingers into a fist, once or twice."""
    for side in stage.hands(0.4):
        lift = stage.move(0.5)
        count = stage.choose('count', (1, 2)) if stage.length > 1.1 else 1
        tight = stage.uniform('amplitude', 0.8, 1.0)
        squeeze = np.zeros_like(stage.times)
        for i in range(count):
            start = stage.start + i * stage.length / count
            length = stage.length / count
            squeeze += pulse(stage.times, start, start + 0.35 * length, start + 0.75 * length, start + length)
        stage.grip(side, OPEN, lift)
        stage.grip(side, FIST, tight * squeeze)
        stage.reach(side, 'front', 0.75 * lift, arc=(0, 0.02, 0.02))


def stretching_arms(stage: Stage) -> None:
    """Extend the arms forward or sideways, from the resting place or further."""
    _extend_arms(stage, 1)


def retracting_arms(stage: Stage) -> None:
    """Draw extended arms back, or draw the hands back along the thighs to the body."""
    _extend_arms(stage, -1)


def _extend_arms(stage: Stage, sign: int) -> None:
    """Extend arms (sign 1) or retract them (sign -1)."""
    progress = stage.move(0.9)
    shift = draw_extension(stage.uniform)
    for side in stage.hands(0.35):
        change = stage.uniform('amplitude', *EXTENSION_CHANGE)
        extent = stage.uniform('extent', 0.7, 1.0)
        extension = stage.controls.hands[side][1:]
        if extension and side not in stage.busy_hands:
            # The posture extends this arm: it goes on in the same direction, or back.
            extension[0].weight = extension[0].weight + sign * change * progress
            stage.moved_hands.add(side)
        elif sign > 0:
            stage.reach(side, 'front', extent * progress, shift=shift)
        else:
            stage.reach(side, 'drawn back', extent * progress, arc=(0.03, 0.03, 0.0))


def waving(stage: Stage) -> None:
    """Wave with a raised hand."""
    side = stage.hand()
    weight, arrival, departure = stage.approach(stays=0.3)
    wave = stage.repeat(1.6, 2.8, 2, arrival - 0.1, departure + 0.1) * stage.uniform('amplitude', 0.05, 0.09)
    height = stage.uniform('height', -0.12, 0.1)
    stage.reach(side, 'beside the shoulder', weight, OPEN, offset=along((1, 0, 0), wave), shift=(0, height, 0))
    stage.controls.spread[:, side] += 0.4 * weight


def spreading_hands(stage: Stage) -> None:
    """Open the hands with the palms up and move them apart."""
    weight, _, _ = stage.approach(stays=0.4)
    for side in stage.hands(0.7):
        height, outward = stage.uniform('height', -0.03, 0.06), stage.uniform('outward', -0.04, 0.04)
        stage.reach(side, 'open hand', weight, OPEN, (0, 0.05, 0.05), shift=(outward, height, 0))
        stage.controls.spread[:, side] += 0.6 * weight


def hands_touching_fingers(stage: Stage) -> None:
    """Interlace the fingers of both hands."""
    weight, arrival, departure = stage.approach(stays=0.75)
    height = stage.uniform('height', -0.06, 0.04)
    fidget = stage.repeat(0.6, 1.4, 1, arrival, departure) * 0.006
    for side in (0, 1):
        # The left hand is half a finger higher, so that the fingers do not intersect.
        shift = (0.0, height + 0.01 * side, 0.006 * side)
        bent = (0.3, 0.42, 0.42, 0.42, 0.42)
        offset = along((0, 1, 0), fidget)
        stage.reach(side, 'interlaced fingers', weight, bent, (0.06, 0.03, 0.04), offset, shift)


def other_finger_movements(stage: Stage) -> None:
    """Tap or wiggle single fingers while the hand rests."""
    for side in stage.hands(0.4):
        chosen = stage.choose('fingers', ((1,), (1, 2), (1, 2, 3, 4), (0, 1)))
        for finger in chosen:
            bend = stage.repeat(1.8, 3.2, 2)
            stage.controls.fingers[:, side, finger] += 0.5 * bend * stage.uniform('amplitude', 0.6, 1.0)
        lifted = pulse(stage.times, stage.start, stage.start + 0.2, stage.end - 0.2, stage.end)
        stage.reach(side, 'front', 0.2 * lifted, arc=(0, 0, 0))


def illustrative_gestures(stage: Stage) -> None:
    """Gesture with one arm or both, as when speaking."""
    for side in stage.hands(0.3):
        weight, arrival, departure = stage.approach(stays=0.35)
        active = pulse(stage.times, arrival - 0.1, arrival + 0.1, departure - 0.1, departure + 0.1)
        drift = np.stack([wander(stage.times, stage.rng, 1.8) for _ in range(3)], -1)
        offset = drift * active[:, None] * np.array([0.05, 0.05, 0.035])
        stage.reach(side, 'gesture', weight, RELAXED, offset=offset)
        stage.controls.fingers[:, side] += (0.15 * wander(stage.times, stage.rng, 1.5) * active)[:, None]


MOTIONS = {
    'scratching arms': scratching_arms,
    'playing objects': playing_objects,
    'putting hands together': putting_hands_together,
    'rubbing hands': rubbing_hands,
    'pointing oneself': pointing_oneself,
    'clenching fist': clenching_fist,
    'stretching arms': stretching_arms,
    'retracting arms': retracting_arms,
    'waving': waving,
    'spreading hands': spreading_hands,
    'hands touching fingers': hands_touching_fingers,
    'other finger movements': other_finger_movements,
    'illustrative gestures': illustrative_gestures,
}
