import logging
import pickle

import numpy as np
import pytest
import torch
from helpers.mma52 import ROWS, write_table
from mmaction.registry import DATASETS, METRICS
from mmengine.evaluator import Evaluator
from mmengine.logging import MMLogger

from mmaction_microaction.evaluation.functional import detection_metrics
from mmaction_microaction.label_sets import MA52, LabelSet
from mmaction_microaction.structures.detection_annotations import read_detection_annotations
from mmaction_microaction.structures.detections import Detections, Instances, collect_instances, read_detections


@pytest.fixture
def log(caplog):
    logger = MMLogger.get_current_instance()
    logger.addHandler(caplog.handler)
    caplog.set_level(logging.INFO)
    yield caplog
    logger.removeHandler(caplog.handler)


def make_sample(name, true, found, **more):
    """Return a sample from rows (start, end, label) and (start, end, label, score)."""
    true, found = (np.array(rows, dtype=float).reshape(-1, width) for rows, width in ((true, 3), (found, 4)))
    return {
        'video_id': name,
        'gt_segments': torch.tensor(true[:, :2], dtype=torch.float32),
        'gt_labels': torch.tensor(true[:, 2], dtype=torch.int64),
        'pred_detections': {
            'segments': torch.tensor(found[:, :2], dtype=torch.float32),
            'labels': torch.tensor(found[:, 2], dtype=torch.int64),
            'scores': torch.tensor(found[:, 3], dtype=torch.float32),
        },
        **more,
    }


def evaluate(samples, dataset_meta=None, **kwargs):
    metric = METRICS.build(dict(type='DetectionMetric', **kwargs))
    metric.dataset_meta = dataset_meta
    for sample in samples:
        metric.process({}, [sample])
    return metric.evaluate(len(samples))


def test_metrics_by_hand_and_log(log):
    samples = [
        make_sample('a', [(0, 2, 9)], [(0, 2, 9, 0.9), (0, 2, 24, 0.8)]),
        make_sample('b', [(0, 2, 0)], []),
        make_sample('c', [], [(5, 6, 9, 0.95)]),
    ]
    metrics = evaluate(samples, {'label_set': MA52.to_dict()})
    # Nodding (9): the best detection is wrong, the second is right. Shaking body (0) is not found.
    assert metrics['action/average_mAP'] == pytest.approx((50 + 0) / 2)
    assert metrics['body/mAP@0.5'] == pytest.approx((50 + 0) / 2)
    assert 'The mAP is the mean over 2 of 52 actions and 2 of 7 groups. Never true: 1 sitting straightly' in log.text
    assert '25.00' in log.text


def test_absent_classes_can_be_an_error():
    samples = [make_sample('a', [(0, 2, 9)], [(0, 2, 9, 0.9), (0, 2, 24, 0.8)])]
    with pytest.raises(ValueError, match=r'detected but never true \(1\): 24 shaking legs'):
        evaluate(samples, absent_classes='error')
    with pytest.raises(ValueError, match="'ignore' or 'error', got 'zero'"):
        METRICS.build(dict(type='DetectionMetric', absent_classes='zero'))


def test_label_set_of_the_dataset_is_used():
    gestures = LabelSet.from_dict({'name': 'gestures', 'actions': ['nodding', 'waving']})
    metrics = evaluate([make_sample('a', [(0, 2, 1)], [(0, 2, 1, 0.9)])], {'label_set': gestures.to_dict()})
    assert {name.partition('/')[0] for name in metrics} == {'action'}
    assert metrics['action/average_mAP'] == 100
    with pytest.raises(ValueError, match='detected labels must be integers from 0 to 1'):
        evaluate([make_sample('a', [(0, 2, 1)], [(0, 2, 2, 0.9)])], {'label_set': gestures.to_dict()})


