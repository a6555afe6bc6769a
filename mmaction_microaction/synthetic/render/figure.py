"""Draws a subject: trunk, limbs, hands, feet and a held object. ``face`` draws the head."""

from collections.abc import Callable, Sequence

import numpy as np

from mmaction_microaction.synthetic.person.fingers import finger_joints
from mmaction_microaction.synthetic.person.geometry import rotate
from mmaction_microaction.synthetic.person.skeleton import SIDES, Controls, Skeleton
from mmaction_microaction.synthetic.person.subject import Subject

from .canvas import Painter, tone
from .cloth import limb_folds, limb_stripes, trunk_folds, trunk_pattern
from .face import Expression, draw_face_mask, draw_head

_ANGLES = np.arange(20) * np.pi / 10
_RING = np.stack([np.cos(_ANGLES), np.zeros(20), np.sin(_ANGLES)], -1)
# Relative width, shift to the light and brightness of each shade of the trunk.
_TRUNK_SHADES = ((1.0, 0.0, 0.80), (0.88, -0.02, 0.88), (0.70, -0.05, 0.96), (0.44, -0.09, 1.03))
# Cross-sections of the trunk: distance below the neck (share of the torso), half width and half depth (metres).
_SECTIONS = (
    (0.22, 0.172, 0.108),
    (0.44, 0.160, 0.108),
    (0.66, 0.150, 0.112),
    (0.90, 0.162, 0.120),
    (1.08, 0.172, 0.125),
)
# The front of the trunk from the neck to the hips, on which folds and patterns are.
_BELOW, _HALF_WIDTHS, _HALF_DEPTHS = zip((0.0, 0.150, 0.075), *_SECTIONS)
_SHOE = np.array(
    [
        (x * side, y, z)
        for side in SIDES
        for x, y, z in (
            (0.026, -0.03, -0.165), (0.030, 0.045, -0.160), (0.034, 0.055, -0.09), (0.042, 0.022, 0.0),
            (0.046, -0.03, 0.01), (0.030, 0.004, 0.075), (0.028, -0.03, 0.085), (0.010, -0.01, 0.10),
        )
    ]
)  # fmt: skip
# The outermost shade is the dark sole. It separates the shoe from the floor and makes heel lifts visible.
_SHOE_SHADES = ((1.0, 0.0, 0.45), (0.9, 0.12, 0.84), (0.68, 0.2, 0.97), (0.4, 0.3, 1.04))
_PALM_SHADES = ((1.0, 0.0, 0.66), (0.86, 0.05, 0.92), (0.6, 0.1, 1.02))
# A dark edge separates a hand from a face of the same colour.
_FINGER_SHADES = ((1.0, 0.0, 0.62), (0.68, 0.1, 1.0))
_PALM = np.array([(x * w, y, z) for x in (-1, 1) for y in (-0.012, 0.012) for w, z in ((0.023, 0.0), (0.036, 0.085))])


def draw_figure(
    painter: Painter,
    skeleton: Skeleton,
    controls: Controls,
    subject: Subject,
    glasses: bool,
    held: tuple[int, str] | None,
    expression: Expression | None = None,
    face_mask: Sequence[tuple[int, int, int]] = (),
) -> None:
    """Add the shapes of a subject to a painter.

    Args:
        painter (Painter): Painter that collects the shapes.
        skeleton (Skeleton): Joints over T frames.
        controls (Controls): Controls over T frames, from which the fingers are bent.
        subject (Subject): Appearance and proportions of the subject.
        glasses (bool): Whether the subject wears glasses.
        held (tuple[int, str], optional): Side of the hand that holds an object, and the object, ``'phone'`` or
            ``'pen'``. None if nothing is held.
        expression (Expression, optional): Facial expression over T frames. Defaults to None: a face at rest.
        face_mask (Sequence[tuple[int, int, int]]): RGB colours of the four blocks that hide the face. Defaults to
            ``()``: the face is visible.
    """
    cloth = np.random.default_rng(subject.cloth_seed)
    _trunk(painter, skeleton, subject, cloth)
    for side in range(2):
        _leg(painter, skeleton, subject, side, cloth)
        _arm(painter, skeleton, subject, side, cloth)
        _hand(painter, skeleton, controls, subject, side)
    draw_head(painter, skeleton, subject, glasses, expression)
    if face_mask:
        draw_face_mask(painter, skeleton, subject, face_mask)
    if held is not None:
        _held(painter, skeleton, subject, *held)


