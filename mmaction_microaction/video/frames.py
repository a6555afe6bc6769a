"""Converts decoded frames to RGB images as players show them: upright, with square pixels, in standard colours."""

import warnings
from functools import cache

import av
import cv2
import numpy as np
from av.sidedata.sidedata import SideDataContainer, Type
from av.video.reformatter import ColorTrc

MAX_PIXELS = 40_000_000
"""Largest number of pixels of a frame that is decoded. An 8K frame (7680 x 4320) has 33 million."""
REFERENCE_WHITE = 203
"""Luminance in cd/m² of HDR video that corresponds to the white of standard video (ITU-R BT.2408)."""


def check_resolution(path: str, width: int, height: int) -> None:
    """Raise an error if the frames of a video are too large for the memory.

    Args:
        path (str): Path of the video, for the message.
        width, height (int): Size of the frames in pixels. FFmpeg reports 0 for a size that exceeds its limit.

    Raises:
        ValueError: If the frames have more than :data:`MAX_PIXELS` pixels.
    """
    if not 0 < width * height <= MAX_PIXELS:
        size = f'{width:,} x {height:,}' if width * height else 'too many'
        maximum = f'{MAX_PIXELS / 1e6:g} million'
        raise ValueError(f'{path} has frames of {size} pixels; the limit is {maximum} (8K has 33): scale it down')


class FrameConverter:
    """Converts the frames of one video to RGB images of the size of its first frame.

    Args:
        path (str): Path of the video, for messages.
        stream (av.video.stream.VideoStream): Video stream, which contains the aspect ratio of the pixels.
    """

    def __init__(self, path: str, stream: av.video.stream.VideoStream) -> None:
        self.path = path
        self.pixel_aspect = float(stream.sample_aspect_ratio or 1)
        self.size = None

    def __call__(self, frame: av.VideoFrame) -> np.ndarray:
        """Convert a frame.

        Args:
            frame (av.VideoFrame): Decoded frame.

        Returns:
            np.ndarray: RGB image, shape (height, width, 3), uint8.

        Raises:
            ValueError: If the image would be too large with square pixels.
        """
        image = _to_rgb(frame)
        self.size = self.size or (frame.width, frame.height)
        if (frame.width, frame.height) != self.size:
            image = self._fit(image)
        if abs(self.pixel_aspect - 1) > 0.01:
            width = max(round(frame.width * self.pixel_aspect), 1)
            check_resolution(self.path, width, frame.height)
            image = cv2.resize(image, (width, image.shape[0]), interpolation=_interpolation(self.pixel_aspect))
        return orient(image, read_display_matrix(frame))

    def _fit(self, image: np.ndarray) -> np.ndarray:
        """Scale an image to the size of the first one, with black bars if its aspect ratio differs."""
        height, width = image.shape[:2]
        scale = min(self.size[0] / width, self.size[1] / height)
        new_width, new_height = (max(round(side * scale), 1) for side in (width, height))
        if max(self.size[0] - new_width, self.size[1] - new_height) > 0.02 * max(self.size):
            warnings.warn(
                f'{self.path}: the frames change from {self.size[0]} x {self.size[1]} to {width} x {height} pixels; '
                'frames of the new size get black bars',
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


def _interpolation(scale: float) -> int:
    return cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR


def read_display_matrix(frame: av.VideoFrame) -> np.ndarray | None:
    """Read how a frame has to be rotated and mirrored.

    Args:
        frame (av.VideoFrame): Decoded frame.

    Returns:
        np.ndarray | None: Matrix of shape (2, 2). A pixel at (x, y) is shown at (x, y) @ matrix, up to a translation.
        None if the file contains no matrix.
    """
    data = _side_data(frame).get(Type.DISPLAYMATRIX)
    return None if data is None else np.frombuffer(bytes(data), np.int32).reshape(3, 3)[:2, :2]


def _side_data(frame: av.VideoFrame) -> SideDataContainer:
    """Return the side data of a frame."""
    while True:
        try:
            # Not frame.side_data, which forms a reference cycle with the frame: the frame, its memory and its decoder
            # threads would stay until the next garbage collection. A forked worker lacks these threads and would hang.
            return SideDataContainer(frame)
        except ValueError as error:
            # PyAV 18 fails at a kind of side data that it does not know, such as the Exif data of cameras that record
            # JPEGs: "31 is not a valid Type". Remove that kind and try again.
            frame = _filter(frame, 'sidedata', f'mode=delete:type={int(str(error).split()[0])}')


def _filter(frame: av.VideoFrame, name: str, options: str) -> av.VideoFrame:
    """Apply a filter of FFmpeg to a frame."""
    graph = av.filter.Graph()
    graph.link_nodes(
        graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base),
        graph.add(name, options),
        graph.add('buffersink'),
    ).configure()
    graph.push(frame)
    return graph.pull()


