"""Draws seats and the objects that clutter a room. All of them are behind the person."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from mmaction_microaction.synthetic.person.skeleton import SEAT, SIDES

from .canvas import tone

Color = tuple[int, int, int]
Fill = Callable[[np.ndarray, Color], None]
"""Function that fills the convex outline of points in metres, shape (n, 3), with a colour."""

SEATS = ('stool', 'plastic stool', 'box', 'chair', 'office chair', 'armchair')
_SEAT_PROBABILITIES = (0.25, 0.25, 0.1, 0.2, 0.1, 0.1)
OBJECTS = ('picture', 'window', 'door', 'screen', 'shelf', 'curtain', 'cabinet', 'box', 'plant')


def draw_seat_kind(rng: np.random.Generator) -> str:
    """Draw one of :data:`SEATS`."""
    return str(rng.choice(SEATS, p=_SEAT_PROBABILITIES))


@dataclass
class RoomObject:
    """An object at the wall."""

    kind: str
    """One of :data:`OBJECTS`."""
    x: float
    """Sideways position of the middle in metres."""
    y: float
    """Height of the lower edge in metres."""
    width: float
    """Width in metres."""
    height: float
    """Height in metres."""
    depth: float
    """Distance of the front from the wall in metres."""
    colors: tuple[Color, Color, Color]
    """RGB colours of the body and of details."""
    rows: int
    """Number of rows or bars of the details."""


def draw_object(rng: np.random.Generator) -> RoomObject:
    """Draw an object."""
    kind = str(rng.choice(OBJECTS))
    low, high = {
        'picture': (0.2, 0.9), 'window': (0.6, 1.6), 'door': (0.7, 1.0), 'screen': (0.5, 1.4), 'shelf': (0.6, 1.4),
        'curtain': (0.4, 1.6), 'cabinet': (0.5, 1.2), 'box': (0.25, 0.6), 'plant': (0.25, 0.6),
    }[kind]  # fmt: skip
    width = rng.uniform(low, high)
    standing = kind in ('door', 'shelf', 'curtain', 'cabinet', 'box', 'plant')
    tall = {'door': 2.1, 'shelf': rng.uniform(0.8, 2.2), 'curtain': 2.6, 'cabinet': rng.uniform(0.5, 1.3)}
    grey = rng.integers(20, 235)
    colors = rng.integers(15, 240, (3, 3)) if rng.random() < 0.5 else grey + rng.integers(-25, 26, (3, 3))
    # Objects on the wall can be behind the person. What stands on the floor is beside it.
    side = rng.choice(SIDES)
    return RoomObject(
        kind=kind,
        x=float(side * rng.uniform(0.45 + 0.5 * width, 1.8) if standing else rng.uniform(-1.5, 1.5)),
        y=0.0 if standing else float(rng.uniform(0.55, 1.5)),
        width=float(width),
        height=float(tall.get(kind, width * rng.uniform(0.6, 1.4))),
        depth=float(rng.uniform(0.1, 0.4)) if kind in ('cabinet', 'box', 'shelf') else 0.0,
        colors=tuple(map(tuple, np.clip(colors, 5, 250).tolist())),
        rows=int(rng.integers(2, 6)),
    )


def render_object(fill: Fill, item: RoomObject, wall: float, rng: np.random.Generator) -> None:
    """Draw an object.

    Args:
        fill (Fill): Function that fills the outline of points.
        item (RoomObject): Object to draw.
        wall (float): Position z of the wall in metres.
        rng (np.random.Generator): Random number generator of the details.
    """
    body, second, third = item.colors
    left, right, low, high, front = (
        item.x - 0.5 * item.width, item.x + 0.5 * item.width, item.y, item.y + item.height, wall + item.depth,
    )  # fmt: skip

    def box(x0: float, x1: float, y0: float, y1: float, color: Color, z: float = front) -> None:
        """Fill a rectangle, whose sides are shares of the width and height of the object."""
        xs, ys = left + np.array([x0, x1]) * item.width, low + np.array([y0, y1]) * item.height
        fill([(x, y, z) for x in xs for y in ys], color)

    if item.depth:
        # The sides and the top are between the wall and the front.
        near = left if item.x > 0 else right
        fill([(near, y, z) for y in (low, high) for z in (wall, front)], tone(body, 0.7))
        fill([(x, high, z) for x in (left, right) for z in (wall, front)], tone(body, 1.15))
    if item.kind == 'plant':
        box(0.3, 0.7, 0.0, 0.3, body)
        for _ in range(14):
            x, y = rng.uniform(0.1, 0.9), rng.uniform(0.3, 1.3)
            green = (int(rng.integers(30, 90)), int(rng.integers(70, 140)), int(rng.integers(30, 70)))
            box(x - 0.12, x + 0.12, y - 0.1, y + 0.1, green)
        return
    box(0.0, 1.0, 0.0, 1.0, body)
    steps = np.linspace(0.0, 1.0, item.rows + 1)
    if item.kind in ('picture', 'screen'):
        box(0.06, 0.94, 0.06, 0.94, second)
        for _ in range(item.rows):
            x, y = rng.uniform(0.08, 0.7, 2)
            box(x, x + 0.2, y, y + 0.2, third)
    elif item.kind == 'window':
        for x0, x1 in ((0.04, 0.48), (0.52, 0.96)):
            box(x0, x1, 0.04, 0.96, tone((235, 240, 245), rng.uniform(0.6, 1.05)))
    elif item.kind == 'door':
        box(0.05, 0.95, 0.0, 0.97, second)
        box(0.84, 0.9, 0.46, 0.5, third)
    elif item.kind == 'curtain':
        for x in np.arange(0.0, 1.0, 0.12):
            box(x, x + 0.05, 0.0, 1.0, tone(body, 0.84))
    elif item.kind == 'shelf':
        for y0, y1 in pairwise(steps):
            box(0.04, 0.96, y0 + 0.03, y1, tone(body, 0.5))
            for x in np.arange(0.05, 0.9, 0.09):
                book = tuple(rng.integers(20, 230, 3).tolist())
                box(x, x + 0.08, y0 + 0.03, y0 + 0.03 + (y1 - y0) * rng.uniform(0.4, 0.85), book)
    elif item.kind == 'cabinet':
        for y0, y1 in pairwise(steps):
            box(0.03, 0.97, y0 + 0.02, y1 - 0.02, tone(body, 1.08))
            box(0.4, 0.6, 0.5 * (y0 + y1), 0.5 * (y0 + y1) + 0.03, third)
    else:
        box(0.45, 0.55, 0.0, 1.0, tone(body, 1.15))


def render_seat(fill: Fill, kind: str, color: Color, scale: float) -> None:
    """Draw an empty seat.

    Args:
        fill (Fill): Function that fills the outline of points.
        kind (str): One of :data:`SEATS`.
        color (Color): RGB colour.
        scale (float): Scale of the person, and so of the height of the seat.
    """
    top = (SEAT - 0.062) * scale
    half = 0.30 if kind == 'armchair' else 0.20 if 'chair' in kind else 0.17

    def slab(x: float, low: float, high: float, z: float, brightness: float) -> None:
        fill([(side * x, y, z) for side in SIDES for y in (low, high)], tone(color, brightness))

    if 'chair' in kind:
        tall = {'chair': 0.42, 'office chair': 0.52, 'armchair': 0.40}[kind] * scale
        if kind == 'chair':
            for side in SIDES:
                fill([(side * x, y, -0.2) for x in (0.15, 0.19) for y in (top, top + tall)], tone(color, 0.8))
            slab(0.19, top + 0.35 * tall, top + tall, -0.2, 0.88)
        else:
            corners = [(side * x, top + y * tall, -0.2) for side in SIDES for x, y in ((half, 0.1), (0.9 * half, 0.9))]
            fill([*corners, (-0.6 * half, top + tall, -0.2), (0.6 * half, top + tall, -0.2)], tone(color, 0.85))
    if kind == 'plastic stool':
        for z, bright in ((-0.16, 0.55), (0.15, 0.95)):
            foot = [(side * 0.215, 0.0, 1.2 * z) for side in SIDES]
            fill([*foot, (-0.145, top, z), (0.145, top, z)], tone(color, bright))
            # The opening between the legs is arched, and the inside is dark.
            arch = [(side * x, y * top, 1.1 * z) for side in SIDES for x, y in ((0.15, 0.0), (0.10, 0.6), (0.06, 0.72))]
            fill(arch, tone(color, 0.45))
            slab(0.16, 0.36 * top, 0.46 * top, 1.1 * z, 0.8 * bright)
    elif kind in ('box', 'armchair'):
        slab(half, 0.02, top, -0.2, 0.5)
        slab(half, 0.02, top, 0.17, 0.85)
    elif kind == 'office chair':
        for angle in np.arange(5) * 2 * np.pi / 5 + 0.3:
            x, z = 0.28 * np.cos(angle), 0.28 * np.sin(angle)
            fill([(0.02, 0.1, 0), (-0.02, 0.1, 0), (x, 0.05, z), (x + 0.03, 0.02, z)], (44, 44, 48))
        fill([(x, y, 0.0) for x in (-0.03, 0.03) for y in (0.1, top)], (60, 60, 64))
    else:
        for z in (-0.17, 0.15):
            bright = 0.62 if z < 0 else 0.9
            for side in SIDES:
                foot, head = side * 0.19, side * 0.14
                leg = [(foot + x, 0, 1.15 * z) for x in (-0.025, 0.025)] + [(head + x, top, z) for x in (-0.03, 0.03)]
                fill(leg, tone(color, bright * (1.0 if side < 0 else 0.86)))
            slab(0.16, 0.4 * top, 0.5 * top, z, 0.8 * bright)
    fill([(x, top, z) for x in (-half, half) for z in (-0.18, 0.17)], tone(color, 1.1))
    slab(half, top - 0.06, top, 0.17, 1.0)
    if kind == 'armchair':
        for side in SIDES:
            fill([(side * x, y, 0.1) for x in (half, half + 0.08) for y in (0.02, top + 0.16)], tone(color, 0.9))
