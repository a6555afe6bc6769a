"""Draws hair and beards, in the frame of the head. ``face`` draws the rest of the head."""

from collections.abc import Callable

import numpy as np

from mmaction_microaction.synthetic.person.skeleton import SIDES
from mmaction_microaction.synthetic.person.subject import Subject

from .canvas import Painter

_SHADES = ((1.0, 0.0, 0.85), (0.8, 0.12, 1.08), (0.58, 0.2, 1.22), (0.34, 0.3, 1.36))
# Length below the ears and half width of the hair behind the neck, in metres.
_LONG = {'medium': (-0.125, 0.084), 'long': (-0.235, 0.098)}


def sphere(rows: int, columns: int) -> np.ndarray:
    """Return points on the unit sphere, shape (rows * columns, 3)."""
    up = np.linspace(-0.98, 0.98, rows)
    turn = np.arange(columns) * 2 * np.pi / columns
    ring = np.sqrt(1 - up**2)
    points = [np.stack([r * np.sin(turn), np.full(columns, y), r * np.cos(turn)], -1) for r, y in zip(ring, up)]
    return np.concatenate(points)


_BALL = sphere(9, 14)
_SCALP = _BALL * [0.087, 0.107, 0.102]
_SCALP = _SCALP[_SCALP[:, 1] > -0.067]
_SCALP_CENTER = np.array([0.0, 0.022, -0.009])
# The beard covers the cheeks below the ears and the chin.
_BEARD = np.array(
    [
        (side * x, y, z)
        for side in SIDES
        for x, y, z in (
            (0.071, -0.032, 0.030), (0.066, -0.060, 0.040), (0.050, -0.100, 0.056), (0.024, -0.126, 0.074),
            (0.030, -0.056, 0.088), (0.050, -0.050, 0.070),
        )
    ]
)  # fmt: skip


def blend(color: tuple[int, int, int], other: tuple[int, int, int], share: float) -> tuple[int, int, int]:
    """Return a colour with a share, from 0 to 1, of another colour."""
    return tuple(round(c + share * (o - c)) for c, o in zip(color, other))


def draw_hair(
    painter: Painter,
    place: Callable[[np.ndarray], np.ndarray],
    sees_front: np.ndarray,
    subject: Subject,
    depth: np.ndarray,
    neck_depth: np.ndarray,
) -> None:
    """Add the hair of the head.

    Args:
        painter (Painter): Painter that collects the shapes.
        place (Callable[[np.ndarray], np.ndarray]): Function that places points of the frame of the head, shape (n, 3),
            in every frame, shape (T, n, 3).
        sees_front (np.ndarray): Whether the camera sees the forehead, shape (T,).
        subject (Subject): Appearance of the subject.
        depth (np.ndarray): Depth of the head in the drawing order in metres, shape (T,).
        neck_depth (np.ndarray): Depth of the neck or of the head, whichever is farther, shape (T,).
    """
    cut = subject.haircut
    if cut in _LONG:
        _hair_behind_the_neck(painter, place, subject, *_LONG[cut], neck_depth)
    if cut == 'bald':
        return
    color, volume = subject.hair, subject.hair_volume
    if cut == 'buzzed':
        color, volume = blend(subject.hair, subject.skin, 0.35), 0.95
    elif cut == 'curly':
        volume += 0.10
    if cut == 'bun':
        painter.hull(place(_BALL * 0.04 + [0.0, 0.125, -0.05]), color, depth + 0.02, _SHADES)
    # Volume is on top and at the sides. The nape does not move.
    painter.hull(place(_SCALP * [volume, volume, 1.0] + _SCALP_CENTER), color, depth - 0.001, _SHADES)
    if cut == 'fringe' or (cut in ('medium', 'curly') and subject.hairline < 0.5):
        painter.polygon(place(_fringe(subject)), color, 0, sees_front, depth - 0.0057, convex=False)


def _fringe(subject: Subject) -> np.ndarray:
    """Return the outline of a fringe on the forehead, with an uneven lower edge, shape (n, 3)."""
    rng = np.random.default_rng([subject.cloth_seed, 1])
    x = np.linspace(-0.072, 0.072, 11)
    low = 0.055 - 0.022 * (1.0 - subject.hairline) + rng.uniform(-0.25, 0.25) * x + rng.uniform(-0.009, 0.006, 11)
    low[[0, -1]] = 0.018
    x, y = np.concatenate([x, [0.055, 0.03, -0.03, -0.055]]), np.concatenate([low, [0.08, 0.1, 0.1, 0.08]])
    z = 0.098 * np.sqrt(np.maximum(1.0 - (x / 0.085) ** 2 - ((y - 0.022) / 0.105) ** 2, 0.0)) - 0.004
    return np.stack([x, y, z], -1)


def _hair_behind_the_neck(
    painter: Painter,
    place: Callable[[np.ndarray], np.ndarray],
    subject: Subject,
    length: float,
    width: float,
    neck_depth: np.ndarray,
) -> None:
    """Add the hair below the ears, behind neck and shoulders, and two locks in front of them if it is long."""
    width *= subject.hair_volume
    # The outline widens from the temples and has a round end.
    outline = ((0.080, 0.03), (0.5 * (0.080 + width), 0.45 * length), (width, 0.88 * length), (0.7 * width, length))
    points = [(side * x, y, z) for side in SIDES for x, y in outline for z in (-0.085, -0.02)]
    painter.hull(place(points), subject.hair, neck_depth + 0.075, _SHADES[:2])
    if subject.haircut != 'long' or subject.hairline < 0.4:
        return
    for side in SIDES:
        ends = place([(side * 0.079, 0.0, 0.02), (side * 0.088, 0.9 * length, 0.03)])
        painter.limb(
            ends[:, 0], ends[:, 1], 0.016, 0.024, subject.hair, 1, shades=_SHADES[:2], depth=neck_depth + 0.005
        )


def draw_beard(
    painter: Painter,
    place: Callable[[np.ndarray], np.ndarray],
    sees_front: np.ndarray,
    subject: Subject,
    depth: np.ndarray,
) -> None:
    """Add the beard. The arguments are those of :func:`draw_hair`."""
    if subject.beard in ('stubble', 'full'):
        share, size = (0.28, 0.97) if subject.beard == 'stubble' else (0.9, 1.05)
        color = blend(subject.skin, subject.hair, share)
        # A hull at infinity is hidden.
        seen = np.where(sees_front, depth - 0.0025, np.inf)
        painter.hull(place(_BEARD * size), color, seen, ((1.0, 0.0, 0.92), (0.7, 0.1, 1.04)))
    if subject.beard in ('moustache', 'full'):
        color = blend(subject.skin, subject.hair, 0.9)
        points = [(-0.030, -0.063, 0.080), (0.0, -0.049, 0.092), (0.030, -0.063, 0.080), (0.0, -0.061, 0.092)]
        painter.polygon(place(np.array(points)), color, 0, sees_front, depth - 0.0028, convex=False)
