from argparse import Namespace

import numpy as np
import pytest
from helpers.rendering import render_some
from sklearn.neighbors import KNeighborsClassifier

from mmaction_microaction.cli import leaks
from mmaction_microaction.label_sets import MA52
from mmaction_microaction.synthetic import make_clip
from mmaction_microaction.synthetic.leaks import (
    FEATURES,
    PROBES,
    nearest_neighbor_accuracy,
    probe_features,
    read_split,
    run_probe,
)


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
    features, seen, labels = read_split(out, 'val')
    expected = sorted((entry.name, entry.label) for entry in plan if entry.split == 1)
    assert labels.tolist() == [label for _, label in expected]
    assert set(features) == set(FEATURES)
    assert set(seen) == set(PROBES)
    assert all(len(feature) == len(labels) == 6 for feature in (*features.values(), *seen.values()))
    # Frames are bytes, since a whole dataset is in memory.
    assert [features[name].dtype for name in ('first frame', 'mean frame')] == [np.uint8, np.uint8]
    assert (np.exp(features['duration and file size'][:, 0]) >= 29.9).all()


def test_frames_without_order_have_no_order():
    frames = np.random.default_rng(0).integers(0, 256, (5, 76, 64, 3), dtype=np.uint8)

    class EachFrameOnce:
        def __init__(self, order):
            self.order = order

        def integers(self, high, size):
            assert (high, size) == (5, 5)
            return self.order

    one, other = (probe_features(frames, EachFrameOnce(order)) for order in ([0, 1, 2, 3, 4], [3, 1, 4, 0, 2]))
    np.testing.assert_allclose(one['frames without order'], other['frames without order'], atol=1e-6)
    assert not np.allclose(one['random frame'], other['random frame'])
    np.testing.assert_array_equal(one['first frame'], other['first frame'])


def test_probe_sees_a_posture_but_no_noise():
    rng = np.random.default_rng(0)
    labels = np.tile([0, 1, 17, 18], 60)
    noise = rng.normal(size=(240, 30)).astype(np.float32)
    shifted = noise.copy()
    shifted[:, 0] += 4 * (labels == 18)
    for features, low, high in ((noise, 0.0, 0.65), (shifted, 0.9, 1.0)):
        result = run_probe(features[:160], labels[:160], features[160:], labels[160:])
        assert list(result.pairs) == [(17, 18)]
        assert low <= result.pairs[17, 18] <= high
        assert result.classes.keys() == {0, 1, 17, 18}
        assert result.fine == pytest.approx(np.mean(list(result.classes.values())))


def test_every_leak_is_printed(dataset, capsys):
    out, _, plan = dataset
    leaks.run(Namespace(root=out))
    rows = [line.split(' | ')[0].removeprefix('| ') for line in capsys.readouterr().out.splitlines() if line]
    names = [MA52.names[label] for label in sorted({entry.label for entry in plan if entry.split == 1})]
    titles = ['nearest neighbour on', 'probe on', 'action']
    expected = [titles[0], *FEATURES, titles[1], *PROBES, titles[2], *names]
    assert [row for row in rows if not row.startswith('|---')] == expected


def make_probe_set(labels, num_clips, split, num_frames):
    """Return the features of clips of train people (split 0) or of others (split 1), and their labels.

    Args:
        labels (Sequence[int]): Labels of the clips.
        num_clips (int): Number of clips of each label.
        split (int): Index of the split.
        num_frames (int): Number of frames at random times that are rendered besides the first frame.
    """
    rng = np.random.default_rng(split)
    labels = np.tile(labels, num_clips)
    rows = []
    for index, label in enumerate(labels):
        clip = make_clip(int(label), int(rng.integers(100)) + 100 * split, (64, 76), 0, split, index)
        frames = render_some(clip, np.concatenate([[0], rng.integers(clip.num_frames, size=num_frames)]))
        rows.append(probe_features(frames, rng))
    return {name: np.stack([row[name] for row in rows]) for name in PROBES}, labels


@pytest.mark.slow
def test_single_frames_decide_few_actions(monkeypatch):
    """A plain wall lets the probe learn from fewer clips. Rooms do not depend on the label, see test_clip.py."""

    def draw_wall(room, camera, size, margin, *_):
        return np.full((size[1] + 2 * margin, size[0] + 2 * margin, 3), 150, np.uint8)

    monkeypatch.setattr('mmaction_microaction.synthetic.scene.render_room', draw_wall)
    labels = range(len(MA52))
    (train, train_labels), (val, val_labels) = (make_probe_set(labels, n, s, 4) for s, n in enumerate((8, 6)))
    results = {name: run_probe(train[name], train_labels, val[name], val_labels) for name in PROBES}
    # Chance is 0.019, with a standard deviation of 0.008 in 312 clips.
    assert results['first frame'].fine < 0.04
    assert results['random frame'].fine < 0.07
    # The spread of the frames shows how much moves, and where.
    assert results['frames without order'].fine < 0.16
