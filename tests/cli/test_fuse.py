import re
import zipfile

import numpy as np
import pytest

from mmaction_microaction.evaluation.functional import micro_action_metrics
from mmaction_microaction.label_sets import MA52
from mmaction_microaction.structures.aligned_predictions import write_predictions
from mmaction_microaction.structures.predictions import read_labeled_predictions, read_predictions


@pytest.fixture
def dumps(tmp_path, monkeypatch):
    """Write dumps of two networks for two splits to the working folder, and return labels and scores by split."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    splits = {}
    for split in 'val', 'test':
        labels = rng.integers(0, 52, 150)
        logits = rng.normal(size=(2, 150, 52))
        logits[0, np.arange(150), labels] += 3
        logits[1, np.arange(150), labels] += 2
        scores = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
        names = [f'{split}{index:04d}.mp4' for index in range(150)]
        for name, rows in zip('ab', scores):
            write_predictions(f'{name}_{split}.pkl', names, rows, MA52, labels)
        splits[split] = labels, scores
    return splits


def fuse(run, *arguments):
    return run('fuse', 'a_test.pkl', 'b_test.pkl', '--out', 'fused.pkl', *arguments)


def test_equal_and_given_weights(dumps, run):
    labels, scores = dumps['test']
    status, output, errors = fuse(run)
    assert (status, errors) == (0, '')
    assert output == 'fused.pkl: 150 predictions, fused from 2 networks\n'
    fused = read_labeled_predictions('fused.pkl')
    np.testing.assert_allclose(fused.scores, scores.mean(axis=0), rtol=1e-12)
    assert fused.labels.tolist() == labels.tolist()
    assert fuse(run, '--weights', 3, 1)[0] == 0
    np.testing.assert_allclose(read_predictions('fused.pkl').scores, (3 * scores[0] + scores[1]) / 4, rtol=1e-12)


def test_weights_of_one_split_are_applied_to_another(dumps, run):
    status, output, errors = fuse(run, '--fit-on', 'a_val.pkl', 'b_val.pkl', '--folds', 3)
    assert (status, errors) == (0, '')
    assert 'note: ' not in output
    fitted = read_predictions('fused.pkl').scores
    labels, scores = dumps['val']
    cells = {line.split('|')[1].strip(): line.split('|')[2:] for line in output.splitlines() if '|' in line}
    for name, rows in ('a_val.pkl', scores[0]), ('b_val.pkl', scores[1]), ('equal weights', scores.mean(axis=0)):
        assert float(cells[name][0]) == pytest.approx(micro_action_metrics(labels, rows)['F1_mean'], abs=0.006)
    assert re.search(r'held-out clips against equal weights: [+-]\d+\.\d\d ± \d+\.\d\d', output)
    # The printed options repeat the fusion.
    options = re.search(r'^written: (.*)$', output, re.M)[1].split()
    assert fuse(run, *options)[0] == 0
    np.testing.assert_allclose(read_predictions('fused.pkl').scores, fitted, atol=1e-3)


def test_weights_of_the_same_clips_come_with_a_note(dumps, run):
    status, output, _ = fuse(run, '--fit-on', 'a_test.pkl', 'b_test.pkl')
    assert status == 0
    assert 'mean ± std of 5 folds' in output
    assert 'note: the weights were fitted on 150 of the clips in fused.pkl' in output


def test_equal_networks_have_no_gain(dumps, run):
    status, output, _ = run('fuse', 'a_test.pkl', 'a_test.pkl', '--fit-on', 'a_val.pkl', 'a_val.pkl', '--out', 'f.pkl')
    assert status == 0
    assert 'against equal weights: +0.00 ± 0.00, which is within the noise' in output


@pytest.mark.usefixtures('undrawn')
def test_report_table_and_submission_read_fused_predictions(dumps, run, tmp_path):
    assert fuse(run)[0] == 0
    f1_mean = micro_action_metrics(dumps['test'][0], dumps['test'][1].mean(axis=0))['F1_mean']
    status, output, errors = run('leaderboard', 'fused.pkl', 'a_test.pkl')
    assert status == 0, errors
    rows = [[cell.strip() for cell in line.strip('|').split('|')[:3]] for line in output.splitlines()[2:4]]
    assert ['fused.pkl', '1 run', f'{f1_mean:.2f}'] in rows
    assert run('analyze', 'fused.pkl', '--out', 'report')[0] == 0
    assert (tmp_path / 'report').is_dir()
    (tmp_path / 'list.txt').write_text(''.join(f'test{index:04d}.mp4 0\n' for index in range(150)))
    assert run('make_submission', 'fused.pkl', '--ann-file', 'list.txt', '--out', 'submission')[0] == 0
    with zipfile.ZipFile(tmp_path / 'submission' / 'submission.zip') as file:
        assert len(file.read('prediction.csv').splitlines()) == 151


@pytest.mark.parametrize(
    ('arguments', 'status', 'message'),
    [
        (['a_test.pkl'], 2, 'at least two files'),
        (['a_test.pkl', 'b_test.pkl', '--weights', '1'], 2, '--weights takes one value for each of the 2 networks'),
        (['a_test.pkl', 'b_test.pkl', '--fit-on', 'a_val.pkl'], 2, '--fit-on takes one value for each of the 2'),
        (
            ['a_test.pkl', 'b_test.pkl', '--fit-on', 'a_val.pkl', 'b_val.pkl', '--weights', '1', '1'],
            2,
            '--weights and --temperatures cannot be given',
        ),
        (['a_test.pkl', 'b_test.pkl', '--folds', '5'], 2, '--folds and --seed divide the clips of --fit-on'),
        (['a_test.pkl', 'b_test.pkl', '--weights', '2', '1', '--seed', '0'], 2, '--folds and --seed divide the clips'),
        (['a_test.pkl', 'nowhere.pkl'], 1, 'error: nowhere.pkl: no such file'),
        (['a_test.pkl', 'b_val.pkl'], 1, 'b_val.pkl lacks 150 clips of a_test.pkl: test0000.mp4'),
        (['a_test.pkl', 'b_test.pkl', '--weights', '-1', '1'], 1, 'weights must be at least 0'),
        (['a_test.pkl', 'b_test.pkl', '--temperatures', '0', '1'], 1, 'positive number'),
        (['a_test.pkl', 'b_test.pkl', '--fit-on', 'a_val.pkl', 'b_val.pkl', '--folds', '1'], 1, 'folds must be 2'),
        (
            ['a_test.pkl', 'b_test.pkl', '--fit-on', 'hidden.pkl', 'hidden.pkl'],
            1,
            'hidden.pkl, hidden.pkl have no true',
        ),
    ],
)
def test_bad_input_is_an_error(dumps, run, tmp_path, arguments, status, message):
    write_predictions('hidden.pkl', ['x.mp4'], np.eye(52)[[9]], MA52)
    code, _, errors = run('fuse', *arguments, '--out', 'fused.pkl')
    assert code == status
    assert message in errors
    assert not (tmp_path / 'fused.pkl').exists()


@pytest.mark.parametrize('out', ['b_test.pkl', 'a_val.pkl', '../{folder}/b_test.pkl'])
def test_predictions_of_a_network_are_not_overwritten(dumps, run, tmp_path, out):
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    arguments = ['a_test.pkl', 'b_test.pkl', '--fit-on', 'a_val.pkl', 'b_val.pkl']
    code, _, errors = run('fuse', *arguments, '--out', out.format(folder=tmp_path.name))
    assert code == 1
    assert 'b_test.pkl is one of the files' in errors or 'a_val.pkl is one of the files' in errors
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
