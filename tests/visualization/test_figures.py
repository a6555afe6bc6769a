"""The figures show the correct values, and all their text is legible."""

import itertools

import cv2
import numpy as np
import pytest
from helpers.figures import find_axes, find_texts, read_texts
from helpers.label_sets import FOUR, TWO_HUNDRED
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.text import Text

from mmaction_microaction.evaluation.functional import (
    ConfusedPair,
    PerClassMetrics,
    calibration_bins,
    confusion_matrix,
    most_confused_pairs,
    per_class_metrics,
)
from mmaction_microaction.label_sets import MA52, LabelSet
from mmaction_microaction.structures.detection_annotations import AnnotatedVideo, Instance
from mmaction_microaction.structures.detection_statistics import summarize_detections
from mmaction_microaction.structures.intervals import Interval
from mmaction_microaction.visualization import (
    plot_calibration,
    plot_class_counts,
    plot_coarse_confusion_matrix,
    plot_comparison,
    plot_confused_pairs,
    plot_confusion_matrix,
    plot_detection_statistics,
    plot_durations,
    plot_features,
    plot_frequency_groups,
    plot_gradcam,
    plot_per_class,
    plot_prediction_strip,
    plot_timeline,
    read_frames,
)

ONE_ACTION = LabelSet.from_dict({'name': 'one', 'actions': ['nodding']})
# Names that are too long for the figures, and end alike.
LONG_NAMES = LabelSet.from_dict(
    {'name': 'long', 'actions': [f'touching or scratching the {i}. of $32$ things in the room' for i in range(32)]}
)
# More groups than colours, each with a single action and a name that is longer than a row.
MANY_GROUPS = LabelSet.from_dict(
    {
        'name': 'singles',
        'group_term': 'region',
        'actions': [
            {'name': f'action {i}', 'code': f'X{i}', 'group': f'the group with the number {i}'} for i in range(30)
        ],
    }
)
MMA_SIZED = LabelSet.from_dict(
    {
        'name': 'large',
        'actions': [
            {'name': f'action {i}', 'code': f'{"ABCDEFG"[i % 7]}{i}', 'group': MA52.groups[i % 7]} for i in range(82)
        ],
    }
)
OTHER_SETS = {
    'one action': ONE_ACTION,
    'four actions': FOUR,
    '200 actions': TWO_HUNDRED,
    'long names': LONG_NAMES,
    'many groups': MANY_GROUPS,
    '82 actions': MMA_SIZED,
}

TRAIN = np.array([action.train_clips for action in MA52.actions])
VAL = np.array([action.val_clips for action in MA52.actions])
NONE = np.full(52, np.nan)
# F1 scores for one clip of nodding (9) predicted as shaking head (10).
ONE = np.where(np.isin(np.arange(52), [9, 10]), 0, np.nan)
MANY = np.random.default_rng(0).random((3, 52))
GREY = np.full((8, 96, 80, 3), 128, np.uint8)
SURE, UNSURE = np.eye(52), np.full(52, 1 / 52)
LONGEST = sorted(range(52), key=lambda label: len(MA52.actions[label].name))[-5:]

# Nodding (9) twice at once and shaking legs (24), which touches none of them; shaking body (0) alone.
VIDEOS = [
    AnnotatedVideo('a', 90, 30.0, (Instance(0, 30, 9), Instance(15, 45, 9), Instance(45, 60, 24))),
    AnnotatedVideo('b', 60, 30.0, (Instance(0, 60, 0),)),
]
MANY_AT_ONCE = AnnotatedVideo('c', 450, 30.0, tuple(Instance(0, 450 - label, label) for label in range(52)))

