"""How much of an action's label shows in what should not give it away.

A nearest-neighbour classifier learns from the train split and is scored on the val split. On the first frame, the
colours, the background, and the duration with the file size it should do no better than chance. The mean frame is
reported beside them: it is what a static posture gives away, and it too should say nothing about which of a reversed
pair is seen.
"""

from pathlib import Path

import av
import cv2
import numpy as np

from mmaction_microaction.label_sets.ma52 import REVERSED_PAIRS

FEATURES = ('first frame', 'colour histogram', 'background', 'duration and file size', 'mean frame')
_GRID = (30, 36)


def clip_features(path):
    """Features of a video.

    Args:
        path (str | Path): The video.

    Returns:
        dict[str, np.ndarray]: A vector for each of :data:`FEATURES`; pictures are uint8, as thousands are held at once.
    """
    with av.open(str(path)) as container:
        # The pictures are too small for threads to pay.
        container.streams.video[0].codec_context.thread_count = 1
        frames = np.stack([frame.to_ndarray(format='rgb24') for frame in container.decode(video=0)])
    first, mean = frames[0], frames.mean(0).round().astype(np.uint8)
    histograms = [np.histogram(frames[::4, ..., channel], 16, (0, 256))[0] for channel in range(3)]
    histogram = np.concatenate(histograms) / frames[::4, ..., 0].size
    small = {
        name: cv2.resize(image, _GRID, interpolation=cv2.INTER_AREA) for name, image in (('f', first), ('m', mean))
    }
    edge = _GRID[0] // 6
    background = np.concatenate([small['m'][:, :edge], small['m'][:, -edge:]], 1)
    return {
        'first frame': first.ravel(),
        'colour histogram': np.sqrt(histogram),
        'background': background.ravel(),
        'duration and file size': np.log([len(frames), Path(path).stat().st_size]),
        'mean frame': mean.ravel(),
    }


def read_split(root, split):
    """Features and labels of a split.

    Args:
        root (str | Path): Folder of the data set.
        split (str): ``'train'``, ``'val'`` or ``'test'``.

    Returns:
        tuple[dict[str, np.ndarray], np.ndarray]: Of each feature an array of shape (N, D), and labels of shape (N,).

    Raises:
        FileNotFoundError: If the folder has no such list.
    """
    root = Path(root)
    ann_file = root / f'{split}_list_videos.txt'
    if not ann_file.is_file():
        raise FileNotFoundError(f'{ann_file}: no such list; name a folder that tools/make_synthetic_ma52.py wrote')
    lines = [line.split() for line in ann_file.read_text().splitlines()]
    rows = [clip_features(root / f'videos_{split}' / name) for name, _ in lines]
    return {name: np.stack([row[name] for row in rows]) for name in FEATURES}, np.array([int(y) for _, y in lines])


def nearest_neighbour_accuracy(train, train_labels, val, val_labels):
    """Top-1 accuracy of the nearest neighbour.

    Args:
        train (np.ndarray): Shape (N, D).
        train_labels (np.ndarray): Shape (N,).
        val (np.ndarray): Shape (M, D).
        val_labels (np.ndarray): Shape (M,).

    Returns:
        float: Share of the val clips whose nearest train clip has their label.
    """
    # In place and in single precision, which is enough around the mean: thousands of pictures are large.
    train, val = train.astype(np.float32), val.astype(np.float32)
    mean = train.mean(0)
    train -= mean
    val -= mean
    scale = np.sqrt(np.einsum('nd,nd->d', train, train) / len(train)) + 1e-9
    train /= scale
    val /= scale
    distances = np.einsum('nd,nd->n', train, train) - 2 * val @ train.T
    return float((train_labels[distances.argmin(1)] == val_labels).mean())


def leak_table(root):
    """Nearest-neighbour accuracy of every feature.

    Args:
        root (str | Path): Folder of the data set.

    Returns:
        dict[str, tuple[float, float]]: Of each of :data:`FEATURES` the top-1 accuracy on the 52 labels (chance is 0.019
            where counts are uniform) and the mean accuracy within the reversed pairs (chance 0.5).
    """
    (train, train_labels), (val, val_labels) = read_split(root, 'train'), read_split(root, 'val')
    table = {}
    for name in FEATURES:
        pairs = []
        for pair in REVERSED_PAIRS:
            a, b = np.isin(train_labels, pair), np.isin(val_labels, pair)
            pairs.append(nearest_neighbour_accuracy(train[name][a], train_labels[a], val[name][b], val_labels[b]))
        fine = nearest_neighbour_accuracy(train[name], train_labels, val[name], val_labels)
        table[name] = (fine, float(np.mean(pairs)))
    return table
