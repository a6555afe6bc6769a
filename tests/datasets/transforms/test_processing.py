import numpy as np
import pytest
from mmaction.registry import TRANSFORMS


def test_flipped_views_are_averaged_like_clips():
    imgs = [np.random.default_rng(seed).integers(0, 256, (4, 5, 3), dtype=np.uint8) for seed in range(6)]
    transform = TRANSFORMS.build(dict(type='AddFlippedViews'))
    frames = transform(dict(imgs=list(imgs)))['imgs']
    assert len(frames) == 12
    for index, frame in enumerate(imgs):
        assert (frames[index] == frame).all()
        for column in range(5):
            assert (frames[6 + index][:, column] == frame[:, 4 - column]).all()
    # Two clips of three frames become four clips.
    sample = dict(imgs=frames, num_clips=2, clip_len=3)
    clips = TRANSFORMS.build(dict(type='FormatShape', input_format='NCTHW'))(sample)['imgs']
    assert clips.shape == (4, 3, 3, 4, 5)
    assert (clips[2] == clips[0][..., ::-1]).all()
    assert (clips[3] == clips[1][..., ::-1]).all()


def test_flipped_views_refuse_keypoints():
    with pytest.raises(ValueError, match='does not mirror keypoints'):
        TRANSFORMS.build(dict(type='AddFlippedViews'))(dict(imgs=[], keypoint=np.zeros((1, 2, 3, 2))))


def test_subtract_mean_frame_removes_the_static_background():
    # Two frames have a background of 200. The first pixel changes from 10 to 30.
    first, second = np.full((2, 3, 4, 3), 200, np.uint8)
    first[0, 0], second[0, 0] = 10, 30
    transform = TRANSFORMS.build(dict(type='SubtractMeanFrame'))
    frames = transform(dict(imgs=[first, second], label=7))['imgs']
    assert [frame.dtype for frame in frames] == [np.float32] * 2
    assert (frames[0][0, 0] == -10).all()
    assert (frames[1][0, 0] == 10).all()
    assert np.count_nonzero(np.stack(frames)) == 6
    assert (first[0, 0] == 10).all(), 'the input must stay as it was'