CASES = {
    'actions of videos': lambda: plot_detection_statistics(summarize_detections(VIDEOS)),
    'one action': lambda: plot_detection_statistics(summarize_detections(VIDEOS[1:])),
    'counts of MA-52': lambda: plot_class_counts({'train': TRAIN, 'val': VAL}),
    'counts of three splits': lambda: plot_class_counts({'train': TRAIN, 'val': VAL, 'test': VAL}),
    'counts of one clip': lambda: plot_class_counts({'tested': np.eye(52, dtype=int)[9]}),
    'body parts, all correct': lambda: plot_coarse_confusion_matrix(2000 * np.eye(7, dtype=int)),
    'body parts, large counts': lambda: plot_coarse_confusion_matrix(np.full((7, 7), 12345)),
    'scores': lambda: plot_per_class(PerClassMetrics(*MANY, VAL, VAL)),
    'scores, all correct': lambda: plot_per_class(PerClassMetrics(*np.ones((3, 52)), VAL, VAL)),
    'scores, all wrong': lambda: plot_per_class(PerClassMetrics(*np.zeros((3, 52)), VAL, VAL)),
    'scores of one clip': lambda: plot_per_class(
        PerClassMetrics(NONE, ONE, ONE, np.eye(52, dtype=int)[9], np.zeros(52, int))
    ),
    'longest pairs': lambda: plot_confused_pairs(
        [ConfusedPair(a, b, 12345, 1.0) for a, b in itertools.permutations(LONGEST, 2)]
    ),
    'one pair': lambda: plot_confused_pairs([ConfusedPair(0, 1, 1, 0.5)]),
    'no pair': lambda: plot_confused_pairs([]),
    'thirds': lambda: plot_frequency_groups(MANY[0], TRAIN),
    'thirds, all correct': lambda: plot_frequency_groups(np.ones(52), TRAIN),
    'thirds of one clip': lambda: plot_frequency_groups(ONE, np.zeros(52, int)),
    'calibration': lambda: plot_calibration(calibration_bins(MANY[1] < MANY[0], MANY[0])),
    'calibration of one clip': lambda: plot_calibration(calibration_bins([False], [0.5])),
    'comparison': lambda: plot_comparison(MANY[0], MANY[1], ('a run with a long name, epoch_40', 'another of these')),
    'comparison of equal runs': lambda: plot_comparison(MANY[0], MANY[0]),
    'comparison of one clip': lambda: plot_comparison(ONE, ONE),
    'durations': lambda: plot_durations(1 + 6 * MANY[0]),
    'duration of one clip': lambda: plot_durations([2.0]),
    'durations of long videos': lambda: plot_durations([3600, 4000]),
    'strip': lambda: plot_prediction_strip(GREY, 9, [('manet', MANY[0] / MANY[0].sum())], '0001_01_0001.mp4'),
    'strip of two': lambda: plot_prediction_strip(
        GREY, LONGEST[-1], [('a run with a long name, epoch_4', SURE[LONGEST[-1]]), ('tsm', UNSURE)], 40 * 'm'
    ),
    'strip, all wrong': lambda: plot_prediction_strip(
        GREY, LONGEST[-1], 2 * [('another run with long name, e_4', SURE[LONGEST[-2]])]
    ),
    'strip of one narrow frame': lambda: plot_prediction_strip(GREY[:1, :, :20], 51, [('tsm', SURE[0])]),
    'maps': lambda: plot_gradcam(GREY, GREY[..., 0] / 255, SURE[9], title=40 * 'm'),
    'maps of a long name': lambda: plot_gradcam(GREY, GREY[..., 0] / 255, SURE[9], title=20 * 'interview '),
    'maps of another action': lambda: plot_gradcam(GREY, GREY[..., 0] / 255, SURE[LONGEST[-1]], LONGEST[-2]),
    'maps of one narrow frame': lambda: plot_gradcam(GREY[:1, :, :20], np.zeros((1, 96, 20)), UNSURE),
    'strip of many wide frames': lambda: plot_prediction_strip(np.zeros((32, 9, 160, 3), np.uint8), 0, [('', UNSURE)]),
    'timeline': lambda: plot_timeline([Interval(i, i + 1, i, i / 52) for i in range(52)], 52.0),
    'timeline of an hour': lambda: plot_timeline([Interval(2 * i, 2 * i + 2, i % 52, 1.0) for i in range(1800)], 3600),
    'empty timeline': lambda: plot_timeline([], 8.5),
    'detections': lambda: plot_timeline([Interval(i / 9, i / 9 + 2, i, i / 52) for i in range(52)], 9.0),
    'detections and truth': lambda: plot_timeline(
        [Interval(i / 9, i / 9 + 2, i, i / 52) for i in range(52)], 9.0, truth=[Interval(0, 1, 9), Interval(0, 2, 8)]
    ),
}


def simulate(label_set):
    """Return true labels and predictions of some clips."""
    rng = np.random.default_rng(0)
    labels = rng.integers(len(label_set), size=20 * len(label_set))
    return labels, np.where(rng.random(len(labels)) < 0.5, labels, rng.integers(len(label_set), size=len(labels)))