def _trunk(painter: Painter, skeleton: Skeleton, subject: Subject, cloth: np.random.Generator) -> None:
    """Add the shirt from the hips to the shoulders, its folds, its pattern and its neckline."""
    proportions = subject.proportions
    s, girth = proportions.scale, proportions.girth
    neck, chest = skeleton.part_frames['chest']
    waist = skeleton.part_frames['pelvis'][1]
    middle = skeleton.joints['waist']

    def ring(below: float, half_width: float, half_depth: float, share: tuple[float, float, float]) -> np.ndarray:
        below = below * proportions.torso * s
        upper = 0.58 * proportions.torso * s
        if below <= upper:
            center, turn = neck - rotate(chest, np.array([0.0, below, 0.0])), chest
        else:
            center, turn = middle - rotate(waist, np.array([0.0, below - upper, 0.0])), waist
        # A shade is a strip of the whole cross-section, so that adjacent pieces meet.
        x = half_width * np.clip(_RING[:, 0], share[1] - share[0], share[1] + share[0])
        shape = np.stack([x, 0 * x, half_depth * _RING[:, 2]], -1)
        return center[:, None] + rotate(turn[:, None], shape * s * girth)

    def layers(upper: Callable, lower: Callable) -> list[tuple[np.ndarray, float]]:
        return [(np.concatenate([upper(shade), lower(shade)], 1), shade[2]) for shade in _TRUNK_SHADES]

    def shoulders(shade: tuple[float, float, float]) -> np.ndarray:
        tips = skeleton.joints['shoulders']
        center = tips.mean(1, keepdims=True)
        wide = center + shade[0] * (tips - center) + rotate(chest, np.array([0.16 * s * shade[1], 0.0, 0.0]))[:, None]
        up = rotate(chest, np.array([0.0, 0.050 * s, 0.0]))[:, None]
        collar = neck[:, None] + rotate(
            chest[:, None], (_RING * [0.075 * shade[0], 0.0, 0.055] + [0.0, 0.014, 0.0]) * s
        )
        return np.concatenate([wide + up, wide - up, collar], 1)

    colors = (subject.shirt, subject.shirt, subject.shirt, subject.shirt, subject.trousers)
    parts = [shoulders] + [lambda shade, section=section: ring(*section, shade) for section in _SECTIONS]
    for k, color in enumerate(colors):
        shapes = layers(parts[k], parts[k + 1])
        center = shapes[0][0].mean(1)
        depth = painter.distance(center) + 0.06 + 0.002 * (k == len(colors) - 1)
        painter.outlines(shapes, color, depth)
    patches = [] if subject.print_on_shirt is None else trunk_pattern(subject.pattern, subject.print_on_shirt, cloth)
    nearest = np.minimum(painter.distance(neck), painter.distance(middle)) + 0.05
    for k, patch in enumerate(patches + trunk_folds(subject.shirt, subject.creases, cloth)):
        x, z = (np.interp(patch.below, _BELOW, half) for half in (_HALF_WIDTHS, _HALF_DEPTHS))
        across = np.stack([x * patch.across, 0 * x, z * np.sqrt(1.0 - patch.across**2)], -1) * s * girth
        drop = patch.below * proportions.torso * s
        upper = 0.58 * proportions.torso * s
        # Corners below the waist move with the lower half of the trunk.
        on_chest = neck[:, None] + rotate(chest[:, None], across - drop[:, None] * [0.0, 1.0, 0.0])
        on_waist = middle[:, None] + rotate(waist[:, None], across + (upper - drop)[:, None] * [0.0, 1.0, 0.0])
        points = np.where((drop <= upper)[:, None], on_chest, on_waist)
        painter.polygon(points, patch.color, depth=nearest - 1e-4 * k, convex=False)
    neckline = np.array([(-0.048, 0.005, 0.06), (0.048, 0.005, 0.06), (0.0, -0.062, 0.09)])
    opening = neck[:, None] + rotate(chest[:, None], neckline * s)
    painter.polygon(opening, tone(subject.skin, 0.88), depth=nearest - 0.003)


