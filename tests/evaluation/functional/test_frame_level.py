import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from mmaction_microaction.evaluation.functional import frame_average_precisions, frame_labels
from mmaction_microaction.structures.detection_annotations import read_detection_annotations


def test_an_action_covers_the_steps_of_its_first_and_last_frame():
    # Frames 5 to 12 of 25 per second; steps 5 // 4 = 1 to 12 // 4 = 3.
    assert frame_labels([[0.2, 0.5]], [1], num_steps=6, num_classes=2).T.tolist() == [[0] * 6, [0, 1, 1, 1, 0, 0]]
    assert frame_labels(np.zeros((0, 2)), [], num_steps=2, num_classes=2).sum() == 0
    # An action at the end of the video has no step beyond it.
    assert frame_labels([[0, 99]], [0], num_steps=2, num_classes=1).tolist() == [[1], [1]]


def test_equals_scikit_learn():
    rng = np.random.default_rng(0)
    labels, scores = rng.integers(0, 2, (300, 4)), rng.random((300, 4)).round(1)
    labels[:, 3] = 0
    expected = [average_precision_score(labels[:, k], scores[:, k]) for k in range(3)]
    assert frame_average_precisions(labels, scores).tolist() == pytest.approx([*expected, 0])


@pytest.mark.real_data
def test_equals_the_evaluation_of_pointtad(shared):
    arrays = np.load(shared / 'reference' / 'mma52_segmap.npz')
    rng, labels, scores = np.random.RandomState(100), [], []
    for video in read_detection_annotations(shared / 'mma52' / 'val.csv')[:200]:
        steps = int(video.total_frames / video.fps * 25) // 4
        labels.append(frame_labels(video.segments, video.labels, steps, 52))
        scores.append(0.35 * labels[-1] + rng.rand(steps, 52))
    labels, scores = np.concatenate(labels), np.concatenate(scores)
    assert labels.sum(axis=0).tolist() == arrays['positives'].tolist()
    precisions = frame_average_precisions(labels, scores)
    np.testing.assert_allclose(precisions, arrays['ap'], rtol=0, atol=1e-9)
    assert precisions.mean() == pytest.approx(0.3212302503, abs=1e-10)