def plot_of_set(plot, label_set):
    """Draw a figure of simulated results of a label set."""
    count = len(label_set)
    labels, predictions = simulate(label_set)
    metrics, rng = per_class_metrics(labels, predictions, count), np.random.default_rng(0)
    train_clips, scores = rng.integers(1, 500, count), rng.dirichlet(np.ones(count), 2)
    matrix, groups = confusion_matrix(labels, predictions, count), label_set.fine_to_coarse
    intervals = [Interval(3 * i, 3 * i + 2, i % count, 0.5, label_set) for i in range(60)]
    points = {name: (rng.random((len(labels), 2)), labels) for name in ('a', 'b')}
    return {
        plot_per_class: lambda: plot_per_class(metrics, label_set=label_set),
        plot_comparison: lambda: plot_comparison(metrics.f1, metrics.recall, label_set=label_set),
        plot_class_counts: lambda: plot_class_counts({'train': train_clips, 'val': train_clips}, label_set=label_set),
        plot_frequency_groups: lambda: plot_frequency_groups(metrics.f1, train_clips, label_set=label_set),
        plot_confusion_matrix: lambda: plot_confusion_matrix(matrix, label_set=label_set),
        plot_confused_pairs: lambda: plot_confused_pairs(most_confused_pairs(matrix, 20), label_set=label_set),
        plot_coarse_confusion_matrix: lambda: plot_coarse_confusion_matrix(
            confusion_matrix(groups[labels], groups[predictions], len(label_set.groups)), label_set=label_set
        ),
        plot_prediction_strip: lambda: plot_prediction_strip(
            GREY, count - 1, list(zip(('a run with a long name, epoch_4', 'tsm'), scores)), label_set=label_set
        ),
        plot_gradcam: lambda: plot_gradcam(GREY, GREY[..., 0] / 255, scores[0], count - 1, label_set=label_set),
        plot_timeline: lambda: plot_timeline(intervals, 200, label_set=label_set),
        plot_features: lambda: plot_features(points, label_set=label_set),
    }[plot]()


PLOTS = (
    plot_per_class,
    plot_comparison,
    plot_class_counts,
    plot_frequency_groups,
    plot_confusion_matrix,
    plot_confused_pairs,
    plot_coarse_confusion_matrix,
    plot_prediction_strip,
    plot_gradcam,
    plot_timeline,
    plot_features,
)
CASES |= {
    f'{plot.__name__} of {name}': lambda plot=plot, label_set=label_set: plot_of_set(plot, label_set)
    for plot, (name, label_set) in itertools.product(PLOTS, OTHER_SETS.items())
    if label_set.has_groups or plot is not plot_coarse_confusion_matrix
}


@pytest.mark.filterwarnings('error::UserWarning')
@pytest.mark.parametrize('name', CASES)
def test_text_is_inside_the_figure_and_does_not_overlap(name):
    figure = CASES[name]()
    # This determines the places of all texts, but fills no pixels.
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw_without_rendering()
    boxes = {
        text: text.get_window_extent(renderer)
        for text in figure.findobj(Text)
        if text.get_visible() and text.get_text().strip()
    }
    # Ticks of hidden axes and ticks beyond the limits are not drawn.
    for axis in [axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)]:
        low, high = sorted(axis.get_view_interval())
        for tick in axis.get_major_ticks():
            if not (axis.axes.axison and low <= tick.get_loc() <= high):
                boxes.pop(tick.label1, None)
    width, height = figure.bbox.size
    for text, box in boxes.items():
        assert box.x0 >= 0, text
        assert box.y0 >= 0, text
        assert box.x1 <= width, text
        assert box.y1 <= height, text
    # Text boxes have the height of a line, which exceeds the height of the letters. If the text is turned, that is the
    # width of the box.
    texts = list(boxes)
    x0, y0, x1, y1 = np.array([box.extents for box in boxes.values()]).T
    turned = np.array([text.get_rotation() % 180 == 90 for text in texts])
    across = np.minimum.outer(x1, x1) - np.maximum.outer(x0, x0)
    down = np.minimum.outer(y1, y1) - np.maximum.outer(y0, y0)
    slack_x = np.where(turned, 0.2 * (x1 - x0), 0.5)
    slack_y = np.where(turned, 0.5, 0.2 * (y1 - y0))
    overlap = (across > np.minimum.outer(slack_x, slack_x)) & (down > np.minimum.outer(slack_y, slack_y))
    np.fill_diagonal(overlap, False)
    assert not overlap.any(), [(texts[i], texts[j]) for i, j in np.argwhere(overlap)[:3]]


def test_body_part_colours_differ_from_their_neighbours_in_grey():
    (axes,) = find_axes(plot_class_counts({'train': TRAIN}), 'train')
    (bars,) = axes.containers
    colours = [to_hex(bar.get_facecolor()) for bar in bars]
    by_part = [colours[np.flatnonzero(part == MA52.fine_to_coarse)[0]] for part in range(7)]
    assert len(set(by_part)) == 7
    assert colours == [by_part[part] for part in MA52.fine_to_coarse]
    brightness = np.array([to_rgb(colour) for colour in by_part]) @ (0.2126, 0.7152, 0.0722)
    assert np.abs(np.diff(brightness)).min() > 0.05