def _leg(painter: Painter, skeleton: Skeleton, subject: Subject, side: int, cloth: np.random.Generator) -> None:
    """Add a trouser leg or bare shin, a sock and a shoe."""
    proportions = subject.proportions
    s, girth = proportions.scale, proportions.scale * proportions.girth
    loose = girth * subject.fit
    hip, knee, ankle = (skeleton.joints[name][:, side] for name in ('hips', 'knees', 'ankles'))
    folds = [limb_folds(subject.trousers, subject.creases, cloth, 4) for _ in range(2)]
    painter.limb(hip, knee, 0.082 * girth, 0.056 * loose, subject.trousers, pieces=3, marks=folds[0])
    if subject.shorts:
        painter.limb(knee, ankle, 0.050 * girth, 0.034 * girth, subject.skin, pieces=3)
        painter.limb(hip + 0.72 * (knee - hip), knee, 0.066 * girth, 0.060 * loose, subject.trousers, 1, nearer=0.004)
    else:
        hem = knee + 0.93 * (ankle - knee)
        painter.limb(knee, hem, 0.056 * loose, 0.044 * loose, subject.trousers, pieces=3, marks=folds[1])
    painter.limb(knee + 0.86 * (ankle - knee), ankle, 0.034 * girth, 0.034 * girth, subject.socks, 1, nearer=-0.06)
    ball, turn = skeleton.part_frames[f'foot{side}']
    shoe = ball[:, None] + rotate(turn[:, None], _SHOE * s)
    painter.hull(shoe, subject.shoes, painter.distance(ball) - 0.01, _SHOE_SHADES)


def _arm(painter: Painter, skeleton: Skeleton, subject: Subject, side: int, cloth: np.random.Generator) -> None:
    """Add a sleeve and an arm."""
    girth = subject.proportions.scale * subject.proportions.girth
    loose = girth * subject.fit
    shoulder, elbow, wrist = (skeleton.joints[name][:, side] for name in ('shoulders', 'elbows', 'wrists'))
    stripes = [] if subject.print_on_shirt is None else limb_stripes(subject.pattern, subject.print_on_shirt)
    marks = [stripes + limb_folds(subject.shirt, subject.creases, cloth) for _ in range(2)]
    if subject.long_sleeves:
        painter.limb(shoulder, elbow, 0.052 * girth, 0.045 * loose, subject.shirt, pieces=2, marks=marks[0])
        painter.limb(elbow, wrist, 0.045 * loose, 0.032 * loose, subject.shirt, pieces=3, marks=marks[1])
        return
    hem = shoulder + 0.62 * (elbow - shoulder)
    painter.limb(hem, elbow, 0.042 * girth, 0.037 * girth, subject.skin, 1)
    painter.limb(elbow, wrist, 0.038 * girth, 0.025 * girth, subject.skin, pieces=3)
    painter.limb(shoulder, hem, 0.053 * girth, 0.055 * loose, subject.shirt, 2, marks=marks[0])


def _hand(painter: Painter, skeleton: Skeleton, controls: Controls, subject: Subject, side: int) -> None:
    """Add a palm, four fingers and a thumb."""
    s, stretch = subject.proportions.scale, subject.proportions.hand / 0.17
    wrist = skeleton.joints['wrists'][:, side]
    turn = skeleton.hand_frames[:, side]
    palm = wrist[:, None] + rotate(turn[:, None], _PALM * [1.0, 1.0, stretch] * s)
    painter.hull(palm, subject.skin, painter.distance(palm.mean(1)) - 0.012, _PALM_SHADES)
    fingers = finger_joints(skeleton, controls, subject.proportions, side)
    for knuckle, joint, tip in np.moveaxis(fingers, 0, 2):
        painter.limb(knuckle, joint, 0.0115 * s, 0.011 * s, subject.skin, 1, 0.014, _FINGER_SHADES)
        painter.limb(joint, tip, 0.011 * s, 0.009 * s, subject.skin, 1, 0.016, _FINGER_SHADES)


def _held(painter: Painter, skeleton: Skeleton, subject: Subject, side: int, name: str) -> None:
    """Add a phone or a pen to a hand."""
    half = {'phone': (0.034, 0.005, 0.068), 'pen': (0.006, 0.006, 0.075)}[name]
    color = {'phone': (26, 28, 34), 'pen': (30, 60, 150)}[name]
    corners = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) * half
    # A pen is held across the fingers, a phone along them.
    if name == 'pen':
        corners = corners[:, [2, 1, 0]]
    turn = skeleton.hand_frames[:, side]
    center = skeleton.joints['wrists'][:, side] + rotate(
        turn, np.array([0.0, -0.024, 0.115]) * subject.proportions.scale
    )
    points = center[:, None] + rotate(turn[:, None], corners)
    painter.hull(points, color, painter.distance(center) - 0.005, ((1.0, 0.0, 1.0), (0.7, 0.1, 1.5)))
