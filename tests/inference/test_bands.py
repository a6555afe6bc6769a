import numpy as np
import pytest
from helpers.label_sets import FOUR, TWO_HUNDRED
from matplotlib.colors import to_rgb

from mmaction_microaction.inference import ClipResult
from mmaction_microaction.inference.bands import ClipBand, legible_on
from mmaction_microaction.inference.event_rows import EventColors, arrange_events
from mmaction_microaction.inference.timeline_band import TimelineBand
from mmaction_microaction.label_sets import MA52, LabelSet
from mmaction_microaction.structures.coding import CodedEvent
from mmaction_microaction.structures.intervals import Interval
from mmaction_microaction.visualization.style import action_colors, group_color

GRAY, BLACK, WHITE = [217] * 3, [0] * 3, [255] * 3


def rgb(color):
    return np.round(np.array(to_rgb(color)) * 255).tolist()


def paler(color):
    return [round(0.6 * value + 0.4 * 255) for value in color]


HEAD, UPPER_LIMB = (rgb(action_colors()[label]) for label in (9, 19))


def event(start, end, label, person='', score=0.9, label_set=MA52):
    return CodedEvent.from_interval(Interval(start, end, label, score, label_set), person)


def make(events, people=('',), duration=12.0, width=480, **options):
    """Return a band, 480 pixels wide: lines have 20 pixels."""
    return TimelineBand(events, people, duration, width, options.pop('label_set', MA52), **options)


def test_single_row_has_the_colours_of_the_groups_and_a_legend():
    band = make([event(0, 3, 9), event(6, 9, 19)])
    image = band.at(5).tolist()
    assert (len(image), len(image[0])) == (60, 480)
    row = image[20 + 2]  # above the letters
    # 40 pixels are one second. A white line ends each bar.
    assert [row[x] for x in (1, 30, 117, 119, 122, 236, 243, 357, 359, 362, 478)] == [
        *(HEAD, HEAD, HEAD, WHITE),
        *(GRAY, GRAY),
        *(UPPER_LIMB, UPPER_LIMB, WHITE),
        *(GRAY, GRAY),
    ]
    assert row[200] == BLACK  # the current time
    # The legend has each colour once, and no other.
    colors = [tuple(pixel) for pixel in image[50]]
    assert {color for color in colors if max(color) - min(color) > 80} == {tuple(HEAD), tuple(UPPER_LIMB)}
    swatches = [
        ''.join('x' if color == tuple(part) else ' ' for color in colors).split() for part in (HEAD, UPPER_LIMB)
    ]
    assert [len(runs) for runs in swatches] == [1, 1]


def test_neighbours_of_one_group_have_two_shades_and_a_line_between_them():
    # Three actions of the head follow each other, the fourth comes later.
    row = make([event(0, 2, 9), event(2, 4, 5), event(4, 6, 9), event(8, 10, 9)]).at(11)[20 + 2].tolist()
    assert [row[x] for x in (40, 79, 120, 159, 200, 239, 280, 360)] == [
        *(HEAD, WHITE),
        *(paler(HEAD), WHITE),
        *(HEAD, WHITE),
        *(GRAY, HEAD),
    ]


def test_first_line_names_the_current_action():
    band = make([event(0, 3, 9)])
    assert band.at(2.95)[2:16].min() < 30
    assert band.at(3.0)[2:16].min() == 255
    # An event without duration is named for half a second.
    band = make([event(4, 4, 9)])
    assert [band.at(time)[2:16].min() < 30 for time in (3.9, 4.0, 4.4, 4.6)] == [False, True, True, False]
    assert HEAD in band.at(9)[22].tolist()


def test_long_timelines_scroll():
    band = make([event(58, 60, 9)], duration=100.0)
    rows = {time: band.at(time)[22].tolist() for time in (0, 55, 100)}
    # 20 s are shown, 24 pixels a second, with the current time in the middle except near the ends.
    assert [rows[55][x] for x in (240, 310, 314, 356, 362)] == [BLACK, GRAY, HEAD, HEAD, GRAY]
    assert rows[0][0] == rows[100][479] == BLACK
    assert HEAD not in rows[0] + rows[100]


