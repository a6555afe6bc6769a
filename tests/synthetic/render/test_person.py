from dataclasses import replace

import numpy as np
import pytest

from mmaction_microaction.structures.pose_layouts import MA52_28
from mmaction_microaction.synthetic import true_keypoints
from mmaction_microaction.synthetic.person.subject import BEARDS, HAIRCUTS, PATTERNS, draw_subject
from mmaction_microaction.synthetic.render.canvas import LimbMark, Painter, VirtualCamera

GREEN, MAGENTA = (20, 220, 20), (220, 20, 220)
FRONT = VirtualCamera(1.0, 3.0, 0.0, 1.0, 1.0, 0.0, (0.0, 0.0))


def share_of(frame, color):
    """Return the rows and columns of the pixels whose hue is near that of a colour."""
    strong = np.array(color) > 100
    return np.nonzero(frame[..., strong].min(-1) > 1.6 * frame[..., ~strong].max(-1) + 20)


def joint(clip, name):
    return true_keypoints(clip)[0, MA52_28.joints.index(name)]


@pytest.mark.parametrize('haircut', HAIRCUTS)
def test_hair_is_around_the_face_and_the_bald_have_none(haircut, make_plain_clip, draw_first_frame):
    clip = make_plain_clip({'hair': MAGENTA, 'brows': 0.0})
    clip.subject = replace(clip.subject, haircut=haircut)
    rows, columns = share_of(draw_first_frame(clip), MAGENTA)
    if haircut == 'bald':
        assert len(rows) < 12  # the eyebrows
        return
    assert len(rows) > 40
    x, y = joint(clip, 'nose')
    assert rows.min() < y - 8
    assert abs(columns.mean() - x) < 10
    assert (rows.max() > y + 3) == (haircut in ('medium', 'long'))


@pytest.mark.parametrize('beard', BEARDS)
def test_beard_is_below_the_nose(beard, make_plain_clip, draw_first_frame):
    clip = make_plain_clip()
    without = draw_first_frame(clip)
    clip.subject = replace(clip.subject, beard=beard)
    rows, _ = np.nonzero(np.abs(draw_first_frame(clip) - without).max(-1) > 4)
    assert (len(rows) > 3) == (beard != 'none')
    if beard != 'none':
        assert rows.min() > joint(clip, 'left_eye')[1]
        assert rows.mean() > joint(clip, 'nose')[1]
        assert rows.max() < joint(clip, 'neck')[1]


@pytest.mark.parametrize('pattern', PATTERNS)
def test_pattern_is_on_the_shirt(pattern, make_plain_clip, draw_first_frame):
    clip = make_plain_clip({'shirt': (90, 90, 90), 'long_sleeves': False})
    assert not len(share_of(draw_first_frame(clip), GREEN)[0])
    clip.subject = replace(clip.subject, print_on_shirt=GREEN, pattern=pattern)
    rows, columns = share_of(draw_first_frame(clip), GREEN)
    assert len(rows) > 10
    shoulders, hips = ([joint(clip, f'{side}_{name}') for side in ('right', 'left')] for name in ('shoulder', 'hip'))
    assert rows.min() > min(y for _, y in shoulders) - 8
    assert rows.max() < max(y for _, y in hips) + 3
    assert columns.min() > shoulders[0][0] - 12
    assert columns.max() < shoulders[1][0] + 12


def test_creases_darken_and_lighten_the_cloth(make_plain_clip, draw_first_frame):
    flat, creased = (draw_first_frame(make_plain_clip({'creases': amount})) for amount in (0.0, 1.0))
    difference = (creased - flat).sum(-1)
    assert (difference < -15).sum() > 30
    assert (difference > 5).sum() > 10


def test_marks_move_with_the_limb():
    """A limb from left to right has a mark at a quarter of its length. In the second frame, it is upright."""
    start = np.array([[-0.5, 1.0, 0.0], [0.0, 0.5, 0.0]])
    end = np.array([[0.5, 1.0, 0.0], [0.0, 1.5, 0.0]])
    painter = Painter(FRONT, (120, 120), (0.0, -1.0), np.zeros((2, 2)))
    mark = LimbMark((0.2, 0.2, 0.3, 0.3), (-0.9, 0.9, 0.9, -0.9), GREEN)
    painter.limb(start, end, 0.08, 0.08, (90, 90, 90), marks=[mark])
    found = [share_of(canvas, GREEN) for canvas in painter.draw(np.zeros((2, 120, 120, 3), np.uint8))]
    # One metre is 40 pixels at the distance of the limb, and the middle of the image is its middle.
    middles = [(rows.mean(), columns.mean()) for rows, columns in found]
    np.testing.assert_allclose(middles, [(59.5, 49.5), (69.5, 59.5)], atol=1.0)


def test_contrast_is_the_strength_of_the_shading(make_plain_clip, draw_first_frame):
    spread = []
    for contrast in (0.0, 0.5, 1.0):
        clip = make_plain_clip({'shirt': (120, 120, 120), 'creases': 0.0}, contrast=contrast)
        x, y = (0.5 * joint(clip, 'neck') + 0.25 * (joint(clip, 'left_hip') + joint(clip, 'right_hip'))).astype(int)
        spread.append(np.ptp(draw_first_frame(clip)[y - 1 : y + 2, x - 9 : x + 10, 0]))
    assert spread[0] == 0
    assert 0 < spread[1] < spread[2]


def test_people_have_all_sizes_and_ages():
    subjects = [draw_subject(np.random.default_rng(seed)) for seed in range(400)]
    scales = np.array([subject.proportions.scale for subject in subjects])
    children = np.array([subject.age == 'child' for subject in subjects])
    assert 0.05 < children.mean() < 0.15
    assert scales[children].max() < scales[~children].max() - 0.15
    assert {subject.haircut for subject in subjects} == set(HAIRCUTS)
    assert {subject.beard for subject in subjects} == set(BEARDS)
    assert all(subject.beard == 'none' for subject in subjects if subject.age == 'child')