def test_counts_have_a_panel_for_each_split():
    figure = plot_class_counts({'train': TRAIN, 'val': VAL})
    (train,), (val,) = find_axes(figure, 'train'), find_axes(figure, 'val')
    for axes, counts, title in ((train, TRAIN, 'train: 11,250'), (val, VAL, 'val: 5,586')):
        (bars,) = axes.containers
        assert [bar.get_width() for bar in bars] == counts.tolist()
        assert axes.get_title(loc='left') == title
    names = [label.get_text() for label in train.get_yticklabels()]
    assert [names[i] for i in (0, 1, 51)] == ['shaking body  A1', 'sitting straightly  A3', 'scratching feet  G4']
    assert read_texts(figure, 'group') == list(MA52.groups)


def test_body_parts_are_percentages_of_the_true_part():
    counts = np.zeros((7, 7), int)
    counts[1, [1, 2]] = 1, 3
    figure = plot_coarse_confusion_matrix(counts)
    (axes,) = figure.axes
    cells = {text.get_position(): text.get_text() for text in axes.texts}
    # Positions are (column, row). Only the row of the body part with clips has numbers.
    assert (cells[1, 1], cells[2, 1], cells[0, 1]) == ('25.0\n(1)', '75.0\n(3)', '0')
    assert len(cells) == 7
    (subtitle,) = read_texts(figure, 'subtitle')
    assert '4 clips, 25.0% recognised' in subtitle


def test_scores_are_in_the_row_of_their_action():
    support = np.arange(52)
    figure = plot_per_class(PerClassMetrics(*MANY, support, VAL))
    (axes,) = figure.axes
    marks = {collection.get_label(): collection.get_offsets() for collection in axes.collections}
    for values, name in zip(MANY, ('precision', 'recall', 'F1')):
        np.testing.assert_allclose(marks[name], np.stack([100 * values, np.arange(52)], axis=1))
    clips = {text.get_position()[1]: text.get_text() for text in find_texts(figure, 'clips')}
    assert [clips[row] for row in (-1, 0, 51)] == ['clips', '0', '51']


def test_confused_pairs_within_and_across_body_parts():
    (axes,) = plot_confused_pairs([ConfusedPair(9, 10, 30, 0.25), ConfusedPair(9, 51, 3, 0.025)]).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        'nodding  B1  →  shaking head  B2',
        'nodding  B1  →  scratching feet  G4',
    ]
    assert [bar.get_width() for bar in axes.patches] == [30, 3]
    assert [bool(bar.get_hatch()) for bar in axes.patches] == [False, True]
    assert [text.get_text().strip() for text in axes.texts] == ['30 (25%)', '3 (2%)']


def test_groups_are_formed_by_training_clips():
    f1 = np.where(np.arange(52) == 9, 0.9, 0.5)
    f1[45] = np.nan
    figure = plot_frequency_groups(f1, TRAIN)
    (axes,) = figure.axes
    labels = [label.get_text().split() for label in axes.get_xticklabels()]
    assert labels[0] == ['1,283', 'B1']
    assert labels[-1] == ['6', 'F10']
    assert axes.patches[0].get_height() == 90
    # One of the 18 head actions has 0.9. The rarest action has no F1 and is left out of the mean of the tail.
    means = ['head: mean F1 52.2%', 'medium: mean F1 50.0%', 'tail: mean F1 50.0%']
    assert read_texts(figure, 'mean of a group') == means


def test_comparison_counts_better_and_worse_actions():
    first, second = np.full(52, 0.5), np.full(52, 0.5)
    second[0], second[1], first[2] = 0.75, 0.25, np.nan
    figure = plot_comparison(first, second)
    (subtitle,) = read_texts(figure, 'subtitle')
    assert 'better in 1 actions, worse in 1, equal in 49' in subtitle
    differences = {text.get_position()[1]: text.get_text() for text in find_texts(figure, 'difference')}
    assert [differences[row] for row in range(4)] == ['+25', '-25', '-', '0']


def test_strip_shows_the_probabilities_of_both_levels():
    # Nodding (9) is the best action, but the actions of the upper limb have a larger sum than those of the head.
    scores = np.zeros(52)
    scores[9], scores[11:21] = 0.3, 0.07
    figure = plot_prediction_strip(GREY, 11, [('manet', scores), ('tsm', SURE[11])])
    assert [len(axes.images) for axes in find_axes(figure, 'frames')] == [1] * 8
    for index, values in enumerate((scores, SURE[11])):
        (axes,) = find_axes(figure, f'actions {index}')
        (bars,) = axes.containers
        np.testing.assert_allclose([bar.get_height() for bar in bars], 100 * values)
        (mark,) = [line for line in axes.lines if line.get_label() == 'true action']
        assert mark.get_xdata() == [11]
    (parts,) = find_axes(figure, 'groups 0')
    np.testing.assert_allclose([bar.get_width() for bar in parts.patches], [0, 30, 70, 0, 0, 0, 0])
    assert [label.get_text() for label in parts.get_yticklabels()][:3] == ['body', 'head', '▶ upper limb']
    (subtitle,) = read_texts(figure, 'subtitle')
    assert 'true: scratching arms  C6, upper limb' in subtitle
    assert read_texts(figure, 'outcome 0') == ['manet: nodding  B1, 30.0%; true action 7.0%']
    assert read_texts(figure, 'outcome 1') == ['tsm: scratching arms  C6, 100.0%; correct']


