import csv
import zipfile

import numpy as np
import pytest
import torch
from mmaction.registry import METRICS
from mmengine.config import DictAction

from mmaction_microaction.submission import DumpSubmission, validate_submission

NAMES = ['test0000.mp4', 'test0001.mp4', 'test0002.mp4']
# Nodding (9, head), touching face (41, head-hand), patting legs (48, leg-hand).
SAMPLES = [
    dict(video_id=name, pred_score=torch.nn.functional.one_hot(torch.tensor(label), 52).half())
    for name, label in zip(NAMES, (9, 41, 48))
]


@pytest.fixture
def ann_file(tmp_path):
    (tmp_path / 'list.txt').write_text('\n'.join(f'{name} 0' for name in NAMES))
    return str(tmp_path / 'list.txt')


def run(samples, **kwargs):
    """Evaluate a test run in batches of two."""
    metric = METRICS.build(dict(type='DumpSubmission', **kwargs))
    metric.dataset_meta = dict(anonymized=True)
    for start in range(0, len(samples), 2):
        metric.process({}, samples[start : start + 2])
    return metric.evaluate(len(samples))


def rows(folder):
    with zipfile.ZipFile(folder / 'submission.zip') as file:
        return list(csv.reader(file.read('prediction.csv').decode().splitlines()))[1:]


def test_an_anonymised_split_needs_no_labels(tmp_path, ann_file):
    assert run(SAMPLES, out_dir=str(tmp_path / 'out'), ann_file=ann_file) == {'submission/rows': 3}
    assert [(row[0], row[1], row[6]) for row in rows(tmp_path / 'out')] == [
        ('test0000.mp4', '9', '1'),
        ('test0001.mp4', '41', '5'),
        ('test0002.mp4', '48', '6'),
    ]
    assert validate_submission(tmp_path / 'out' / 'submission.zip', ann_file).problems == []


def test_rows_are_in_the_order_of_the_list_or_the_run(tmp_path, ann_file):
    run(SAMPLES[::-1], out_dir=tmp_path / 'a', ann_file=ann_file)
    assert [row[0] for row in rows(tmp_path / 'a')] == NAMES
    run(SAMPLES[::-1], out_dir=tmp_path / 'b')
    assert [row[0] for row in rows(tmp_path / 'b')] == NAMES[::-1]


def test_evaluator_supports_other_formats_and_options(tmp_path):
    scores = torch.zeros(52)
    scores[[9, 24, 25]] = torch.tensor([0.4, 0.3, 0.3])  # nodding, and two actions of the lower limb
    sample = dict(video_id='a.mp4', pred_score=scores)
    run([sample], out_dir=tmp_path, format='2024', coarse_from='sum', ids='stem')
    assert rows(tmp_path) == [['a', '3', '9']]


def test_format_may_be_a_number_as_command_line_options_are_parsed(tmp_path):
    run(SAMPLES, out_dir=tmp_path, format=DictAction._parse_iterable('2024'))
    assert rows(tmp_path)[0] == ['test0000.mp4', '1', '9']


def test_rejects_clips_that_differ_from_the_list(tmp_path, ann_file):
    kwargs = dict(out_dir=tmp_path / 'out', ann_file=ann_file)
    with pytest.raises(ValueError, match=r'x\.mp4 .*list\.txt.*test_evaluator\.ann_file'):
        run([dict(SAMPLES[0], video_id='x.mp4')], **kwargs)
    with pytest.raises(ValueError, match=r'list\.txt: .*without a prediction \(1\): test0001\.mp4'):
        run([SAMPLES[0], SAMPLES[2]], **kwargs)
    with pytest.raises(ValueError, match=r'more than once \(1\): test0000\.mp4'):
        run([*SAMPLES, SAMPLES[0]], **kwargs)
    assert not (tmp_path / 'out').exists()


def test_unreadable_clips_are_logged(tmp_path, monkeypatch):
    logged = []
    monkeypatch.setattr(f'{DumpSubmission.__module__}.print_log', lambda text, **_: logged.append(text))
    run([*SAMPLES[:2], dict(SAMPLES[2], unreadable=True)], out_dir=tmp_path)
    assert len(rows(tmp_path)) == 3
    assert '1 clip could not be read' in logged[-1]
    assert 'test0002.mp4' in logged[-1]


@pytest.mark.parametrize(
    ('sample', 'message'),
    [
        (dict(SAMPLES[0], pred_score=torch.full((52,), np.nan)), r'test0000\.mp4: scores are not probabilities.*NaN'),
        (dict(SAMPLES[0], pred_score=torch.ones(400) / 400), r'test0000\.mp4: expected 52 scores'),
        (dict(pred_score=SAMPLES[0]['pred_score']), 'video_id'),
    ],
)
def test_rejects_invalid_predictions(tmp_path, sample, message):
    with pytest.raises(ValueError, match=message):
        run([sample], out_dir=tmp_path)


@pytest.mark.parametrize('option', [dict(format='2025'), dict(coarse_from='mean'), dict(ids='number')])
def test_rejects_unknown_options_before_the_test_run(tmp_path, option):
    with pytest.raises(ValueError, match='must be'):
        METRICS.build(dict(type='DumpSubmission', out_dir=tmp_path, **option))


def test_body_parts_of_separate_classifiers(tmp_path):
    coarse = torch.tensor([0.1, 0.05, 0.3, 0.25, 0.2, 0.06, 0.04])
    samples = [dict(sample, coarse_score=coarse) for sample in SAMPLES]
    run(samples, out_dir=tmp_path, coarse_from='head')
    assert [row[1] for row in rows(tmp_path)] == ['9', '41', '48']
    assert [row[6:] for row in rows(tmp_path)] == [['2', '3', '4', '0', '5']] * 3
