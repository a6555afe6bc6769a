"""Perspective camera, and drawing of shaded shapes from back to front.

Shapes are prepared for all frames of a clip at once; per frame only their polygons are filled. Coordinates are quantised
to fixed point before OpenCV sees them, so that rounding in the last digit cannot change a pixel.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from .geometry import unit

SUBPIXEL_BITS = 4
_ROUND = np.linspace(-np.pi / 2, np.pi / 2, 7)
_CAP = np.stack([np.cos(_ROUND), np.sin(_ROUND)], -1)
_CIRCLE = np.stack([np.cos(np.arange(14) * np.pi / 7), np.sin(np.arange(14) * np.pi / 7)], -1)

# Of each shade of a rounded limb, from its edge to its lit middle: radius, shift towards the light, brightness.
_SHADES = ((1.0, 0.0, 0.74), (0.82, 0.13, 0.90), (0.58, 0.26, 1.0), (0.28, 0.38, 1.09))


@dataclass
class Camera:
    """A pinhole camera in front of the person, looking along -z and a little down.

    Attributes:
        height (float): Above the floor, metres.
        distance (float): From the stool, metres.
        sideways (float): To the right, metres.
        aim (float): Height of the point it looks at, metres.
        focal (float): Focal length in units of the image height.
        roll (float): Turn about the line of sight, radians.
        shift (tuple): Shift of the picture, in units of the image height.
    """

    height: float
    distance: float
    sideways: float
    aim: float
    focal: float
    roll: float
    shift: tuple

    def project(self, points, size):
        """Project points to the canvas.

        Args:
            points (np.ndarray): Metres, shape (..., 3).
            size (tuple[int, int]): Width and height of the canvas in pixels.

        Returns:
            tuple[np.ndarray, np.ndarray]: Canvas coordinates, shape (..., 2), and distance from the camera in metres,
                shape (...).
        """
        width, height = size
        ahead = np.array([-self.sideways, self.aim - self.height, -self.distance])
        ahead = ahead / np.sqrt((ahead * ahead).sum())
        right = np.array([-ahead[2], 0.0, ahead[0]])
        right = right / np.sqrt((right * right).sum())
        up = np.cross(right, ahead)
        relative = points - np.array([self.sideways, self.height, self.distance])
        depth = np.maximum((relative * ahead).sum(-1), 0.2)
        across = (relative * right).sum(-1) / depth
        down = -(relative * up).sum(-1) / depth
        c, s = np.cos(self.roll), np.sin(self.roll)
        u = width / 2 + height * (self.focal * (c * across - s * down) + self.shift[0])
        v = height / 2 + height * (self.focal * (s * across + c * down) + self.shift[1])
        return np.stack([u, v], -1), depth


def tone(colour, brightness):
    """RGB colour made darker or lighter, as integers."""
    return tuple(int(min(255, max(0, round(c * brightness)))) for c in colour)


class Painter:
    """Collects the shapes of a clip and draws them frame by frame, the farthest first.

    Args:
        camera (Camera): The camera.
        size (tuple[int, int]): Width and height of the canvas in pixels.
        light (tuple[float, float]): Where the light comes from in the image plane: right and down.
    """

    def __init__(self, camera, size, light=(-0.4, -0.8)):
        self.camera, self.size = camera, size
        self.light = np.array(light)
        self._depths, self._layers = [], []

    def _add(self, depth, layers):
        self._depths.append(np.round(depth, 6))
        scale = 1 << SUBPIXEL_BITS
        self._layers.append(
            [(np.round((p - 0.5) * scale).astype(np.int32), colour, convex) for p, colour, convex in layers]
        )

    def _pixels(self, radius, depth):
        return radius * self.camera.focal * self.size[1] / depth

    def distance(self, points):
        """Distance of points, shape (T, 3), from the camera along its line of sight, shape (T,)."""
        return self.camera.project(points, self.size)[1]

    def view(self, points):
        """Unit vectors from points, shape (T, 3), to the camera."""
        return unit(np.array([self.camera.sideways, self.camera.height, self.camera.distance]) - points)

    def limb(self, start, end, start_radius, end_radius, colour, pieces=2, nearer=0.0, flat=False, depth=None):
        """Add a tapered limb with round ends, shaded across.

        Args:
            start (np.ndarray): Centre of one end, metres, shape (T, 3).
            end (np.ndarray): Centre of the other, shape (T, 3).
            start_radius (float): Metres.
            end_radius (float): Metres.
            colour (tuple): RGB.
            pieces (int): The limb is cut into this many pieces, each drawn at its own depth.
            nearer (float): Metres by which it is drawn as if nearer to the camera.
            flat (bool): Leave the shading out.
            depth (np.ndarray, optional): Distance it is drawn at, shape (T,). Defaults to its own.
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
        for k in range(pieces):
            layers = []
            for radius, shift, brightness in _SHADES[2:3] if flat else _SHADES:
                moved = shift * radii[:, k, None] * towards_light
                outline = []
                for centre, size, sense in ((k + 1, radii[:, k + 1], 1.0), (k, radii[:, k], -1.0)):
                    # Round at the ends of the limb; square, and alike in all shades, at a cut, or the cut would show.
                    reach = (0.9 + 0.1 * radius) * _CAP[:, 0] if centre in (0, pieces) else np.full(len(_CAP), 0.3)
                    cap = sense * (reach[:, None] * axis[:, None] + radius * _CAP[:, 1, None] * across[:, None])
                    outline.append((flat_points[:, centre] + moved)[:, None] + size[:, None, None] * cap)
                layers.append((np.concatenate(outline, 1), tone(colour, brightness), True))
            self._add((own_depth[:, k : k + 2].mean(1) if depth is None else depth) - nearer, layers)

    def polygon(self, points, colour, nearer=0.0, visible=None, depth=None, convex=True):
        """Add a flat polygon.

        Args:
            points (np.ndarray): Corners in metres, shape (T, n, 3).
            colour (tuple): RGB.
            nearer (float): Metres by which it is drawn as if nearer.
            visible (np.ndarray, optional): Whether it is drawn, shape (T,).
            depth (np.ndarray, optional): Distance it is drawn at, shape (T,). Defaults to the mean of its corners'.
            convex (bool): Whether it is convex in the image.
        """
        flat, own_depth = self.camera.project(points, self.size)
        depth = (own_depth.mean(1) if depth is None else depth) - nearer
        if visible is not None:
            # Nothing is drawn of a polygon without area.
            depth = np.where(visible, depth, np.inf)
        self._add(depth, [(flat, tone(colour, 1.0), convex)])

    def hull(self, points, colour, depth, shades=_SHADES, mask=None):
        """Add the convex outline of a cloud of points, shaded from its edge to its lit side.

        Args:
            points (np.ndarray): Metres, shape (T, n, 3).
            colour (tuple): RGB.
            depth (np.ndarray): Distance it is drawn at, shape (T,).
            shades (tuple): Size, shift towards the light and brightness of each shade.
            mask (np.ndarray, optional): Which points count, shape (T, n).
        """
        outlines = self._outlines(points, mask)
        middles = np.stack([0.5 * (outline.max(0) + outline.min(0)) for outline in outlines])
        extents = np.stack([np.ptp(outline, axis=0).min() for outline in outlines])
        padded = _pad(outlines)
        layers = []
        for size, shift, brightness in shades:
            centre = (middles + 0.45 * shift * extents[:, None] * self.light)[:, None]
            layers.append((centre + size * (padded - middles[:, None]), tone(colour, brightness), True))
        self._add(depth, layers)

    def outlines(self, shapes, colour, depth):
        """Add the convex outlines of several clouds of points, drawn one over the other.

        Args:
            shapes (list[tuple[np.ndarray, float]]): Points in metres, shape (T, n, 3), and brightness of each.
            colour (tuple): RGB.
            depth (np.ndarray): Distance they are drawn at, shape (T,).
        """
        self._add(depth, [(_pad(self._outlines(points)), tone(colour, bright), True) for points, bright in shapes])

    def _outlines(self, points, mask=None):
        """Convex hulls in the image, in pixels: a list of T arrays of shape (corners, 2)."""
        flat, _ = self.camera.project(points, self.size)
        fixed = np.round(flat * 64.0).astype(np.int32)
        clouds = fixed if mask is None else [cloud[kept] for cloud, kept in zip(fixed, mask)]
        nothing = np.zeros((3, 2), np.int32)
        return [cv2.convexHull(cloud if len(cloud) > 2 else nothing)[:, 0] / 64.0 for cloud in clouds]

    def shift(self, pixels):
        """Move all shapes added so far by whole pixels, shape (T, 2): right and down."""
        fixed = (np.asarray(pixels) << SUBPIXEL_BITS)[:, None].astype(np.int32)
        self._layers = [[(points + fixed, colour, convex) for points, colour, convex in layers] for layers in self._layers]

    def draw(self, t, canvas):
        """Draw frame `t` onto a canvas of shape (height, width, 3), in place."""
        depths = np.array([depth[t] for depth in self._depths])
        for i in np.argsort(-depths, kind='stable'):
            if np.isinf(depths[i]):
                continue
            for points, colour, convex in self._layers[i]:
                if convex:
                    cv2.fillConvexPoly(canvas, points[t], colour, cv2.LINE_8, SUBPIXEL_BITS)
                else:
                    cv2.fillPoly(canvas, [points[t]], colour, cv2.LINE_8, SUBPIXEL_BITS)


def _pad(outlines):
    """Stack polygons with different numbers of corners by repeating their last corner."""
    most = max(len(outline) for outline in outlines)
    return np.stack([np.concatenate([o, np.repeat(o[-1:], most - len(o), 0)]) for o in outlines])
