"""Measures label leakage: how well the label can be predicted without the motion.

Two classifiers are trained on the train split and scored on the val split, whose people are others. A nearest neighbour
sees properties that should not reveal the label: the first frame, the colours, the background, and the duration with
the file size. The probe, a logistic regression of histograms of oriented gradients (HOG), sees the outlines in single
frames: the first frame, one frame at a random time, and a few frames without their order. The first frame should reveal
nothing. Later frames show the pose in which a motion ends, and therefore the action, if no other clip shows this pose.

A motion that leads from one posture to another changes the set of its frames, unless the two actions of a reversed pair
begin in different postures. The renderer lets both begin in one distribution of postures, so that the last frame tells
them apart: a probe above chance on the later frames of a pair is the price of chance on the first frame.
"""

import warnings
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mmaction_microaction.label_sets import MA52

FEATURES = ('first frame', 'colour histogram', 'background', 'duration and file size', 'mean frame')
"""What the nearest neighbour sees."""
PROBES = ('first frame', 'random frame', 'frames without order')
"""What the probe sees."""
PAIRS = (*MA52.reversed_pairs, (MA52.names.index('bowing head'), MA52.names.index('head up')))
"""Labels of actions that differ in nothing but their direction."""
_GRID = (30, 36)  # width and height of the frame whose left and right edges are the background
_HOG = cv2.HOGDescriptor((64, 72), (16, 16), (8, 8), (8, 8), 9)
_FRAMES = 5  # frames without order
_COMPONENTS = 150


def hog(frame: np.ndarray) -> np.ndarray:
    """Return the histograms of oriented gradients of a frame.

    Args:
        frame (np.ndarray): Frame, shape (height, width, 3), uint8. It is resized to 64 x 72 pixels.

    Returns:
        np.ndarray: Histograms, shape (2016,), float32.
    """
    return _HOG.compute(cv2.resize(frame, _HOG.winSize, interpolation=cv2.INTER_AREA)).ravel()


def probe_features(frames: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return what the probe sees of a clip.

    Args:
        frames (np.ndarray): Frames, shape (T, height, width, 3), uint8.
        rng (np.random.Generator): Random number generator that draws the times of frames.

    Returns:
        dict[str, np.ndarray]: Vector of each of :data:`PROBES`. Five frames without order are the mean and the standard
            deviation of their histograms.
    """
    drawn = np.stack([hog(frames[t]) for t in rng.integers(len(frames), size=_FRAMES)])
    return dict(zip(PROBES, (hog(frames[0]), drawn[0], np.concatenate([drawn.mean(0), drawn.std(0)]))))


def clip_features(path: str | Path, rng: np.random.Generator) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return the features of a video.

    Args:
        path (str | Path): Path of the video.
        rng (np.random.Generator): Random number generator that draws the times of frames for the probe.

    Returns:
        tuple[dict[str, np.ndarray], dict[str, np.ndarray]]: Vector of each of :data:`FEATURES`, with frames as uint8 to
            keep thousands in memory, and vector of each of :data:`PROBES`.
    """
    with av.open(str(path)) as container:
        # Threads do not speed up the decoding of such small frames.
        container.streams.video[0].codec_context.thread_count = 1
        frames = np.stack([frame.to_ndarray(format='rgb24') for frame in container.decode(video=0)])
    first, mean = frames[0], frames.mean(0).round().astype(np.uint8)
    histograms = [np.histogram(frames[::4, ..., channel], 16, (0, 256))[0] for channel in range(3)]
    histogram = np.concatenate(histograms) / frames[::4, ..., 0].size
    small = cv2.resize(mean, _GRID, interpolation=cv2.INTER_AREA)
    edge = _GRID[0] // 6
    background = np.concatenate([small[:, :edge], small[:, -edge:]], 1)
    features = {
        'first frame': first.ravel(),
        'colour histogram': np.sqrt(histogram),
        'background': background.ravel(),
        'duration and file size': np.log([len(frames), Path(path).stat().st_size]),
        'mean frame': mean.ravel(),
    }
    return features, probe_features(frames, rng)


def read_split(root: str | Path, split: str) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], np.ndarray]:
    """Read the features and labels of a split.

    Args:
        root (str | Path): Path of the dataset folder.
        split (str): Name of the split: ``'train'``, ``'val'`` or ``'test'``.

    Returns:
        tuple[dict[str, np.ndarray], dict[str, np.ndarray], np.ndarray]: Features of the nearest neighbour and of the
            probe by name, shape (N, D) each, and labels, shape (N,).

    Raises:
        FileNotFoundError: If the folder has no annotation file of the split.
    """
    root = Path(root)
    ann_file = root / f'{split}_list_videos.txt'
    if not ann_file.is_file():
        raise FileNotFoundError(f'{ann_file}: no such file; choose a folder that "microaction synthesize" wrote')
    lines = [line.split() for line in ann_file.read_text(encoding='utf-8').splitlines()]
    rng = np.random.default_rng(0)
    rows = [clip_features(root / f'videos_{split}' / name, rng) for name, _ in lines]
    features, seen = ({name: np.stack([row[name] for row in kind]) for name in kind[0]} for kind in zip(*rows))
    return features, seen, np.array([int(label) for _, label in lines])