def test_strip_shows_at_most_eight_frames():
    frames = np.arange(32, dtype=np.uint8)[:, None, None, None] + np.zeros((32, 4, 3, 3), np.uint8)
    figure = plot_prediction_strip(frames, 0, [('tsm', UNSURE)])
    assert [axes.images[0].get_array()[0, 0, 0] for axes in find_axes(figure, 'frames')] == [
        2,
        6,
        10,
        14,
        18,
        22,
        26,
        30,
    ]


def test_maps_are_drawn_over_their_frames():
    # Every second of 16 frames is drawn. The fifth of the drawn frames has heat on its upper half.
    frames = np.repeat(np.arange(16, dtype=np.uint8), 4 * 3 * 3).reshape(16, 4, 3, 3)
    maps = np.zeros((16, 4, 3))
    maps[9, :2] = 1
    figure = plot_gradcam(frames, maps, SURE[9], 10)
    drawn = [axes.images[0].get_array() for axes in find_axes(figure, 'frames')]
    assert [frame[0, 0, 0] for frame in drawn] == [1, 3, 5, 7, 9, 11, 13, 15]
    overlaid = [axes.images[0].get_array() for axes in find_axes(figure, 'maps')]
    assert len(overlaid) == 8
    for index, frame in enumerate(overlaid):
        plain = np.ones((4, 3), bool)
        plain[:2] = index != 4
        np.testing.assert_allclose(frame[plain], (2 * index + 1) / 255)
        # The light end of the colour map is yellow.
        assert (frame[~plain] @ (0.5, 0.5, -1) > 0.2).all()
    assert read_texts(figure, 'subtitle') == ['maps of: shaking head  B2, 0.0%; predicted: nodding  B1, 100.0%']
    figure = plot_gradcam(frames, maps, SURE[9])
    assert read_texts(figure, 'subtitle') == ['predicted: nodding  B1, 100.0%']


def test_frames_are_those_sampled_in_a_test(tmp_path):
    # Frame t has the grey level 10 t, except for losses of the encoding.
    writer = cv2.VideoWriter(str(tmp_path / 'a.mp4'), cv2.VideoWriter_fourcc(*'mp4v'), 30, (96, 80))
    for t in range(20):
        writer.write(np.full((80, 96, 3), 10 * t, np.uint8))
    writer.release()
    frames = read_frames(tmp_path / 'a.mp4', num_frames=4, short_side=40)
    assert frames.shape == (4, 40, 48, 3)
    # The middle frames of four parts of 5 frames each.
    np.testing.assert_allclose(frames.mean(axis=(1, 2, 3)), [20, 70, 120, 170], atol=4.5)
    (tmp_path / 'b.mp4').write_text('no video')
    with pytest.raises(ValueError, match=r'b\.mp4'):
        read_frames(tmp_path / 'b.mp4')


@pytest.mark.parametrize(
    'plot',
    [
        lambda: plot_class_counts({}),
        lambda: plot_class_counts({'train': np.ones(7)}),
        lambda: plot_coarse_confusion_matrix(np.zeros((7, 7))),
        lambda: plot_coarse_confusion_matrix(np.eye(52)),
        lambda: plot_per_class(PerClassMetrics(*np.ones((5, 7)))),
        lambda: plot_frequency_groups(np.ones(7), TRAIN),
        lambda: plot_comparison(np.ones(7), np.ones(52)),
        lambda: plot_durations([]),
        lambda: plot_gradcam(GREY, np.zeros((7, 96, 80)), UNSURE),
        lambda: plot_gradcam(GREY, np.zeros((8, 96, 80)), UNSURE[:7]),
        lambda: plot_prediction_strip(GREY, 0, []),
        lambda: plot_prediction_strip(GREY, 0, [('tsm', np.ones(7))]),
        lambda: plot_prediction_strip(GREY[:0], 0, [('tsm', UNSURE)]),
        lambda: plot_prediction_strip(GREY / 255, 0, [('tsm', UNSURE)]),
        lambda: plot_prediction_strip([GREY[0], GREY[1, :9]], 0, [('tsm', UNSURE)]),
    ],
)
def test_rejects_other_shapes(plot):
    with pytest.raises(ValueError, match='expected'):
        plot()


