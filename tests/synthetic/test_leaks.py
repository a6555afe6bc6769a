import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from mmaction_microaction.synthetic.leaks import FEATURES, nearest_neighbor_accuracy, read_split


def test_nearest_neighbour_agrees_with_scikit_learn():
    rng = np.random.default_rng(0)
    train, val = rng.normal(size=(80, 5)), rng.normal(size=(60, 5))
    train_labels, val_labels = rng.integers(0, 3, 80), rng.integers(0, 3, 60)
    scale = train.std(0)
    expected = KNeighborsClassifier(1).fit(train / scale, train_labels).score(val / scale, val_labels)
    assert nearest_neighbor_accuracy(train, train_labels, val, val_labels) == pytest.approx(expected)
    # A pixel that is constant in the train clips has no influence.
    train, val = (np.column_stack([x, np.full(len(x), 200.0)]) for x in (train, val))
    assert nearest_neighbor_accuracy(train, train_labels, val, val_labels) == pytest.approx(expected)


def test_nearest_neighbour_of_uint8_frames():
    rng = np.random.default_rng(0)
    train, val = (rng.integers(0, 256, (40, 500), dtype=np.uint8) for _ in range(2))
    train_labels, val_labels = rng.integers(0, 2, 40), rng.integers(0, 2, 40)
    scale = train.astype(float).std(0)
    expected = KNeighborsClassifier(1).fit(train / scale, train_labels).score(val / scale, val_labels)
    assert nearest_neighbor_accuracy(train, train_labels, val, val_labels) == pytest.approx(expected)


def test_features_of_a_split(dataset):
    out, _, plan = dataset
    features, labels = read_split(out, 'val')
    expected = sorted((entry.name, entry.label) for entry in plan if entry.split == 1)
    assert labels.tolist() == [label for _, label in expected]
    assert set(features) == set(FEATURES)
    assert all(len(feature) == len(labels) == 6 for feature in features.values())
    # Frames are bytes, since a whole dataset is in memory.
    assert [features[name].dtype for name in ('first frame', 'mean frame')] == [np.uint8, np.uint8]
    assert (np.exp(features['duration and file size'][:, 0]) >= 29.9).all()
