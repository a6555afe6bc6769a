import json
import logging
import warnings

import numpy as np
import pytest
import torch
from mmaction.registry import METRICS
from mmengine.logging import MMLogger
from sklearn.metrics import f1_score, precision_recall_fscore_support

from mmaction_microaction.evaluation.functional import micro_action_metrics, rank_groups
from mmaction_microaction.label_sets import MA52


def evaluate(scores, labels, dataset_meta=None, batch=3, **kwargs):
    metric = METRICS.build(dict(type='MicroActionMetric', **kwargs))
    metric.dataset_meta = dataset_meta
    samples = [
        dict(pred_score=torch.tensor(score), gt_label=torch.tensor([label]), video_id=f'clip{i}.mp4')
        for i, (score, label) in enumerate(zip(scores, labels))
    ]
    for start in range(0, len(samples), batch):
        metric.process({}, samples[start : start + batch])
    return metric.evaluate(len(samples))


@pytest.fixture
def predictions():
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(200, 52)), rng.integers(0, 52, 200)
    logits[np.arange(200), labels] += 2
    scores = np.exp(logits)
    return (scores / scores.sum(1, keepdims=True)).astype(np.float32), labels


@pytest.fixture
def log(caplog):
    logger = MMLogger.get_current_instance()
    logger.addHandler(caplog.handler)
    caplog.set_level(logging.INFO)
    yield caplog
    logger.removeHandler(caplog.handler)


