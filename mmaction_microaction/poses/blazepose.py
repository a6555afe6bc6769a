"""BlazePose, a pose estimator for the CPU, from the bare files of its two networks.

A detector finds people. A second network locates 33 joints in a square around a person. In the next frame, the square
follows from the joints, so that the detector is only needed at the start, and after a person is lost.

The method is that of Bazarevsky et al., "BlazePose: On-device Real-time Body Pose Tracking" (2020), and the numbers are
those of the graphs of MediaPipe 0.10, ``pose_detection`` and ``pose_landmark``.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import cv2
import numpy as np

from mmaction_microaction.structures.pose_layouts import BLAZEPOSE33
from mmaction_microaction.utils.parallel import count_cpus

from .weights import load_networks

DETECTOR_SIDE, LANDMARK_SIDE = 224, 256
"""Sides of the square inputs of the networks in pixels."""
MIN_SCORE = 0.5
"""Smallest score of a person in the detector, and smallest probability that a followed square contains a person."""
MIN_IOU = 0.3
"""Smallest intersection over union of two boxes of the detector that belong to one person."""
DETECTION_INTERVAL = 10
"""Number of frames between two searches for further people, while fewer are followed than wanted."""
DUPLICATE_DISTANCE = 0.07
"""Largest distance of the heads or trunks of two results for one person, as a fraction of the square's side."""
MAX_THREADS = 4
"""Largest number of threads of a network. More hardly help networks of this size."""
_NUM_JOINTS = len(BLAZEPOSE33.joints)
_HEAD = [BLAZEPOSE33.joints.index(joint) for joint in ('nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear')]
_TRUNK = [BLAZEPOSE33.joints.index(f'{side}_{joint}') for joint in ('shoulder', 'hip') for side in ('left', 'right')]


class Region(NamedTuple):
    """Rotated square around a person."""

    center: np.ndarray
    """Centre in pixels of the image, shape (2,): the middle of the hips."""
    side: float
    """Side in pixels of the image."""
    angle: float
    """Angle of the person in radians, 0 for upright, clockwise in the image."""


