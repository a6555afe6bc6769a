import numpy as np

from mmaction_microaction.label_sets.ma52 import ACTIONS
from mmaction_microaction.synthetic import contact_sheet, frames, make_clip


def test_contact_sheet_shows_eight_frames_of_each_action():
    picture = contact_sheet((64, 76), actions=ACTIONS[:5])
    assert picture.shape == (3 * (76 + 18), 2 * (8 * 64 + 8), 3)
    shown = [picture[18:94, k * 64 : (k + 1) * 64] for k in range(8)]
    clip = make_clip(0, 0, (64, 76), 0)
    every = list(frames(clip))
    np.testing.assert_array_equal(shown[0], every[0])
    np.testing.assert_array_equal(shown[7], every[-1])
    # Below the odd column's last action there is nothing.
    assert (picture[2 * 94 :, 8 * 64 + 8 :] == 255).all()
