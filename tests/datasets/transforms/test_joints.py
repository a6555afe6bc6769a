"""Transforms of joints as coordinates."""

import numpy as np
import pytest

from mmaction_microaction.datasets.transforms import PerturbJoints, ResamplePoses
from mmaction_microaction.structures.pose_layouts import BLAZEPOSE33


def make_sample(num_frames=30, num_joints=33, seed=0):
    rng = np.random.default_rng(seed)
    keypoint = rng.uniform(0, 100, (1, num_frames, num_joints, 2)).astype(np.float32)
    return dict(keypoint=keypoint, keypoint_score=np.ones(keypoint.shape[:-1], np.float32))


def test_resampling_interpolates_between_frames():
    keypoint = np.zeros((1, 3, 1, 2), np.float32)
    keypoint[0, :, 0] = [(0, 0), (10, 2), (30, 2)]
    sample = ResamplePoses(5)(dict(keypoint=keypoint, keypoint_score=np.ones((1, 3, 1), np.float32)))
    assert sample['keypoint'][0, :, 0].tolist() == [[0, 0], [5, 1], [10, 2], [20, 2], [30, 2]]
    assert (sample['num_clips'], sample['clip_len']) == (1, 5)


def test_joint_is_undetected_next_to_a_frame_without_it():
    scores = np.array([[0.5, 1.0], [0.0, 1.0], [0.8, 1.0]], np.float32)[None]
    sample = ResamplePoses(5)(dict(keypoint=np.ones((1, 3, 2, 2), np.float32), keypoint_score=scores))
    assert sample['keypoint_score'][0, :, 0].tolist() == pytest.approx([0.5, 0, 0, 0, 0.8])


def test_person_who_was_not_found_has_paused():
    keypoint = np.arange(7, dtype=np.float32).reshape(1, 7, 1, 1).repeat(2, 2).repeat(2, 3)
    scores = np.ones((1, 7, 2), np.float32)
    scores[0, [0, 1, 4, 5, 6]] = 0
    scores[0, 3, 1] = 0  # one joint of two
    sample = ResamplePoses(7)(dict(keypoint=keypoint, keypoint_score=scores))
    assert sample['keypoint'][0, :, 0, 0].tolist() == [2, 2, 2, 3, 3, 3, 3]
    assert sample['keypoint_score'][0, :, 0].tolist() == [1] * 7
    assert sample['keypoint_score'][0, :, 1].tolist() == [1, 1, 1, 0, 0, 0, 0]
    nobody = ResamplePoses(7)(dict(keypoint=keypoint, keypoint_score=np.zeros_like(scores)))
    assert not nobody['keypoint_score'].any()


@pytest.mark.parametrize('num_frames', [1, 2, 47, 48, 200])
def test_whole_clip_is_played_once(num_frames):
    keypoint = np.arange(num_frames, dtype=np.float32)[None, :, None, None].repeat(2, -1)
    sample = ResamplePoses(48)(dict(keypoint=keypoint, keypoint_score=np.ones(keypoint.shape[:-1], np.float32)))
    np.testing.assert_allclose(sample['keypoint'][0, :, 0, 0], np.linspace(0, num_frames - 1, 48), atol=1e-4)
    assert sample['keypoint_score'].all()


def test_trimming_leaves_the_middle():
    np.random.seed(0)
    keypoint = np.arange(101, dtype=np.float32)[None, :, None, None].repeat(2, -1)
    scores = np.ones(keypoint.shape[:-1], np.float32)
    ends = []
    for _ in range(200):
        sample = ResamplePoses(10, trim=0.2)(dict(keypoint=keypoint, keypoint_score=scores))
        ends.append(sample['keypoint'][0, [0, -1], 0, 0])
    starts, stops = np.transpose(ends)
    assert 0 <= starts.min() < 1 < 19 < starts.max() <= 20
    assert 80 <= stops.min() < 81 < 99 < stops.max() <= 100


