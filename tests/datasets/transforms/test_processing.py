import numpy as np
from mmaction.registry import TRANSFORMS


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
