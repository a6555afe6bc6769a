import logging
import shutil

import numpy as np
import pytest
import torch
from helpers.mma52 import ROWS, write_mma52, write_table
from mmaction.registry import DATASETS
from mmengine.dataset import pseudo_collate
from mmengine.logging import MMLogger
from torch.utils.data import DataLoader

from mmaction_microaction.datasets.frame_store import FrameSettings
from mmaction_microaction.datasets.preparation.make_frame_store import make_frame_store
from mmaction_microaction.label_sets import MA52

PIPELINE = [
    dict(type='DecordInit'),
    dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8, test_mode=True),
    dict(type='DecordDecode'),
    dict(type='Resize', scale=(64, 64), keep_ratio=False),
    dict(type='FormatShape', input_format='NCHW'),
    dict(type='PackActionInputs', algorithm_keys=('gt_segments', 'gt_labels'), meta_keys=('video_id', 'duration')),
]


def build(root, split='train', video=None, **kwargs):
    settings = dict(
        type='MMA52Dataset',
        ann_file=str(root / f'{split}.csv'),
        data_prefix=dict(video=str(video or root / f'videos_{split}')),
        pipeline=[],
    )
    return DATASETS.build({**settings, **kwargs})


@pytest.fixture(scope='module')
def mma52(tmp_path_factory):
    return write_mma52(tmp_path_factory.mktemp('mma52'), splits=['train'])


@pytest.fixture
def log(caplog):
    logger = MMLogger.get_current_instance()
    logger.addHandler(caplog.handler)
    caplog.set_level(logging.INFO)
    yield caplog
    logger.removeHandler(caplog.handler)


def test_samples_contain_the_actions_of_a_video_in_seconds(mma52, log):
    dataset = build(mma52)
    assert len(dataset) == 2
    sample = dataset[0]
    assert sample['filename'] == str(mma52 / 'videos_train' / 'a.mp4')
    assert (sample['video_id'], sample['total_frames'], sample['fps'], sample['duration']) == ('a', 60, 30, 2)
    assert 'label' not in sample
    # Nodding occurs twice at once.
    np.testing.assert_array_equal(
        sample['gt_segments'], np.array([[0, 1], [0, 1.5], [0.5, 2]], np.float32), strict=True
    )
    np.testing.assert_array_equal(sample['gt_labels'], np.array([9, 9, 24]), strict=True)
    assert dataset[1]['gt_segments'].tolist() == [[1, 2]]
    assert dataset.metainfo['label_set'] == MA52.to_dict()
    assert dataset.metainfo['classes'] == MA52.names
    assert dataset.metainfo['anonymized'] is False
    assert dataset.get_cat_ids(0) == [9, 24]
    assert dataset.class_counts[[0, 9, 24]].tolist() == [1, 2, 1]
    assert '2 videos, 4 actions, 3 of 52 different ones' in log.text


def test_fingerprint_depends_on_every_action(mma52, tmp_path):
    fingerprint = build(mma52).ann_fingerprint
    assert fingerprint['num_clips'] == 2
    write_table(tmp_path / 'train.csv', [*ROWS[:3], (*ROWS[3][:2], 57, *ROWS[3][3:])])
    assert build(tmp_path, video=mma52 / 'videos_train').ann_fingerprint['sha256'] != fingerprint['sha256']


def test_fingerprint_is_that_of_the_chosen_videos(mma52):
    whole, first, second = (build(mma52, **chosen).ann_fingerprint for chosen in ({}, {'indices': 1}, {'indices': [1]}))
    assert [each['num_clips'] for each in (whole, first, second)] == [2, 1, 1]
    assert len({each['sha256'] for each in (whole, first, second)}) == 3
    assert build(mma52, indices=-1).ann_fingerprint == second


def test_the_placeholder_table_can_only_be_predicted(tmp_path, mma52, log):
    write_table(tmp_path / 'test.csv', [(f'test000{i}', 0, 20, i + 1, 60, 30) for i in range(2)])
    with pytest.raises(ValueError, match=r'test\.csv has no true actions.*not trained on'):
        build(tmp_path, 'test', check_videos=False)
    dataset = build(tmp_path, 'test', check_videos=False, test_mode=True)
    assert dataset.metainfo['anonymized'] is True
    assert (dataset[0]['gt_segments'].shape, dataset[0]['gt_labels'].shape) == ((0, 2), (0,))
    assert 'anonymised' in log.text
    with pytest.raises(ValueError, match='anonymised'):
        _ = dataset.class_counts


def test_own_label_sets_are_checked(tmp_path, mma52):
    gestures = {'name': 'gestures', 'actions': [f'gesture {index}' for index in range(25)]}
    dataset = build(mma52, label_set=gestures)
    assert dataset.metainfo['classes'][24] == 'gesture 24'
    assert dataset.class_counts.shape == (25,)
    gestures['actions'].pop()
    with pytest.raises(ValueError, match=r"train\.csv, line 4: class '24' is not one of the 24 actions 0 to 23"):
        build(mma52, label_set=gestures)


