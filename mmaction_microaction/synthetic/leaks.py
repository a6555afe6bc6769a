"""Measures label leakage: how well the label can be predicted without the motion.

A nearest-neighbour classifier is trained on the train split and scored on the val split. Its accuracy should be at
chance for the first frame, the colours, the background, and the duration with the file size. The mean frame contains
the static posture: it may predict the action, but should not separate the two actions of a reversed pair.
"""

from pathlib import Path

import av
import cv2
import numpy as np

from mmaction_microaction.label_sets import MA52

FEATURES = ('first frame', 'colour histogram', 'background', 'duration and file size', 'mean frame')
_GRID = (30, 36)  # width and height of the frame whose left and right edges are the background


def clip_features(path: str | Path) -> dict[str, np.ndarray]:
    """Return the features of a video.

    Args:
        path (str | Path): Path of the video.

    Returns:
        dict[str, np.ndarray]: Vector of each of :data:`FEATURES`. Frames are uint8, to keep thousands in memory.
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
    return {
        'first frame': first.ravel(),
        'colour histogram': np.sqrt(histogram),
        'background': background.ravel(),
        'duration and file size': np.log([len(frames), Path(path).stat().st_size]),
        'mean frame': mean.ravel(),
    }


def read_split(root: str | Path, split: str) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Read the features and labels of a split.

    Args:
        root (str | Path): Path of the dataset folder.
        split (str): Name of the split: ``'train'``, ``'val'`` or ``'test'``.

    Returns:
        tuple[dict[str, np.ndarray], np.ndarray]: Features by name, shape (N, D), and labels, shape (N,).

    Raises:
        FileNotFoundError: If the folder has no annotation file of the split.
    """
    root = Path(root)
    ann_file = root / f'{split}_list_videos.txt'
    if not ann_file.is_file():
        raise FileNotFoundError(f'{ann_file}: no such file; choose a folder that "microaction synthesize" wrote')
    lines = [line.split() for line in ann_file.read_text().splitlines()]
    rows = [clip_features(root / f'videos_{split}' / name) for name, _ in lines]
    features = {name: np.stack([row[name] for row in rows]) for name in FEATURES}
    return features, np.array([int(label) for _, label in lines])


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


def leak_table(root: str | Path) -> dict[str, tuple[float, float]]:
    """Return the nearest-neighbour accuracy of every feature.

    Args:
        root (str | Path): Path of the dataset folder.

    Returns:
        dict[str, tuple[float, float]]: For each of :data:`FEATURES`, the top-1 accuracy on the 52 labels (chance is
            0.019 for uniform counts) and the mean accuracy within the reversed pairs (chance is 0.5).
    """
    (train, train_labels), (val, val_labels) = read_split(root, 'train'), read_split(root, 'val')
    table = {}
    for name in FEATURES:
        pairs = []
        for pair in MA52.reversed_pairs:
            i, j = np.isin(train_labels, pair), np.isin(val_labels, pair)
            pairs.append(nearest_neighbor_accuracy(train[name][i], train_labels[i], val[name][j], val_labels[j]))
        fine = nearest_neighbor_accuracy(train[name], train_labels, val[name], val_labels)
        table[name] = (fine, float(np.mean(pairs)))
    return table