def test_timeline_shows_intervals_by_body_part():
    # Nodding, waving, which is too short for its code, and curling legs with a probability of 1.
    figure = plot_timeline([Interval(0, 4, 9, 0.5), Interval(4, 4.2, 19, 0.5), Interval(4.5, 10, 25, 1.0)], 10)
    (axes,) = figure.axes
    bars = [(bar.get_x(), bar.get_width(), bar.get_y() + bar.get_height() / 2) for bar in axes.patches]
    assert bars == [(0, 4, 1), (4, pytest.approx(0.2), 2), (4.5, 5.5, 3)]
    assert [label.get_text() for label in axes.get_yticklabels()] == list(MA52.groups)
    assert [text.get_text() for text in axes.texts] == ['B1', 'D7']
    (subtitle,) = read_texts(figure, 'subtitle')
    assert subtitle.startswith('3 micro-actions in 10.0 s')


def test_bars_of_probable_actions_are_darker():
    (axes,) = plot_timeline([Interval(0, 4, 25, 0.5), Interval(4, 8, 25, 1.0)], 10).axes
    pale, full = (bar.get_facecolor() for bar in axes.patches)
    assert to_hex(full) == '#56b4e9'
    assert sum(pale[:3]) > sum(full[:3])


def test_long_timelines_have_axes_in_minutes():
    (axes,) = plot_timeline([], 600).axes
    axes.figure.canvas.draw()
    assert axes.get_xlabel() == 'minutes'
    assert {'0:00', '10:00'} < {label.get_text() for label in axes.get_xticklabels()}


def test_rows_are_sorted_by_group():
    # The groups of 200 actions are i % 12, so that family 0 consists of the labels 0, 12, 24 and so on.
    figure = plot_class_counts({'train': np.arange(200)}, label_set=TWO_HUNDRED)
    (axes,) = find_axes(figure, 'train')
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names[:3] == ['slow movement 0  M0', 'wide movement 12  M12', 'small movement 24  M24']
    (bars,) = axes.containers
    assert [bar.get_width() for bar in bars][:3] == [0, 12, 24]
    assert len({bar.get_facecolor() for bar in bars[:17]}) == 1
    assert bars[17].get_facecolor() != bars[16].get_facecolor()
    assert read_texts(figure, 'group') == [f'family {i}' for i in range(12)]
    assert read_texts(figure, 'subtitle') == ['19,900 clips, sorted by family']

    support = np.arange(200)
    figure = plot_per_class(PerClassMetrics(*np.ones((3, 200)), support, support), label_set=TWO_HUNDRED)
    clips = {text.get_position()[1]: text.get_text() for text in find_texts(figure, 'clips')}
    assert [clips[row] for row in (0, 1, 17)] == ['0', '12', '1']
    changes = np.where(np.arange(200) == 12, 0.5, 0.25)
    figure = plot_comparison(np.full(200, 0.25), changes, label_set=TWO_HUNDRED)
    differences = {text.get_position()[1]: text.get_text() for text in find_texts(figure, 'difference')}
    assert [differences[row] for row in range(3)] == ['0', '+25', '0']


@pytest.mark.parametrize('label_set', [ONE_ACTION, FOUR, MANY_GROUPS, MA52, TWO_HUNDRED], ids=lambda each: each.name)
def test_heights_follow_the_number_of_actions(label_set):
    counts = np.ones(len(label_set), int)
    figure = plot_class_counts({'train': counts}, label_set=label_set)
    (axes,) = find_axes(figure, 'train')
    row = axes.get_position().height * figure.get_figheight() / len(label_set)
    # 0.12 inches are the height of a line of the names.
    assert 0.15 < row < 0.25


def test_a_thousand_actions_can_be_drawn():
    thousand = LabelSet.from_dict({'name': 'thousand', 'actions': [f'action {i}' for i in range(1000)]})
    figure = plot_confusion_matrix(np.eye(1000, dtype=int), label_set=thousand)
    FigureCanvasAgg(figure).draw()
    (axes,) = find_axes(figure, 'matrix')
    assert [label.get_text() for label in axes.get_yticklabels()][:2] == ['action 0', 'action 20']
    # Matplotlib cannot draw 2 ** 16 pixels.
    figure = plot_class_counts({'train': np.arange(1000)}, label_set=thousand)
    assert max(figure.get_size_inches()) * figure.dpi < 2**15


def test_figures_without_groups_have_one_colour_and_only_the_fine_level():
    figure = plot_prediction_strip(GREY, 1, [('tsm', np.array([0.1, 0.2, 0.3, 0.4]))], label_set=FOUR)
    assert not find_axes(figure, 'groups 0')
    (axes,) = find_axes(figure, 'actions 0')
    assert len({bar.get_facecolor() for bar in axes.containers[0]}) == 1
    assert [label.get_text() for label in axes.get_xticklabels()] == list(FOUR.names)
    assert read_texts(figure, 'subtitle') == ['true: waving, marked ▼']
    (axes,) = plot_confused_pairs([ConfusedPair(0, 1, 3, 0.5)], label_set=FOUR).axes
    assert axes.get_legend() is None
    with pytest.raises(ValueError, match='gestures has none'):
        plot_coarse_confusion_matrix(np.eye(4, dtype=int), label_set=FOUR)