class BlazePose:
    """Pose estimator that follows people from frame to frame.

    The networks compute with as many threads as OpenCV, which has one in a worker process, but at most four. The
    results do not depend on their number.

    Attributes:
        layout (str): Name of the layout of the joints.

    Args:
        people (int): Largest number of people that are followed. Defaults to 1.

    Raises:
        ImportError: If the package ``ai-edge-litert`` is not installed.
        OSError: If the networks have to be downloaded and cannot be.
        ValueError: If the downloaded networks are not the expected ones.
    """

    layout = BLAZEPOSE33.name

    def __init__(self, people: int = 1) -> None:
        try:
            from ai_edge_litert.interpreter import Interpreter
        except ImportError as error:
            raise ImportError(
                f'the detector blazepose needs the extra "pose" ({error}): pip install \'.[pose]\' in the folder of '
                'this project, or pip install ai-edge-litert'
            ) from None
        contents = load_networks()
        threads = min(cv2.getNumThreads(), count_cpus(), MAX_THREADS)
        with _silence():
            networks = {name: Interpreter(model_content=contents[name], num_threads=threads) for name in contents}
            for network in networks.values():
                network.allocate_tensors()
        self._detector, self._landmarks = networks['detector'], networks['landmarks']
        self.people = people
        self.reset()

    def reset(self) -> None:
        """Forget the people of previous frames, before another video."""
        self._regions = []
        self._since_detection = 0
        self._lost = False

    def __call__(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Estimate the poses of the people in the next frame.

        Args:
            image (np.ndarray): RGB image, shape (height, width, 3), uint8.

        Returns:
            tuple[np.ndarray, np.ndarray]: Coordinates in pixels, shape (N, 33, 2), and scores from 0 to 1, shape
            (N, 33), of the N people that were found. A score is the product of two probabilities of the network: that
            the joint is within the region (presence), and that it is not hidden (visibility).
        """
        regions, num_followed = list(self._regions), len(self._regions)
        self._since_detection += 1
        overdue = self._lost or self._since_detection >= DETECTION_INTERVAL
        if num_followed < self.people and (not num_followed or overdue):
            regions += self.detect(image)
            self._since_detection = 0
        people, self._regions = [], []
        for region in regions:
            if len(people) == self.people:
                break
            points, scores, following = self.locate(image, region)
            if following and not any(_is_same(points, other, region.side) for other, _ in people):
                people.append((points, scores))
                self._regions.append(following)
        self._lost = len(people) < num_followed
        points = np.reshape([points for points, _ in people], (-1, _NUM_JOINTS, 2))
        return points, np.reshape([scores for _, scores in people], (-1, _NUM_JOINTS))

    def detect(self, image: np.ndarray) -> list[Region]:
        """Find the people in an image.

        The network often returns only one of several people in a wide image. If several are followed, it is also
        applied to overlapping squares of such an image.

        Args:
            image (np.ndarray): RGB image, shape (height, width, 3), uint8.

        Returns:
            list[Region]: Region of each person, by decreasing size.
        """
        regions = self._detect(image)
        height, width = image.shape[:2]
        side = min(height, width)
        count = -(-3 * (height + width - 2 * side) // side) + 1 if self.people > 1 else 1
        starts = np.linspace((0, 0), (width - side, height - side), count).astype(int) if count > 1 else []
        for start in starts:
            for region in self._detect(image[start[1] :, start[0] :][:side, :side]):
                region = region._replace(center=region.center + start)
                distances = [np.linalg.norm(region.center - other.center) / other.side for other in regions]
                if min(distances, default=1) > DUPLICATE_DISTANCE:
                    regions.append(region)
        return sorted(regions, key=lambda region: -region.side)

    def _detect(self, image: np.ndarray) -> list[Region]:
        """Return the regions that the network finds in the whole image."""
        height, width = image.shape[:2]
        scale = DETECTOR_SIDE / max(height, width)
        margins = (DETECTOR_SIDE - scale * width) / 2, (DETECTOR_SIDE - scale * height) / 2
        matrix = np.float32([[scale, 0, margins[0]], [0, scale, margins[1]]])
        interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        resized = cv2.warpAffine(image, matrix, (DETECTOR_SIDE, DETECTOR_SIDE), flags=interpolation)
        outputs = _run(self._detector, resized / 127.5 - 1)
        offsets, scores = outputs[_ANCHORS.shape[0], 12], _sigmoid(outputs[_ANCHORS.shape[0], 1][:, 0])
        found = scores > MIN_SCORE
        # An anchor predicts the centre and the size of a box, and four points of which the first two are used.
        offsets, scores, anchors = offsets[found] / DETECTOR_SIDE, scores[found], _ANCHORS[found]
        boxes = np.concatenate([offsets[:, :2] + anchors - offsets[:, 2:4] / 2, offsets[:, 2:4]], axis=1)
        points = offsets[:, 4:8].reshape(-1, 2, 2) + anchors[:, None]
        regions = []
        for members in _group_boxes(boxes, scores):
            weights = scores[members, None, None]
            middle = (points[members] * weights).sum(0) / weights.sum()
            regions.append(_region_around(*_map_back(middle * DETECTOR_SIDE, matrix)))
        return regions

    def locate(self, image: np.ndarray, region: Region) -> tuple[np.ndarray, np.ndarray, Region | None]:
        """Locate the joints of the person in a region.

        Args:
            image (np.ndarray): RGB image, shape (height, width, 3), uint8.
            region (Region): Region around the person.

        Returns:
            tuple[np.ndarray, np.ndarray, Region | None]: Coordinates of the joints in pixels, shape (33, 2), their
            scores, shape (33,), and the region of the next frame, which is None if the region contains no person.
        """
        matrix = _matrix_of(region)
        outputs = _run(self._landmarks, cv2.warpAffine(image, matrix, (LANDMARK_SIDE, LANDMARK_SIDE)) / 255)
        joints = outputs[(195,)].reshape(-1, 5)  # x, y, z, visibility and presence of 33 joints and 6 other points
        points = _map_back(_refine(joints[:, :2], outputs[64, 64, len(joints)]), matrix)
        # The two points after the joints describe the region, as those of the detector do.
        following = _region_around(*points[_NUM_JOINTS : _NUM_JOINTS + 2]) if outputs[(1,)][0] > MIN_SCORE else None
        scores = _sigmoid(joints[:_NUM_JOINTS, 3]) * _sigmoid(joints[:_NUM_JOINTS, 4])
        return points[:_NUM_JOINTS], scores, following


@contextmanager
def _silence() -> Iterator[None]:
    """Discard what is written to standard error: LiteRT reports there that it runs on the CPU, in every process."""
    sys.stderr.flush()
    saved = os.dup(2)
    try:
        with open(os.devnull, 'wb') as nothing:
            os.dup2(nothing.fileno(), 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)


def _make_anchors() -> np.ndarray:
    """Return the centres of the detector's anchors, shape (2254, 2), as fractions of its input."""
    anchors = []
    for cells, per_cell in ((28, 2), (14, 2), (7, 6)):
        rows, columns = np.mgrid[:cells, :cells]
        centers = (np.stack([columns, rows], axis=-1).reshape(-1, 2) + 0.5) / cells
        anchors.append(np.repeat(centers, per_cell, axis=0))
    return np.concatenate(anchors)


_ANCHORS = _make_anchors()


def _run(network: object, image: np.ndarray) -> dict[tuple[int, ...], np.ndarray]:
    """Return the outputs of a network for an image, by their shapes, which all differ."""
    network.set_tensor(network.get_input_details()[0]['index'], image[None].astype(np.float32))
    network.invoke()
    outputs = (network.get_tensor(output['index'])[0] for output in network.get_output_details())
    return {output.shape: output for output in outputs}


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(logits, -60, 60)))


