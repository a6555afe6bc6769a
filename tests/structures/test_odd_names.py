"""Tests of clips with unusual names in lists, datasets, frame stores and submissions."""

import csv
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from helpers.support import write_clip
from mmaction.registry import DATASETS

from mmaction_microaction.datasets.frame_store import FrameSettings, FrameStore
from mmaction_microaction.datasets.preparation import ma52 as preparation
from mmaction_microaction.datasets.preparation.make_frame_store import make_frame_store
from mmaction_microaction.structures.annotations import read_annotations
from mmaction_microaction.structures.predictions import read_scores
from mmaction_microaction.submission import validate_submission, write_submission
from mmaction_microaction.video.reader import Video
from mmaction_microaction.video.writer import write_video

# fmt: off
NAMES = [
    'a b.mp4', "it's.mp4", 'q"q".mp4', '100%d.mp4', '%20.mp4', '#1.mp4', '{x}.mp4', '$HOME.mp4', '😀.mp4', '-rf.mp4',
    '=1+1.mp4', '@a.mp4', 'back\\slash.mp4', 'semi;colon.mp4', 'a,b.mp4', 'a:b.mp4', '*.mp4', '[x].mp4', '<b>&amp;.mp4',
    'http:x.mp4', 'file:x.mp4', '~x.mp4', 'ü.mp4', 'tab\t.mp4', 'new\nline.mp4', 'x' * 251 + '.mp4', '.hidden.mp4',
    'video', 'nodding.mp4', 'a.MP4',
]
# fmt: on


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Write clips with all names and a table that lists them, and return their folder."""
    monkeypatch.chdir(tmp_path)
    write_clip('x.mp4')
    for name in NAMES:
        os.link('x.mp4', name)
    with open('list.csv', 'w', newline='', encoding='utf-8') as file:
        csv.writer(file).writerows([('video', 'label'), *((name, label) for label, name in enumerate(NAMES))])
    return tmp_path


def test_lists_accept_any_name(folder):
    assert read_annotations('list.csv') == [(name, label) for label, name in enumerate(NAMES)]
    lines = [(name, label) for label, name in enumerate(NAMES) if '\n' not in name]
    (folder / 'list.txt').write_text(''.join(f'{name} {label}\n' for name, label in lines), encoding='utf-8')
    assert read_annotations('list.txt') == lines


def test_videos_of_any_name_are_read_and_written(folder):
    # The last name is not valid UTF-8.
    for name in [*NAMES, os.fsdecode(b'\xff.mp4')]:
        write_video(name, [np.zeros((48, 64, 3), np.uint8)] * 3, (64, 48), fps=10, crf=20)
        for path in (name, Path(name)):
            assert Video(path).num_frames == 3
    assert not list(folder.glob('.*.unfinished'))


def test_datasets_stores_and_submissions_accept_any_name(folder):
    make_frame_store(Path('list.csv'), Path(), Path('fr?am%20es#{'), FrameSettings(64, 90))
    assert FrameStore('fr?am%20es#{').names() == set(NAMES)
    pipeline = [dict(type='PyAVInit')]
    for folder in ('', 'fr?am%20es#{'):
        dataset = DATASETS.build(
            dict(type='ClipDataset', ann_file='list.csv', data_prefix=dict(video=folder), pipeline=pipeline)
        )
        assert [sample['total_frames'] for sample in dataset] == [12] * len(NAMES)
    Path('p.pkl').write_bytes(pickle.dumps([{'video_id': name, 'pred_score': np.eye(52)[9]} for name in NAMES[::-1]]))
    names, scores = read_scores('p.pkl', 'list.csv')
    assert names == NAMES
    for path in write_submission('out', names, scores):
        assert validate_submission(path, 'list.csv').problems == []


def test_clips_of_any_name_are_prepared(folder, monkeypatch):
    names = [name for name in NAMES if name.endswith('.mp4')]
    monkeypatch.setattr(preparation, 'SPLIT_SIZES', {'val': len(names)})
    (folder / 'val').mkdir()
    for name in names:
        os.link('x.mp4', f'val/{name}')
    with open('val_list_videos.txt', 'w', newline='', encoding='utf-8') as file:
        csv.writer(file).writerows([('label', 'video'), *enumerate(names)])
    assert preparation.prepare_split('val', folder, folder, folder / 'out', 1) == len(names)
    assert sorted(path.name for path in (folder / 'out/videos_val').iterdir()) == sorted(names)
    assert preparation.prepare_split('val', folder, folder, folder / 'out', 1) == 0
