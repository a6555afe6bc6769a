import numpy as np
import pytest
import torch
from mmaction.evaluation import top_k_accuracy
from mmaction.registry import METRICS, MODELS
from mmaction.structures import ActionDataSample

from mmaction_microaction.label_sets import MA52


def build(**options):
    torch.manual_seed(0)
    head = MODELS.build(dict(type='RGBPoseFusionHead', in_channels=(12, 8), **options))
    for parameter in head.parameters():
        torch.nn.init.normal_(parameter)
    return head


def features(num_clips):
    generator = torch.Generator().manual_seed(0)
    rgb = torch.randn(num_clips, 12, 2, 3, 3, generator=generator)
    return rgb, torch.randn(num_clips, 8, 8, 3, 3, generator=generator)


def softmax(scores):
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def branch_probabilities(head, feats, views):
    """Return the probabilities of each branch, averaged over the views, with NumPy."""
    probabilities = []
    for layer, values in zip((head.fc_rgb, head.fc_pose), feats):
        scores = values.numpy().mean(axis=(2, 3, 4)) @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()
        probabilities.append(softmax(scores).reshape(-1, views, head.num_classes).mean(axis=1))
    return probabilities


@pytest.mark.parametrize(('weights', 'shares'), [((1, 1), (0.5, 0.5)), ((2, 1), (2 / 3, 1 / 3)), ((0, 3), (0, 1))])
def test_prediction_is_the_weighted_mean_of_probabilities(weights, shares):
    head, feats = build(fusion_weights=weights).eval(), features(6)
    rgb, pose = branch_probabilities(head, feats, views=3)
    expected = shares[0] * rgb + shares[1] * pose
    predictions = head.predict(feats, [ActionDataSample(), ActionDataSample()])
    for sample, scores in zip(predictions, expected, strict=True):
        np.testing.assert_allclose(sample.pred_score.detach(), scores, atol=1e-6)
        assert sample.pred_label.tolist() == [scores.argmax()]


def test_metric_and_submission_accept_the_predictions():
    head = build().eval()
    samples = [ActionDataSample().set_gt_label(label) for label in (3, 9)]
    with torch.no_grad():
        predictions = head.predict(features(2), samples)
    for sample, name in zip(predictions, ('a.mp4', 'b.mp4')):
        sample.set_metainfo(dict(video_id=name))
    metric = METRICS.build(dict(type='MicroActionMetric'))
    metric.process(None, [sample.to_dict() for sample in predictions])
    assert 0 <= metric.evaluate(2)['F1_mean'] <= 100


@pytest.mark.parametrize('num_clips', [1, 2, 52])
def test_losses_of_a_batch(num_clips):
    # 52 clips are as many as there are classes, at which MMAction2's own head fails.
    head, feats = build(dropout=0, loss_weights=[1.0, 0.5]), features(num_clips)
    labels = [(7 * index) % 52 for index in range(num_clips)]
    losses = head.loss(feats, [ActionDataSample().set_gt_label(label) for label in labels])
    probabilities = branch_probabilities(head, feats, views=1)
    for branch, values, weight in zip(('rgb', 'pose'), probabilities, (1, 0.5)):
        expected = -np.log(values[np.arange(num_clips), labels]).mean()
        assert losses[f'{branch}_loss_cls'].item() == pytest.approx(weight * expected, rel=1e-5)
        accuracy = top_k_accuracy(values, labels, (1,))[0]
        assert losses[f'{branch}_top1_acc'].item() == pytest.approx(accuracy)


def test_losses_of_blended_labels_are_weighted_means():
    head, feats = build(dropout=0), features(2)
    blended = torch.zeros(2, 52)
    blended[:, 3], blended[0, 9], blended[1, 9] = torch.tensor([0.7, 0.2]), 0.3, 0.8
    losses = head.loss(feats, [ActionDataSample().set_gt_label(label) for label in blended])
    expected = -(np.log(branch_probabilities(head, feats, views=1)[0]) * blended.numpy()).sum(axis=1).mean()
    assert losses['rgb_loss_cls'].item() == pytest.approx(expected, rel=1e-5)
    assert 'rgb_top1_acc' not in losses


@pytest.mark.parametrize('weights', [(1,), (0, 0), (2, -1)])
def test_refuses_weights_without_a_mean(weights):
    with pytest.raises(ValueError, match='fusion_weights'):
        build(fusion_weights=weights)


def test_number_of_classes_is_that_of_ma52():
    assert build().fc_pose.out_features == len(MA52)
