import numpy as np
import pytest

from mmaction_microaction.submission import clip_ids, predicted_labels


def scores(**labels):
    """Return a row of probabilities: ``_9=0.4`` sets the probability of label 9 to 0.4."""
    row = np.zeros(52)
    for label, value in labels.items():
        row[int(label[1:])] = value
    return row


# Nodding (9, head), three actions of the lower limb (24 to 26), and shaking body (0).
SPREAD = scores(_9=0.3, _24=0.25, _25=0.2, _26=0.15, _0=0.1)
# Only touching face (41, head-hand). The other 51 actions are tied, so they are ranked by their labels.
SURE = scores(_41=1)


def test_five_best_actions_and_their_body_parts():
    labels = predicted_labels(np.stack([SPREAD, SURE]))
    assert labels.tolist() == [
        [9, 24, 25, 26, 0, 1, 3, 3, 3, 0],
        [41, 0, 1, 2, 3, 5, 0, 0, 0, 0],
    ]


def test_five_different_body_parts_by_summed_probability():
    # The sums are 0.6 for the lower limb, 0.3 for the head and 0.1 for the body.
    labels = predicted_labels(np.stack([SPREAD, SURE]), coarse_from='sum')
    assert labels.tolist() == [
        [9, 24, 25, 26, 0, 3, 1, 0, 2, 4],
        [41, 0, 1, 2, 3, 5, 0, 1, 2, 3],
    ]


def test_2024_has_the_body_part_before_the_action():
    assert predicted_labels(np.stack([SPREAD, SURE]), '2024').tolist() == [[1, 9], [5, 41]]
    assert predicted_labels(SPREAD[None], '2024', 'sum').tolist() == [[3, 9]]


def test_ids_with_and_without_extension():
    names = ['test0000.mp4', 'a.b/c.d.avi']
    assert clip_ids(names) == names
    assert clip_ids(names, 'stem') == ['test0000', 'a.b/c.d']
    with pytest.raises(ValueError, match=r'a\.mp4 and a\.avi differ only'):
        clip_ids(['a.mp4', 'a.avi'], 'stem')


def test_refuses_unknown_options():
    with pytest.raises(ValueError, match=r"format must be .*'codabench', '2024', got '2025'"):
        predicted_labels(SPREAD[None], '2025')
    with pytest.raises(ValueError, match=r"coarse_from must be .*'top1', 'sum', .*got 'mean'"):
        predicted_labels(SPREAD[None], coarse_from='mean')
    with pytest.raises(ValueError, match=r"ids must be .*'name', 'stem', got 'number'"):
        clip_ids([], 'number')
