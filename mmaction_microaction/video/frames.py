"""Turns decoded frames into RGB pictures as players show them: upright, with square pixels, in standard colours."""

import warnings
from functools import cache

import av
import cv2
import numpy as np
from av.sidedata.sidedata import SideDataContainer, Type
from av.video.reformatter import ColorTrc

MAX_PIXELS = 40_000_000
"""Largest picture that is decoded: above 8K (7680 x 4320, 33 million pixels), below what fills the memory."""
REFERENCE_WHITE = 203
"""Brightness of a white sheet in HDR video, in cd/m², which is the white of standard video (ITU-R BT.2408)."""


def check_size(path, width, height):
    """Refuse pictures that would take too much memory.

    Args:
        path (str): The video.
        width, height (int): Of its pictures, in pixels; 0 if FFmpeg found them too large to say.

    Raises:
        ValueError: If they have more than :data:`MAX_PIXELS`.
    """
    if not 0 < width * height <= MAX_PIXELS:
        size = f'{width:,} x {height:,}' if width * height else 'too many'
        most = f'{MAX_PIXELS / 1e6:g} million'
        raise ValueError(f'{path} has pictures of {size} pixels; at most {most} are read (8K has 33): scale it down')


class Pictures:
    """Converts the frames of one video, all to the size of the first.

    Args:
        path (str): The video.
        stream (av.video.stream.VideoStream): Its video stream, which gives the shape of a pixel.
    """

    def __init__(self, path, stream):
        self.path = path
        self.pixel = float(stream.sample_aspect_ratio or 1)
        self.size = None

    def __call__(self, frame):
        """Convert a frame.

        Args:
            frame (av.VideoFrame): The frame.

        Returns:
            np.ndarray: RGB, shape (height, width, 3), uint8.

        Raises:
            ValueError: If square pixels would make the picture too large.
        """
        image = _to_rgb(frame)
        self.size = self.size or (frame.width, frame.height)
        if (frame.width, frame.height) != self.size:
            image = self._fit(image)
        if abs(self.pixel - 1) > 0.01:
            width = max(round(frame.width * self.pixel), 1)
            check_size(self.path, width, frame.height)
            image = cv2.resize(image, (width, image.shape[0]), interpolation=_interpolation(self.pixel))
        return orient(image, display_matrix(frame))

    def _fit(self, image):
        """Scale a picture to the size of the first one, with black bars beside it where its shape is another."""
        height, width = image.shape[:2]
        scale = min(self.size[0] / width, self.size[1] / height)
        new_width, new_height = (max(round(side * scale), 1) for side in (width, height))
        if max(self.size[0] - new_width, self.size[1] - new_height) > 0.02 * max(self.size):
            warnings.warn(
                f'{self.path}: the pictures change from {self.size[0]} x {self.size[1]} to {width} x {height} pixels; '
                'black bars fill up those of the other shape',
                stacklevel=3,
            )
        else:
            new_width, new_height = self.size
        fitted = np.zeros((self.size[1], self.size[0], 3), np.uint8)
        left, top = (self.size[0] - new_width) // 2, (self.size[1] - new_height) // 2
        fitted[top : top + new_height, left : left + new_width] = cv2.resize(
            image, (new_width, new_height), interpolation=_interpolation(scale)
        )
        return fitted


def _interpolation(scale):
    return cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR


def display_matrix(frame):
    """Read how a frame is to be turned and mirrored.

    Args:
        frame (av.VideoFrame): The frame.

    Returns:
        np.ndarray | None: Shape (2, 2): a pixel at (x, y) is shown at (x, y) @ matrix, but for where the picture
        begins. None if the file says nothing.
    """
    data = _side_data(frame).get(Type.DISPLAYMATRIX)
    return None if data is None else np.frombuffer(bytes(data), np.int32).reshape(3, 3)[:2, :2]


