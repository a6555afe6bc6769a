import numpy as np
import pytest
import torch
from helpers.poses import make_poses
from helpers.support import ROOT, write_clip
from mmaction.registry import DATASETS
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from torch.utils.data import DataLoader

from mmaction_microaction.datasets.frame_store import FrameSettings
from mmaction_microaction.datasets.preparation.make_frame_store import make_frame_store
from mmaction_microaction.structures.poses import read_poses, write_poses

BASE = Config.fromfile(ROOT / 'configs' / '_base_' / 'ma52_pose.py')
DECODE = (BASE.rgbpose_val_frames, dict(type='DecodeRGBPose'))


def build(root, pipeline=(), split='train', videos='videos', **kwargs):
    settings = dict(
        type='PoseClipDataset',
        ann_file=str(root / f'{split}_list_videos.txt'),
        data_prefix=dict(video=str(root / f'{videos}_{split}')),
        pose_file=str(root / f'poses_{split}.pkl'),
        pipeline=list(pipeline),
    )
    return DATASETS.build({**settings, **kwargs})


@pytest.fixture
def folder(tmp_path):
    """Write two videos of 12 frames of 80 x 96 pixels, and their list and poses."""
    (tmp_path / 'videos_train').mkdir()
    names = ['a', 'b']
    for seed, name in enumerate(names):
        write_clip(tmp_path / 'videos_train' / f'{name}.mp4', seed=seed)
    (tmp_path / 'train_list_videos.txt').write_text('a.mp4 3\nb.mp4 9\n')
    write_poses([make_poses(name, 12, (80, 96), seed=seed) for seed, name in enumerate('ba')],
                tmp_path / 'poses_train.pkl')  # fmt: skip
    return tmp_path


def test_samples_contain_clip_and_poses(folder):
    dataset = build(folder)
    assert len(dataset) == 2
    poses = read_poses(folder / 'poses_train.pkl')[1]
    sample = dataset[0]
    assert sample['filename'] == str(folder / 'videos_train' / 'a.mp4')
    assert (sample['video_id'], sample['label'], sample['total_frames']) == ('a.mp4', 3, 12)
    assert sample['img_shape'] == sample['original_shape'] == (80, 96)
    np.testing.assert_array_equal(sample['keypoint'], poses.keypoint)
    np.testing.assert_array_equal(sample['keypoint_score'], poses.keypoint_score)
    assert sample['keypoint'].dtype == sample['keypoint_score'].dtype == np.float32
    assert dataset.metainfo['classes'][9] == 'nodding'
    assert dataset.class_counts.sum() == 2


def test_poses_are_converted_to_the_layout(folder):
    write_poses([make_poses(name, 12, (80, 96), num_joints=33) for name in 'ab'], folder / 'poses_train.pkl')
    poses = read_poses(folder / 'poses_train.pkl')[0]
    sample = build(folder)[0]
    assert sample['keypoint'].shape == (1, 12, 28, 2)
    np.testing.assert_array_equal(sample['keypoint'][:, :, 0], poses.keypoint[:, :, 0])  # nose
    np.testing.assert_array_equal(sample['keypoint_score'][:, :, 18], poses.keypoint_score[:, :, 21])  # left thumb
    assert build(folder, layout='coco17')[0]['keypoint'].shape == (1, 12, 17, 2)
    with pytest.raises(ValueError, match=r"layout='coco18'.*blazepose33, coco17, ma52_28"):
        build(folder, layout='coco18')


def test_videos_are_needed_only_for_frames(folder):
    for path in (folder / 'videos_train').iterdir():
        path.unlink()
    (folder / 'videos_train').rmdir()
    dataset = build(folder, BASE.pose_train_pipeline)
    assert dataset[1]['inputs'].shape == (1, 28, 32, 56, 56)
    assert dataset[1]['data_samples'].gt_label.tolist() == [9]
    with pytest.raises(FileNotFoundError, match=r'videos_train: no such folder or frame store.* 2 clips'):
        build(folder, BASE.rgbpose_train_pipeline)


def test_missing_poses_are_counted_and_named(folder):
    (folder / 'train_list_videos.txt').write_text(''.join(f'{name}.mp4 1\n' for name in 'abcdefgh'))
    with pytest.raises(
        ValueError,
        match=r'poses_train\.pkl: 6 of the 8 clips of .*/train_list_videos.txt .* c, d, e, f, g, …\. ',
    ):
        build(folder, check_videos=False)
    (folder / 'poses_train.pkl').unlink()
    with pytest.raises(FileNotFoundError, match=r'poses_train\.pkl: no such file; "microaction poses"'):
        build(folder)


def test_poses_without_frames_count_as_missing(folder):
    write_poses([make_poses('a', 12, (80, 96)), make_poses('b', 0, (80, 96))], folder / 'poses_train.pkl')
    with pytest.raises(ValueError, match=r'1 of the 2 clips .*: b'):
        build(folder)


