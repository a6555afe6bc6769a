import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.registry import init_default_scope

import mmaction_microaction  # noqa: F401  (MMAction2's own modules cannot be imported before)

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get('MA52_REFERENCE', ROOT.parent / 'shared')).resolve()


def pytest_collection_modifyitems(items):
    if SHARED.is_dir():
        return
    skip = pytest.mark.skip(reason=f'the MA-52 reference data is not at {SHARED}; MA52_REFERENCE may name its folder')
    for item in items:
        if 'real_data' in item.keywords:
            item.add_marker(skip)


@pytest.fixture(scope='session', autouse=True)
def default_scope():
    """Let parts that build other parts find MMAction2's registries, as a runner does."""
    init_default_scope('mmaction')


@pytest.fixture(scope='session')
def shared():
    """Folder of the MA-52 reference data."""
    return SHARED


def write_clip(path, num_frames=12, size=(96, 80), seed=0):
    """Write a small video of a square that moves over noise."""
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


@pytest.fixture(scope='session')
def tiny_ma52(tmp_path_factory):
    """A data folder laid out as MA-52: 7 clips to train on and 5 to validate, at most one per body part."""
    root = tmp_path_factory.mktemp('tiny_ma52')
    labels = {'train': [0, 5, 11, 24, 32, 38, 48], 'val': [1, 6, 12, 25, 33]}
    for split, split_labels in labels.items():
        folder = root / f'videos_{split}'
        folder.mkdir()
        lines = []
        for number, (part, label) in enumerate(enumerate(split_labels), start=1):
            name = f'{1 if split == "train" else 2:04d}_{part:02d}_{number:04d}.mp4'
            write_clip(folder / name, seed=label)
            lines.append(f'{name} {label}')
        (root / f'{split}_list_videos.txt').write_bytes('\r\n'.join(lines).encode())
    return root


@pytest.fixture
def run_python():
    """Run Python code in a process of its own; returns the completed process with its output as text."""

    def run(code, **kwargs):
        return subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, timeout=300, **kwargs)

    return run
