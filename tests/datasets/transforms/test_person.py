import numpy as np
import pytest
from helpers.people import make_poses
from mmaction.registry import TRANSFORMS

from mmaction_microaction.poses.person_box import crop_box, person_boxes


def make_sample(*place, layout='ma52_28'):
    poses = make_poses([[place] * 4], img_shape=(240, 420)).convert(layout)
    images = np.random.default_rng(0).integers(0, 256, (3, 240, 420, 3), np.uint8)
    keypoint, scores = poses.keypoint, poses.keypoint_score
    return poses, dict(imgs=list(images), img_shape=(240, 420), keypoint=keypoint.copy(), keypoint_score=scores)


@pytest.mark.parametrize('layout', ['ma52_28', 'coco17'])
def test_frames_and_keypoints_are_cropped_to_the_box(layout):
    poses, sample = make_sample(60, 70, 30, layout=layout)
    box = person_boxes(poses)[0]
    assert box[0] < 0  # partly outside of the frames
    images = sample['imgs']
    cropped = TRANSFORMS.build(dict(type='CropToPerson', layout=layout))(sample)
    assert cropped['img_shape'] == (183, 152)
    for image, original in zip(cropped['imgs'], images, strict=True):
        assert (image == crop_box(original, box)).all()
        assert not image[:, : -box[0]].any()
    seen = poses.keypoint_score > 0
    assert (cropped['keypoint'][seen] == poses.keypoint[seen] - box[:2]).all()
    assert not cropped['keypoint'][~seen].any()


def test_sample_without_shoulders_is_not_cropped():
    _, sample = make_sample(60, 70, 30, ('shoulder',))
    before = dict(sample)
    after = TRANSFORMS.build(dict(type='CropToPerson'))(sample)
    assert after['img_shape'] == (240, 420)
    assert all((image == other).all() for image, other in zip(after['imgs'], before['imgs'], strict=True))
    assert (after['keypoint'] == before['keypoint']).all()