def _side_data(frame):
    """List what a decoder says of a frame besides its pixels."""
    while True:
        try:
            # Not frame.side_data, which refers to the frame that holds it: the frame, its memory and its threads would
            # stay until the garbage is collected, in a forked worker that has no such threads, which would then hang.
            return SideDataContainer(frame)
        except ValueError as error:
            # PyAV 18 gives nothing at all where it does not know a kind, such as the Exif data of cameras that record
            # JPEGs: "31 is not a valid Type".
            frame = _filter(frame, 'sidedata', f'mode=delete:type={int(str(error).split()[0])}')


def _filter(frame, name, options):
    """Send a frame through one of FFmpeg's filters."""
    graph = av.filter.Graph()
    graph.link_nodes(
        graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base),
        graph.add(name, options),
        graph.add('buffersink'),
    ).configure()
    graph.push(frame)
    return graph.pull()


def orient(image, matrix):
    """Turn and mirror a picture by a display matrix, by quarter turns.

    Args:
        image (np.ndarray): Shape (height, width, 3).
        matrix (np.ndarray | None): Of :func:`display_matrix`.

    Returns:
        np.ndarray: The picture as it is to be shown.
    """
    if matrix is None:
        return image
    (a, b), (c, d) = matrix.astype(float)
    if abs(b) + abs(c) > abs(a) + abs(d):  # columns become rows
        image, a, d = image.swapaxes(0, 1), c, b
    return np.ascontiguousarray(image[:: -1 if d < 0 else 1, :: -1 if a < 0 else 1])


def _to_rgb(frame):
    """Convert the pixels of a frame, as they are stored, to RGB."""
    if not frame.interlaced_frame or frame.height == 1:
        return _colours(frame)
    # Odd and even lines were recorded one after the other: together they show hands in motion as combs. The upper field
    # alone still has more lines than networks see.
    field = _filter(frame, 'field', 'type=top')
    return cv2.resize(_colours(field), (frame.width, frame.height), interpolation=cv2.INTER_LINEAR)


def _colours(frame):
    if frame.color_trc in (ColorTrc.SMPTE2084, ColorTrc.ARIB_STD_B67):
        return _tone_map(frame.to_ndarray(format='rgb48le'), frame.color_trc)
    return frame.to_ndarray(format='rgb24')


def _tone_map(coded, transfer):
    """Map HDR to standard colours: what is darker than a white sheet stays as bright, highlights are compressed.

    The curves are those of ITU-R BT.2100, for a display of 1,000 cd/m²; the matrix is that of BT.2087.

    Args:
        coded (np.ndarray): RGB by BT.2020, shape (height, width, 3), uint16.
        transfer (int): Which curve: PQ or HLG.

    Returns:
        np.ndarray: RGB by BT.709, uint8.
    """
    light = _linear(transfer)[coded >> 4]
    if transfer == ColorTrc.ARIB_STD_B67:  # light of the scene, to be shown with a gamma of 1.2
        brightness = cv2.transform(light, np.array([[0.2627, 0.6780, 0.0593]], np.float32))
        light *= 1000 / REFERENCE_WHITE * cv2.pow(np.maximum(brightness, 1e-6), 0.2)[..., None]
    light = np.maximum(cv2.transform(light, _BT2020_TO_BT709), 0)
    brightest = np.maximum(np.maximum(light[..., 0], light[..., 1]), light[..., 2])
    knee = np.float32(0.8)
    above = np.maximum(brightest - knee, 0)
    shown = np.minimum(brightest, knee) + above * (1 - knee) / (above + 1 - knee)
    light *= (shown / np.maximum(brightest, 1e-6))[..., None]
    return (cv2.pow(np.minimum(light, 1), 1 / 2.4) * 255 + 0.5).astype(np.uint8)


_BT2020_TO_BT709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], np.float32
)


@cache
def _linear(transfer):
    """Tabulate a curve: light by 12 bits, for PQ with reference white as 1, for HLG from 0 to 1."""
    code = np.arange(4096) / 4095
    if transfer == ColorTrc.SMPTE2084:
        root = code ** (32 / 2523)
        light = (np.maximum(root - 107 / 128, 0) / (2413 / 128 - 2392 / 128 * root)) ** (8192 / 1305)
        return (light * 10000 / REFERENCE_WHITE).astype(np.float32)
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12).astype(np.float32)
