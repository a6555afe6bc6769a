import logging
import shutil

import cv2
import numpy as np
import pytest
from helpers.frame_stores import SHAPES, make_store, write_ramp
from helpers.support import write_clip
from helpers.unreadable_clips import GOOD, write_sound, write_streamable


@pytest.fixture(scope='module')
def clip_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp('videos')
    for seed, name in enumerate(GOOD):
        write_clip(folder / name, seed=seed)
    content = (folder / GOOD[0]).read_bytes()
    # The header of this file is at its end.
    (folder / 'cut header.mp4').write_bytes(content[: len(content) // 2])
    write_streamable(folder / 'whole.mp4')
    content = (folder / 'whole.mp4').read_bytes()
    (folder / 'whole.mp4').unlink()
    (folder / 'cut.mp4').write_bytes(content[: len(content) // 3])
    assert content.count(b'avc1') == 2  # brand and codec
    (folder / 'other codec.mp4').write_bytes(content.replace(b'avc1', b'zzzz').replace(b'avcC', b'zzzz'))
    (folder / 'empty.mp4').touch()
    (folder / 'image.mp4').write_bytes(cv2.imencode('.webp', np.zeros((80, 96, 3), np.uint8))[1].tobytes()[:-9])
    (folder / 'text.mp4').write_text('no video at all')
    write_sound(folder / 'sound.mp4')
    (folder / 'folder.mp4').mkdir()
    return folder


@pytest.fixture
def logged_warnings(monkeypatch):
    """Return a list that collects the warnings and errors of the dataset."""
    messages = []

    def note(message, logger, level=logging.INFO):
        if level > logging.INFO:
            messages.append(message)

    monkeypatch.setattr('mmaction_microaction.datasets.unreadable.print_log', note)
    return messages


@pytest.fixture(scope='module')
def odd_clips(tmp_path_factory):
    """Write a data folder with a val split of unusual clips."""
    root = tmp_path_factory.mktemp('clips with spaces')
    (root / 'videos_val' / 'two').mkdir(parents=True)
    for name, shape in SHAPES.items():
        write_ramp(root / 'videos_val' / name, *shape)
    (root / 'val_list_videos.txt').write_text(''.join(f'{name} 3\n' for name in SHAPES), encoding='utf-8')
    return root


@pytest.fixture(scope='module')
def store_path(odd_clips):
    path = odd_clips / 'frames_val'
    assert make_store(odd_clips, path) == len(SHAPES)
    return path


@pytest.fixture
def store_copy(store_path, tmp_path):
    return shutil.copy(store_path, tmp_path / 'frames_val')
