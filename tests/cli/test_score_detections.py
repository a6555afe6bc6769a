import json
import re

import numpy as np
import pytest
from helpers.mma52 import ROWS, write_table
from mmaction.registry import METRICS

from mmaction_microaction.cli import main

HEADER = ',video_id,t_start,t_end,class,score'


@pytest.fixture
def val(tmp_path):
    return write_table(tmp_path / 'val.csv', ROWS)


def write_found(path, *rows):
    path.write_text('\n'.join([HEADER, *(','.join(map(str, (i, *row))) for i, row in enumerate(rows))]) + '\n')
    return path


def score(*arguments):
    main('score-detections', [str(argument) for argument in arguments])


def test_scores_a_table(tmp_path, val, capsys):
    # Both noddings (9) and half of shaking legs (24) are found; shaking body (0) is not.
    found = write_found(tmp_path / 'f.csv', ('a', 0, 1, 9, 0.9), ('a', 0, 1.5, 9, 0.8), ('a', 0.5, 1.25, 24, 0.7))
    score(found, '--ann-file', val, '--json', tmp_path / 'out.json')
    output, errors = capsys.readouterr()
    assert output.startswith('3 detections, 4 true actions of 2 videos\n')
    assert re.search(r'^action .* 33\.33 ', output, re.M)
    assert errors == ''
    scores = json.loads((tmp_path / 'out.json').read_text())
    assert scores['unit'] == 'percent'
    assert scores['action/mAP@0.5'] == pytest.approx(100 / 3)
    assert scores['action/average_mAP'] == pytest.approx((4 * 200 / 3 + 5 * 100 / 3) / 9)
    assert scores['body/average_mAP'] == scores['action/average_mAP']
    assert scores['classes'][24] == {'name': 'shaking legs', 'true': 1, 'AP': [100] * 4 + [0] * 5}
    assert scores['classes'][1] == {'name': 'sitting straightly', 'true': 0, 'AP': None}


def test_unknown_videos_and_empty_rows_are_warned_about(tmp_path, val, capsys):
    score(write_found(tmp_path / 'f.csv', ('x', 0, 1, 9, 0.9), ('a', 2, 1, 9, 0.8)), '--ann-file', val)
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 2
    assert re.fullmatch(r'warning: .*f\.csv has detections in 1 video that .*val\.csv does not list.*: x', errors[0])
    assert re.fullmatch(r'warning: .*f\.csv has 1 row without a duration.*', errors[1])


def test_classes_that_are_never_true_are_left_out_as_in_a_test_run(tmp_path, capsys):
    """Nodding (9) is found, and shaking body (0) is not. Shaking the head (10) is found but never true."""
    val = write_table(tmp_path / 'val.csv', [('a', 0, 25, 9, 250, 25.0), ('b', 25, 50, 0, 250, 25.0)])
    found = [('a', 0, 1, 9, 0.9), ('b', 0, 1, 10, 0.8)]
    score(write_found(tmp_path / 'f.csv', *found), '--ann-file', val, '--json', tmp_path / 'out.json')
    assert 'mean over 2 of 52 actions and 2 of 7 groups. Never true: 1 sitting straightly' in capsys.readouterr().out
    scores = json.loads((tmp_path / 'out.json').read_text())
    # The better of two movements of the head is right.
    assert (scores['action/average_mAP'], scores['body/average_mAP']) == (50, 50)

    metric = METRICS.build(dict(type='DetectionMetric'))
    for name, start, end, label, value in found:
        detections = dict(segments=np.array([[start, end]]), labels=np.array([label]), scores=np.array([value]))
        true = (0, 1, 9) if name == 'a' else (1, 2, 0)
        truth = dict(gt_segments=np.array([true[:2]]), gt_labels=np.array(true[2:]))
        metric.process({}, [{'video_id': name, 'pred_detections': detections, **truth}])
    assert metric.evaluate(2).items() <= scores.items()


@pytest.mark.parametrize(
    ('rows', 'message'),
    [
        ([('a', 0, 1, 52, 0.9)], r"f\.csv, line 2: label is '52'"),
        ([('a', 0, 1, 9, 'nan')], r"f\.csv, line 2: score is 'nan'"),
    ],
)
def test_what_has_no_score_is_an_error(tmp_path, val, rows, message):
    with pytest.raises(SystemExit, match=rf'^error: .*{message}'):
        score(write_found(tmp_path / 'f.csv', *rows), '--ann-file', val, '--json', tmp_path / 'out.json')
    assert not (tmp_path / 'out.json').exists()


def test_the_placeholder_table_is_refused(tmp_path):
    table = write_table(tmp_path / 'test.csv', [(f'test000{i}', 0, 20, i + 1, 60, 30) for i in range(2)])
    with pytest.raises(SystemExit, match=r'^error: .*test\.csv has no true actions, like the placeholders'):
        score('--true-labels', '--ann-file', table)


@pytest.mark.parametrize(
    'arguments', [[], ['f.csv', '--true-labels'], ['--true-labels', '--class-priors', 'train.csv']]
)
def test_exactly_one_source_is_given(arguments, val, capsys):
    with pytest.raises(SystemExit) as stop:
        score(*arguments, '--ann-file', val)
    assert stop.value.code == 2
    assert 'give one of FOUND, --class-priors and --true-labels' in capsys.readouterr().err


@pytest.mark.real_data
def test_floors_and_reference_through_the_command(shared, tmp_path):
    val, out = shared / 'mma52' / 'val.csv', tmp_path / 'out.json'
    score('--class-priors', shared / 'mma52' / 'train.csv', '--ann-file', val, '--json', out)
    assert json.loads(out.read_text())['action/average_mAP'] == pytest.approx(1.49, abs=0.005)
    score('--true-labels', '--ann-file', val, '--json', out)
    assert json.loads(out.read_text())['action/average_mAP'] == pytest.approx(26.5, abs=0.7)

    arrays = np.load(shared / 'reference' / 'mma52_map.npz')
    columns = (arrays[key].tolist() for key in ('video_id', 't_start', 't_end', 'label', 'score'))
    score(write_found(tmp_path / 'f.csv', *zip(*columns)), '--ann-file', val, '--json', out)
    scores = json.loads(out.read_text())
    assert scores['action/average_mAP'] == pytest.approx(100 * float(arrays['average']), abs=1e-9)
    assert scores['body/average_mAP'] == pytest.approx(100 * float(arrays['average_body']), abs=1e-9)
