import pickle

import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex

from mmaction_microaction.label_sets.ma52 import ACTIONS, BODY_PARTS
from mmaction_microaction.visualization import plot_confusion_matrix


def dump(path, pairs):
    """Write what ``mim test --dump`` writes, from pairs of true and predicted label."""
    samples = [
        dict(
            pred_score=torch.nn.functional.one_hot(torch.tensor(predicted), 52).float(),
            gt_label=torch.tensor([label]),
            video_id=f'{number}.mp4',
        )
        for number, (label, predicted) in enumerate(pairs)
    ]
    path.write_bytes(pickle.dumps(samples))
    return path


def texts(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts] + [text.get_text() for text in figure.texts]


def test_picture_shows_shares_of_each_true_action():
    # Nodding (label 9): one of four right, three taken for shaking head (10). Scratching feet (51): always bowing (5).
    counts = np.zeros((52, 52), int)
    counts[9, [9, 10]] = 1, 3
    counts[51, 5] = 2
    figure = plot_confusion_matrix(counts)
    axes = figure.axes[0]
    (image,) = axes.images
    shown = image.get_array()
    np.testing.assert_array_equal(shown[9, [9, 10, 11]], [25, 75, 0])
    assert shown[51, 5] == 100
    assert image.get_clim() == (0, 100)
    # Rows of actions without clips are left out, not shown as zeros.
    assert shown.mask.all(axis=1).sum() == 50
    assert not shown.mask[[9, 51]].any()
    # Row 0 is at the top, as in a printed matrix.
    assert axes.get_ylim() == (51.5, -0.5)
    # Six clips, one right, four of the right body part.
    assert any('6 clips, 16.7% recognised, 66.7%' in text for text in texts(figure))


def test_labels_stand_in_order_and_body_parts_over_their_blocks():
    axes = plot_confusion_matrix(np.eye(52, dtype=int)).axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == [action.code for action in ACTIONS]
    rows = [label.get_text() for label in axes.get_yticklabels()]
    assert rows[:2] == ['shaking body  A1', 'sitting straightly  A3']
    assert rows[51] == 'scratching feet  G4'
    blocks = [(patch.get_x(), patch.get_y(), patch.get_width()) for patch in axes.patches]
    starts, sizes = (0, 5, 11, 24, 32, 38, 48), (5, 6, 13, 8, 6, 10, 4)
    assert blocks == [(start - 0.5, start - 0.5, size) for start, size in zip(starts, sizes)]
    above = [text.get_text().replace('\n', '') for text in axes.texts if text.get_position()[1] < 0]
    assert above == list(BODY_PARTS)


def test_colour_darkens_with_the_share():
    colours = plot_confusion_matrix(np.eye(52, dtype=int)).axes[0].images[0].cmap(np.linspace(0, 1, 11))[:, :3]
    brightness = colours @ (0.2126, 0.7152, 0.0722)
    assert (np.diff(brightness) < 0).all(), [to_hex(colour) for colour in colours]


@pytest.mark.parametrize('counts', [np.zeros((52, 52)), np.eye(7), -np.eye(52)])
def test_refuses_other_matrices(counts):
    with pytest.raises(ValueError, match=r'expected counts of shape \(52, 52\)'):
        plot_confusion_matrix(counts)
