import json
import logging
import warnings

import numpy as np
import pytest
import torch
from mmaction.registry import METRICS
from mmengine.logging import MMLogger
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    balanced_accuracy_score,
    f1_score,
    label_ranking_average_precision_score,
    recall_score,
)

from mmaction_microaction.evaluation.functional import average_precisions, emotion_metrics
from mmaction_microaction.label_sets.ma52_pro import EMOTIONS


def evaluate(emotion, action, emotions, actions, batch=7):
    metric = METRICS.build(dict(type='EmotionMetric'))
    samples = [
        dict(
            pred_emotion=torch.tensor(row[0]),
            pred_score=torch.tensor(row[1]),
            emotion=int(row[2]),
            gt_label=torch.tensor(row[3], dtype=torch.float32),
            video_id=f'video{i}.mp4',
        )
        for i, row in enumerate(zip(emotion, action, emotions, actions))
    ]
    for start in range(0, len(samples), batch):
        metric.process({}, samples[start : start + batch])
    return metric.evaluate(len(samples))


def random_results(seed, num_emotions=5, num_classes=52, videos=60, levels=None):
    """Return random scores and labels. ``levels`` is the number of different scores of actions, so many are tied."""
    rng = np.random.default_rng(seed)
    emotion, action = rng.random((videos, 5)), rng.random((videos, num_classes))
    if levels:
        action = np.floor(action * levels) / levels
    return emotion, action, rng.integers(0, num_emotions, videos), (rng.random(action.shape) < 0.06).astype(int)


@pytest.mark.parametrize('seed', range(3))
@pytest.mark.parametrize('levels', [None, 4])
@pytest.mark.parametrize('num_classes', [52, 40])
def test_equal_to_scikit_learn(seed, levels, num_classes):
    emotion, action, emotions, actions = random_results(seed, num_classes=num_classes, levels=levels)
    actions[:, 0], actions[np.arange(60), seed + 1] = 0, 1  # one class never occurs, and every video has an action
    predictions = emotion.argmax(1)
    present = actions.any(axis=0)
    expected = {
        'Acc': accuracy_score(emotions, predictions),
        'F1_weighted': f1_score(emotions, predictions, average='weighted'),
        'UF1': f1_score(emotions, predictions, average='macro'),
        'UAR': balanced_accuracy_score(emotions, predictions),
        'mAP': average_precision_score(actions, action, average='samples'),
        'mAP_class': average_precision_score(actions[:, present], action[:, present], average='macro'),
        **{f'Acc_{name}': recall for name, recall in zip(EMOTIONS, recall_score(emotions, predictions, average=None))},
    }
    metrics = evaluate(emotion, action, emotions, actions)
    assert metrics == pytest.approx({name: 100 * value for name, value in expected.items()})
    assert metrics['mAP'] == pytest.approx(100 * label_ranking_average_precision_score(actions, action))
    assert all(type(value) is float for value in metrics.values())


def test_absent_emotion_has_no_accuracy():
    emotion, _, emotions, _ = random_results(0, num_emotions=4)
    predictions = emotion.argmax(1)
    assert 4 in predictions
    metrics = emotion_metrics(emotions, emotion)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        expected = {
            'Acc': accuracy_score(emotions, predictions),
            'F1_weighted': f1_score(emotions, predictions, average='weighted'),
            'UF1': f1_score(emotions, predictions, average='macro'),  # The absent class is predicted: its F1 is 0.
            'UAR': balanced_accuracy_score(emotions, predictions),
        }
    assert {name: metrics[name] for name in expected} == pytest.approx({k: 100 * v for k, v in expected.items()})
    assert np.isnan(metrics['Acc_anger'])

    emotion[:, 4] = -1
    unseen = emotion_metrics(emotions, emotion)
    assert unseen['UF1'] == pytest.approx(100 * f1_score(emotions, emotion.argmax(1), average='macro'))


def test_average_precision_by_hand():
    # The first and the third item of the ranking are true: (1 / 1 + 2 / 3) / 2.
    scores, labels = np.array([[0.1, 0.7, 0.4, 0.2]]), np.array([[0, 1, 0, 1]])
    assert average_precisions(labels, scores) == pytest.approx([5 / 6])
    # With equal scores, all four items have rank 4, and one of them is true.
    assert average_precisions(np.array([[0, 0, 1, 0]]), np.zeros((1, 4))) == pytest.approx([0.25])


def test_videos_without_actions_are_left_out_and_logged():
    logger, messages = MMLogger.get_current_instance(), []
    handler = logging.Handler()
    handler.emit = lambda record: messages.append(record.getMessage())
    logger.addHandler(handler)
    try:
        emotion, action, emotions, actions = random_results(0)
        actions[:5], actions[5:, 3] = 0, 1
        metrics = evaluate(emotion, action, emotions, actions)
    finally:
        logger.removeHandler(handler)
    assert metrics['mAP'] == pytest.approx(100 * average_precision_score(actions[5:], action[5:], average='samples'))
    assert 'mAP is over 55 of 60 videos' in '\n'.join(messages)


def test_without_any_action():
    emotion, action, emotions, actions = random_results(0)
    metrics = evaluate(emotion, action, emotions, 0 * actions)
    assert np.isnan(metrics['mAP'])
    assert np.isnan(metrics['mAP_class'])
    assert json.loads(json.dumps(metrics))['Acc'] == pytest.approx(100 * np.mean(emotion.argmax(1) == emotions))


def test_rejects_scores_that_are_not_finite():
    emotion, action, emotions, actions = random_results(0, videos=2)
    action[1, 3] = np.nan
    with pytest.raises(ValueError, match=r'video1\.mp4: scores are not finite; the training diverged'):
        evaluate(emotion, action, emotions, actions)


@pytest.mark.parametrize(
    ('function', 'message'),
    [
        (lambda: emotion_metrics([0, 1], np.ones((2, 7))), r'expected scores of shape \(2, 5\), got \(2, 7\)'),
        (lambda: emotion_metrics([0, 5], np.ones((2, 5))), 'label 5 of sample 1 is not one of 0 to 4'),
        (lambda: average_precisions(np.ones((3, 2)), np.ones((2, 3))), 'of one shape'),
        (lambda: average_precisions(np.array([[0, 0.5]]), np.ones((1, 2))), 'must be 0 or 1'),
    ],
)
def test_functions_reject_invalid_input(function, message):
    with pytest.raises(ValueError, match=message):
        function()


def test_unreadable_video_has_no_emotion_and_ranks_last():
    emotion, action = np.eye(5)[[0, 1]], np.zeros((2, 52))
    action[0, [0, 1]] = 0.9, 0.8
    action[1, 0] = 1
    actions = np.zeros((2, 52))
    actions[0, 0] = actions[1, 0] = 1
    metric = METRICS.build(dict(type='EmotionMetric'))
    samples = [
        dict(pred_emotion=torch.tensor(e), pred_score=torch.tensor(a), emotion=i, gt_label=torch.tensor(t))
        for i, (e, a, t) in enumerate(zip(emotion, action, actions))
    ]
    samples[1]['unreadable'] = True
    metric.process({}, samples)
    scores = metric.evaluate(2)
    assert scores['Acc'] == 50
    assert (scores['Acc_joy'], scores['Acc_sadness']) == (100, 0)
    assert scores['UF1'] == 50  # joy 1, sadness 0
    # The action of the readable video ranks first. All 52 actions of the other video share the last rank.
    assert scores['mAP'] == pytest.approx(100 * (1 + 1 / 52) / 2)
    assert scores['mAP_class'] == 100
