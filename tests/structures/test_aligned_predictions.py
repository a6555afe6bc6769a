import pickle

import numpy as np
import pytest
import torch
from helpers.label_sets import FOUR

from mmaction_microaction.structures.aligned_predictions import read_aligned_predictions, write_predictions
from mmaction_microaction.structures.predictions import read_labeled_predictions, read_predictions

NAMES = ['a.mp4', 'b.mp4', 'c.mp4']


def sample(name, action, label=9, **others):
    return dict(video_id=name, pred_score=torch.tensor(np.eye(52)[action]), gt_label=torch.tensor([label]), **others)


@pytest.fixture
def read(tmp_path):
    """Return a function that pickles the samples of each network, and reads all of them."""

    def read(*runs):
        paths = [tmp_path / f'{index}.pkl' for index in range(len(runs))]
        for path, samples in zip(paths, runs):
            path.write_bytes(pickle.dumps(samples))
        return read_aligned_predictions(paths)

    return read


FIRST = [sample(name, action, label) for name, action, label in zip(NAMES, (1, 2, 3), (5, 6, 7))]


def test_clips_are_matched_by_name(read):
    other = [sample(name, action, label) for name, action, label in zip(NAMES, (11, 12, 13), (5, 6, 7))]
    aligned = read(FIRST, [other[2], other[0], other[1]])
    assert aligned.names == NAMES
    assert aligned.scores.argmax(axis=2).tolist() == [[1, 2, 3], [11, 12, 13]]
    assert aligned.labels.tolist() == [5, 6, 7]
    assert aligned.unreadable == []


def test_labels_of_one_network_are_enough(read):
    unlabelled = [{key: value for key, value in each.items() if key != 'gt_label'} for each in reversed(FIRST)]
    assert read(unlabelled, FIRST).labels.tolist() == [7, 6, 5]
    assert read(unlabelled, unlabelled).labels is None


def test_a_clip_that_one_network_could_not_read_is_marked(read):
    assert read(FIRST, [sample('b.mp4', 2, 6, unreadable=True), FIRST[0], FIRST[2]]).unreadable == ['b.mp4']


@pytest.mark.parametrize(
    ('second', 'message'),
    [
        (FIRST[:1], r'1\.pkl lacks 2 clips of .*0\.pkl: b\.mp4, c\.mp4\. Test both'),
        ([*FIRST, sample('d.mp4', 1)], r'0\.pkl lacks 1 clip of .*1\.pkl: d\.mp4\. Test both'),
        ([*FIRST, FIRST[1]], r'1\.pkl predicts 1 clip more than once: b\.mp4'),
        ([*FIRST[:2], sample('c.mp4', 1, 8)], r'the labels of 1 clip differ in .*0\.pkl and .*1\.pkl: c\.mp4'),
        ([np.eye(52)[1]] * 3, r'1\.pkl has no names of clips \(video_id\)'),
        (
            [dict(video_id=name, pred_score=np.eye(4)[0], label_set=FOUR.to_dict()) for name in NAMES],
            r'0\.pkl has the label set ma52, but .*1\.pkl has gestures',
        ),
    ],
)
def test_networks_that_do_not_match_are_rejected(read, second, message):
    with pytest.raises(ValueError, match=message):
        read(FIRST, second)


def test_written_predictions_are_a_dump(tmp_path):
    scores = np.random.default_rng(0).dirichlet(np.ones(4), 3)
    write_predictions(tmp_path / 'p.pkl', NAMES, scores, FOUR, np.array([0, 3, 1]))
    predictions = read_labeled_predictions(tmp_path / 'p.pkl')
    np.testing.assert_array_equal(predictions.scores, scores)
    assert predictions.labels.tolist() == [0, 3, 1]
    assert (predictions.names, predictions.label_set, predictions.from_dump) == (NAMES, FOUR, True)
    write_predictions(tmp_path / 'p.pkl', NAMES, scores, FOUR, unreadable=['c.mp4'])
    predictions = read_predictions(tmp_path / 'p.pkl')
    assert (predictions.labels, predictions.unreadable) == (None, ['c.mp4'])
