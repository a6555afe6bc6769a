import cv2
import numpy as np
import pytest
from helpers.people import SAMPLES, iou, make_poses
from helpers.support import ROOT

from mmaction_microaction.poses.person_box import crop_box, has_aspect, is_framed, person_boxes
from mmaction_microaction.structures.poses import Poses

MA52_SHAPE = (1296, 1080)
JOINTS = ROOT.parent / 'shared/pose/blazepose_samples.npz'


def test_box_has_the_proportions_of_ma52_around_a_seated_person():
    # Shoulders 100 pixels wide at (700, 300): 610 high, 5/6 as wide, the shoulders at 32 % of the height.
    boxes = person_boxes(make_poses([[(700, 300, 100)] * 4]))
    assert boxes.tolist() == [[700 - 254, 300 - 195, 508, 610]] * 4


@pytest.mark.parametrize('layout', ['coco17', 'ma52_28'])
def test_box_is_the_same_in_other_layouts(layout):
    poses = make_poses([[(700, 300, 100)] * 4])
    assert (person_boxes(poses.convert(layout)) == person_boxes(poses)).all()


@pytest.mark.parametrize('hidden', [('ankle', 'foot'), ('knee', 'ankle', 'foot'), ('hip', 'knee', 'ankle', 'foot')])
def test_box_reaches_to_the_place_of_legs_that_are_not_seen(hidden):
    whole = person_boxes(make_poses([[(700, 300, 100)] * 4]))
    assert (person_boxes(make_poses([[(700, 300, 100, hidden)] * 4])) == whole).all()


def test_box_of_someone_who_stands_contains_the_feet():
    poses = make_poses([[(700, 300, 100)] * 4])
    feet = poses.keypoint[..., -2:, :]
    feet[..., 1] = 300 + 520
    box = person_boxes(poses)[0]
    # 520 pixels below the shoulders, at 61 % of the height.
    assert box[3] == round(520 / 0.61)
    assert 300 - box[1] == pytest.approx(0.32 * box[3], abs=1)


def test_sideways_shoulders_do_not_shrink_the_box():
    poses = make_poses([[(700, 300, 100)] * 4])
    middle = poses.keypoint[..., [11, 12], :].mean(-2, keepdims=True)
    poses.keypoint[..., [11, 12], :] = middle + 0.3 * (poses.keypoint[..., [11, 12], :] - middle)
    # The trunk is 120 pixels long. The feet are 320 below the shoulders, for which 525 would do.
    assert person_boxes(poses)[0, 3] == pytest.approx(320 / 0.61, abs=1)
    poses.keypoint_score[..., 25:] = 0
    assert person_boxes(poses)[0, 3] == 4.2 * 120


def test_stray_joints_and_frames_do_not_change_the_box():
    poses = make_poses([[(700, 300, 100)] * 40])
    expected = person_boxes(poses)
    poses.keypoint[0, 7] = 1900, 1000  # one frame is wrong
    poses.keypoint[0, :, 31], poses.keypoint_score[0, :, 31] = (1900, 20), 0.2  # a foot is always guessed
    assert (person_boxes(poses) == expected).all()


def test_box_stands_still_unless_the_person_moves_away():
    still = [(700 + 20 * (i % 2), 300, 100) for i in range(40)]
    assert (np.ptp(person_boxes(make_poses([still])), axis=0) == 0).all()
    walking = [(300 + 30 * i, 300, 100) for i in range(40)]
    boxes = person_boxes(make_poses([walking]))
    middles = boxes[:, 0] + boxes[:, 2] / 2
    # Smoothing over two seconds, four frames, does not delay a steady walk.
    assert middles[4:-4] == pytest.approx([x for x, *_ in walking[4:-4]], abs=16)
    assert (np.diff(middles) >= 0).all()
    assert len(set(boxes[:, 2])) == len(set(boxes[:, 3])) == 1
    assert (np.ptp(person_boxes(make_poses([walking]), moving=False), axis=0) == 0).all()
    assert np.ptp(person_boxes(make_poses([still]), moving=True)[:, 0]) > 0


def test_absence_is_interpolated():
    places = [(300, 300, 100)] * 20 + [None] * 20 + [(1500, 300, 100)] * 20
    middles = person_boxes(make_poses([places]))[:, 0] + 254
    assert middles[[0, 59]] == pytest.approx([300, 1500], abs=1)
    assert middles[30] == pytest.approx(900, abs=60)


def test_person_without_shoulders_has_no_box():
    with pytest.raises(ValueError, match=r'shoulders of person 0 are never seen'):
        person_boxes(make_poses([[(700, 300, 100, ('shoulder',))] * 4]))


def test_real_clips_are_framed_like_ma52():
    if not JOINTS.is_file():
        pytest.skip('needs the joints of the sample clips')
    joints = np.load(JOINTS)
    for name in SAMPLES:
        values = joints[name][None]
        boxes = person_boxes(Poses(name, MA52_SHAPE, values[..., :2], values[..., 2], fps=30))
        assert is_framed(boxes, MA52_SHAPE)
        # The third is a child, who is small in the picture.
        assert iou(boxes[0], (0, 0, 1080, 1296)) > (0.6 if name == SAMPLES[2] else 0.8)


@pytest.mark.parametrize(
    ('box', 'shape', 'expected'),
    [
        ((0, 0, 1000, 1200), (1200, 1000), True),
        ((0, 0, 1000, 1200), (1200, 2000), False),  # 16:9
        ((200, 240, 600, 720), (1200, 1000), False),  # far away
        ((-200, -100, 800, 960), (1200, 1000), False),  # in a corner
        ((-500, -300, 2000, 2400), (1200, 1000), False),  # upper body
    ],
)
def test_framing_needs_aspect_size_and_place(box, shape, expected):
    assert is_framed(np.array([box]), shape) is expected
    assert has_aspect(shape) is (shape == (1200, 1000))


def test_crop_is_black_outside_the_image():
    image = np.arange(1, 4 * 5 * 3 + 1, dtype=np.uint8).reshape(4, 5, 3)
    padded = cv2.copyMakeBorder(image, 9, 9, 9, 9, cv2.BORDER_CONSTANT)
    for left, top, width, height in [(1, 1, 3, 2), (-3, 2, 4, 9), (4, -2, 6, 3), (-2, -2, 12, 12)]:
        cropped = crop_box(image, np.array([left, top, width, height]))
        assert (cropped == padded[top + 9 : top + 9 + height, left + 9 : left + 9 + width]).all()
    with pytest.raises(ValueError, match=r'9,0,3,3 is outside'):
        crop_box(image, np.array([9, 0, 3, 3]))
