"""Pipelines return the same samples from a frame store as from the videos."""

import re

import cv2
import numpy as np
import pytest
from helpers.support import ROOT, psnr
from mmaction.registry import DATASETS, TRANSFORMS
from mmengine.config import Config
from mmengine.dataset import Compose
from torch.utils.data import DataLoader

from mmaction_microaction.datasets.frame_store import FrameSettings, FrameStoreWriter
from mmaction_microaction.datasets.preparation.make_frame_store import make_frame_store
from mmaction_microaction.datasets.transforms.decoding_steps import replace_decoding
from mmaction_microaction.datasets.transforms.frame_store_decoding import FrameStoreDecode, FrameStoreInit
from mmaction_microaction.datasets.transforms.poses import DecodeRGBPose

SAMPLINGS = {
    '2D, test': dict(clip_len=1, frame_interval=1, num_clips=8, test_mode=True),
    '2D, training': dict(clip_len=1, frame_interval=1, num_clips=8),
    '3D, longer than the clips': dict(clip_len=16, frame_interval=2, out_of_bound_opt='repeat_last'),
    'by time': dict(clip_len=4, frame_interval=1, target_fps=15),
}
CONFIGS = sorted(path for path in (ROOT / 'configs').rglob('*.py') if '_base_' not in path.parts)
RESIZE = dict(type='Resize', scale=(-1, 64))


@pytest.fixture(scope='module')
def stores(tiny_ma52):
    """Make frame stores of the tiny dataset, large enough for the pipelines of these tests."""
    for split in ('train', 'val'):
        make_frame_store(
            tiny_ma52 / f'{split}_list_videos.txt',
            tiny_ma52 / f'videos_{split}',
            tiny_ma52 / f'frames_{split}',
            FrameSettings(64, 95),
        )
    return tiny_ma52


def build(root, clips, sampling=SAMPLINGS['2D, test'], decoder='Decord', after=(RESIZE,), split='train', **kwargs):
    pipeline = [
        dict(type=f'{decoder}Init'),
        dict(type='SampleFrames', **sampling),
        dict(type=f'{decoder}Decode'),
        *after,
    ]
    return DATASETS.build(
        dict(
            type='ClipDataset',
            ann_file=f'{root}/{split}_list_videos.txt',
            data_prefix=dict(video=f'{root}/{clips}_{split}'),
            pipeline=pipeline,
            **kwargs,
        )
    )


@pytest.mark.parametrize('sampling', SAMPLINGS.values(), ids=SAMPLINGS)
def test_samples_match_those_of_the_videos(stores, sampling):
    videos, frames = (build(stores, clips, sampling) for clips in ('videos', 'frames'))
    assert len(videos) == len(frames) == 7
    for index in range(7):
        np.random.seed(index)
        expected = videos[index]
        np.random.seed(index)
        found = frames[index]
        assert expected.keys() - found.keys() <= {'video_reader'}
        for key in ('video_id', 'label', 'total_frames', 'avg_fps', 'img_shape', 'clip_len', 'num_clips'):
            assert found[key] == expected[key]
        assert found['frame_inds'].tolist() == expected['frame_inds'].tolist()
        assert len(found['imgs']) == len(expected['imgs'])
        # Noise is the worst case for JPEG. Another frame or other colours would have a much lower PSNR.
        assert all(psnr(ours, theirs) > 24 for ours, theirs in zip(found['imgs'], expected['imgs']))


@pytest.mark.parametrize('decoder', ['Decord', 'PyAV', 'OpenCV'])
def test_any_decoder_is_replaced(stores, decoder):
    dataset = build(stores, 'frames', decoder=decoder)
    names = [type(transform).__name__ for transform in dataset.pipeline.transforms]
    assert names == ['FrameStoreInit', 'SampleFrames', 'FrameStoreDecode', 'Resize']
    assert repr(dataset.pipeline.transforms[0]).startswith("FrameStoreInit(path='")
    assert len(dataset[0]['imgs']) == 8


def test_transforms_can_be_named_in_a_config(stores):
    steps = [
        dict(type='FrameStoreInit', path=f'{stores}/frames_val'),
        dict(type='SampleFrames', **SAMPLINGS['2D, test']),
    ]
    pipeline = Compose([TRANSFORMS.build(step) for step in [*steps, dict(type='FrameStoreDecode')]])
    results = pipeline(dict(video_id='0002_00_0001.mp4', start_index=0))
    assert results['img_shape'] == results['original_shape'] == results['imgs'][0].shape[:2] == (64, 77)


def test_no_videos_are_needed(stores, tmp_path):
    for name in ('train_list_videos.txt', 'frames_train'):
        (tmp_path / name).symlink_to(stores / name)
    assert len(build(tmp_path, 'frames')[3]['imgs']) == 8


def test_frames_shown_twice_are_flipped_once(stores):
    sampling = dict(clip_len=4, frame_interval=8, out_of_bound_opt='repeat_last', test_mode=True)
    plain = build(stores, 'frames', sampling)[0]
    assert len(set(plain['frame_inds'].tolist())) < 4
    flipped = build(stores, 'frames', sampling, after=[RESIZE, dict(type='Flip', flip_ratio=1)])[0]
    for image, mirrored in zip(plain['imgs'], flipped['imgs']):
        np.testing.assert_array_equal(mirrored, image[:, ::-1])