def test_folders_in_the_names_of_the_poses_are_ignored_if_no_name_matches(folder):
    write_poses([make_poses(f'train/{name}', 12, (80, 96)) for name in 'ab'], folder / 'poses_train.pkl')
    assert len(build(folder)) == 2
    # Names that match make clear that the others are other clips.
    write_poses([make_poses(name, 12, (80, 96)) for name in ('a', 'val/b')], folder / 'poses_train.pkl')
    with pytest.raises(ValueError, match=r'1 of the 2 clips .*: b'):
        build(folder)


def test_poses_of_other_clips_are_ignored(folder):
    write_poses([make_poses(name, 12, (80, 96)) for name in 'xaby'], folder / 'poses_train.pkl')
    assert len(build(folder)) == 2


@pytest.mark.parametrize('labels', [(3, 9), (-1, 9), (-1, -1)])
def test_labels_of_the_poses_may_be_missing(folder, labels):
    poses = [make_poses(name, 12, (80, 96), label=label) for name, label in zip('ab', labels)]
    write_poses(poses, folder / 'poses_train.pkl')
    assert [build(folder)[index]['label'] for index in range(2)] == [3, 9]


def test_labels_that_differ_are_refused(folder):
    poses = [make_poses(name, 12, (80, 96), label=label) for name, label in zip('ab', (3, 4))]
    write_poses(poses, folder / 'poses_train.pkl')
    with pytest.raises(ValueError, match=r'1 of the 2 clips .*train_list.*poses_train\.pkl: b\.mp4 \(9 and 4\)'):
        build(folder)


def test_the_anonymised_test_split_is_read(tmp_path):
    names = [f'test{index:04d}' for index in range(3)]
    write_poses([make_poses(name, 12, (80, 96), label=0) for name in names], tmp_path / 'poses_test.pkl')
    for labels in ([0, 0, 0], [7, 8, 9]):  # the placeholder, and the labels of someone who knows them
        lines = [f'{name}.mp4 {label}\n' for name, label in zip(names, labels)]
        (tmp_path / 'test_list_videos.txt').write_text(''.join(lines))
        dataset = build(tmp_path, BASE.pose_test_pipeline, split='test', test_mode=True)
        expected = labels if any(labels) else [-1, -1, -1]
        assert [dataset.get_data_info(index)['label'] for index in range(3)] == expected
        assert dataset.metainfo['anonymized'] is not any(labels)


def test_frames_come_from_any_source(folder):
    make_frame_store(
        folder / 'train_list_videos.txt', folder / 'videos_train', folder / 'frames_train', FrameSettings(40, 95)
    )
    sources = {
        'PyAV': build(folder, DECODE, decoder='pyav'),
        'Decord': build(folder, DECODE, decoder='decord'),
        'FrameStore': build(folder, DECODE, videos='frames'),
    }
    for name, dataset in sources.items():
        opener, decoder = dataset.pipeline.transforms[1].source
        assert type(opener).__name__.endswith(f'{name}Init')
        assert type(decoder).__name__.endswith(f'{name}Decode')
    samples = {name: dataset[0] for name, dataset in sources.items()}
    for key in ('keypoint', 'keypoint_score', 'imgs'):
        np.testing.assert_array_equal(samples['PyAV'][key], samples['Decord'][key])
    stored = samples['FrameStore']
    # Frames of 80 x 96 pixels are stored as 40 x 48, with which the joints shrink.
    assert stored['img_shape'] == stored['imgs'][0].shape[:2] == (40, 48)
    np.testing.assert_allclose(stored['keypoint'], samples['PyAV']['keypoint'] / 2, rtol=1e-6)
    assert stored['frame_inds'].tolist() == samples['PyAV']['frame_inds'].tolist()
    # One after another, both modalities of two clips fit into a batch.
    dataset = build(folder, BASE.rgbpose_train_pipeline, videos='frames')
    batch = pseudo_collate([dataset[0], dataset[1]])
    assert [tuple(imgs.shape) for imgs in batch['inputs']['imgs']] == [(1, 3, 8, 224, 224)] * 2
    assert [tuple(maps.shape) for maps in batch['inputs']['heatmap_imgs']] == [(1, 28, 32, 56, 56)] * 2


def test_unreadable_videos_are_replaced_and_black_in_tests(folder, monkeypatch):
    (folder / 'videos_train' / 'a.mp4').write_text('no video')
    training = build(folder, BASE.rgbpose_train_pipeline)
    assert training[0]['data_samples'].video_id == 'b.mp4'
    with pytest.raises(ValueError, match=r'a\.mp4 cannot be read'):
        build(folder, BASE.rgbpose_val_pipeline, test_mode=True)[0]
    missing = build(folder, BASE.rgbpose_val_pipeline, test_mode=True, unreadable_as_missing=True)[0]
    assert missing['inputs']['imgs'].shape == (1, 3, 8, 256, 256)
    assert not missing['inputs']['imgs'].any()
    assert missing['data_samples'].unreadable


def test_workers_return_the_poses_of_each_clip(folder):
    dataset = build(folder, [*DECODE, *BASE.square[1:], *BASE.rgbpose_pack], test_mode=True)
    loader = DataLoader(dataset, num_workers=2, collate_fn=pseudo_collate)
    for index, batch in enumerate(loader):
        assert torch.equal(batch['inputs']['heatmap_imgs'][0], dataset[index]['inputs']['heatmap_imgs'])
