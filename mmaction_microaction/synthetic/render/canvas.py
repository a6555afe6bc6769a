"""A perspective camera, and a painter that draws shaded shapes from back to front.

Shapes are prepared for all frames of a video at once, and their polygons are filled frame by frame. Coordinates are
rounded to fixed point before OpenCV draws them, so that the last bit of a float cannot change a pixel.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from mmaction_microaction.synthetic.person.geometry import unit

SUBPIXEL_BITS = 4
"""Fractional bits of the fixed-point coordinates."""
_ROUND = np.linspace(-np.pi / 2, np.pi / 2, 7)
_CAP = np.stack([np.cos(_ROUND), np.sin(_ROUND)], -1)
_CIRCLE = np.stack([np.cos(np.arange(14) * np.pi / 7), np.sin(np.arange(14) * np.pi / 7)], -1)

# Relative radius, shift towards the light and brightness of each shade of a limb, from its edge to its lit middle.
_SHADES = ((1.0, 0.0, 0.76), (0.86, 0.1, 0.88), (0.66, 0.22, 0.98), (0.36, 0.34, 1.05))


class LimbMark(NamedTuple):
    """A quadrilateral on a limb, such as a fold or a stripe. It moves with the limb."""

    along: tuple[float, float, float, float]
    """Position of each corner along the limb, from 0 (start) to 1 (end)."""
    across: tuple[float, float, float, float]
    """Position of each corner across the limb in units of its radius, from -1 to 1."""
    color: tuple[int, int, int]
    """RGB colour."""


@dataclass
class VirtualCamera:
    """Pinhole camera in front of the person. It looks along -z and a little down."""

    height: float
    """Height above the floor in metres."""
    distance: float
    """Distance from the stool in metres."""
    sideways: float
    """Displacement to the right in metres."""
    aim: float
    """Height of the point that the camera looks at, in metres."""
    focal: float
    """Focal length in units of the image height."""
    roll: float
    """Rotation about the line of sight in radians."""
    shift: tuple[float, float]
    """Displacement of the image, right and down, in units of the image height."""

    def project(self, points: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """Project points to the canvas.

        Args:
            points (np.ndarray): Points in metres, shape (..., 3).
            size (tuple[int, int]): Width and height of the canvas in pixels.

        Returns:
            tuple[np.ndarray, np.ndarray]: Canvas coordinates in pixels, shape (..., 2), and distances from the camera
                in metres, shape (...).
        """
        width, height = size
        ahead = unit(np.array([-self.sideways, self.aim - self.height, -self.distance]))
        right = unit(np.array([-ahead[2], 0.0, ahead[0]]))
        up = (-right[2] * ahead[1], right[2] * ahead[0] - right[0] * ahead[2], right[0] * ahead[1])
        x, y, z = points[..., 0] - self.sideways, points[..., 1] - self.height, points[..., 2] - self.distance
        depth = np.maximum(x * ahead[0] + y * ahead[1] + z * ahead[2], 0.2)
        across = (x * right[0] + z * right[2]) / depth
        down = -(x * up[0] + y * up[1] + z * up[2]) / depth
        c, s = np.cos(self.roll), np.sin(self.roll)
        u = width / 2 + height * (self.focal * (c * across - s * down) + self.shift[0])
        v = height / 2 + height * (self.focal * (s * across + c * down) + self.shift[1])
        flat = np.empty((*u.shape, 2))
        flat[..., 0], flat[..., 1] = u, v
        return flat, depth


def tone(color: tuple[int, int, int], brightness: float) -> tuple[int, int, int]:
    """Return an RGB colour that is darker or lighter, as integers from 0 to 255."""
    return tuple(int(min(255, max(0, round(c * brightness)))) for c in color)


class Painter:
    """Collection of the shapes of a video, drawn frame by frame with the farthest shape first.

    Args:
        camera (VirtualCamera): Camera that projects the shapes.
        size (tuple[int, int]): Width and height of the canvas in pixels.
        light (tuple[float, float]): Direction of the light in the image plane, right and down.
        shake (np.ndarray): Displacement of every frame in pixels, right and down, shape (T, 2).
        contrast (float): Strength of the shading, 0 for flat colours. Defaults to 1.
    """

    def __init__(
        self,
        camera: VirtualCamera,
        size: tuple[int, int],
        light: tuple[float, float],
        shake: np.ndarray,
        contrast: float = 1.0,
    ) -> None:
        self.camera, self.size, self.shake = camera, size, shake[:, None]
        self.light, self.contrast = np.array(light), contrast
        self._depths, self._layers = [], []

    def _add(self, depth: np.ndarray, layers: list[tuple]) -> None:
        self._depths.append(np.round(depth, 6))
        self._layers.append([(fixed_point(p + self.shake), color, convex) for p, color, convex in layers])

    def _shaded(self, color: tuple[int, int, int], brightness: float) -> tuple[int, int, int]:
        return tone(color, 1.0 + self.contrast * (brightness - 1.0))

    def _pixels(self, radius: float, depth: np.ndarray) -> np.ndarray:
        return radius * self.camera.focal * self.size[1] / depth

    def distance(self, points: np.ndarray) -> np.ndarray:
        """Return the distance of points, shape (T, 3), from the camera along its line of sight, shape (T,)."""
        return self.camera.project(points, self.size)[1]

    def view(self, points: np.ndarray) -> np.ndarray:
        """Return the unit vectors from points, shape (T, 3), to the camera."""
        return unit(np.array([self.camera.sideways, self.camera.height, self.camera.distance]) - points)

    def limb(
        self,
        start: np.ndarray,
        end: np.ndarray,
        start_radius: float,
        end_radius: float,
        color: tuple[int, int, int],
        pieces: int = 2,
        nearer: float = 0.0,
        shades: tuple = _SHADES,
        depth: np.ndarray | None = None,
        marks: Sequence[LimbMark] = (),
    ) -> None:
        """Add a tapered limb with round ends, shaded across.

        Args:
            start (np.ndarray): Centre of the first end in metres, shape (T, 3).
            end (np.ndarray): Centre of the second end in metres, shape (T, 3).
            start_radius (float): Radius of the first end in metres.
            end_radius (float): Radius of the second end in metres.
            color (tuple[int, int, int]): RGB colour.
            pieces (int): Number of pieces, each of which has its own depth in the drawing order.
            nearer (float): Metres by which the limb is nearer to the camera in the drawing order.
            shades (tuple): Relative radius, shift towards the light and brightness of each shade.
            depth (np.ndarray, optional): Depth in the drawing order in metres, shape (T,). Defaults to None: the
                distance from the camera.
            marks (Sequence[LimbMark]): Folds and stripes of the limb. Defaults to ``()``: none.
        """
        stops = np.linspace(0.0, 1.0, pieces + 1)
        points = start[:, None] + stops[:, None] * (end - start)[:, None]
        flat_points, own_depth = self.camera.project(points, self.size)
        radii = self._pixels(start_radius + stops * (end_radius - start_radius), own_depth)
        axis = flat_points[:, -1] - flat_points[:, 0]
        length = np.sqrt((axis * axis).sum(-1, keepdims=True))
        axis = np.where(length > 1e-3, axis / np.maximum(length, 1e-3), np.array([0.0, 1.0]))
        across = np.stack([-axis[:, 1], axis[:, 0]], -1)
        towards_light = (across * self.light).sum(-1, keepdims=True) * across
        size, shift, brightness = np.array(shades).T
        # The ends of the limb are round. Cuts are square and the same in all shades, or they would be visible.
        reach = np.full((pieces, len(shades), 2, len(_CAP)), 0.3)
        reach[-1, :, 0] = reach[0, :, 1] = (0.9 + 0.1 * size)[:, None] * _CAP[:, 0]
        sense = np.array([1.0, -1.0])[:, None]
        # Axes: frame, piece, shade, end of the piece, corner, coordinate.
        cap = (sense * reach)[None, ..., None] * axis[:, None, None, None, None]
        cap = (
            cap + (sense * size[:, None, None] * _CAP[:, 1])[None, None, ..., None] * across[:, None, None, None, None]
        )
        ends = np.stack([np.arange(1, pieces + 1), np.arange(pieces)], 1)
        moved = shift[:, None] * (radii[:, :-1, None] * towards_light[:, None])[:, :, None]
        corners = (
            flat_points[:, ends][:, :, None, :, None]
            + moved[:, :, :, None, None]
            + radii[:, ends][:, :, None, :, None, None] * cap
        )
        corners = corners.reshape(len(start), pieces, len(shades), -1, 2)
        colors = [self._shaded(color, bright) for bright in brightness]
        drawn = [[] for _ in range(pieces)]
        if marks:
            along, beside = (np.array([mark[i] for mark in marks])[None, ..., None] for i in range(2))
            radius = radii[:, :1, None, None] + along * (radii[:, -1:] - radii[:, :1])[..., None, None]
            first, last = flat_points[:, None, None, 0], flat_points[:, None, None, -1]
            quads = first + along * (last - first) + beside * radius * across[:, None, None]
            for n, mark in enumerate(marks):
                drawn[min(int(np.mean(mark.along) * pieces), pieces - 1)].append((quads[:, n], mark.color, True))
        for k in range(pieces):
            layers = [(corners[:, k, n], shaded, True) for n, shaded in enumerate(colors)] + drawn[k]
            self._add((own_depth[:, k : k + 2].mean(1) if depth is None else depth) - nearer, layers)

    def polygon(
        self,
        points: np.ndarray,
        color: tuple[int, int, int],
        nearer: float = 0.0,
        visible: np.ndarray | None = None,
        depth: np.ndarray | None = None,
        convex: bool = True,
    ) -> None:
        """Add a flat polygon.

        Args:
            points (np.ndarray): Corners in metres, shape (T, n, 3).
            color (tuple[int, int, int]): RGB colour.
            nearer (float): Metres by which the polygon is nearer to the camera in the drawing order.
            visible (np.ndarray, optional): Whether the polygon is drawn, shape (T,). Defaults to None: in every frame.
            depth (np.ndarray, optional): Depth in the drawing order in metres, shape (T,). Defaults to None: the mean
                distance of the corners.
            convex (bool): Whether the polygon is convex in the image.
        """
        flat, own_depth = self.camera.project(points, self.size)
        depth = (own_depth.mean(1) if depth is None else depth) - nearer
        if visible is not None:
            # A polygon at infinity is hidden.
            depth = np.where(visible, depth, np.inf)
        self._add(depth, [(flat, tone(color, 1.0), convex)])

    def hull(
        self,
        points: np.ndarray,
        color: tuple[int, int, int],
        depth: np.ndarray,
        shades: tuple = _SHADES,
        mask: np.ndarray | None = None,
    ) -> None:
        """Add the convex outline of a cloud of points, shaded from its edge to its lit side.

        Args:
            points (np.ndarray): Points in metres, shape (T, n, 3).
            color (tuple[int, int, int]): RGB colour.
            depth (np.ndarray): Depth in the drawing order in metres, shape (T,).
            shades (tuple): Relative size, shift towards the light and brightness of each shade.
            mask (np.ndarray, optional): Whether a point belongs to the cloud, shape (T, n). Defaults to None: all
                points.
        """
        outlines = self._outlines(points, mask)
        low, high = outlines.min(1, keepdims=True), outlines.max(1, keepdims=True)
        middle, extent = 0.5 * (low + high), (high - low).min(2, keepdims=True)
        layers = []
        for size, shift, brightness in shades:
            center = middle + 0.45 * shift * extent * self.light
            layers.append((center + size * (outlines - middle), self._shaded(color, brightness), True))
        self._add(depth, layers)

    def outlines(self, shapes: list[tuple[np.ndarray, float]], color: tuple[int, int, int], depth: np.ndarray) -> None:
        """Add the convex outlines of several clouds of points, drawn one over the other.

        Args:
            shapes (list[tuple[np.ndarray, float]]): Points in metres, shape (T, n, 3), and brightness of each cloud.
            color (tuple[int, int, int]): RGB colour.
            depth (np.ndarray): Depth in the drawing order in metres, shape (T,).
        """
        self._add(depth, [(self._outlines(points), self._shaded(color, bright), True) for points, bright in shapes])

    def _outlines(self, points: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
        """Return convex hulls in pixels, padded to the same number of corners, shape (T, corners, 2)."""
        flat, _ = self.camera.project(points, self.size)
        fixed = np.round(flat * 64.0).astype(np.int32)
        clouds = fixed if mask is None else [cloud[kept] for cloud, kept in zip(fixed, mask)]
        nothing = np.zeros((3, 2), np.int32)
        hulls = [cv2.convexHull(cloud if len(cloud) > 2 else nothing)[:, 0] for cloud in clouds]
        outlines = np.empty((len(hulls), max(map(len, hulls)), 2))
        for outline, hull in zip(outlines, hulls):
            outline[: len(hull)] = hull
            outline[len(hull) :] = hull[-1]
        return outlines / 64.0

    def draw(self, canvases: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """Draw the shapes frame by frame.

        Args:
            canvases (Iterable[np.ndarray]): RGB canvas of every frame, shape (height, width, 3), uint8. The canvases
                are changed in place.

        Yields:
            np.ndarray: Canvas with the shapes.
        """
        depths = np.stack(self._depths, 1)
        orders = np.argsort(-depths, axis=1, kind='stable').tolist()
        hidden = np.isinf(depths)
        fill, fill_any, line, bits = cv2.fillConvexPoly, cv2.fillPoly, cv2.LINE_8, SUBPIXEL_BITS
        for t, canvas in enumerate(canvases):
            for i in orders[t]:
                if hidden[t, i]:
                    continue
                for points, color, convex in self._layers[i]:
                    if convex:
                        fill(canvas, points[t], color, line, bits)
                    else:
                        fill_any(canvas, [points[t]], color, line, bits)
            yield canvas


def fixed_point(points: np.ndarray) -> np.ndarray:
    """Return canvas coordinates as fixed-point numbers of OpenCV, whose pixel centres have integer coordinates."""
    return np.round((points - 0.5) * (1 << SUBPIXEL_BITS)).astype(np.int32)