def orient(image: np.ndarray, matrix: np.ndarray | None) -> np.ndarray:
    """Rotate an image by a multiple of 90 degrees, and mirror it, according to a display matrix.

    Args:
        image (np.ndarray): Image, shape (height, width, 3).
        matrix (np.ndarray | None): Display matrix, see :func:`read_display_matrix`.

    Returns:
        np.ndarray: Upright image.
    """
    if matrix is None:
        return image
    (a, b), (c, d) = matrix.astype(float)
    if abs(b) + abs(c) > abs(a) + abs(d):  # columns become rows
        image, a, d = image.swapaxes(0, 1), c, b
    return np.ascontiguousarray(image[:: -1 if d < 0 else 1, :: -1 if a < 0 else 1])


def _to_rgb(frame: av.VideoFrame) -> np.ndarray:
    """Convert a frame to RGB without scaling or rotating it."""
    if not frame.interlaced_frame or frame.height == 1:
        return _convert_colors(frame)
    # The odd and even lines of an interlaced frame were recorded one after the other, so moving hands look like combs.
    # The top field alone still has more lines than networks see.
    field = _filter(frame, 'field', 'type=top')
    return cv2.resize(_convert_colors(field), (frame.width, frame.height), interpolation=cv2.INTER_LINEAR)


def _convert_colors(frame: av.VideoFrame) -> np.ndarray:
    if frame.color_trc in (ColorTrc.SMPTE2084, ColorTrc.ARIB_STD_B67):
        return _tone_map(frame.to_ndarray(format='rgb48le'), frame.color_trc)
    return frame.to_ndarray(format='rgb24')


def _tone_map(coded: np.ndarray, transfer: int) -> np.ndarray:
    """Map HDR to standard colours: colours below reference white keep their luminance, highlights are compressed.

    The transfer curves are from ITU-R BT.2100, for a display of 1,000 cd/m². The matrix is from BT.2087.

    Args:
        coded (np.ndarray): RGB image in BT.2020, shape (height, width, 3), uint16.
        transfer (int): Transfer curve, PQ or HLG.

    Returns:
        np.ndarray: RGB image in BT.709, uint8.
    """
    light = _tabulate_curve(transfer)[coded >> 4]
    if transfer == ColorTrc.ARIB_STD_B67:  # scene light, shown with a system gamma of 1.2
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
def _tabulate_curve(transfer: int) -> np.ndarray:
    """Tabulate a transfer curve over 12-bit codes: linear light, relative to reference white (PQ) or 0 to 1 (HLG)."""
    code = np.arange(4096) / 4095
    if transfer == ColorTrc.SMPTE2084:
        root = code ** (32 / 2523)
        light = (np.maximum(root - 107 / 128, 0) / (2413 / 128 - 2392 / 128 * root)) ** (8192 / 1305)
        return (light * 10000 / REFERENCE_WHITE).astype(np.float32)
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12).astype(np.float32)
