"""The room behind the person: wall, skirting, floor and stool. It is static, so it is drawn once per video."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from mmaction_microaction.synthetic.person.skeleton import SEAT, SIDES

from .canvas import SUBPIXEL_BITS, VirtualCamera, fixed_point, tone

_WALLS = ((206, 210, 204), (190, 198, 200), (216, 212, 200), (176, 184, 178), (198, 190, 186))
_FLOORS = ((150, 150, 144), (122, 122, 124), (160, 146, 126), (112, 104, 96), (176, 176, 172))
_STOOLS = ((196, 44, 40), (42, 82, 160), (120, 84, 52), (70, 72, 76), (208, 168, 60))


@dataclass
class Room:
    """Room with a stool. Colours are RGB, 0 to 255."""

    wall: tuple[int, int, int]
    floor: tuple[int, int, int]
    stool: tuple[int, int, int]
    depth: float
    """Distance of the wall behind the stool, in metres."""
    shade: tuple[float, float]
    """Change of the brightness across the image, right and down, relative to full brightness."""
    socket: float | None
    """Sideways position of a power socket on the wall, in metres. None if there is no socket."""
    skirting: float
    """Brightness of the skirting relative to the wall."""


def draw_room(rng: np.random.Generator) -> Room:
    """Draw a room."""

    def color(palette: Sequence[tuple[int, int, int]]) -> tuple[int, int, int]:
        base = np.array(palette[int(rng.integers(len(palette)))])
        return tuple(np.clip(base + rng.integers(-16, 17) + rng.integers(-5, 6, 3), 0, 255).tolist())

    return Room(
        wall=color(_WALLS),
        floor=color(_FLOORS),
        stool=color(_STOOLS),
        depth=float(rng.uniform(0.5, 1.1)),
        shade=tuple(rng.uniform(-0.10, 0.10, 2).tolist()),
        socket=float(rng.choice(SIDES) * rng.uniform(0.35, 0.6)) if rng.random() < 0.5 else None,
        skirting=float(rng.uniform(0.72, 0.95)),
    )


def render_room(room: Room, camera: VirtualCamera, size: tuple[int, int], margin: int, scale: float) -> np.ndarray:
    """Render the room with the empty stool.

    Args:
        room (Room): Room to render.
        camera (VirtualCamera): Camera that films the room.
        size (tuple[int, int]): Width and height of the canvas in pixels.
        margin (int): Pixels to add on each side, for camera shake.
        scale (float): Scale of the person, and so of the stool.

    Returns:
        np.ndarray: RGB image, shape (height + 2 margin, width + 2 margin, 3), uint8.
    """
    image = np.empty((size[1] + 2 * margin, size[0] + 2 * margin, 3), np.uint8)
    image[:] = room.wall

    def fill(points: np.ndarray, color: tuple[int, int, int]) -> None:
        flat, _ = camera.project(np.asarray(points, float), size)
        fixed = fixed_point(flat + margin)
        cv2.fillConvexPoly(image, cv2.convexHull(fixed)[:, 0], color, cv2.LINE_8, SUBPIXEL_BITS)

    far, wide = -room.depth, 6.0
    fill([(-wide, 0, far), (wide, 0, far), (wide, 0, 1.9), (-wide, 0, 1.9)], room.floor)
    # The rest of the image, below the front edge of this polygon, is floor.
    edge = camera.project(np.array([0.0, 0.0, 1.9]), size)[0][1]
    image[max(int(edge) + margin - 1, 0) :] = room.floor
    fill([(-wide, 0, far), (wide, 0, far), (wide, 0.09, far), (-wide, 0.09, far)], tone(room.wall, room.skirting))
    if room.socket is not None:
        x = room.socket
        fill([(x + dx, y, far) for dx in (-0.04, 0.04) for y in (0.3, 0.38)], (232, 232, 230))
        fill([(x - 0.02, 0.32, far), (x + 0.02, 0.32, far), (x, 0.36, far)], (120, 120, 120))
    angle = np.arange(20) * np.pi / 10
    for radius, brightness in ((0.44, 0.975), (0.38, 0.95), (0.32, 0.92), (0.26, 0.88)):
        shadow = np.stack([radius * np.cos(angle), 0 * angle, 0.12 + radius * np.sin(angle)], -1)
        fill(shadow, tone(room.floor, brightness))
    _stool(fill, room.stool, scale)
    return _shade(image, room.shade)


def _stool(fill: Callable[[np.ndarray, tuple[int, int, int]], None], color: tuple[int, int, int], scale: float) -> None:
    """Draw a square stool with four splayed legs."""
    top = (SEAT - 0.062) * scale
    for z in (-0.17, 0.15):
        bright = 0.62 if z < 0 else 0.9
        for side in SIDES:
            foot, head = side * 0.19, side * 0.14
            leg = [(foot + x, 0, 1.15 * z) for x in (-0.025, 0.025)] + [(head + x, top, z) for x in (-0.03, 0.03)]
            fill(leg, tone(color, bright * (1.0 if side < 0 else 0.86)))
        fill([(x, y * top, z) for x in (-0.16, 0.16) for y in (0.4, 0.5)], tone(color, 0.8 * bright))
    seat = [(x, top, z) for x in (-0.17, 0.17) for z in (-0.18, 0.17)]
    fill(seat, tone(color, 1.1))
    fill([(x, top - y, 0.17) for x in (-0.17, 0.17) for y in (0.0, 0.06)], color)


def _shade(image: np.ndarray, shade: tuple[float, float]) -> np.ndarray:
    """Change the brightness linearly across the image, in integer arithmetic."""
    height, width = image.shape[:2]
    down = np.round(128 * shade[1] * (np.arange(height) / height - 0.5)).astype(np.int16)
    right = np.round(128 * shade[0] * (np.arange(width) / width - 0.5)).astype(np.int16)
    gain = (128 + down[:, None] + right).astype(np.uint16)
    return np.minimum((image * gain[..., None]) >> 7, 255).astype(np.uint8)