def test_clip_missing_from_the_store_is_named(stores, tmp_path):
    (tmp_path / 'frames_train').symlink_to(stores / 'frames_train')
    lines = (stores / 'train_list_videos.txt').read_text().splitlines()
    (tmp_path / 'train_list_videos.txt').write_text('\n'.join([*lines, 'new.mp4 1', 'newer.mp4 1']))
    message = r'frames_train: 2 of the 9 clips of .*train_list_videos\.txt .*new\.mp4\..*microaction frames'
    with pytest.raises(ValueError, match=message):
        build(tmp_path, 'frames')
    dataset = build(tmp_path, 'frames', check_videos=False, max_unreadable=0)
    with pytest.raises(ValueError, match=r'frames_train has no frames of the clip new\.mp4'):
        _ = dataset[7]


@pytest.mark.parametrize(('jpeg', 'message'), [('vast', r'4097 x 4096 pixels, more than 16,777,216'), ('png', 'JPEG')])
def test_frames_that_would_exhaust_memory_are_rejected(tmp_path, jpeg, message):
    image = np.zeros((16, 16, 3), np.uint8)
    if jpeg == 'png':
        content = cv2.imencode('.png', image)[1].tobytes()
    else:
        content = bytearray(cv2.imencode('.jpg', image)[1].tobytes())
        size = content.index(b'\xff\xc0') + 5
        content[size : size + 4] = (4096).to_bytes(2, 'big') + (4097).to_bytes(2, 'big')
    with FrameStoreWriter(tmp_path / 'store', FrameSettings(48, 90)) as writer:
        writer.add('a.mp4', 25.0, [bytes(content)])
        writer.publish()
    sample = FrameStoreInit(tmp_path / 'store').transform(dict(video_id='a.mp4', frame_inds=np.array([0])))
    with pytest.raises(ValueError, match=rf'store: frame 0 of a\.mp4 .*{message}'):
        FrameStoreDecode().transform(sample)


def test_too_small_frames_are_warned_about(stores, monkeypatch):
    messages = []
    monkeypatch.setattr(
        'mmaction_microaction.datasets.transforms.decoding_steps.print_log', lambda text, **_: messages.append(text)
    )
    decoder = f'decoder: frame store {stores}/frames_train (instead of DecordInit/DecordDecode)'
    build(stores, 'frames', after=[RESIZE, dict(type='Resize', scale=(224, 224), keep_ratio=False)])
    assert messages == [decoder]
    build(stores, 'frames', after=[dict(type='RandomRescale', scale_range=(64, 80))])
    assert re.search('short side 64 to 80;.*--size 80', messages[1])
    assert messages[2] == decoder


def images(samples):
    return [image for sample in samples for image in sample['imgs']]


@pytest.mark.parametrize(('method', 'workers'), [('fork', 2), pytest.param('spawn', 1, marks=pytest.mark.slow)])
def test_workers_read_the_same_frames_as_the_main_process(stores, method, workers):
    dataset = build(stores, 'frames')
    # The store is read before the workers start, so that they inherit an open store.
    expected = images(list(dataset))
    loader = DataLoader(dataset, batch_size=None, num_workers=workers, multiprocessing_context=method)
    np.testing.assert_array_equal(images(loader), expected)
    np.testing.assert_array_equal(images(list(dataset)), expected)


@pytest.mark.parametrize('name', ['manet_r50_8x1_ma52', 'baselines/i3d_r50_32x2_ma52', 'imbalance/*_balanced'])
def test_one_option_makes_any_config_read_frames(monkeypatch, name):
    (path,) = (ROOT / 'configs').glob(f'{name}.py')
    assert prefixes(path) == ['data/ma52/videos_train', 'data/ma52/videos_val', 'data/ma52/videos_val']
    monkeypatch.setenv('MA52_CLIPS', '/scratch/frames')
    assert prefixes(path) == ['/scratch/frames_train', '/scratch/frames_val', '/scratch/frames_val']


def test_paths_of_clips_may_contain_any_character(monkeypatch, tmp_path):
    clips = 'D:\\new\\train\'s/my "best" clips/%s {x} #1 雪\\'
    monkeypatch.setenv('MA52_CLIPS', clips)
    config = Config.fromfile(ROOT / 'configs/manet_r50_8x1_ma52.py')
    # A run writes its config to its work dir. Resumed runs and the leaderboard read the config.
    config.dump(tmp_path / 'config.py')
    for one in (config, Config.fromfile(tmp_path / 'config.py')):
        assert one.train_dataloader.dataset.data_prefix.video == f'{clips}_train'
        assert not any('environ' in str(value) for value in one.to_dict().values())


@pytest.mark.slow
@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_every_config_of_videos_can_read_frames(path):
    config = Config.fromfile(path)
    for dataset in (config.train_dataloader.dataset, config.test_dataloader.dataset):
        # A repeated dataset contains one dataset, and joined ones several.
        for part in dataset.get('datasets', [dataset.get('dataset', dataset)]):
            steps = part.pipeline
            if {'LoadFeatures', 'PoseDecode', 'ResamplePoses'} & {step.type for step in steps}:
                continue  # of features, or of poses alone
            opener, decoder = object(), object()
            transforms = replace_decoding([TRANSFORMS.build(step) for step in steps], opener, decoder, 'other')
            # The step that decodes frames and poses contains the two steps for the frames.
            transforms = [
                step
                for transform in transforms
                for step in (transform.source if isinstance(transform, DecodeRGBPose) else [transform])
            ]
            assert transforms.count(opener) == transforms.count(decoder) == 1
            assert not any(re.search('Init$|Decode$', type(transform).__name__) for transform in transforms)


def prefixes(path):
    """Return the folders of clips of the three data loaders of a config."""
    config = Config.fromfile(path)
    loaders = (config.train_dataloader, config.val_dataloader, config.test_dataloader)
    return [re.search(r"'video': '([^']+)'", str(loader))[1] for loader in loaders]
