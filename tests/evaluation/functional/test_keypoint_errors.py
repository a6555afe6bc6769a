import numpy as np
import pytest

from mmaction_microaction.evaluation.functional import keypoint_errors
from mmaction_microaction.structures.pose_layouts import BLAZEPOSE33, COCO17
from mmaction_microaction.structures.poses import Poses


def make_truth():
    """Return poses of three frames in which the ears are 10, 20 and 15 pixels apart, and only they are known."""
    keypoint = np.zeros((1, 3, 17, 2))
    for t, gap in enumerate((10, 20, 15)):
        keypoint[0, t, 3], keypoint[0, t, 4] = (40 + gap, 30), (40, 30)
    return Poses('a', (100, 120), keypoint, keypoint.any(-1))


def test_unit_is_the_largest_distance_between_the_ears():
    truth = make_truth()
    estimated = Poses('a', (100, 120), truth.keypoint + np.float32([6, 8]), truth.keypoint_score * 0.3)
    errors = keypoint_errors(truth, estimated)
    assert errors.shape == (3, 17)
    np.testing.assert_allclose(errors[:, [3, 4]], 0.5)
    np.testing.assert_allclose(keypoint_errors(truth, estimated, unit='pixel')[:, [3, 4]], 10)


def test_joints_without_a_partner_are_nan():
    truth = make_truth()
    scores = truth.keypoint_score.copy()
    scores[0, 1, 3] = 0
    errors = keypoint_errors(truth, Poses('a', (100, 120), truth.keypoint, scores))
    expected = np.full((3, 17), np.nan)
    expected[:, [3, 4]] = 0
    expected[1, 3] = np.nan
    np.testing.assert_array_equal(errors, expected)


def test_estimate_may_have_another_layout():
    truth = make_truth()
    keypoint = np.zeros((1, 3, 33, 2))
    for side, offset in (('left', 3), ('right', 4)):
        joint = BLAZEPOSE33.joints.index(f'{side}_ear')
        keypoint[:, :, joint] = truth.keypoint[:, :, COCO17.joints.index(f'{side}_ear')] + [0, offset]
    errors = keypoint_errors(truth, Poses('a', (100, 120), keypoint, keypoint.any(-1)), unit='pixel')
    np.testing.assert_allclose(errors[:, [3, 4]], [[3, 4]] * 3)


def test_poses_of_another_video_are_rejected():
    truth = make_truth()
    with pytest.raises(ValueError, match=r'3 frames .* 2 of'):
        keypoint_errors(truth, Poses('a', (100, 120), truth.keypoint[:, :2], truth.keypoint_score[:, :2]))
    with pytest.raises(ValueError, match=r'\(120, 100\)'):
        keypoint_errors(truth, Poses('a', (120, 100), truth.keypoint, truth.keypoint_score))