def expected_scores(scores, labels, coarse):
    """Return the metrics of Table II, computed by scikit-learn."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        fine = scores.argmax(1)
        result = {}
        for level, truth, prediction in (('fine', labels, fine), ('coarse', MA52.fine_to_coarse[labels], coarse)):
            result[f'{level}/F1_macro'] = 100 * f1_score(truth, prediction, average='macro')
            result[f'{level}/F1_micro'] = 100 * f1_score(truth, prediction, average='micro')
            result[f'{level}/top1'] = 100 * np.mean(truth == prediction)
    top5 = np.argsort(scores, axis=1)[:, -5:]
    result['fine/top5'] = 100 * np.mean([label in row for label, row in zip(labels, top5)])
    result['F1_mean'] = np.mean([value for name, value in result.items() if 'F1' in name])
    return result


def test_equal_to_scikit_learn(predictions):
    scores, labels = predictions
    metrics = evaluate(scores, labels)
    expected = expected_scores(scores, labels, MA52.fine_to_coarse[scores.argmax(1)])
    expected['coarse/top5'] = 100 * np.mean(
        [MA52.fine_to_coarse[label] in MA52.fine_to_coarse[np.argsort(row)[-5:]] for label, row in zip(labels, scores)]
    )
    assert metrics == pytest.approx(expected)
    assert all(type(value) is float for value in metrics.values())


def test_coarse_from_summed_probabilities(predictions):
    scores, labels = predictions
    sums = np.stack([scores[:, part == MA52.fine_to_coarse].sum(1) for part in range(7)], axis=1)
    assert (sums.argmax(1) != MA52.fine_to_coarse[scores.argmax(1)]).any()
    metrics = evaluate(scores, labels, coarse_from='sum')
    expected = expected_scores(scores, labels, sums.argmax(1))
    assert {name: metrics[name] for name in expected} == pytest.approx(expected)


def test_body_parts_of_one_sample_by_hand():
    scores = np.zeros((1, 52))
    scores[0, [9, 24, 25, 26]] = [0.4, 0.3, 0.2, 0.1]  # nodding, and three actions of the lower limb
    assert rank_groups(scores, 'top1')[0, :4].tolist() == [1, 3, 3, 3]
    assert rank_groups(scores, 'sum')[0, :2].tolist() == [3, 1]


def test_macro_of_equation_5(predictions):
    scores, labels = predictions
    metrics = evaluate(scores, labels, macro='f1_macro_of_means')
    precision, recall, *_ = precision_recall_fscore_support(labels, scores.argmax(1), average='macro', zero_division=0)
    assert metrics['fine/F1_macro'] == pytest.approx(100 * 2 * precision * recall / (precision + recall))
    assert metrics['fine/F1_micro'] == pytest.approx(100 * np.mean(scores.argmax(1) == labels))


def test_log_has_the_columns_of_table_2(predictions, log):
    metrics = evaluate(*predictions)
    rows = [line.split() for line in log.text.splitlines()]
    assert ['200', 'clips', 'F1_macro', 'F1_micro', 'Acc-Top1', 'Acc-Top5'] in rows
    columns = ('F1_macro', 'F1_micro', 'top1', 'top5')
    assert ['fine', *(f'{metrics[f"fine/{name}"]:.2f}' for name in columns)] in rows
    assert ['F1_mean', f'{metrics["F1_mean"]:.2f}'] in rows


def test_log_names_excluded_classes(log):
    scores = np.eye(52, dtype=np.float32)
    metrics = evaluate(scores[[*range(51), 9]], np.array([*range(51), 9]))
    assert metrics['fine/F1_macro'] == pytest.approx(100)
    assert 'over 51 of 52 actions. Neither true nor predicted: 51 scratching feet.' in log.text


def test_complete_split_logs_no_absent_classes(log):
    evaluate(np.eye(52, dtype=np.float32), np.arange(52))
    assert 'Neither true nor predicted' not in log.text


def test_result_is_json(predictions):
    assert json.loads(json.dumps(evaluate(*predictions)))['F1_mean'] > 0


def test_rejects_an_anonymised_split(predictions):
    with pytest.raises(ValueError, match=r'anonymised.*test_evaluator\.type=DumpResults'):
        evaluate(*predictions, dataset_meta=dict(anonymized=True))


@pytest.mark.parametrize(
    ('row', 'message'),
    [
        (np.full(52, np.nan), r'clip1\.mp4: scores are not probabilities.*NaN'),
        (np.linspace(-3, 3, 52), r"clip1\.mp4: scores are not probabilities.*average_clips='prob'"),
        (np.full(400, 1 / 400), 'does not say what its 400 classes are'),
    ],
)
def test_rejects_scores_that_are_not_probabilities(row, message):
    with pytest.raises(ValueError, match=message):
        evaluate([np.full(52, 1 / 52), row], [0, 1])


@pytest.mark.parametrize('option', [dict(coarse_from='mean'), dict(macro='weighted')])
def test_unknown_options_fail_when_the_metric_is_built(option):
    with pytest.raises(ValueError, match=f'{next(iter(option))} must be one of'):
        METRICS.build(dict(type='MicroActionMetric', **option))


def test_rejects_scores_of_another_shape():
    with pytest.raises(ValueError, match=r'expected scores of shape \(2, 52\), got \(2, 7\)'):
        micro_action_metrics(np.zeros(2, int), np.ones((2, 7)))


def test_separate_classifiers_of_the_groups_decide_only_on_request(predictions):
    scores, labels = predictions
    coarse_scores = np.random.default_rng(1).dirichlet(np.ones(7), len(labels))
    samples = [
        dict(pred_score=torch.tensor(a), coarse_score=torch.tensor(b), gt_label=torch.tensor([label]))
        for a, b, label in zip(scores, coarse_scores, labels)
    ]
    for coarse_from, coarse in (('head', coarse_scores.argmax(1)), ('top1', MA52.fine_to_coarse[scores.argmax(1)])):
        metric = METRICS.build(dict(type='MicroActionMetric', coarse_from=coarse_from))
        metric.process({}, samples)
        metrics = metric.evaluate(len(samples))
        expected = expected_scores(scores, labels, coarse)
        assert {name: metrics[name] for name in expected} == pytest.approx(expected)


def test_networks_without_classifiers_of_the_groups_are_named(predictions):
    with pytest.raises(ValueError, match=r'coarse_from=.head. needs a network with classifiers of the groups'):
        evaluate(*predictions, coarse_from='head')