def _group_boxes(boxes: np.ndarray, scores: np.ndarray) -> list[np.ndarray]:
    """Group boxes (left, top, width, height) that overlap the best box of their group; return the indices."""
    groups, remaining = [], np.argsort(-scores, kind='stable')
    while len(remaining):
        best, others = boxes[remaining[0]], boxes[remaining]
        ends = np.minimum(best[:2] + best[2:], others[:, :2] + others[:, 2:])
        common = np.maximum(ends - np.maximum(best[:2], others[:, :2]), 0).prod(1)
        same = common >= MIN_IOU * (best[2:].prod() + others[:, 2:].prod(1) - common)
        groups.append(np.sort(remaining[same]))
        remaining = remaining[~same]
    return groups


def _region_around(center: np.ndarray, top: np.ndarray) -> Region:
    """Return the region of a person from the middle of the hips and a point above the head."""
    x, y = top - center
    return Region(center, 2 * 1.25 * float(np.hypot(x, y)), float(np.pi / 2 - np.arctan2(-y, x)))


def _matrix_of(region: Region) -> np.ndarray:
    """Return the affine map, shape (2, 3), from the image to the input of the network of the joints."""
    half = region.side / 2
    x_axis = half * np.array([np.cos(region.angle), np.sin(region.angle)])
    y_axis = half * np.array([-np.sin(region.angle), np.cos(region.angle)])
    source = np.float32([region.center, region.center + x_axis, region.center + y_axis])
    middle, side = LANDMARK_SIDE / 2, LANDMARK_SIDE
    return cv2.getAffineTransform(source, np.float32([[middle, middle], [side, middle], [middle, side]]))


def _map_back(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Map points, shape (N, 2), by the inverse of an affine map."""
    inverse = cv2.invertAffineTransform(matrix)
    return points @ inverse[:, :2].T + inverse[:, 2]


def _refine(points: np.ndarray, heatmaps: np.ndarray) -> np.ndarray:
    """Move points to the mean of the heat map around them, if the heat map has a peak there.

    Args:
        points (np.ndarray): Points in pixels of the network's input, shape (P, 2).
        heatmaps (np.ndarray): Logits of a heat map for each point, shape (64, 64, P).

    Returns:
        np.ndarray: Points, shape (P, 2).
    """
    size, reach = heatmaps.shape[0], 3
    step = LANDMARK_SIDE / size
    refined = points.copy()
    for index, (column, row) in enumerate((points / step).astype(int)):
        if not (0 <= column < size and 0 <= row < size):
            continue
        left, top = max(column - reach, 0), max(row - reach, 0)
        window = _sigmoid(heatmaps[top : row + reach + 1, left : column + reach + 1, index])
        if window.max() >= MIN_SCORE:
            rows, columns = np.mgrid[top : top + window.shape[0], left : left + window.shape[1]]
            refined[index] = np.array([(window * columns).sum(), (window * rows).sum()]) / window.sum() * step
    return refined


def _is_same(points: np.ndarray, others: np.ndarray, side: float) -> bool:
    """Return whether two results for the joints, found in a region of a given side, belong to one person."""
    distances = np.linalg.norm(points - others, axis=-1)
    return min(distances[_HEAD].mean(), distances[_TRUNK].mean()) < DUPLICATE_DISTANCE * side