@pytest.mark.parametrize('options', [dict(clip_len=0), dict(trim=0.5), dict(trim=-0.1)])
def test_wrong_options(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        ResamplePoses(**options)


def test_no_errors_and_no_change_of_view_leave_the_joints():
    sample = make_sample()
    still = PerturbJoints(
        'blazepose33', 0, rotation=0, stretch=0, lost_legs=0, lost_hand=0, lost_shoulder=0, smallest_motion=1
    )
    np.testing.assert_allclose(still(dict(sample))['keypoint'], sample['keypoint'], atol=1e-4)


def test_errors_grow_with_the_person_and_are_mostly_constant():
    np.random.seed(0)
    perturb = PerturbJoints(
        'blazepose33', rotation=0, stretch=0, lost_legs=0, lost_hand=0, lost_shoulder=0, smallest_motion=1
    )
    small, large = make_sample(), make_sample()
    large['keypoint'] = large['keypoint'] * 10
    errors = [
        np.stack([perturb(dict(sample))['keypoint'][0] - sample['keypoint'][0] for _ in range(200)])
        for sample in (small, large)
    ]
    assert errors[1].std() / errors[0].std() == pytest.approx(10, rel=0.2)
    face, hands = (
        errors[0][:, :, [joint.endswith(ends) for joint in BLAZEPOSE33.joints]]
        for ends in (('nose', 'eye', 'ear', 'inner', 'outer'), ('thumb', 'index', 'pinky', 'knee', 'hip'))
    )
    assert hands.std() / face.std() == pytest.approx(0.07 / 0.04, rel=0.2)
    # Limbs that are lost and found again have large changing errors, so means would be those of a few clips.
    assert np.median(np.abs(face.mean(1))) > 2 * np.median(face.std(1))
    assert np.median(np.abs(face.mean(1))) > 10 * np.median(np.diff(face, 2, axis=1).std(1)) / 6**0.5


def test_legs_hands_and_shoulders_are_lost():
    perturb = PerturbJoints('blazepose33', lost_legs=1, lost_hand=1, lost_shoulder=1)
    np.random.seed(0)
    scores = perturb(make_sample())['keypoint_score'][0]
    lost = {joint: (scores[:, index] == 0).mean() for index, joint in enumerate(BLAZEPOSE33.joints)}
    assert lost['left_knee'] == lost['right_foot'] == 1
    assert lost['nose'] == lost['left_elbow'] == 0
    for joint in ('wrist', 'shoulder'):
        sides = [lost[f'{side}_{joint}'] for side in ('left', 'right')]
        assert min(sides) == 0 < max(sides) < 1


def test_absent_person_stays_absent():
    sample = make_sample()
    sample['keypoint_score'][:] = 0
    assert not PerturbJoints('blazepose33')(sample)['keypoint_score'].any()


def test_smaller_movements_of_head_trunk_and_legs_keep_those_of_the_arms():
    np.random.seed(0)
    calm = PerturbJoints(
        'blazepose33', 0, rotation=0, stretch=0, lost_legs=0, lost_hand=0, lost_shoulder=0, smallest_motion=0.2
    )
    sample = make_sample()
    index = BLAZEPOSE33.joints.index
    shoulders = [index('left_shoulder'), index('right_shoulder')]

    def spread(keypoint, joint):
        middle = 0 if joint.endswith(('knee', 'shoulder')) else keypoint[0][:, shoulders].mean(1)
        points = keypoint[0][:, shoulders].mean(1) if joint == 'left_shoulder' else keypoint[0][:, index(joint)]
        return (points - middle).std()

    factors = []
    for _ in range(60):
        keypoint = calm(dict(sample))['keypoint']
        joints = ('nose', 'left_shoulder', 'right_knee', 'left_wrist')
        factors.append([spread(keypoint, joint) / spread(sample['keypoint'], joint) for joint in joints])
        np.testing.assert_allclose(keypoint.mean(1), sample['keypoint'].mean(1), atol=1e-3)
    factors = np.array(factors)
    np.testing.assert_allclose(factors[:, 3], 1, atol=1e-4)
    for column, lowest in zip(factors.T[:3], (0.2, 0.2, 0.5)):
        assert lowest - 1e-4 <= column.min() < lowest + 0.2
        assert column.max() == pytest.approx(1)
        assert 0.3 < (column > 0.999).mean() < 0.7
