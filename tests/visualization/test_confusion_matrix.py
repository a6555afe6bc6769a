import numpy as np
import pytest
from helpers.figures import find_axes, read_texts
from helpers.label_sets import TWO_HUNDRED
from matplotlib.colors import to_hex

from mmaction_microaction.label_sets import MA52
from mmaction_microaction.visualization import plot_confusion_matrix


def test_matrix_shows_percentages_of_each_true_action():
    # Nodding (9): one of four correct, three predicted as shaking head (10). Scratching feet (51): always bowing (5).
    counts = np.zeros((52, 52), int)
    counts[9, [9, 10]] = 1, 3
    counts[51, 5] = 2
    figure = plot_confusion_matrix(counts)
    (axes,) = find_axes(figure, 'matrix')
    (image,) = axes.images
    shown = image.get_array()
    np.testing.assert_array_equal(shown[9, [9, 10, 11]], [25, 75, 0])
    assert shown[51, 5] == 100
    assert image.get_clim() == (0, 100)
    # Rows of actions without clips are masked, not zero.
    assert shown.mask.all(axis=1).sum() == 50
    assert not shown.mask[[9, 51]].any()
    # Row 0 is at the top.
    assert axes.get_ylim() == (51.5, -0.5)
    # Six clips, one with the correct action, four with the correct body part.
    (subtitle,) = read_texts(figure, 'subtitle')
    assert '6 clips, 16.7% recognised, 66.7%' in subtitle


def test_actions_are_in_the_order_of_labels_and_body_parts_above_their_blocks():
    figure = plot_confusion_matrix(np.eye(52, dtype=int))
    (axes,) = find_axes(figure, 'matrix')
    assert [label.get_text() for label in axes.get_xticklabels()] == [action.code for action in MA52.actions]
    rows = [label.get_text() for label in axes.get_yticklabels()]
    assert rows[:2] == ['shaking body  A1', 'sitting straightly  A3']
    assert rows[51] == 'scratching feet  G4'
    blocks = [(patch.get_x(), patch.get_y(), patch.get_width()) for patch in axes.patches]
    starts, sizes = (0, 5, 11, 24, 32, 38, 48), (5, 6, 13, 8, 6, 10, 4)
    assert blocks == [(start - 0.5, start - 0.5, size) for start, size in zip(starts, sizes)]
    assert [name.replace('\n', '') for name in read_texts(figure, 'group above')] == list(MA52.groups)


def test_colour_darkens_with_the_percentage():
    (axes,) = find_axes(plot_confusion_matrix(np.eye(52, dtype=int)), 'matrix')
    (image,) = axes.images
    colours = image.cmap(np.linspace(0, 1, 11))[:, :3]
    brightness = colours @ (0.2126, 0.7152, 0.0722)
    assert (np.diff(brightness) < 0).all(), [to_hex(colour) for colour in colours]


@pytest.mark.parametrize('counts', [np.zeros((52, 52)), np.eye(7), -np.eye(52)])
def test_rejects_other_matrices(counts):
    with pytest.raises(ValueError, match=r'expected counts of shape \(52, 52\)'):
        plot_confusion_matrix(counts)


def test_blocks_consist_of_the_actions_of_a_group():
    # Labels 0 and 12 are of family 0, and label 1 is of family 1.
    counts = np.zeros((200, 200), int)
    counts[0, [0, 12, 1]] = 1, 2, 1
    figure = plot_confusion_matrix(counts, label_set=TWO_HUNDRED)
    (axes,) = find_axes(figure, 'matrix')
    shown = axes.images[0].get_array()
    assert (shown[0, 0], shown[0, 1], shown[0, 17]) == (25, 50, 25)
    assert axes.get_ylabel() == 'true action, sorted by family'
    assert read_texts(figure, 'group') == [f'family {i}' for i in range(12)]
    sizes = [patch.get_width() for patch in axes.patches]
    assert sizes == [17] * 8 + [16] * 4
    (subtitle,) = read_texts(figure, 'subtitle')
    assert subtitle == '4 clips, 25.0% recognised, 75.0% at least as an action of the correct family'