def test_missing_videos_are_named(tmp_path, mma52):
    with pytest.raises(FileNotFoundError, match=r'2 videos of .*train\.csv; .*data_prefix\.video'):
        build(mma52, video=tmp_path / 'nowhere')
    (tmp_path / 'a.mp4').touch()
    with pytest.raises(FileNotFoundError, match=r'1 of the 2 videos of .*train\.csv are missing: b\.mp4'):
        build(mma52, video=tmp_path)
    assert len(build(mma52, video=tmp_path, check_videos=False)) == 2


def test_pipeline_packs_frames_and_actions(mma52):
    sample = build(mma52, pipeline=PIPELINE, test_mode=True, decoder='pyav')[1]
    assert sample['inputs'].shape == (8, 3, 64, 64)
    assert sample['data_samples'].gt_segments.tolist() == [[1, 2]]
    assert sample['data_samples'].gt_labels.tolist() == [0]
    assert (sample['data_samples'].video_id, sample['data_samples'].duration) == ('b', 2)


@pytest.fixture
def shorter(tmp_path, mma52):
    """Copy the data set, and say in the table that a video is longer than its file by 0.1 s and another by 0.5 s."""
    root = tmp_path / 'shorter'
    shutil.copytree(mma52 / 'videos_train', root / 'videos_train')
    write_table(root / 'train.csv', [('a', 0, 60, 9, 63, 30.0), ('b', 0, 60, 9, 75, 30.0)])
    return root


@pytest.mark.parametrize('workers', [0, 2])
def test_shorter_files_are_used_counted_and_named_once(shorter, log, workers):
    dataset = build(shorter, pipeline=PIPELINE, test_mode=True, decoder='pyav')
    assert dataset.shorter_videos == []
    for _ in range(2):
        assert len(list(DataLoader(dataset, num_workers=workers, collate_fn=pseudo_collate))) == 2
    assert dataset.shorter_videos == ['b']
    if not workers:  # other processes have their own log
        assert log.text.count('videos_train/b.mp4 has 1.93 s instead of the 2.50 s') == 1
        assert 'a.mp4 has' not in log.text


def test_a_file_with_another_rate_and_the_same_seconds_is_not_shorter(tmp_path, mma52):
    root = tmp_path / 'other'
    shutil.copytree(mma52 / 'videos_train', root / 'videos_train')
    write_table(root / 'train.csv', [('a', 0, 90, 9, 120, 60.0)])
    dataset = build(root, pipeline=PIPELINE, test_mode=True, decoder='pyav')
    _ = dataset[0]
    assert dataset.shorter_videos == []


def test_unreadable_videos_are_replaced_named_or_missing(tmp_path, mma52):
    root = tmp_path / 'broken'
    shutil.copytree(mma52, root)
    (root / 'videos_train' / 'a.mp4').write_bytes(b'')
    dataset = build(root, pipeline=PIPELINE, max_unreadable=0.5, decoder='pyav')
    assert dataset[0]['data_samples'].video_id == 'b'
    with pytest.raises(ValueError, match=r'a\.mp4 cannot be read \(.*unreadable_as_missing=True'):
        _ = build(root, pipeline=PIPELINE, test_mode=True, decoder='pyav')[0]
    missing = build(root, pipeline=PIPELINE, test_mode=True, unreadable_as_missing=True, decoder='pyav')[0]
    assert missing['data_samples'].unreadable
    assert missing['data_samples'].gt_labels.tolist() == [9, 9, 24]
    assert not missing['inputs'].any()


def test_frames_come_from_a_store(tmp_path, mma52, log):
    store = tmp_path / 'frames_train'
    make_frame_store(mma52 / 'train.csv', mma52 / 'videos_train', store, FrameSettings(64, 95))
    samples = [
        build(mma52, video=video, pipeline=PIPELINE, test_mode=True, decoder='pyav')[0]
        for video in (store, mma52 / 'videos_train')
    ]
    assert samples[0]['data_samples'].video_id == 'a'
    assert 'crop' not in build(mma52, video=store).metainfo
    assert samples[0]['data_samples'].gt_labels.tolist() == [9, 9, 24]
    difference = torch.abs(samples[0]['inputs'].float() - samples[1]['inputs'].float()).mean()
    assert difference < 8  # grey levels, of JPEG and of another order of scaling
    write_table(tmp_path / 'train.csv', [*ROWS, ('c', 0, 9, 9, 60, 30)])
    with pytest.raises(ValueError, match=r'frames_train: 1 of the 3 clips .* starting with c\. .*microaction frames'):
        build(tmp_path, video=store)
