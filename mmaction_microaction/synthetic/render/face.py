"""Draws the head: skull, ears, eyes, eyebrows, nose, mouth and glasses. ``hair`` draws hair and beard."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from mmaction_microaction.synthetic.person.geometry import rotate
from mmaction_microaction.synthetic.person.skeleton import SIDES, Proportions, Skeleton
from mmaction_microaction.synthetic.person.subject import Subject

from .canvas import Painter, tone
from .hair import blend, draw_beard, draw_hair, sphere

_SHADES = ((1.0, 0.0, 0.84), (0.90, 0.04, 0.92), (0.74, 0.09, 0.99), (0.5, 0.16, 1.04))


# Ellipsoids in the frame of the head, in metres. The origin is between the ears, and the face looks along +z.
_BALL = sphere(9, 14)
_CRANIUM = _BALL * [0.079, 0.097, 0.093] + [0.0, 0.022, -0.006]
_JAW = _BALL * [0.060, 0.064, 0.058] + [0.0, -0.058, 0.024]
_SKULL = np.concatenate([_CRANIUM, _JAW])
_FINE = sphere(19, 24)
# A plane separates the face, at the front of the skull, from the hair.
_FOREHEAD = np.array([0.0, -0.45, 0.893])
_HEIGHT = (_FINE * _FOREHEAD).sum(-1)
_FACE = _FINE[_HEIGHT > 0.20]
_FACE_POINTS = np.concatenate([_FACE * [0.0805, 0.099, 0.095] + [0.0, 0.022, -0.006], _JAW[_JAW[:, 2] > 0.0]])
_FACE_NORMALS = np.concatenate([_FACE, ((_JAW - [0.0, -0.058, 0.024]) / [0.060, 0.064, 0.058])[_JAW[:, 2] > 0.0]])
_FACE_HEIGHTS = np.concatenate([_HEIGHT[_HEIGHT > 0.20], np.ones((_JAW[:, 2] > 0.0).sum())])
# What landmarks and drawing share: the tip of the nose, and the left eye's centre, half width and half height.
_NOSE = (0.0, -0.030, 0.112)
_EYE, _EYE_SIZE = (0.032, 0.004, 0.084), (0.0165, 0.0076)
_EAR = (0.081, -0.008, -0.006)
_MOUTH_CORNER = (0.024, -0.068, 0.0785)


def _oval(
    center: tuple[float, float, float], half_width: float, half_height: float, corners: int = 10, tilt: float = 0.0
) -> np.ndarray:
    """Return an oval in the frame of the head, shape (corners, 3). Its sides are bent back around the face."""
    angle = np.arange(corners) * 2 * np.pi / corners
    x, y = half_width * np.cos(angle), half_height * np.sin(angle)
    points = np.stack([x, y + tilt * x, np.zeros(corners)], -1) + center
    points[:, 2] -= 4.0 * (points[:, 0] ** 2 - center[0] ** 2)
    return points


def _on_side(left: tuple[float, float, float], side: float) -> tuple[float, float, float]:
    """Return a point of the left half of the face, or its mirror image, for `side` 1 or -1."""
    return (side * left[0], *left[1:])


class Expression(NamedTuple):
    """Facial expression over T frames. Each field has shape (T,), is 0 at rest and about 1 or -1 at most."""

    brows: np.ndarray
    """Height of the eyebrows: positive if raised, negative if lowered."""
    slant: np.ndarray
    """Height of the inner ends of the eyebrows: positive if raised, negative if lowered."""
    eyes: np.ndarray
    """Opening of the eyes: positive if wide open, negative if narrowed."""
    corners: np.ndarray
    """Height of the corners of the mouth: positive if raised, negative if lowered."""
    opening: np.ndarray
    """Opening of the mouth: positive if open."""
    width: np.ndarray
    """Width of the mouth: positive if wide, negative if narrow."""


_AT_REST = Expression(*np.zeros((6, 1)))


def face_points(skeleton: Skeleton, proportions: Proportions) -> np.ndarray:
    """Return points on the face, from the hair to the chin.

    Args:
        skeleton (Skeleton): Joints over T frames.
        proportions (Proportions): Body lengths of the subject.

    Returns:
        np.ndarray: Points in metres, shape (T, n, 3).
    """
    head, turn = skeleton.part_frames['head']
    points = _FACE_POINTS[_FACE_HEIGHTS > 0.30]
    return head[:, None] + rotate(turn[:, None], points * (proportions.head * proportions.scale))


def face_landmarks(
    skeleton: Skeleton, proportions: Proportions, expression: Expression | None = None
) -> dict[str, np.ndarray]:
    """Return the tip of the nose, the eyes with their corners, the ears and the corners of the mouth.

    Args:
        skeleton (Skeleton): Joints over T frames.
        proportions (Proportions): Body lengths of the subject.
        expression (Expression, optional): Facial expression over T frames. Defaults to None: a face at rest.

    Returns:
        dict[str, np.ndarray]: Points in metres by their names in :data:`.BLAZEPOSE33`, shape (T, 3).
    """
    head, turn = skeleton.part_frames['head']
    points = {'nose': np.array([_NOSE])}
    for name, side in zip(('right', 'left'), SIDES):
        eye = _oval(_on_side(_EYE, side), *_EYE_SIZE)
        left, right = eye[5], eye[0]  # as the image shows them
        inner, outer = (left, right) if side > 0 else (right, left)
        for part, point in (('_inner', inner), ('', _on_side(_EYE, side)), ('_outer', outer)):
            points[f'{name}_eye{part}'] = np.array([point])
        points[f'{name}_ear'] = np.array([_on_side(_EAR, side)])
        points[f'{name}_mouth'] = _move_lips([_on_side(_MOUTH_CORNER, side)], expression or _AT_REST)[:, 0]
    size = proportions.head * proportions.scale
    return {name: head + rotate(turn, point * size) for name, point in points.items()}


def draw_head(
    painter: Painter, skeleton: Skeleton, subject: Subject, glasses: bool, expression: Expression | None = None
) -> None:
    """Add the shapes of a head to a painter.

    Args:
        painter (Painter): Painter that collects the shapes.
        skeleton (Skeleton): Joints over T frames.
        subject (Subject): Appearance of the subject.
        glasses (bool): Whether the subject wears glasses.
        expression (Expression, optional): Facial expression over T frames. Defaults to None: a face at rest.
    """
    scale = subject.proportions.scale
    head, turn = skeleton.part_frames['head']
    depth = painter.distance(head) + 0.03
    neck_depth = np.maximum(depth, painter.distance(skeleton.joints['neck']))
    towards_camera = painter.view(head)

    def place(points: np.ndarray) -> np.ndarray:
        return head[:, None] + rotate(turn[:, None], np.asarray(points) * (subject.proportions.head * scale))

    def facing(normal: tuple[float, float, float], minimum: float = 0.08) -> np.ndarray:
        return (rotate(turn, np.array(normal)) * towards_camera).sum(-1) > minimum

    painter.limb(
        skeleton.joints['neck'] - rotate(skeleton.part_frames['chest'][1], np.array([0.0, 0.03, 0.0])),
        skeleton.joints['skull'] + rotate(turn, np.array([0.0, 0.03, 0.0])),
        0.054 * scale,
        0.049 * scale,
        tone(subject.skin, 0.9),
        1,
        depth=neck_depth + 0.004,
    )
    for side in SIDES:
        ear = _BALL * [0.012, 0.030, 0.018] + _on_side(_EAR, side)
        behind = ~facing((side, 0.0, 0.0), 0.0)
        painter.hull(place(ear), subject.skin, depth + np.where(behind, 0.003, -0.006), _SHADES[:2])
    painter.hull(place(_SKULL), subject.skin, depth, _SHADES[:1])
    front = facing((0.0, -0.15, 0.99))
    draw_hair(painter, place, front, subject, depth, neck_depth)
    visible = (rotate(turn[:, None], _FACE_NORMALS) * towards_camera[:, None]).sum(-1) > -0.05
    # A low hairline hides the top of the face.
    visible &= 0.36 - 0.16 * subject.hairline < _FACE_HEIGHTS
    painter.hull(place(_FACE_POINTS), subject.skin, depth - 0.002, _SHADES, visible)
    draw_beard(painter, place, front, subject, depth)
    _features(painter, place, facing, subject, expression or _AT_REST, depth - 0.003)
    if glasses:
        _glasses(painter, place, facing, depth - 0.006)


def draw_face_mask(
    painter: Painter, skeleton: Skeleton, subject: Subject, colors: Sequence[tuple[int, int, int]]
) -> None:
    """Hide the face behind four blocks that are upright in the room, as in anonymised videos.

    Args:
        painter (Painter): Painter that collects the shapes.
        skeleton (Skeleton): Joints over T frames.
        subject (Subject): Appearance of the subject.
        colors (Sequence[tuple[int, int, int]]): RGB colour that is mixed with the skin in each block.
    """
    head, turn = skeleton.part_frames['head']
    size = subject.proportions.head * subject.proportions.scale
    center = head[:, None] + rotate(turn, np.array([0.0, -0.015, 0.08]) * size)[:, None]
    depth = painter.distance(head) + 0.021
    for color, (x, y) in zip(colors, ((-0.075, 0.0), (0.0, 0.0), (-0.075, -0.065), (0.0, -0.065))):
        block = np.array([(x, y, 0.0), (x + 0.075, y, 0.0), (x + 0.075, y + 0.065, 0.0), (x, y + 0.065, 0.0)])
        # A mosaic has the colours of the face.
        painter.polygon(center + block * size, blend(subject.skin, color, 0.45), depth=depth)


def _lifted(points: np.ndarray, up: np.ndarray, along: np.ndarray | float = 0.0) -> np.ndarray:
    """Return points, shape (n, 3), moved up and along x by displacements of shape (T, n), as shape (T, n, 3)."""
    moved = np.repeat(np.asarray(points)[None], len(up), 0)
    moved[..., 1] += up
    moved[..., 0] += along
    return moved


def _features(
    painter: Painter,
    place: Callable[[np.ndarray], np.ndarray],
    facing: Callable[..., np.ndarray],
    subject: Subject,
    expression: Expression,
    depth: np.ndarray,
) -> None:
    """Add eyes, eyebrows, nose and mouth. Each is hidden where it faces away from the camera."""
    shade = tone(subject.skin, 0.72)
    brows, slant, eyes = (amount[:, None] for amount in expression[:3])
    for side in SIDES:
        sees = facing((0.36 * side, 0.0, 0.93))
        eye = _oval(_on_side(_EYE, side), *_EYE_SIZE)
        eye = _lifted(eye, 0.65 * eyes * (eye[:, 1] - _EYE[1]))
        painter.polygon(place(eye), (216, 212, 206), 0, sees, depth)
        iris = _oval((side * 0.0315, 0.003, 0.0855), 0.0078, 0.0073)
        # Narrowed eyes cover the iris from above and below. Wide eyes do not show more of it.
        iris = _lifted(iris, 0.65 * np.minimum(eyes, 0) * (iris[:, 1] - 0.003))
        painter.polygon(place(iris), (34, 24, 20), 0, sees, depth - 1e-3)
        brow = [(side * 0.015, 0.023, 0.090), (side * 0.033, 0.029, 0.083), (side * 0.052, 0.022, 0.070)]
        thick = [(x, y - 0.0065 * subject.brows, z) for x, y, z in reversed(brow)]
        brow = np.array(brow + thick)
        inward = (0.0335 - abs(brow[:, 0])) / 0.0185
        brow = _lifted(brow, 0.013 * brows + 0.011 * slant * inward)
        painter.polygon(place(brow), tone(subject.hair, 0.8), 0, sees, depth, convex=False)
        # The side of the nose away from the light is darker.
        wall = [(0.0, 0.008, 0.092), _NOSE, (side * 0.018, -0.040, 0.088), (side * 0.010, -0.01, 0.088)]
        lit = tone(subject.skin, 1.06 if side < 0 else 0.80)
        nose = facing((0.75 * side, -0.1, 0.65), 0.0)
        painter.polygon(place(wall), lit, 0, nose, depth - (2e-3 if side < 0 else 1.5e-3))
    front = facing((0.0, -0.15, 0.99))
    nostrils = [(0.0, -0.031, 0.111), (0.017, -0.041, 0.088), (-0.017, -0.041, 0.088)]
    painter.polygon(place(nostrils), shade, 0, front, depth - 2.5e-3)
    _mouth(painter, place, subject, expression, front, depth)


def _move_lips(points: np.ndarray, expression: Expression, parted: np.ndarray | float = 0.0) -> np.ndarray:
    """Return points on the lips, shape (n, 3), moved by an expression and up by `parted`, as shape (T, n, 3)."""
    corners, _, width = (amount[:, None] for amount in expression[3:])
    points = np.asarray(points)
    across = (points[:, 0] / 0.024) ** 2 - 0.35
    return _lifted(points, 0.016 * corners * across + parted, 0.4 * width * points[:, 0])


def _mouth(
    painter: Painter,
    place: Callable[[np.ndarray], np.ndarray],
    subject: Subject,
    expression: Expression,
    front: np.ndarray,
    depth: np.ndarray,
) -> None:
    """Add the lips, the line between them and, in an open mouth, the inside."""
    opening = expression.opening[:, None]
    middle = -0.069
    lips = tuple(int(0.62 * c + 0.38 * r) for c, r in zip(tone(subject.skin, 0.85), (150, 40, 44)))
    outline = _oval((0.0, middle, 0.081), 0.024, 0.0085)
    outline = _move_lips(outline, expression, 1.4 * opening * (outline[:, 1] - middle))
    painter.polygon(place(outline), lips, 0, front, depth, convex=expression is _AT_REST)
    line = [_on_side(_MOUTH_CORNER, -1), _MOUTH_CORNER, (0.0, -0.0715, 0.083)]
    line = _move_lips(line, expression)
    painter.polygon(place(line), tone(lips, 0.55), 0, front, depth - 1e-3, convex=expression is _AT_REST)
    if expression is not _AT_REST:
        inside = _oval((0.0, middle, 0.082), 0.0185, 0.0148)
        inside = _move_lips(inside, expression, (opening - 1.0) * (inside[:, 1] - middle))
        parted = front & (opening[:, 0] > 0.12)
        painter.polygon(place(inside), (62, 22, 24), 0, parted, depth - 1.2e-3, convex=False)


def _glasses(
    painter: Painter, place: Callable[[np.ndarray], np.ndarray], facing: Callable[..., np.ndarray], depth: np.ndarray
) -> None:
    """Add dark glasses frames: two rims, a bridge and two temples."""
    color = (52, 44, 44)
    for side in SIDES:
        sees = facing((0.3 * side, 0.0, 0.95))
        outer = _oval((side * 0.034, 0.0, 0.094), 0.0255, 0.0195, 14)
        inner = _oval((side * 0.034, 0.0, 0.094), 0.0222, 0.0165, 14)
        # A rim is the band between two ovals. It is one outline: once around outside, and back inside.
        band = np.concatenate([outer, outer[:1], inner[:1], inner[::-1]])
        painter.polygon(place(band), color, 0, sees, depth, convex=False)
        temple = [
            (side * 0.058, 0.004, 0.084),
            (side * 0.083, 0.004, 0.0),
            (side * 0.083, -0.002, 0.0),
            (side * 0.058, -0.002, 0.084),
        ]
        painter.polygon(place(temple), color, 0, facing((side, 0.0, 0.25), 0.0), depth)
    bridge = [(-0.010, 0.006, 0.099), (0.010, 0.006, 0.099), (0.010, 0.001, 0.099), (-0.010, 0.001, 0.099)]
    painter.polygon(place(bridge), color, 0, facing((0.0, 0.0, 1.0)), depth)