def test_unreadable_videos_have_no_detections_in_the_test_nor_in_its_dump(tmp_path):
    black = make_sample('a', [(0, 2, 9)], [(0, 2, 9, 0.9)], unreadable=True)
    samples = [black, make_sample('b', [(0, 2, 9)], [(0, 2, 9, 0.9)])]
    assert evaluate(samples)['action/average_mAP'] == 50
    (tmp_path / 'p.pkl').write_bytes(pickle.dumps(samples))
    with pytest.warns(UserWarning, match=r'1 video could not be read .*: a\.'):
        found = read_detections(tmp_path / 'p.pkl')
    truth = Instances(np.array(['a', 'b']), np.array([[0, 2], [0, 2.0]]), np.array([9, 9]))
    assert detection_metrics(truth, found, absent_classes='ignore')['action/mAP@0.5'] == 50


def test_placeholders_are_not_scored():
    with pytest.raises(ValueError, match=r'placeholders.*DumpResults'):
        evaluate([make_sample('test0000', [], [])], {'anonymized': True})


@pytest.mark.parametrize('key', ['video_id', 'pred_detections', 'gt_segments', 'gt_labels'])
def test_incomplete_samples_are_named(key):
    sample = make_sample('a', [(0, 2, 9)], [])
    del sample[key]
    with pytest.raises(ValueError, match=f'sample 0 lacks {key}: .*MMA52Dataset'):
        evaluate([sample])


def test_metric_and_dump_of_samples_of_the_dataset(tmp_path):
    """The stock evaluator passes on what the dataset packs and a detector adds."""
    pack = dict(
        type='PackActionInputs', collect_keys=(), algorithm_keys=('gt_segments', 'gt_labels'), meta_keys=('video_id',)
    )
    table = write_table(tmp_path / 'val.csv', ROWS)
    dataset = DATASETS.build(
        dict(type='MMA52Dataset', ann_file=str(table), pipeline=[pack], check_videos=False, test_mode=True)
    )
    samples = [dataset[index]['data_samples'] for index in range(2)]
    for sample in samples:
        sample.set_field(make_sample('', [], [(0, 1.5, 9, 0.75), (0, 1, 9, 0.5)])['pred_detections'], 'pred_detections')
    dump = tmp_path / 'predictions.pkl'
    evaluator = Evaluator([dict(type='DetectionMetric'), dict(type='DumpResults', out_file_path=str(dump))])
    evaluator.dataset_meta = dataset.metainfo
    evaluator.process(samples)
    metrics = evaluator.evaluate(2)
    # Video a has two noddings (9) of 1 and 1.5 s and an action that is not found. Of video b, nothing is found. The
    # ranking is wrong, right, wrong, right, since the later of equal scores comes first.
    assert metrics['action/mAP@0.9'] == pytest.approx(100 * (1 / 2 + 1 / 2) / 2 / 3)
    found = read_detections(dump)
    assert found.video_ids.tolist() == ['a', 'a', 'b', 'b']
    assert found.segments.tolist() == [[0, 1.5], [0, 1]] * 2
    assert found.scores.tolist() == [0.75, 0.5] * 2


@pytest.mark.real_data
def test_true_times_in_float32_change_nothing(shared):
    videos = read_detection_annotations(shared / 'mma52' / 'val.csv')
    truth = collect_instances(videos)
    # Each detection is just long enough or too short for one threshold.
    lengths = np.diff(truth.segments)[:, 0]
    shares = np.resize(np.arange(0.1, 1, 0.1), len(lengths))
    ends = truth.segments[:, 0] + (shares * (lengths + 1e-4)).astype(np.float32)
    found = Detections(
        truth.video_ids, np.stack([truth.segments[:, 0], ends], 1).astype(np.float32), truth.labels, np.ones(len(ends))
    )
    start, samples = 0, []
    for video in videos:
        stop = start + len(video.instances)
        rows = [np.column_stack([video.segments, video.labels])]
        rows.append(np.column_stack([found.segments[start:stop], video.labels, found.scores[start:stop]]))
        samples.append(make_sample(video.video_id, *rows))
        start = stop
    assert evaluate(samples) == detection_metrics(truth, found)
