"""Places on the body that a hand can touch, with the direction of the hand at each place.

The table is for the left hand. It is mirrored for the right hand.
"""

from typing import NamedTuple

import numpy as np

from .skeleton import SIDES, Contact, Proportions

ELBOW_DOWN = (0.55, -1.0, -0.25)
ELBOW_RESTING = (0.5, -0.4, -0.8)
ELBOW_SIDE = (0.9, -0.9, -0.1)
ELBOW_OUT = (1.0, -0.5, -0.15)
ELBOW_UP = (1.0, 0.15, 0.1)
ELBOW_BACK = (0.8, -0.3, -0.7)
ELBOW_REACHING = (0.7, 0.3, -0.5)


class _Place(NamedTuple):
    """A ``Contact`` of the left hand of an average person."""

    part: str
    """Body part. ``own`` is the side of the hand, ``other`` the opposite side."""
    point: tuple[float, float, float]
    fingers: tuple[float, float, float]
    palm: tuple[float, float, float]
    elbow: tuple[float, float, float] = ELBOW_DOWN
    grip: float = 0.93


_PLACES = {
    # resting places
    'thigh': _Place('thigh-own', (0.0, 0.072, 0.26), (-0.25, 0.0, 1.0), (0, -1, 0), ELBOW_RESTING, 0.5),
    'lap': _Place('pelvis', (0.0, 0.082, 0.23), (-0.7, -0.35, 0.6), (-0.3, -1, 0), ELBOW_RESTING, 0.7),
    'stool': _Place('pelvis', (0.225, -0.10, 0.03), (0.0, -1.0, 0.2), (-1, 0, 0), ELBOW_RESTING, 0.5),
    'front': _Place('chest', (0.10, -0.36, 0.27), (-0.35, 0.25, 1.0), (-0.7, -0.7, 0), ELBOW_DOWN, 0.5),
    # upper limb
    'meeting point': _Place('chest', (0.012, -0.36, 0.25), (-0.30, 0.35, 0.9), (-1, 0, 0.1), ELBOW_OUT, 0.5),
    'object': _Place('chest', (0.035, -0.36, 0.25), (-0.6, 0.3, 0.7), (-0.6, 0.6, 0), ELBOW_OUT, 0.85),
    'interlaced fingers': _Place('chest', (0.0, -0.37, 0.24), (-0.9, 0.1, 0.4), (0, -0.6, -0.8), ELBOW_OUT, 0.72),
    'other forearm': _Place('forearm-other', (0.0, 0.042, 0.05), (-1, 0.0, 0.1), (0, -1, 0), ELBOW_OUT, 0.75),
    'other upper arm': _Place('upper_arm-other', (0.0, 0.05, 0.19), (-0.9, 0.1, -0.3), (0, -1, 0), ELBOW_DOWN, 0.8),
    'towards the chest': _Place('chest', (0.02, -0.14, 0.20), (-0.45, 0.25, -1), (-0.7, 0, 0.3), ELBOW_OUT, 0.95),
    'beside the shoulder': _Place('chest', (0.30, 0.0, 0.19), (0.1, 1.0, 0.1), (0, 0, 1), ELBOW_DOWN, 0.5),
    'open hand': _Place('chest', (0.26, -0.33, 0.28), (0.45, 0.1, 0.9), (0.2, 1, 0.25), ELBOW_DOWN, 0.5),
    'gesture': _Place('chest', (0.15, -0.26, 0.28), (-0.15, 0.5, 0.8), (-0.9, 0, 0.2), ELBOW_DOWN, 0.5),
    'drawn back': _Place('thigh-own', (0.02, 0.075, 0.08), (-0.1, 0.0, 1.0), (0, -1, 0), ELBOW_BACK, 0.5),
    # body
    'neck': _Place('chest', (0.058, 0.035, 0.01), (-0.45, 0.85, -0.45), (-1, 0, 0), ELBOW_DOWN),
    'chest': _Place('chest', (-0.03, -0.15, 0.118), (-0.95, 0.25, -0.05), (0, 0, -1), ELBOW_OUT, 0.6),
    'back': _Place('chest', (0.09, -0.27, -0.115), (-1, 0.35, -0.1), (0, 0, 1), ELBOW_BACK, 0.6),
    'other shoulder': _Place('chest', (-0.165, -0.005, 0.03), (-0.8, 0.35, -0.45), (0.1, -1, -0.3), ELBOW_DOWN, 0.85),
    'own shoulder': _Place('chest', (0.135, 0.0, 0.03), (-0.25, 0.5, -0.85), (0, -1, -0.3), ELBOW_OUT, 0.95),
    'hip': _Place('pelvis', (0.175, 0.14, 0.02), (-0.35, -0.25, 0.9), (-1, 0.0, -0.2), ELBOW_BACK, 0.45),
    'arm across the chest': _Place('chest', (-0.165, -0.225, 0.14), (-1, 0.15, -0.25), (0.1, 0, -1), ELBOW_OUT, 0.6),
    # head
    'hair on the side': _Place('head', (0.086, 0.06, 0.005), (-0.1, 0.95, -0.25), (-1, 0, 0), ELBOW_OUT),
    'hair on top': _Place('head', (0.035, 0.118, 0.025), (-0.5, 0.45, -0.75), (0, -1, 0), ELBOW_OUT),
    'hindbrain': _Place('head', (0.045, -0.02, -0.095), (-0.9, 0.3, -0.3), (-0.2, 0, 1), ELBOW_UP, 0.8),
    'forehead': _Place('head', (0.015, 0.067, 0.085), (-0.7, 0.7, -0.15), (0, -0.1, -1), ELBOW_OUT),
    'cheek': _Place('head', (0.055, -0.032, 0.066), (-0.15, 0.95, -0.15), (-0.8, 0, -0.6), ELBOW_DOWN),
    'eye': _Place('head', (0.034, 0.005, 0.086), (-0.35, 0.9, -0.2), (-0.2, 0, -1), ELBOW_DOWN),
    'nose': _Place('head', (0.004, -0.03, 0.107), (-0.35, 0.85, -0.3), (-0.3, 0, -1), ELBOW_DOWN),
    'ear': _Place('head', (0.088, -0.008, -0.005), (-0.15, 0.95, -0.25), (-1, 0, 0.2), ELBOW_SIDE),
    'face': _Place('head', (0.034, 0.01, 0.098), (-0.1, 1.0, -0.12), (0, 0, -1), ELBOW_DOWN, 0.6),
    'mouth': _Place('head', (0.0, -0.066, 0.093), (-0.85, 0.5, -0.05), (0, 0, -1), ELBOW_DOWN, 0.65),
    'bridge of the glasses': _Place('head', (0.006, 0.012, 0.103), (-0.2, 0.75, -0.6), (-0.4, 0, -1), ELBOW_DOWN),
    'rim of the glasses': _Place('head', (0.058, 0.008, 0.080), (-0.25, 0.85, -0.4), (-0.9, 0, -0.3), ELBOW_DOWN),
    # legs
    'other thigh': _Place('thigh-other', (0.0, 0.072, 0.21), (-0.6, 0.0, 0.6), (0, -1, 0), ELBOW_OUT, 0.6),
    'calf': _Place('shin-own', (0.022, 0.046, 0.18), (-0.2, -0.15, 1.0), (0, -1, 0), ELBOW_REACHING, 0.85),
    'foot': _Place('foot-own', (0.015, 0.058, -0.03), (-0.2, -0.7, 0.5), (0, -1, -0.3), ELBOW_REACHING, 0.93),
}


def make_contact(place: str, side: int, proportions: Proportions) -> Contact:
    """Return the contact of a hand with a place.

    Args:
        place (str): Name of the place.
        side (int): Side of the hand: 0 right, 1 left.
        proportions (Proportions): Body lengths of the subject.

    Returns:
        Contact: Contact at the subject's scale.
    """
    entry = _PLACES[place]
    part = entry.part.replace('-own', str(side)).replace('-other', str(1 - side))
    mirror = np.array([SIDES[side], 1.0, 1.0])
    scale = np.full(3, proportions.scale)
    if part == 'head':
        scale *= proportions.head
    elif part[:-1] in ('thigh', 'shin', 'upper_arm', 'forearm'):
        scale *= np.array([proportions.girth, proportions.girth, 1.0])
    else:
        scale *= np.array([1.0, 1.0, proportions.girth])
    return Contact(
        part,
        np.array(entry.point) * scale * mirror,
        np.array(entry.fingers) * mirror,
        np.array(entry.palm) * mirror,
        np.array(entry.elbow) * mirror,
        entry.grip,
    )