def test_few_classes_have_numbers_in_the_cells():
    counts = np.array([[1, 3, 0, 0], [0, 2, 0, 0], [0, 0, 5, 0], [0, 0, 0, 0]])
    (axes,) = plot_confusion_matrix(counts, label_set=FOUR).axes
    cells = {text.get_position(): text.get_text() for text in axes.texts}
    assert (cells[0, 0], cells[1, 0], cells[2, 0]) == ('25.0\n(1)', '75.0\n(3)', '0')
    # The last action has no clips.
    assert len(cells) == 12


def test_strips_of_many_actions_show_the_most_probable_and_the_true_one():
    scores = np.zeros(200)
    scores[[5, 30, 199]] = 0.5, 0.3, 0.2
    figure = plot_prediction_strip(GREY, 77, [('tsm', scores)], label_set=TWO_HUNDRED)
    (axes,) = find_axes(figure, 'actions 0')
    codes = [label.get_text() for label in axes.get_xticklabels()]
    assert len(codes) == 52
    assert {'M5', 'M30', 'M77', 'M199'} < set(codes)
    heights = dict(zip(codes, (bar.get_height() for bar in axes.containers[0])))
    assert (heights['M5'], heights['M30'], heights['M77']) == (50, 30, 0)
    (mark,) = [line for line in axes.lines if line.get_label() == 'true action']
    assert mark.get_xdata() == [codes.index('M77')]
    # 5, 77 % 12 = 5; 30 % 12 = 6; 199 % 12 = 7.
    (groups,) = find_axes(figure, 'groups 0')
    shares = dict(
        zip((text.get_text() for text in groups.get_yticklabels()), (bar.get_width() for bar in groups.patches))
    )
    assert len(shares) == 7
    assert {name: shares[name] for name in ('▶ family 5', 'family 6', 'family 7')} == pytest.approx(
        {'▶ family 5': 50, 'family 6': 30, 'family 7': 20}
    )


def test_thirds_of_fewer_than_three_actions():
    two = LabelSet.from_dict({'name': 'two', 'actions': ['nodding', 'waving']})
    figure = plot_frequency_groups(np.array([0.25, 0.75]), np.array([3, 9]), label_set=two)
    assert read_texts(figure, 'mean of a group') == ['head: mean F1 75.0%', 'medium: mean F1 25.0%']


def test_many_actions_are_sorted_by_frequency_in_several_panels():
    figure = plot_frequency_groups(np.linspace(0, 1, 200), np.arange(200), label_set=TWO_HUNDRED)
    panels = [find_axes(figure, f'panel {i}')[0] for i in range(4)]
    codes = [label.get_text().split()[1] for axes in panels for label in axes.get_xticklabels()]
    assert codes == [f'M{i}' for i in reversed(range(200))]


def test_timelines_without_groups_have_a_row_for_each_action_that_occurs():
    intervals = [
        Interval(4, 5, 3, label_set=FOUR),
        Interval(0, 3, 1, label_set=FOUR),
        Interval(6, 9, 3, label_set=FOUR),
    ]
    (axes,) = plot_timeline(intervals, 10, label_set=FOUR).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ['waving', 'arms akimbo']
    bars = sorted(axes.patches, key=lambda bar: bar.get_x())
    assert [bar.get_y() + bar.get_height() / 2 for bar in bars] == [0, 1, 1]
    # The row names the action, so the bars do not.
    assert not axes.texts
    plot_timeline([], 10, label_set=FOUR)


def test_rare_actions_of_a_timeline_share_the_last_row():
    many = LabelSet.from_dict({'name': 'many', 'actions': [f'action {i}' for i in range(40)]})
    # Action 0 has the shortest bar, and action 29 the longest.
    intervals = [Interval(40 * i, 40 * i + 1 + i, i, label_set=many) for i in range(30)]
    (axes,) = plot_timeline(intervals, 1200, label_set=many).axes
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == [*(f'action {i}' for i in range(7, 30)), 'others']
    bars = sorted(axes.patches, key=lambda bar: bar.get_x())
    assert [bar.get_y() + bar.get_height() / 2 for bar in bars] == [23] * 7 + list(range(23))


