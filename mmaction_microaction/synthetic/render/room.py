"""The room behind the person: wall, floor, objects, seat and soft shadows.

It is static, so it is drawn once per video.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from mmaction_microaction.synthetic.person.skeleton import SIDES, Skeleton

from .canvas import SUBPIXEL_BITS, VirtualCamera, fixed_point, tone
from .furniture import RoomObject, draw_object, draw_seat_kind, render_object, render_seat
from .variety import get_variety

_WALLS = (
    (206, 210, 204), (190, 198, 200), (216, 212, 200), (176, 184, 178), (198, 190, 186), (204, 212, 210),
    (150, 160, 172), (188, 172, 150),
)  # fmt: skip
_FLOORS = ((150, 150, 144), (122, 122, 124), (160, 146, 126), (112, 104, 96), (176, 176, 172), (128, 130, 126))
_SEATS = ((196, 44, 40), (214, 40, 30), (42, 82, 160), (120, 84, 52), (70, 72, 76), (208, 168, 60), (30, 30, 34))
_LATTICE = 6  # the coarsest texture has that many squares across


@dataclass
class Room:
    """Room with a seat. Colours are RGB, 0 to 255."""

    wall: tuple[int, int, int]
    floor: tuple[int, int, int]
    stool: tuple[int, int, int]
    """Colour of the seat."""
    seat: str
    """Kind of the seat, one of :data:`.SEATS`."""
    depth: float
    """Distance of the wall behind the seat, in metres."""
    shade: tuple[float, float]
    """Change of the brightness across the image, right and down, relative to full brightness."""
    socket: float | None
    """Sideways position of a power socket on the wall, in metres. None if there is no socket."""
    skirting: float
    """Brightness of the skirting relative to the wall."""
    tiles: float | None
    """Width of the floor tiles in metres. None if the floor is plain."""
    texture: float
    """Relative variation of the brightness of wall and floor."""
    shadow: float
    """Relative loss of brightness in the shadows of the person."""
    objects: list[RoomObject]
    """Objects at the wall."""
    patchwork: bool
    """Whether random colours replace wall and floor."""
    seed: int
    """Seed of the texture and of the details of the objects."""


def draw_room(rng: np.random.Generator, variety: str = 'normal') -> Room:
    """Draw a room.

    Args:
        rng (np.random.Generator): Random number generator.
        variety (str): Key of :data:`.VARIETIES`. Defaults to ``'normal'``.

    Returns:
        Room: Room that is independent of the label.
    """
    ranges = get_variety(variety)

    def color(palette: Sequence[tuple[int, int, int]]) -> tuple[int, int, int]:
        base = np.array(palette[int(rng.integers(len(palette)))])
        return tuple(np.clip(base + rng.integers(-16, 17) + rng.integers(-5, 6, 3), 0, 255).tolist())

    cluttered, most = ranges.clutter
    count = int(rng.integers(1, most + 1)) if rng.random() < cluttered else 0
    return Room(
        wall=color(_WALLS),
        floor=color(_FLOORS),
        stool=color(_SEATS),
        seat=draw_seat_kind(rng),
        depth=float(rng.uniform(0.35, 1.3)),
        shade=tuple(rng.uniform(-0.22, 0.22, 2).tolist()),
        socket=float(rng.choice(SIDES) * rng.uniform(0.35, 0.6)) if rng.random() < 0.5 else None,
        skirting=float(rng.uniform(0.62, 0.98)),
        tiles=float(rng.uniform(0.3, 0.9)) if rng.random() < 0.4 else None,
        texture=float(rng.uniform(0.0, 0.08)),
        shadow=float(rng.uniform(0.05, 0.4)),
        objects=[draw_object(rng) for _ in range(count)],
        patchwork=bool(rng.random() < ranges.patchwork),
        seed=int(rng.integers(2**31)),
    )


def render_room(
    room: Room,
    camera: VirtualCamera,
    size: tuple[int, int],
    margin: int,
    scale: float,
    skeleton: Skeleton,
    light: tuple[float, float],
) -> np.ndarray:
    """Render the room with the empty seat and the shadows of the person in the first frame.

    Args:
        room (Room): Room to render.
        camera (VirtualCamera): Camera that films the room.
        size (tuple[int, int]): Width and height of the canvas in pixels.
        margin (int): Pixels to add on each side, for camera shake.
        scale (float): Scale of the person, and so of the seat.
        skeleton (Skeleton): Joints of the person.
        light (tuple[float, float]): Direction of the light in the image plane, right and down.

    Returns:
        np.ndarray: RGB image, shape (height + 2 margin, width + 2 margin, 3), uint8.
    """
    image = np.empty((size[1] + 2 * margin, size[0] + 2 * margin, 3), np.uint8)
    image[:] = room.wall
    rng = np.random.default_rng(room.seed)

    def fill(points: np.ndarray, color: tuple[int, int, int] | int, canvas: np.ndarray = image) -> None:
        flat, _ = camera.project(np.asarray(points, float), size)
        fixed = fixed_point(flat + margin)
        cv2.fillConvexPoly(canvas, cv2.convexHull(fixed)[:, 0], color, cv2.LINE_8, SUBPIXEL_BITS)

    # The floor ends in front of the camera.
    far, near, wide = -room.depth, camera.distance - 0.6, 6.0
    fill([(-wide, 0, far), (wide, 0, far), (wide, 0, near), (-wide, 0, near)], room.floor)
    # The rest of the image, below the front edge of this polygon, is floor.
    edge = camera.project(np.array([0.0, 0.0, near]), size)[0][1]
    image[max(int(edge) + margin - 1, 0) :] = room.floor
    if room.tiles is not None:
        for x in np.arange(-4 * room.tiles, 4.1 * room.tiles, room.tiles):
            fill([(x + dx, 0, z) for dx in (0.0, 0.008) for z in (far, near)], tone(room.floor, 0.86))
        for z in np.arange(far, near, room.tiles):
            fill([(x, 0, z + dz) for x in (-4.0, 4.0) for dz in (0.0, 0.012)], tone(room.floor, 0.86))
    fill([(-wide, 0, far), (wide, 0, far), (wide, 0.09, far), (-wide, 0.09, far)], tone(room.wall, room.skirting))
    if room.socket is not None:
        x = room.socket
        fill([(x + dx, y, far) for dx in (-0.04, 0.04) for y in (0.3, 0.38)], (232, 232, 230))
        fill([(x - 0.02, 0.32, far), (x + 0.02, 0.32, far), (x, 0.36, far)], (120, 120, 120))
    for item in room.objects:
        render_object(fill, item, far, rng)
    if room.patchwork:
        image[:] = _lattice(image.shape[:2], _LATTICE, rng, 3)
    image = _scale(image, _shade(image.shape[:2], room, rng))
    mask = np.zeros(image.shape[:2], np.uint8)
    _mark_shadows(lambda points, level: fill(points, level, mask), skeleton, far, light, scale)
    # The shadow is soft: its edge is about 10 cm wide. A small image is enough for it.
    small = cv2.resize(mask, (max(mask.shape[1] // 4, 1), max(mask.shape[0] // 4, 1)), interpolation=cv2.INTER_LINEAR)
    small = cv2.GaussianBlur(small, (0, 0), 0.005 * size[1])
    mask = cv2.resize(small, mask.shape[::-1], interpolation=cv2.INTER_LINEAR)
    image = _scale(image, 128 - ((mask.astype(np.int16) * round(128 * room.shadow)) >> 8))
    # The person covers the shadow on the seat.
    render_seat(lambda points, color: fill(points, color, image), room.seat, room.stool, scale)
    return image


def _mark_shadows(
    fill: Callable[[np.ndarray, int], None], skeleton: Skeleton, wall: float, light: tuple[float, float], scale: float
) -> None:
    """Fill the shadows of head, trunk and legs on the wall, and of seat and feet on the floor, with grey levels."""
    joints = {name: track[0] for name, track in skeleton.joints.items()}

    def on_wall(points: np.ndarray, radius: float, level: int) -> None:
        points = np.asarray(points).reshape(-1, 3)
        # The light is farther to the front than above: it moves the shadow by less than the distance of the wall.
        moved = points[:, :2] - 0.35 * (points[:, 2:] - wall) * [light[0], -light[1]]
        angle = np.arange(12) * np.pi / 6
        ring = radius * np.stack([np.cos(angle), np.sin(angle)], -1)
        flat = (moved[:, None] + ring).reshape(-1, 2)
        # What would be below the floor is not on the wall.
        fill(np.column_stack([flat[:, 0], np.maximum(flat[:, 1], 0.0), np.full(len(flat), wall)]), level)

    def on_floor(point: np.ndarray, radius: float, level: int) -> None:
        angle = np.arange(16) * np.pi / 8
        ring = radius * np.stack([np.cos(angle), 0 * angle, np.sin(angle)], -1)
        fill(ring + np.array([point[0], 0.0, point[2]]), level)

    on_wall(joints['knees'], 0.12 * scale, 150)
    on_wall([*joints['shoulders'], *joints['hips'], *joints['elbows']], 0.10 * scale, 235)
    on_wall(joints['head'] + [0.0, 0.02, 0.0], 0.15 * scale, 250)
    on_floor(np.array([0.0, 0.0, 0.0]), 0.40, 120)
    on_floor(np.array([0.0, 0.0, 0.02]), 0.28, 200)
    for side in range(2):
        on_floor(joints['ankles'][side], 0.13 * scale, 230)


def _lattice(shape: tuple[int, int], across: int, rng: np.random.Generator, channels: int) -> np.ndarray:
    """Return smooth noise, shape (*shape, channels), uint8, which varies over `across` squares."""
    noise = rng.integers(0, 256, (across + 1, across, channels), dtype=np.uint8)
    return cv2.resize(noise, shape[::-1], interpolation=cv2.INTER_LINEAR).reshape(*shape, channels)


def _shade(shape: tuple[int, int], room: Room, rng: np.random.Generator) -> np.ndarray:
    """Return the brightness of every pixel in units of 1/128: linear across the image, with a texture."""
    height, width = shape
    down = np.round(128 * room.shade[1] * (np.arange(height) / height - 0.5)).astype(np.int16)
    right = np.round(128 * room.shade[0] * (np.arange(width) / width - 0.5)).astype(np.int16)
    gain = 128 + down[:, None] + right
    strength = round(128 * room.texture)
    for across, halvings in ((_LATTICE, 8), (9 * _LATTICE, 9)):
        gain = gain + (((_lattice(shape, across, rng, 1)[..., 0].astype(np.int16) - 128) * strength) >> halvings)
    return gain


def _scale(image: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """Change the brightness of an image in integer arithmetic. A gain of 128 leaves it unchanged."""
    return np.minimum((image * gain[..., None].astype(np.uint16)) >> 7, 255).astype(np.uint8)
