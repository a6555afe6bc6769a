import numpy as np

from mmaction_microaction.label_sets import MA52
from mmaction_microaction.synthetic import draw_contact_sheet, make_clip, render_frames


def test_contact_sheet_shows_eight_frames_of_each_action():
    sheet = draw_contact_sheet((64, 76), actions=MA52.actions[:5])
    assert sheet.shape == (3 * (76 + 18), 2 * (8 * 64 + 8), 3)
    shown = [sheet[18:94, k * 64 : (k + 1) * 64] for k in range(8)]
    clip = make_clip(0, 0, (64, 76), seed=0)
    frames = list(render_frames(clip))
    np.testing.assert_array_equal(shown[0], frames[0])
    np.testing.assert_array_equal(shown[7], frames[-1])
    # The fifth action leaves an empty field.
    assert (sheet[2 * 94 :, 8 * 64 + 8 :] == 255).all()