def test_overlapping_intervals_of_a_group_do_not_hide_each_other():
    # Three actions of the head and one of the upper limb. The third one of the head fits below the first again.
    intervals = [Interval(0, 4, 9), Interval(1, 5, 5), Interval(4, 6, 6), Interval(0, 6, 19)]
    (axes,) = plot_timeline(intervals, 10).axes
    boxes = [bar.get_bbox() for bar in axes.patches]
    assert len(boxes) == 4
    for first, second in itertools.combinations(boxes, 2):
        width = min(first.x1, second.x1) - max(first.x0, second.x0)
        height = min(first.y1, second.y1) - max(first.y0, second.y0)
        assert min(width, height) <= 0
    by_start = {(box.x0, box.x1): box for box in boxes}
    assert by_start[0, 4].y0 == by_start[4, 6].y0 < by_start[1, 5].y0 < by_start[0, 6].y0
    # The figure is higher by one lane.
    assert axes.figure.get_figheight() > plot_timeline(intervals[:1], 10).get_figheight() + 0.1


def test_hundreds_of_overlapping_intervals_fit_into_one_figure():
    (axes,) = plot_timeline([Interval(i / 100, 10, 9) for i in range(600)], 10).axes
    boxes = sorted((bar.get_bbox() for bar in axes.patches), key=lambda box: box.y0)
    assert all(first.y1 <= second.y0 for first, second in itertools.pairwise(boxes))
    assert axes.figure.get_figheight() < 18


def test_true_actions_are_above_those_that_were_found():
    truth = [Interval(0, 4, 9), Interval(5, 8, 19)]
    (axes,) = plot_timeline([Interval(0.5, 4, 9, 0.6)], 10, truth=truth).axes
    assert [label.get_text() for label in axes.get_yticklabels()][2:4] == ['head, true', 'found']
    outlines = {(bar.get_x(), bar.get_width()): bar for bar in axes.patches}
    assert outlines[0, 4].get_edgecolor() == (0, 0, 0, 1)
    assert outlines[0.5, 3.5].get_edgecolor() != (0, 0, 0, 1)
    assert outlines[0, 4].get_y() + 1 == pytest.approx(outlines[0.5, 3.5].get_y())
    assert read_texts(axes.figure, 'subtitle')[0].startswith('2 true (outlined), 1 found in 10.0 s')


def test_statistics_of_detections():
    figure = plot_detection_statistics(summarize_detections([*VIDEOS, MANY_AT_ONCE]), title='a_$x$')
    assert read_texts(figure, 'title') == ['a_$x$']
    # 2 of 56 actions overlap no other one.
    assert read_texts(figure, 'subtitle') == [
        '56 actions in 3 videos of 0.01 h; 96.4% of the actions overlap another one, in 1,327 pairs'
    ]
    (matrix,) = find_axes(figure, 'co-occurrence')
    drawn = matrix.images[0].get_array()
    assert (drawn[9, 9], drawn[9, 24], drawn[24, 9]) == (1, 1, 1)
    assert drawn.mask[0, 0]
    assert [text.get_text() for text in matrix.get_yticklabels()][9] == 'B1'
    figure = plot_detection_statistics(summarize_detections(VIDEOS))
    (bars,) = find_axes(figure, 'simultaneous')
    # 30 of 150 frames without an action, 15 with two.
    assert [bar.get_height() for bar in bars.patches] == pytest.approx([20, 70, 10])
    (durations,) = find_axes(figure, 'durations')
    names = [text.get_text() for text in durations.get_yticklabels()]
    assert names[:3] == ['all (4)', 'body (1)', 'head (2)']


def test_statistics_of_detections_are_sorted_by_group():
    groups = ('head', 'hands', 'head', 'hands', 'hands')
    actions = [{'name': f'action {i}', 'code': f'X{i}', 'group': group} for i, group in enumerate(groups)]
    label_set = LabelSet.from_dict({'name': 'mixed', 'actions': actions})
    # Actions 1 and 2 overlap.
    video = AnnotatedVideo('a', 300, 30.0, (Instance(0, 60, 1), Instance(30, 90, 2), Instance(120, 150, 4)))
    (matrix,) = find_axes(
        plot_detection_statistics(summarize_detections([video], label_set), label_set), 'co-occurrence'
    )
    assert [text.get_text() for text in matrix.get_yticklabels()] == ['X0', 'X2', 'X1', 'X3', 'X4']
    drawn = matrix.images[0].get_array()
    assert [tuple(cell) for cell in np.argwhere(~drawn.mask)] == [(1, 2), (2, 1)]
    assert matrix.get_title('left').endswith(', sorted by group')
    # A single line divides the two groups.
    assert [line.get_ydata()[0] for line in matrix.lines if line.get_label() == 'border'] == [1.5]


def test_statistics_of_detections_of_another_label_set_are_rejected():
    gestures = LabelSet.from_dict({'name': 'gestures', 'actions': ['nodding']})
    with pytest.raises(ValueError, match='of 52 actions, but gestures has 1'):
        plot_detection_statistics(summarize_detections(VIDEOS), gestures)
