"""Made-up poses, a fake estimator that reads people from colours, and real clips with people."""

import numpy as np
import pytest

from mmaction_microaction.structures.pose_layouts import BLAZEPOSE33
from mmaction_microaction.structures.poses import Poses

SAMPLES = ('0010_02_0101', '0019_02_0078', '0020_01_0008', '0030_01_0002')
_JOINTS = BLAZEPOSE33.joints
SEATED = {
    'nose': (0, -0.6),
    **{f'{side}_{joint}': (sign * x, y) for side, sign in (('left', 1), ('right', -1)) for joint, x, y in (
        *(('shoulder', 0.5, 0), ('elbow', 0.6, 0.7), ('wrist', 0.2, 1.2)),
        *(('hip', 0.3, 1.2), ('knee', 0.5, 1.8), ('ankle', 0.4, 2.9), ('foot', 0.45, 3.2)),
    )},
}  # fmt: skip
"""Joints of someone who sits, in widths of the shoulders from their middle."""


def seated_joints(x, y, width, hidden=()):
    """Return coordinates and scores of someone who sits, with the middle of the shoulders at (x, y)."""
    points, scores = np.zeros((len(_JOINTS), 2), np.float32), np.zeros(len(_JOINTS), np.float32)
    for name, offset in SEATED.items():
        if not any(part in name for part in hidden):
            index = _JOINTS.index(name)
            points[index], scores[index] = np.array([x, y]) + width * np.array(offset), 0.9
    return points, scores


def make_poses(people, img_shape=(1080, 1920), fps=2.0):
    """Return poses from a list of people, each a list of (x, y, width) of the shoulders for each frame, or None."""
    nobody = np.zeros((len(_JOINTS), 2)), np.zeros(len(_JOINTS))
    frames = [[nobody if place is None else seated_joints(*place) for place in person] for person in people]
    keypoint, scores = (np.stack([[frame[part] for frame in person] for person in frames]) for part in (0, 1))
    return Poses('made', img_shape, keypoint, scores, layout='blazepose33', fps=fps)


class FakeEstimator:
    """Estimator that finds the same people in every frame.

    Args:
        *people: Middle and width of the shoulders of each person: x, y, width.
    """

    layout = 'blazepose33'

    def __init__(self, *people):
        self.people, self.calls = people, 0

    def reset(self):
        """Forget nothing."""

    def __call__(self, image):
        self.calls += 1
        found = [seated_joints(*person) for person in self.people]
        shapes = (-1, len(_JOINTS), 2), (-1, len(_JOINTS))
        return tuple(np.array([person[part] for person in found]).reshape(shape) for part, shape in enumerate(shapes))


def get_blazepose(people=4):
    """Return the real estimator, or skip the test if its package or networks are missing."""
    pytest.importorskip('ai_edge_litert')
    from mmaction_microaction.poses import make_estimator

    try:
        return make_estimator('blazepose', people)
    except OSError as error:
        pytest.skip(str(error))


@pytest.fixture(autouse=True)
def no_search(request, monkeypatch):
    """Leave videos whole unless a test is about people: most videos of tests show none, and searching takes time."""
    if request.node.get_closest_marker('people') is None:
        target = 'mmaction_microaction.inference.people.PersonFinder._find_estimator'
        monkeypatch.setattr(target, lambda *_: None)


def iou(box, other):
    """Return the intersection over union of two boxes (left, top, width, height)."""
    (x, y, w, h), (u, v, s, t) = box, other
    common = max(min(x + w, u + s) - max(x, u), 0) * max(min(y + h, v + t) - max(y, v), 0)
    return common / (w * h + s * t - common)
