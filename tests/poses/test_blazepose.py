"""BlazePose on real clips. `../shared/pose/blazepose_samples.npz` has the results of an independent implementation."""

import sys

import cv2
import numpy as np
import pytest

from mmaction_microaction.poses import BlazePose, make_estimator
from mmaction_microaction.structures.pose_layouts import BLAZEPOSE33
from mmaction_microaction.video.reader import Video

CLIPS = ('0010_02_0101', '0019_02_0078', '0020_01_0008', '0030_01_0002')


def joints(*names):
    return [BLAZEPOSE33.joints.index(name) for name in names]


@pytest.fixture
def frames_of(shared):
    """Return a function that decodes the first frames of a clip of MA-52."""

    def decode(clip, count=None):
        video = Video(shared / 'ma52/samples' / f'{clip}.mp4')
        return [frame.to_rgb() for frame in video.frames() if count is None or frame.index < count]

    return decode


@pytest.mark.real_data
@pytest.mark.usefixtures('networks')
@pytest.mark.parametrize('clip', CLIPS)
def test_joints_of_real_clips_are_those_of_another_implementation(shared, frames_of, clip):
    with np.load(shared / 'pose/blazepose_samples.npz') as samples:
        expected = samples[clip][:24]
    estimator = BlazePose()
    points, scores = map(np.array, zip(*map(estimator, frames_of(clip, 24))))
    assert points.shape == (len(expected), 1, 33, 2)  # one person in every frame
    distances = np.linalg.norm(points[:, 0] - expected[..., :2], axis=-1)
    errors = np.abs(scores[:, 0] - expected[..., 2] * expected[..., 3])
    print(f'{clip}: largest distance {distances.max():.2g} px, largest error of a score {errors.max():.2g}')
    # On the processor that computed the samples, the largest distance is 1e-4 px. Another processor rounds differently,
    # and tracking amplifies that, since the joints of a frame decide which region of the next one is searched: if the
    # first region is moved by 1e-4 px, joints move by 0.03 px in the first frame, and later by 2 px (median; 95 % by
    # less than 9 px), as much as the unsmoothed joints jitter.
    assert distances[0].max() < 1
    assert np.median(distances) < 4
    assert np.percentile(distances, 95) < 15
    assert np.median(errors) < 0.01


@pytest.mark.real_data
@pytest.mark.usefixtures('networks')
def test_the_number_of_threads_does_not_change_the_joints(frames_of):
    frames, before, found = frames_of(CLIPS[1], 3), cv2.getNumThreads(), []
    try:
        for threads in (1, 2):
            cv2.setNumThreads(threads)
            found.append([points for points, _ in map(BlazePose(), frames)])
    finally:
        cv2.setNumThreads(before)
    np.testing.assert_allclose(*found, atol=0.1)


@pytest.mark.real_data
@pytest.mark.usefixtures('networks')
def test_two_people_are_followed_and_nobody_twice(shared, frames_of):
    left, right = (frames_of(clip, 13) for clip in (CLIPS[0], CLIPS[3]))
    estimator = BlazePose(people=4)
    with np.load(shared / 'pose/blazepose_samples.npz') as samples:
        expected = np.stack([samples[CLIPS[0]][:13], samples[CLIPS[3]][:13]], axis=1)[..., :2]
    expected[:, 1, :, 0] += left[0].shape[1]
    for index, pair in enumerate(zip(left, right)):  # Searched for further people in the first and the eleventh frame.
        points, _ = estimator(np.concatenate(pair, axis=1))
        assert len(points) == 2
        points = points[np.argsort(points[:, 0, 0])]
        assert np.median(np.linalg.norm(points - expected[index], axis=-1)) < 10


@pytest.mark.real_data
@pytest.mark.usefixtures('networks')
def test_a_person_who_is_lost_is_found_again_and_an_empty_image_has_nobody(frames_of):
    image = frames_of(CLIPS[2], 1)[0]
    empty = np.full_like(image, 90)
    estimator = BlazePose()
    found = [estimator(frame) for frame in (image, empty, empty, image)]
    assert [len(points) for points, _ in found] == [1, 0, 0, 1]
    np.testing.assert_array_equal(found[3][0], found[0][0])
    estimator.reset()
    np.testing.assert_array_equal(estimator(image)[0], found[0][0])


@pytest.mark.real_data
@pytest.mark.usefixtures('networks')
def test_joints_out_of_view_have_a_score_near_zero(frames_of):
    estimator = BlazePose()
    legs = joints('left_knee', 'right_knee', 'left_ankle', 'right_ankle', 'left_foot', 'right_foot')
    shoulders = joints('left_shoulder', 'right_shoulder')
    scores = []
    for frame in frames_of(CLIPS[0], 10):
        whole, cut = BlazePose(), np.ascontiguousarray(frame[:712])
        assert whole(frame)[1][0, legs].min() > 0.9
        scores.append(estimator(cut)[1][0])
    scores = np.array(scores)
    print(f'legs out of view: {scores[:, legs].mean():.3f}, at most {scores[:, legs].max():.3f}')
    assert scores[:, legs].mean() < 0.05
    assert scores[:, shoulders].min() > 0.9


@pytest.mark.real_data
@pytest.mark.usefixtures('networks')
def test_a_person_who_lies_is_found_as_one_who_sits(frames_of):
    image = frames_of(CLIPS[1], 1)[0]
    upright, _ = BlazePose()(image)
    lying, _ = BlazePose()(np.ascontiguousarray(np.rot90(image)))
    # np.rot90 turns the right edge to the top: (x, y) becomes (y, width - 1 - x).
    expected = np.stack([upright[0, :, 1], image.shape[1] - 1 - upright[0, :, 0]], axis=-1)
    assert np.median(np.linalg.norm(lying[0] - expected, axis=-1)) < 10


@pytest.mark.usefixtures('networks')
def test_nothing_is_written_when_the_networks_are_opened(capfd):
    BlazePose()
    assert capfd.readouterr() == ('', '')
    print('as before', file=sys.stderr, flush=True)
    assert capfd.readouterr().err == 'as before\n'


def test_a_missing_package_is_named_with_the_extra_and_its_command(monkeypatch):
    monkeypatch.setitem(sys.modules, 'ai_edge_litert.interpreter', None)
    with pytest.raises(ImportError, match=r'blazepose .*extra "pose".* pip install \'\.\[pose\]\' .*ai-edge-litert$'):
        make_estimator()


def test_unknown_detectors_are_rejected():
    with pytest.raises(ValueError, match="detector 'openpose': must be one of blazepose, rtmlib"):
        make_estimator('openpose')
