import numpy as np
import pytest

from mmaction_microaction.structures.pose_layouts import BLAZEPOSE33, COCO17, LAYOUTS, MA52_28, convert_layout

# Indices of BlazePose's joints in the other layouts.
BLAZEPOSE_OF_COCO = [0, 2, 5, 7, 8, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28]
BLAZEPOSE_OF_MA52 = {
    **dict(zip([0, *range(2, 18)], [0, 12, 14, 16, 11, 13, 15, 24, 26, 28, 23, 25, 27, 5, 2, 8, 7], strict=True)),
    **{18: 21, 19: 19, 22: 17, 23: 22, 24: 20, 27: 18},
}
# Pairs that the authors' code flips. It forgets the hands.
BODY_PAIRS = [(2, 5), (3, 6), (4, 7), (8, 11), (9, 12), (10, 13), (14, 15), (16, 17)]


@pytest.fixture
def blazepose():
    rng = np.random.default_rng(0)
    return rng.uniform(1, 100, (2, 3, 33, 2)), rng.uniform(0.1, 1, (2, 3, 33))


def test_layouts_have_the_number_of_joints_in_their_name():
    assert [len(layout.joints) for layout in LAYOUTS.values()] == [33, 17, 28]
    for layout in LAYOUTS.values():
        assert len(set(layout.joints)) == len(layout.joints)
        assert layout.bone_indices.max() < len(layout.joints)


def test_coco_is_a_selection_of_blazepose(blazepose):
    points, scores = convert_layout(*blazepose, BLAZEPOSE33, COCO17)
    np.testing.assert_array_equal(points, blazepose[0][..., BLAZEPOSE_OF_COCO, :])
    np.testing.assert_array_equal(scores, blazepose[1][..., BLAZEPOSE_OF_COCO])


def test_ma52_is_made_of_blazepose_with_neck_and_fingers_between(blazepose):
    keypoint, keypoint_score = blazepose
    points, scores = convert_layout(*blazepose, BLAZEPOSE33, MA52_28)
    for index, source in BLAZEPOSE_OF_MA52.items():
        np.testing.assert_allclose(points[..., index, :], keypoint[..., source, :])
    np.testing.assert_allclose(points[..., 1, :], (keypoint[..., 11, :] + keypoint[..., 12, :]) / 2)
    np.testing.assert_allclose(points[..., 20, :], (2 * keypoint[..., 19, :] + keypoint[..., 17, :]) / 3)
    np.testing.assert_allclose(points[..., 26, :], (keypoint[..., 20, :] + 2 * keypoint[..., 18, :]) / 3)
    np.testing.assert_array_equal(scores[..., 1], keypoint_score[..., [11, 12]].min(-1))


def test_joints_that_a_layout_lacks_are_undetected(blazepose):
    points, scores = convert_layout(*convert_layout(*blazepose, BLAZEPOSE33, COCO17), COCO17, MA52_28)
    assert not points[..., 18:, :].any()
    assert not scores[..., 18:].any()
    assert scores[..., :18].all()


def test_a_mean_with_an_undetected_joint_is_undetected(blazepose):
    keypoint, scores = blazepose
    scores[0, 0, 11], keypoint[0, 0, 11] = 0, 0
    points, scores = convert_layout(keypoint, scores, BLAZEPOSE33, MA52_28)
    assert scores[0, 0, 1] == 0
    assert not points[0, 0, 1].any()
    assert scores[0, 1, 1] > 0


def test_flip_swaps_the_pairs_of_the_authors_and_the_hands():
    hands = zip(range(23, 28), range(18, 23), strict=True)
    assert sorted(zip(MA52_28.right, MA52_28.left, strict=True)) == sorted([*BODY_PAIRS, *hands])


def test_flip_pairs_of_coco_are_those_of_mmaction2():
    assert (COCO17.left, COCO17.right) == ([1, 3, 5, 7, 9, 11, 13, 15], [2, 4, 6, 8, 10, 12, 14, 16])
