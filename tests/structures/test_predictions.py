import pickle

import numpy as np
import pytest
import torch

from mmaction_microaction.structures.predictions import read_labeled_predictions, read_scores

NAMES = ['test0000.mp4', 'test0001.mp4', 'test0002.mp4']
SCORES = np.random.default_rng(0).dirichlet(np.ones(52), 3).astype(np.float32)


@pytest.fixture
def ann_file(tmp_path):
    path = tmp_path / 'list.txt'
    path.write_bytes('\r\n'.join(f'{name} 0' for name in NAMES).encode())
    return path


@pytest.fixture
def read(tmp_path, ann_file):
    """Return a function that pickles an object and reads it as predictions of the list."""

    def read(content, protocol=2):
        (tmp_path / 'p.pkl').write_bytes(pickle.dumps(content, protocol))
        return read_scores(tmp_path / 'p.pkl', ann_file)

    return read


def dump(order=(0, 1, 2), **kwargs):
    """Return predictions in the format of ``mim test --dump``, in any order."""
    return [
        {'video_id': NAMES[i], 'pred_score': torch.tensor(SCORES[i]), 'gt_label': torch.tensor([-1]), **kwargs}
        for i in order
    ]


def test_clips_of_a_dump_are_matched_by_name(read):
    names, scores = read(dump([2, 0, 1]))
    assert names == NAMES
    np.testing.assert_array_equal(scores, SCORES)


def test_dump_without_names_is_read_in_order_with_a_warning(read):
    # MMAction2's VideoDataset, which the organisers' baseline uses, does not write video_id.
    samples = dump()
    for sample in samples:
        del sample['video_id']
    with pytest.warns(UserWarning, match=r'p\.pkl .*video_id.* order of .*list\.txt'):
        names, scores = read(samples)
    assert names == NAMES
    np.testing.assert_array_equal(scores, SCORES)


def test_unreadable_clips_of_a_dump_are_named(read):
    samples = dump()
    samples[1]['unreadable'] = True
    with pytest.warns(UserWarning, match=r'p\.pkl: 1 clip .*: test0001\.mp4'):
        names, scores = read(samples)
    assert names == NAMES
    np.testing.assert_array_equal(scores, SCORES)


@pytest.mark.parametrize('protocol', [2, 4, 5])
@pytest.mark.parametrize('kind', [list, lambda rows: [row.tolist() for row in rows], np.asarray])
def test_reads_the_authors_rows_by_position(read, kind, protocol):
    names, scores = read(kind(SCORES), protocol)
    assert names == NAMES
    np.testing.assert_array_equal(scores, SCORES)


def test_reads_half_precision(read):
    half = dump()
    for sample in half:
        sample['pred_score'] = sample['pred_score'].half()
    np.testing.assert_allclose(read(half)[1], SCORES, rtol=2e-3, atol=1e-6)


def changed(value):
    """Return the three rows, with a changed value in the second."""
    rows = SCORES.copy()
    rows[1, 7] = value
    return list(rows)


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (list(SCORES[:2]), r'p\.pkl contains 2 rows of scores, but .*list\.txt lists 3 clips'),
        ([], r'p\.pkl contains no predictions'),
        ({'a': 1}, r'p\.pkl contains a dict, not a list'),
        (np.float64(3), r'p\.pkl contains a float64, not a list'),
        (
            [SCORES[0], SCORES[1, :51], SCORES[2]],
            r'p\.pkl, row 2 \(test0001\.mp4\): expected 52 scores, got shape \(51',
        ),
        ([SCORES[0], SCORES[1], 'text'], r'p\.pkl, row 3 \(test0002\.mp4\): expected 52 scores'),
        (changed(np.nan), r'p\.pkl, row 2 \(test0001\.mp4\): scores are not probabilities.*NaN'),
        (changed(-0.5), r'row 2 \(test0001\.mp4\): scores are not probabilities \(.*minimum -0\.5'),
        (changed(0.5), r"row 2 \(test0001\.mp4\): scores are not probabilities \(sum 1\.4.*average_clips='prob'"),
        (dump([0, 2]), r'list\.txt: .*without a prediction \(1\): test0001\.mp4\.'),
        (dump([0, 1, 2, 1]), r'list\.txt: .*more than once \(1\): test0001\.mp4'),
        (
            dump(video_id='other.mp4'),
            r'not in the list \(1\): other\.mp4.*more than once \(1\): other\.mp4',
        ),
        (dump(pred_score=torch.ones(400) / 400), r'p\.pkl, test0000\.mp4: expected 52 scores, got shape \(400,\)'),
        (dump(video_id=None), r'p\.pkl, prediction 1 lacks video_id: test with ClipDataset'),
        ([*dump([0, 1]), {'pred_score': SCORES[2]}], r'p\.pkl, prediction 3 lacks video_id: test with ClipDataset'),
        (
            [{'pred_score': row} for row in SCORES[:2]],
            r'p\.pkl contains 2 rows of scores, but .*list\.txt lists 3 clips',
        ),
        ([{'pred_scores': row} for row in SCORES], r'p\.pkl, prediction 1 lacks pred_score'),
        ([*[{'pred_score': row} for row in SCORES[:2]], SCORES[2]], r'p\.pkl, prediction 3 lacks pred_score'),
        ([{'pred_score': row} for row in changed(np.nan)], r'row 2 \(test0001\.mp4\): scores are not prob.*NaN'),
        ([*dump([0, 1]), SCORES[2]], r'p\.pkl, prediction 3 lacks video_id and pred_score'),
    ],
)
def test_rejects_predictions_that_do_not_match_the_list(read, content, message):
    with pytest.raises(ValueError, match=message):
        read(content)


def test_a_missing_list_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'absent\.txt: no such annotation list'):
        read_scores(tmp_path / 'p.pkl', tmp_path / 'absent.txt')


@pytest.fixture
def labelled(tmp_path):
    """Return a function that pickles an object and reads it as predictions with true labels."""

    def read(content):
        (tmp_path / 'p.pkl').write_bytes(pickle.dumps(content))
        return read_labeled_predictions(tmp_path / 'p.pkl')

    return read


def test_reads_scores_labels_and_names_of_a_dump(labelled):
    scores, labels, names, unreadable, _, _ = labelled(dump([2, 0], gt_label=torch.tensor([7])))
    np.testing.assert_array_equal(scores, SCORES[[2, 0]])
    assert labels.tolist() == [7, 7]
    assert names == [NAMES[2], NAMES[0]]
    assert unreadable == []


def test_either_all_predictions_are_named_or_none(labelled):
    samples = dump(gt_label=torch.tensor([0]))
    del samples[1]['video_id']
    with pytest.raises(ValueError, match=r'p\.pkl, prediction 2 lacks video_id'):
        labelled(samples)
    for sample in samples:
        sample.pop('video_id', None)
    assert labelled(samples).names is None


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ({'a': 1}, 'contains a dict, not a list .* mim test --dump'),
        ([dict(pred_score=np.ones(7) / 7, gt_label=[0])], r'p\.pkl does not say what its 7 classes are'),
        ([dict(pred_score=SCORES[0], gt_label=-1)], 'anonymised'),
        ([dict(pred_score=SCORES[0], gt_label='nod')], "prediction 1: 'nod'"),
        (dump(gt_label=torch.tensor([3]), unreadable=True), '3 clips could not be read'),
        (SCORES, 'anonymised'),
    ],
)
def test_rejects_predictions_without_true_labels(labelled, content, message):
    with pytest.raises(ValueError, match=rf'p\.pkl.*{message}|{message}') as error:
        labelled(content)
    assert 'p.pkl' in str(error.value)