def nearest_neighbor_accuracy(
    train: np.ndarray, train_labels: np.ndarray, val: np.ndarray, val_labels: np.ndarray
) -> float:
    """Return the top-1 accuracy of the nearest neighbour in standardized features.

    Args:
        train (np.ndarray): Features of the train clips, shape (N, D).
        train_labels (np.ndarray): Labels of the train clips, shape (N,).
        val (np.ndarray): Features of the val clips, shape (M, D).
        val_labels (np.ndarray): Labels of the val clips, shape (M,).

    Returns:
        float: Fraction of the val clips whose nearest train clip has the same label.
    """
    # Thousands of frames are large: single precision is enough around the mean, and the operations are in place.
    train, val = train.astype(np.float32), val.astype(np.float32)
    mean = train.mean(0)
    train -= mean
    val -= mean
    scale = np.sqrt(np.einsum('nd,nd->d', train, train) / len(train)) + 1e-9
    train /= scale
    val /= scale
    distances = np.einsum('nd,nd->n', train, train) - 2 * val @ train.T
    return float((train_labels[distances.argmin(1)] == val_labels).mean())


def probe_predictions(train: np.ndarray, train_labels: np.ndarray, val: np.ndarray) -> np.ndarray:
    """Return the labels that a logistic regression predicts from standardized principal components.

    Args:
        train (np.ndarray): Features of the train clips, shape (N, D).
        train_labels (np.ndarray): Labels of the train clips, shape (N,).
        val (np.ndarray): Features of the val clips, shape (M, D).

    Returns:
        np.ndarray: Predicted labels, shape (M,).
    """
    components = min(_COMPONENTS, len(train) // 2, train.shape[1])
    regression = LogisticRegression(C=0.01, max_iter=300)
    probe = make_pipeline(StandardScaler(), PCA(components, random_state=0), regression)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', ConvergenceWarning)  # A little further changes no label.
        return probe.fit(train, train_labels).predict(val)


@dataclass
class ProbeResult:
    """How well the label is predicted from one of :data:`PROBES`."""

    fine: float
    """Top-1 accuracy on the 52 labels. Chance is 0.019 if all labels are equally frequent."""
    classes: dict[int, float]
    """Fraction of the val clips of each label that are recognized."""
    pairs: dict[tuple[int, int], float]
    """Accuracy within each of :data:`PAIRS` that has clips in both splits. Chance is 0.5."""


def _pair_masks(
    train_labels: np.ndarray, val_labels: np.ndarray
) -> dict[tuple[int, int], tuple[np.ndarray, np.ndarray]]:
    """Return the train clips and the val clips of each pair, shapes (N,) and (M,), of which there are enough."""
    masks = {pair: (np.isin(train_labels, pair), np.isin(val_labels, pair)) for pair in PAIRS}
    return {pair: (i, j) for pair, (i, j) in masks.items() if len(set(train_labels[i])) == 2 and j.any()}


def run_probe(train: np.ndarray, train_labels: np.ndarray, val: np.ndarray, val_labels: np.ndarray) -> ProbeResult:
    """Train the probe on the 52 labels and within each pair, and score it.

    Args:
        train (np.ndarray): Features of the train clips, shape (N, D).
        train_labels (np.ndarray): Labels of the train clips, shape (N,).
        val (np.ndarray): Features of the val clips, shape (M, D).
        val_labels (np.ndarray): Labels of the val clips, shape (M,).

    Returns:
        ProbeResult: Accuracies.
    """
    hits = probe_predictions(train, train_labels, val) == val_labels
    pairs = {}
    for pair, (i, j) in _pair_masks(train_labels, val_labels).items():
        predicted = probe_predictions(train[i], train_labels[i], val[j])
        pairs[pair] = float((predicted == val_labels[j]).mean())
    classes = {int(label): float(hits[val_labels == label].mean()) for label in np.unique(val_labels)}
    return ProbeResult(float(hits.mean()), classes, pairs)


def measure_leaks(root: str | Path) -> tuple[dict[str, tuple[float, float]], dict[str, ProbeResult]]:
    """Measure the leaks of a dataset.

    Args:
        root (str | Path): Path of the dataset folder.

    Returns:
        tuple[dict[str, tuple[float, float]], dict[str, ProbeResult]]: For each of :data:`FEATURES`, the accuracy of the
            nearest neighbour on the 52 labels and its mean accuracy within :data:`PAIRS` (NaN without clips of them);
            for each of :data:`PROBES`, the accuracies of the probe.

    Raises:
        FileNotFoundError: If the folder has no annotation files.
    """
    (train, train_seen, train_labels), (val, val_seen, val_labels) = read_split(root, 'train'), read_split(root, 'val')
    neighbors = {}
    for name in FEATURES:
        pairs = [
            nearest_neighbor_accuracy(train[name][i], train_labels[i], val[name][j], val_labels[j])
            for i, j in _pair_masks(train_labels, val_labels).values()
        ]
        fine = nearest_neighbor_accuracy(train[name], train_labels, val[name], val_labels)
        neighbors[name] = (fine, float(np.mean(pairs)) if pairs else float('nan'))
    probes = {name: run_probe(train_seen[name], train_labels, val_seen[name], val_labels) for name in PROBES}
    return neighbors, probes