def test_scrolling_shows_the_same_as_drawing_anew():
    rng = np.random.default_rng(0)
    starts = np.sort(rng.uniform(0, 95, 60))
    events = [
        event(start, start + rng.uniform(0.2, 5), int(rng.integers(52)), 'ab'[i % 2]) for i, start in enumerate(starts)
    ]
    band = make(events, ['a', 'b'], 100.0)
    for time in [*np.arange(0, 100, 7.3), 3.0, 60.0, 59.0]:
        moved = band.at(time).copy()
        assert (make(events, ['a', 'b'], 100.0).at(time) == moved).all()


def test_people_and_body_parts_have_rows_and_simultaneous_actions_have_lanes():
    events = [event(0, 6, 9, 'P1'), event(3, 9, 5, 'P1'), event(4, 8, 19, 'P1'), event(1, 2, 9, 'P2')]
    band = make(events, ['P1', 'P2', 'P3'])
    image = band.at(4.5).astype(int)
    assert image.shape == (20 * 5, 480, 3)  # head and upper limb of P1, head of P2, nothing of P3, and the clock
    left, second = 192, (480 - 192) / 12  # 40 % of the width are for names

    def color_at(row, lane, time):
        return image[20 * row + 5 + 9 * lane, round(left + time * second)].tolist()

    for lane, (row, time) in ((0, (0, 2)), (0, (0, 5.5)), (1, (0, 3.2)), (1, (0, 8)), (0, (2, 1.1)), (1, (2, 1.9))):
        assert color_at(row, lane, time) == HEAD
    for lane, (row, time) in ((1, (0, 2)), (0, (0, 8)), (0, (1, 2)), (0, (2, 5)), (0, (3, 5))):
        assert color_at(row, lane, time) == GRAY
    for time in (4.2, 7.6):
        assert color_at(1, 0, time) == color_at(1, 1, time) == UPPER_LIMB
    assert color_at(3, 0, 4.5) == BLACK  # the current time
    # A square in the colour of the part is beside each row that has one.
    names = image[10:80:20, :left].reshape(4, -1, 3).tolist()
    assert [[color in row for color in (HEAD, UPPER_LIMB)] for row in names] == [
        *([True, False], [False, True], [True, False], [False, False])
    ]


def test_rows_name_the_current_actions():
    band = make([event(0, 3, 9), event(2, 5, 19)])
    # Black letters name an action, grey ones the body part.
    for time, black in ((1.0, [True, False]), (2.5, [True, True]), (4.0, [False, True]), (6.0, [False, False])):
        image = band.at(time)
        assert [image[20 * row + 2 : 20 * row + 18, 30:188].min() < 60 for row in (0, 1)] == black


@pytest.mark.parametrize(
    ('people', 'labels', 'num_rows', 'names'),
    [
        (1, 1, 1, {''}),
        (2, 7, 14, set(MA52.groups)),
        (3, 7, 3, {''}),  # 21 rows would be too many
        (20, 1, 14, {''}),
    ],
)
def test_number_of_rows_is_limited(people, labels, num_rows, names):
    firsts = [list(MA52.fine_to_coarse).index(group) for group in range(labels)]
    events = [event(1, 2, label, f'P{person}') for person in range(people) for label in firsts]
    rows = arrange_events(events, [f'P{person}' for person in range(people)], EventColors(events, MA52).keys, 14)
    assert len(rows) == num_rows
    assert {row.name for row in rows} == names
    assert sum(len(row.events) for row in rows) == people * labels
    if people == 20:
        assert (rows[-1].person, len(rows[-1].events)) == ('others', 7)


@pytest.mark.parametrize(('width', 'height', 'line', 'most'), [(1920, 1080, 60, 0.6), (640, 360, 20, 0.67)])
def test_many_rows_shrink_to_a_share_of_the_picture(width, height, line, most):
    firsts = [list(MA52.fine_to_coarse).index(group) for group in range(7)]
    many = [event(1, 2, label, person) for person in 'ab' for label in firsts]
    assert make(many[:1], 'a', width=width, picture_height=height).height == 3 * line
    band = make(many, 'ab', width=width, picture_height=height)
    assert 0.5 * height < band.height <= most * height
    assert band.at(1.5).shape == (band.height, width, 3)


