"""Perspective camera, and drawing of shaded shapes from back to front.

Shapes are prepared for all frames of a clip at once; per frame only their polygons are filled. Coordinates are
quantised to fixed point before OpenCV sees them, so that rounding in the last digit cannot change a pixel.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from mmaction_microaction.synthetic.person.geometry import unit

SUBPIXEL_BITS = 4
_ROUND = np.linspace(-np.pi / 2, np.pi / 2, 7)
_CAP = np.stack([np.cos(_ROUND), np.sin(_ROUND)], -1)
_CIRCLE = np.stack([np.cos(np.arange(14) * np.pi / 7), np.sin(np.arange(14) * np.pi / 7)], -1)

# Of each shade of a rounded limb, from its edge to its lit middle: radius, shift towards the light, brightness.
_SHADES = ((1.0, 0.0, 0.76), (0.78, 0.15, 0.93), (0.42, 0.32, 1.05))


@dataclass
class VirtualCamera:
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


def tone(colour, brightness):
    """RGB colour made darker or lighter, as integers."""
    return tuple(int(min(255, max(0, round(c * brightness)))) for c in colour)


class Painter:
    """Collects the shapes of a clip and draws them frame by frame, the farthest first.

    Args:
        camera (VirtualCamera): The camera.
        size (tuple[int, int]): Width and height of the canvas in pixels.
        light (tuple[float, float]): Where the light comes from in the image plane: right and down.
        shake (np.ndarray): Shift of the picture in every frame, in pixels right and down, shape (T, 2).
    """

    def __init__(self, camera, size, light, shake):
        self.camera, self.size, self.shake = camera, size, shake[:, None]
        self.light = np.array(light)
        self._depths, self._layers = [], []

    def _add(self, depth, layers):
        self._depths.append(np.round(depth, 6))
        self._layers.append([(fixed_point(p + self.shake), colour, convex) for p, colour, convex in layers])

    def _pixels(self, radius, depth):
        return radius * self.camera.focal * self.size[1] / depth

    def distance(self, points):
        """Distance of points, shape (T, 3), from the camera along its line of sight, shape (T,)."""
        return self.camera.project(points, self.size)[1]

    def view(self, points):
        """Unit vectors from points, shape (T, 3), to the camera."""
        return unit(np.array([self.camera.sideways, self.camera.height, self.camera.distance]) - points)

    def limb(self, start, end, start_radius, end_radius, colour, pieces=2, nearer=0.0, shades=_SHADES, depth=None):
        """Add a tapered limb with round ends, shaded across.

        Args:
            start (np.ndarray): Centre of one end, metres, shape (T, 3).
            end (np.ndarray): Centre of the other, shape (T, 3).
            start_radius (float): Metres.
            end_radius (float): Metres.
            colour (tuple): RGB.
            pieces (int): The limb is cut into this many pieces, each drawn at its own depth.
            nearer (float): Metres by which it is drawn as if nearer to the camera.
            shades (tuple): Radius, shift towards the light and brightness of each shade.
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
        size, shift, brightness = np.array(shades).T
        # Round at the ends of the limb; square, and alike in all shades, at a cut, or the cut would show.
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
        colours = [tone(colour, bright) for bright in brightness]
        for k in range(pieces):
            layers = [(corners[:, k, n], shaded, True) for n, shaded in enumerate(colours)]
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
        low, high = outlines.min(1, keepdims=True), outlines.max(1, keepdims=True)
        middle, extent = 0.5 * (low + high), (high - low).min(2, keepdims=True)
        layers = []
        for size, shift, brightness in shades:
            centre = middle + 0.45 * shift * extent * self.light
            layers.append((centre + size * (outlines - middle), tone(colour, brightness), True))
        self._add(depth, layers)

    def outlines(self, shapes, colour, depth):
        """Add the convex outlines of several clouds of points, drawn one over the other.

        Args:
            shapes (list[tuple[np.ndarray, float]]): Points in metres, shape (T, n, 3), and brightness of each.
            colour (tuple): RGB.
            depth (np.ndarray): Distance they are drawn at, shape (T,).
        """
        self._add(depth, [(self._outlines(points), tone(colour, bright), True) for points, bright in shapes])

    def _outlines(self, points, mask=None):
        """Convex hulls in the image, in pixels, padded to the same number of corners: shape (T, corners, 2)."""
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

    def draw(self, canvases):
        """Draw the shapes, frame by frame, onto canvases of shape (height, width, 3), in place.

        Args:
            canvases (Iterable[np.ndarray]): One for every frame, RGB, uint8.

        Yields:
            np.ndarray: The canvases.
        """
        depths = np.stack(self._depths, 1)
        orders = np.argsort(-depths, axis=1, kind='stable').tolist()
        hidden = np.isinf(depths)
        fill, fill_any, line, bits = cv2.fillConvexPoly, cv2.fillPoly, cv2.LINE_8, SUBPIXEL_BITS
        for t, canvas in enumerate(canvases):
            for i in orders[t]:
                if hidden[t, i]:
                    continue
                for points, colour, convex in self._layers[i]:
                    if convex:
                        fill(canvas, points[t], colour, line, bits)
                    else:
                        fill_any(canvas, [points[t]], colour, line, bits)
            yield canvas


def fixed_point(points):
    """Canvas coordinates as OpenCV's fixed-point numbers; its pixel centres are at whole numbers."""
    return np.round((points - 0.5) * (1 << SUBPIXEL_BITS)).astype(np.int32)
