"""Functions that several tests share."""

import ast
import json
import os
import sys
import time
import zlib
from pathlib import Path

import cv2
import numpy as np
import torch

ROOT = Path(__file__).parents[2]
MIM = Path(sys.executable).parent / 'mim'


def write_clip(path, num_frames=12, size=(96, 80), seed=0):
    """Write a short video of a square that moves over noise."""
    width, height = size
    rng = np.random.default_rng(seed)
    background = rng.integers(0, 100, (height, width, 3), dtype=np.uint8)
    start, step = rng.integers(0, 20, 2), rng.integers(1, 4, 2)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'mp4v'), 30, size)
    for t in range(num_frames):
        frame = background.copy()
        x, y = (start + t * step) % 60
        cv2.rectangle(frame, (int(x), int(y)), (int(x) + 15, int(y) + 15), (255, 255, 255), -1)
        writer.write(frame)
    writer.release()


def write_pro_list(root, split, samples):
    """Write the videos, face tracks and list of a split in the layout of MA-52-Pro.

    Args:
        root (Path): Data folder.
        split (str): Name of the split.
        samples (Sequence[tuple]): Emotion, labels of the actions, and boxes of the face in each of the 20 frames of
            96 x 80 pixels. A box is None in a frame without a face, and the boxes are None in a sample without a track.
    """
    folders = {kind: root / f'{kind}_{split}' for kind in ('videos', 'faces')}
    lines = []
    for folder in folders.values():
        folder.mkdir(parents=True)
    for index, (emotion, labels, faces) in enumerate(samples):
        write_clip(folders['videos'] / f'{index:04d}.mp4', num_frames=20, seed=index)
        actions = [{'start': 0.1 * i, 'end': 0.3 + 0.1 * i, 'label': label} for i, label in enumerate(labels)]
        line = {'video': f'{index:04d}.mp4', 'emotion': emotion, 'actions': actions}
        if faces is not None:
            line['faces'] = f'{index:04d}.json'
            track = {'width': 96, 'height': 80, 'detector': 'test', 'num_detected': 20, 'boxes': faces}
            (folders['faces'] / line['faces']).write_text(json.dumps(track))
        lines.append(json.dumps(line) + '\n')
    (root / f'{split}.jsonl').write_text(''.join(lines))


def wait_until_gone(group, seconds=60):
    """Wait until all processes of a group have ended, and fail if that takes too long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    raise AssertionError('processes outlived the run')


def released_values(name, shape):
    """Return the values of a tensor of the released network. They follow from its name: see the reference's README."""
    rng = np.random.RandomState(zlib.crc32(name.encode()) & 0x7FFFFFFF)
    if name.endswith('running_var'):
        return 0.5 + rng.rand(*shape)
    if name.endswith('running_mean'):
        return 0.1 * rng.randn(*shape)
    if '.bn.' in name and name.endswith('weight'):
        return 1 + 0.1 * rng.randn(*shape)
    if name.endswith('bias'):
        return 0.1 * rng.randn(*shape)
    return rng.randn(*shape) * np.sqrt(2 / np.prod(shape[1:]))


def released_reference(shared):
    """Return the outputs of the released network in float64. In float32, the fourth digit depends on the processor."""
    return np.load(shared / 'reference' / 'manet_release_r50_t8_112px_f64.npz')


def released_weights(reference):
    """Return the tensors of the released network, except counters of batch norms, by released name, in float32."""
    return {
        str(name): torch.from_numpy(released_values(name, ast.literal_eval(str(shape)))).float()
        for name, shape in zip(reference['state_names'], reference['state_shapes'])
    }


def released_inputs(reference):
    """Return the frames and label embeddings of the reference outputs, as float64 with float32 precision."""
    rng = np.random.RandomState(int(reference['seed']))
    batch, frames, size = (int(reference[key]) for key in ('B', 'T', 'px'))
    images = torch.from_numpy(rng.randn(batch, frames, 3, size, size)).float().double()
    return images, torch.from_numpy(0.3 * rng.randn(52, 300)).float().double()


def check_close(name, ours, reference, tolerance=1e-9):
    """Check the relative difference of two arrays, and print it (shown by ``pytest -s``)."""
    ours, reference = np.asarray(ours, np.float64), np.asarray(reference, np.float64)
    difference = np.abs(ours - reference).max() / np.abs(reference).max()
    print(f'{name}: relative difference {difference:.1e}')
    assert ours.shape == reference.shape
    assert difference < tolerance


def psnr(image, reference):
    """Return the peak signal-to-noise ratio of an 8-bit image in dB."""
    return 10 * np.log10(255**2 / np.mean((image.astype(float) - reference) ** 2))
