"""The bones of thumb and fingers, bent and spread by the controls."""

import numpy as np

from .geometry import rotate, rotation
from .skeleton import SIDES, Controls, Proportions, Skeleton

# Thumb and fingers: position of the base across and along the hand, length (metres), angle when spread (radians).
_FINGERS = (
    (0.028, 0.025, 0.062, 0.85),
    (0.027, 0.083, 0.076, 0.22),
    (0.009, 0.086, 0.082, 0.05),
    (-0.009, 0.084, 0.077, -0.1),
    (-0.027, 0.078, 0.062, -0.25),
)


def finger_joints(skeleton: Skeleton, controls: Controls, proportions: Proportions, side: int) -> np.ndarray:
    """Compute the joints of thumb and fingers of one hand. Each has two bones.

    Args:
        skeleton (Skeleton): Joints over T frames.
        controls (Controls): Controls over T frames, from which the fingers are bent.
        proportions (Proportions): Body lengths of the subject.
        side (int): Side of the hand: 0 right, 1 left.

    Returns:
        np.ndarray: Knuckle, middle joint and tip of the thumb to the little finger in metres, shape (T, 5, 3, 3).
    """
    s, stretch = proportions.scale, proportions.hand / 0.17
    wrist = skeleton.joints['wrists'][:, side]
    turn = skeleton.hand_frames[:, side]
    # The thumb of the left hand is on its -x side when the fingers point forward and the palm down.
    mirror = -SIDES[side]
    fingers = []
    for k, (across, start, length, angle) in enumerate(_FINGERS):
        curl = np.clip(controls.fingers[:, side, k], -0.1, 1.0)
        spread = angle * (0.35 + controls.spread[:, side] if k else np.ones_like(curl)) * mirror
        first, second = (1.25 * curl, 2.9 * curl) if k else (0.5 * curl, 1.2 * curl)
        base = np.array([across * mirror, 0.0, start * stretch]) * s
        knuckle = wrist + rotate(turn, base)
        bone = np.array([0.0, 0.0, 0.52 * length * stretch * s])
        joint = knuckle + rotate(turn, rotate(rotation(spread, first), bone))
        tip = joint + rotate(turn, rotate(rotation(spread, second), bone * 0.9))
        fingers.append(np.stack([knuckle, joint, tip], 1))
    return np.stack(fingers, 1)
