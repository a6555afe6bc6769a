import logging
import shutil

import pytest
import torch
from mmaction.registry import DATASETS
from mmengine.logging import MMLogger


def build(root, split='train', faces=True, **kwargs):
    prefix = dict(video=str(root / f'videos_{split}'))
    if faces:
        prefix['faces'] = str(root / f'faces_{split}')
    settings = dict(type='MA52ProDataset', ann_file=str(root / f'{split}.jsonl'), data_prefix=prefix, pipeline=[])
    return DATASETS.build({**settings, **kwargs})


@pytest.fixture
def log(caplog):
    logger = MMLogger.get_current_instance()
    logger.addHandler(caplog.handler)
    caplog.set_level(logging.INFO)
    yield caplog
    logger.removeHandler(caplog.handler)


def test_samples_contain_emotion_labels_and_face_track(tiny_pro):
    dataset = build(tiny_pro)
    sample = dataset[0]
    assert sample['filename'] == str(tiny_pro / 'videos_train' / '0000.mp4')
    assert sample['face_file'] == str(tiny_pro / 'faces_train' / '0000.json')
    assert (sample['video_id'], sample['emotion']) == ('0000.mp4', 0)
    # The label is listed twice and counts once.
    assert torch.equal(sample['label'], torch.zeros(52).index_fill(0, torch.tensor([9, 24]), 1))
    assert dataset[1]['label'].sum() == 0
    assert [dataset[i]['emotion'] for i in range(5)] == [0, 4, 3, 1, 0]
    assert dataset[3]['face_file'] is None
    assert dataset.metainfo['classes'][9] == 'nodding'
    assert dataset.metainfo['emotions'][4] == 'anger'


def test_metainfo_is_merged(tiny_pro):
    metainfo = build(tiny_pro, metainfo=dict(camera='left', classes=('a',))).metainfo
    assert (metainfo['camera'], metainfo['classes'], len(metainfo['label_set']['actions'])) == ('left', ('a',), 52)


def test_excluding_body_parts_removes_their_labels(tiny_pro):
    dataset = build(tiny_pro, leave_out=('lower limb', 'leg-hand'))
    classes = dataset.metainfo['classes']
    assert len(classes) == 40
    assert not {'shaking legs', 'tiptoe', 'patting legs', 'scratching feet'} & set(classes)
    occurring = [[classes[k] for k in dataset[i]['label'].nonzero().flatten()] for i in range(4)]
    neck = 'scratching or touching neck'
    assert occurring == [['nodding'], [], [], ['shaking body', 'stretching arms', neck]]
    assert dataset[0]['label'].shape == (40,)


def test_log_counts_videos_labels_and_missing_tracks(tiny_pro, log):
    build(tiny_pro)
    assert '5 videos (joy 2, sadness 1, surprise 0, fear 1, anger 1) with 9 labels of 7 of 52 actions' in log.text
    assert '1 of 5 videos have no face track' in log.text


def test_face_tracks_are_optional(tiny_pro, log):
    assert build(tiny_pro, faces=False)[0]['face_file'] is None
    assert 'face track' not in log.text


def test_refuses_missing_files(tiny_pro, tmp_path):
    (tmp_path / 'train.jsonl').write_text((tiny_pro / 'train.jsonl').read_text())
    with pytest.raises(
        FileNotFoundError, match=r'videos_train: no such folder\. It .*5 videos of .*data_prefix\.video'
    ):
        build(tmp_path)
    (tmp_path / 'videos_train').symlink_to(tiny_pro / 'videos_train')
    with pytest.raises(FileNotFoundError, match=r'faces_train: no such folder.*4 face tracks.*microaction faces'):
        build(tmp_path)
    (tmp_path / 'faces_train').mkdir()
    (tmp_path / 'faces_train' / '0001.json').touch()
    with pytest.raises(
        FileNotFoundError, match=r'3 of the 4 face tracks .* missing: 0000\.json, 0002\.json, 0004\.json'
    ):
        build(tmp_path)
    assert len(build(tmp_path, check_videos=False)) == 5
    assert len(build(tmp_path, faces=False)) == 5


@pytest.mark.parametrize(
    ('option', 'message'),
    [
        (dict(leave_out=('legs',)), r"leave_out=\['legs'\]: the body parts are 'body', 'head'"),
        (dict(decoder='ffmpeg'), "decoder='ffmpeg': .*'pyav'"),
    ],
)
def test_refuses_unknown_options(tiny_pro, option, message):
    with pytest.raises(ValueError, match=message):
        build(tiny_pro, **option)


PIPELINE = [
    dict(type='DecordInit'),
    dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8),
    dict(type='DecordDecode'),
    dict(type='CropFace', size=32),
    dict(type='Resize', scale=(64, 64), keep_ratio=False),
    dict(type='FormatShape', input_format='NCHW'),
    dict(type='FormatFaces'),
    dict(type='PackActionInputs', collect_keys=('imgs', 'face_imgs', 'face_mask'), algorithm_keys=('emotion',)),
]


def test_unreadable_videos_are_replaced_named_or_missing(tiny_pro, tmp_path):
    root = tmp_path / 'pro'
    shutil.copytree(tiny_pro, root)
    (root / 'videos_train' / '0000.mp4').write_bytes(b'')
    dataset = build(root, pipeline=PIPELINE, max_unreadable=0.2)
    assert dataset[0]['data_samples'].video_id in [f'000{index}.mp4' for index in range(1, 5)]
    (root / 'videos_train' / '0001.mp4').write_bytes(b'')
    dataset = build(root, pipeline=PIPELINE, max_unreadable=0.1)
    with pytest.raises(ValueError, match=r'2 of the 5 clips .*more than max_unreadable=0\.1'):
        _ = [dataset[0], dataset[1]]
    with pytest.raises(ValueError, match=r'0000\.mp4 cannot be read \(.*unreadable_as_missing=True'):
        _ = build(root, pipeline=PIPELINE, test_mode=True)[0]
    # The face track of a replaced video is not used.
    missing = build(root, pipeline=PIPELINE, test_mode=True, unreadable_as_missing=True)[0]
    assert missing['data_samples'].unreadable
    assert missing['data_samples'].emotion == 0
    assert missing['inputs']['imgs'].shape == (8, 3, 64, 64)
    assert not missing['inputs']['imgs'].any()
    assert not missing['inputs']['face_mask'].any()