def test_codings_without_a_label_set_have_colours():
    known = [CodedEvent(0, 1, 'nicken', group='head'), CodedEvent(0, 1, 'winken', group='upper limb')]
    colors = EventColors(known)
    assert [colors(key) for key in ('head', 'upper limb')] == [group_color(1), group_color(2)]  # those of MA-52
    others = [CodedEvent(0, 2, 'smile', 'P1'), CodedEvent(1, 3, 'gaze', 'P1')]
    colors = EventColors(others)
    assert colors.keys == ['gaze', 'smile']
    assert [colors(key) for key in colors.keys] == [group_color(0), group_color(1)]
    image = make(others, ['P1'], label_set=None).at(1.5).tolist()
    assert len(image) == 60
    assert rgb(group_color(0)) in image[10]
    assert rgb(group_color(1)) in image[30]


@pytest.mark.parametrize('label_set', [FOUR, TWO_HUNDRED], ids=lambda label_set: label_set.name)
def test_bands_of_any_label_set_are_drawn(label_set):
    # Action 3 is in group 3, if there are groups.
    color = rgb(group_color(3))
    band = ClipBand(ClipResult('a.mp4', 1.6, np.eye(len(label_set))[3], label_set), 480).at(0).astype(int)
    assert band.shape == (20 * min(len(label_set), 5), 480, 3)
    assert band[10, 310].tolist() == color
    events = [event(0, 6, 3, label_set=label_set), event(6, 12, 2, label_set=label_set)]
    row = make(events, label_set=label_set).at(0)[20 + 2].tolist()
    assert row[100] == color
    assert row[340] == rgb(group_color(2))
    overlapping = [event(0, 6, 3, label_set=label_set), event(3, 12, 2, label_set=label_set)]
    assert make(overlapping, label_set=label_set).height == 20 * 3
    assert make([], label_set=label_set).at(0).shape == (20 * 3, 480, 3)


def test_nothing_found_is_said():
    image = make([]).at(1)
    assert image[44:56, 4:90].min() < 60
    assert make([event(8, 9, 9)]).at(1)[44:56, 60:90].min() == 255


def test_clip_shows_its_best_actions_as_bars():
    scores = np.full(52, 0.001)
    scores[[9, 19]] = 0.6, 0.35
    band = ClipBand(ClipResult('a.mp4', 1.6, scores), 480).at(0).astype(int)
    assert band.shape == (5 * 20, 480, 3)
    for line, color, score in ((0, HEAD, 0.6), (1, UPPER_LIMB, 0.35)):
        length = (band[20 * line + 10] == color).all(-1).sum()
        assert length == pytest.approx(score * (480 * 0.38 - 60), abs=2)


def test_clips_name_people_if_there_are_several():
    band = ClipBand(ClipResult('a.mp4', 1.6, np.eye(52)[9], person='left'), 480).at(0)
    assert band.shape == (6 * 20, 480, 3)
    assert band[:20].min() < 150
    assert (band[:20, 60:] == 255).all()


def test_long_names_end_before_the_bars_and_other_alphabets_are_drawn():
    def band(name):
        label_set = LabelSet.from_dict({'actions': [name]})
        return ClipBand(ClipResult('a.mp4', 1.6, np.ones(1), label_set), 480).at(0).astype(int)

    # Without a limit, the name would be as wide as the band.
    assert band('long ' * 40)[5:, 292:296].min() > 200
    # A missing letter is drawn as a box, whatever the letter.
    assert np.abs(band('\u0434\u0434\u0434') - band('\u0436\u0436\u0436')).max() > 100
    people = [
        make([event(0, 1, 9, name), event(0, 1, 9, 'B')], [name, 'B']).at(0)
        for name in ('\u0434\u0434', '\u0436\u0436')
    ]
    assert np.abs(np.subtract(*people, dtype=int)).max() > 100


def test_text_has_contrast():
    assert [legible_on(color) for color in ('#FFFFFF', '#F0E442', '#0072B2', '#000000')] == [
        *('#000000', '#000000'),
        *('#FFFFFF', '#FFFFFF'),
    ]
