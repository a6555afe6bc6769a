import numpy as np
import pytest
from helpers.label_sets import FOUR, TWO_HUNDRED
from matplotlib.colors import to_rgb

from mmaction_microaction.inference import ClipResult, DetectionResult, TimelineResult
from mmaction_microaction.inference.bands import legible_on, make_band
from mmaction_microaction.label_sets import MA52, LabelSet
from mmaction_microaction.structures.intervals import Interval
from mmaction_microaction.visualization.style import action_colors, group_color

GRAY, BLACK = [217] * 3, [0] * 3


def rgb(color):
    return np.round(np.array(to_rgb(color)) * 255).tolist()


HEAD, UPPER_LIMB = (rgb(action_colors()[label]) for label in (9, 19))


def draw(result, time=0.0):
    """Return the band of a result, 480 pixels wide: lines have 24 pixels."""
    return make_band(result, 480).at(time).astype(int)


def timeline(intervals, label_set=MA52):
    empty = np.zeros(0)
    return TimelineResult('a.mp4', 12.0, intervals, empty, empty, np.zeros((0, len(label_set))), label_set)


def detections(intervals, label_set=MA52):
    columns = [np.array([getattr(interval, name) for interval in intervals]) for name in ('label', 'score')]
    segments = np.array([(interval.start, interval.end) for interval in intervals], float).reshape(-1, 2)
    return DetectionResult('a.mp4', 12.0, segments, *columns, label_set=label_set)


def test_timeline_has_the_colours_of_the_groups():
    band = draw(timeline([Interval(0, 3, 9, 0.9), Interval(6, 9, 19, 0.8)]), 5)
    assert band.shape == (72, 480, 3)
    row = band[24 + 3].tolist()  # above the letters
    # 40 pixels are one second.
    assert [row[x] for x in (1, 30, 118, 122, 236, 243, 358, 362, 478)] == [
        *([HEAD] * 3),
        *([GRAY] * 2),
        *([UPPER_LIMB] * 2),
        *([GRAY] * 2),
    ]
    assert row[200] == BLACK  # the current time


def test_first_line_names_the_current_action():
    band = make_band(timeline([Interval(0, 3, 9, 0.9)]), 480)
    assert band.at(2.95)[2:18].min() < 30
    assert band.at(3.0)[2:18].min() == 255


def test_long_timelines_scroll():
    result = timeline([Interval(58, 60, 9, 0.9)])
    result.duration = 100.0
    band = make_band(result, 480)
    rows = {time: band.at(time)[24 + 3].tolist() for time in (0, 55, 100)}
    # 20 s are shown, 24 pixels a second, with the current time in the middle except near the ends.
    assert [rows[55][x] for x in (240, 310, 314, 358, 362)] == [BLACK, GRAY, HEAD, HEAD, GRAY]
    assert rows[0][0] == rows[100][478] == BLACK
    assert HEAD not in rows[0] + rows[100]


def test_actions_at_the_same_time_are_drawn_in_rows_and_lanes():
    head, upper_limb = [Interval(0, 6, 9, 0.9), Interval(3, 9, 5, 0.8)], [Interval(4, 8, 19, 0.7)]
    band = draw(detections(head + upper_limb), 4.5)
    assert band.shape == (24 * 8, 480, 3)  # seven body parts, and the clock
    left, second = 192, (480 - 192) / 12  # 40 % of the width are for names

    def color_at(row, lane, time):
        return band[24 * row + 4 + 12 * lane, round(left + time * second)].tolist()

    for lane, (row, time) in ((0, (1, 2)), (0, (1, 5.8)), (1, (1, 3.2)), (1, (1, 8))):
        assert color_at(row, lane, time) == HEAD
    for lane, (row, time) in ((1, (1, 2)), (0, (1, 8)), (0, (2, 2)), (0, (0, 5)), (0, (3, 5))):
        assert color_at(row, lane, time) == GRAY
    for time in (4.2, 7.8):
        assert color_at(2, 0, time) == UPPER_LIMB
        assert band[24 * 3 - 6, round(left + time * second)].tolist() == UPPER_LIMB  # the whole row
    assert color_at(3, 0, 4.5) == BLACK  # the current time


def test_rows_name_the_current_actions():
    band = make_band(detections([Interval(0, 3, 9, 0.9), Interval(2, 5, 19, 0.9)]), 480)
    # Black letters name an action, grey ones the body part.
    for time, black in ((1.0, [True, False]), (2.5, [True, True]), (4.0, [False, True]), (6.0, [False, False])):
        image = band.at(time)
        assert [image[24 * row + 2 : 24 * row + 22, 4:188].min() < 60 for row in (1, 2)] == black


@pytest.mark.parametrize('label_set', [FOUR, TWO_HUNDRED], ids=lambda label_set: label_set.name)
def test_detections_of_any_label_set_have_a_row_for_each_group_or_action_that_occurs(label_set):
    intervals = [Interval(0, 6, 3, 1.0, label_set), Interval(3, 12, 2, 1.0, label_set)]
    assert draw(detections(intervals, label_set)).shape == (24 * 3, 480, 3)
    assert draw(detections([], label_set)).shape == (24, 480, 3)


def test_clip_shows_its_best_actions_as_bars():
    scores = np.full(52, 0.001)
    scores[[9, 19]] = 0.6, 0.35
    band = draw(ClipResult('a.mp4', 1.6, scores))
    assert band.shape == (5 * 24, 480, 3)
    for line, color, score in ((0, HEAD, 0.6), (1, UPPER_LIMB, 0.35)):
        length = (band[24 * line + 12] == color).all(-1).sum()
        assert length == pytest.approx(score * (480 * 0.38 - 72), abs=1.5)


@pytest.mark.parametrize('label_set', [FOUR, TWO_HUNDRED], ids=lambda label_set: label_set.name)
def test_bands_of_any_label_set_are_drawn(label_set):
    # Action 3 is in group 3, if there are groups.
    color = rgb(group_color(3))
    band = draw(ClipResult('a.mp4', 1.6, np.eye(len(label_set))[3], label_set))
    assert band.shape == (24 * min(len(label_set), 5), 480, 3)
    assert band[12, 310].tolist() == color
    intervals = [Interval(0, 6, 3, 1.0, label_set), Interval(6, 12, 2, 1.0, label_set)]
    row = draw(timeline(intervals, label_set))[24 + 3].tolist()
    assert row[100] == color
    assert row[340] == rgb(group_color(2))


def test_long_names_end_before_the_bars_and_other_alphabets_are_drawn():
    def band(name):
        label_set = LabelSet.from_dict({'actions': [name]})
        return draw(ClipResult('a.mp4', 1.6, np.ones(1), label_set))

    # Without a limit, the name would be as wide as the band.
    assert band('long ' * 40)[6:, 292:296].min() > 200
    # A missing letter is drawn as a box, whatever the letter.
    assert np.abs(band('\u0434\u0434\u0434') - band('\u0436\u0436\u0436')).max() > 100


def test_titles_name_people_if_there_are_several():
    band = make_band(timeline([]), 480)
    assert band.draw_title('').shape == (0, 480, 3)
    title = band.draw_title('left')
    assert title.shape == (24, 480, 3)
    assert title.min() < 150
    assert (title[:, 60:] == 255).all()


def test_text_has_contrast():
    assert [legible_on(color) for color in ('#FFFFFF', '#F0E442', '#0072B2', '#000000')] == [
        *('#000000', '#000000'),
        *('#FFFFFF', '#FFFFFF'),
    ]
