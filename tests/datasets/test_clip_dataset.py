import numpy as np
import pytest
from mmaction.registry import DATASETS
from mmengine.dataset import ClassBalancedDataset

from mmaction_microaction.label_sets import MA52, LabelSet


def build(root, split='train', **kwargs):
    return DATASETS.build(
        dict(
            type='ClipDataset',
            ann_file=str(root / f'{split}_list_videos.txt'),
            data_prefix=dict(video=str(root / f'videos_{split}')),
            pipeline=[],
            **kwargs,
        )
    )


def test_samples_contain_path_name_and_label(tiny_ma52):
    dataset = build(tiny_ma52)
    assert len(dataset) == 7
    sample = dataset[2]
    assert sample['filename'] == str(tiny_ma52 / 'videos_train' / '0001_02_0003.mp4')
    assert (sample['video_id'], sample['label']) == ('0001_02_0003.mp4', 11)


def test_metainfo_names_both_levels(tiny_ma52):
    metainfo = build(tiny_ma52).metainfo
    assert metainfo['classes'][9] == 'nodding'
    assert LabelSet.from_dict(metainfo['label_set']) == MA52
    assert metainfo['anonymized'] is False


def test_class_counts(tiny_ma52):
    counts = build(tiny_ma52).class_counts
    assert counts.shape == (52,)
    assert np.flatnonzero(counts).tolist() == [0, 5, 11, 24, 32, 38, 48]


def test_class_balanced_dataset_repeats_rare_classes(tmp_path):
    # There are three clips of class 9 and one of class 45. At a threshold of 0.75, class 45 (share 0.25) is repeated
    # ceil(sqrt(0.75 / 0.25)) = 2 times, class 9 (share 0.75) not at all.
    (tmp_path / 'train_list_videos.txt').write_text('a.mp4 9\nb.mp4 9\nc.mp4 9\nd.mp4 45\n')
    balanced = ClassBalancedDataset(build(tmp_path, check_videos=False), oversample_thr=0.75)
    assert [balanced.get_cat_ids(i)[0] for i in range(len(balanced))] == [9, 9, 9, 45, 45]


def test_refuses_a_missing_folder(tiny_ma52, tmp_path):
    (tmp_path / 'train_list_videos.txt').write_bytes((tiny_ma52 / 'train_list_videos.txt').read_bytes())
    with pytest.raises(FileNotFoundError, match=r'videos_train: no such folder or .*7 clips.*data_prefix\.video'):
        build(tmp_path)


def test_refuses_missing_videos_with_their_number_and_first_five(tmp_path):
    (tmp_path / 'videos_train').mkdir()
    (tmp_path / 'videos_train' / 'clip3.mp4').touch()
    (tmp_path / 'train_list_videos.txt').write_text(''.join(f'clip{i}.mp4 {i}\n' for i in range(8)))
    with pytest.raises(FileNotFoundError) as error:
        build(tmp_path)
    assert '7 of the 8 clips' in str(error.value)
    assert 'clip0.mp4, clip1.mp4, clip2.mp4, clip4.mp4, clip5.mp4, …' in str(error.value)
    assert len(build(tmp_path, check_videos=False)) == 8


def test_finds_videos_in_sub_folders(tmp_path):
    (tmp_path / 'videos_train' / 'a').mkdir(parents=True)
    (tmp_path / 'videos_train' / 'a' / 'b.mp4').touch()
    (tmp_path / 'train_list_videos.txt').write_text('a/b.mp4 1\n')
    assert len(build(tmp_path)) == 1


def test_absolute_paths_and_links_are_found(tmp_path):
    (tmp_path / 'videos_train').mkdir()
    (tmp_path / 'elsewhere').mkdir()
    clips = [tmp_path / 'elsewhere' / 'a b.mp4', tmp_path / 'elsewhere' / 'c.mp4']
    for clip in clips:
        clip.touch()
    (tmp_path / 'videos_train' / 'd.mp4').symlink_to(clips[1])
    (tmp_path / 'train_list_videos.txt').write_text(f'{clips[0]} 5\n{clips[1]}\t6\nd.mp4  7\n')
    dataset = build(tmp_path)
    assert [dataset[i]['filename'] for i in range(3)] == [*map(str, clips), f'{tmp_path}/videos_train/d.mp4']
    # If all paths are absolute, no folder is needed.
    (tmp_path / 'val_list_videos.txt').write_text(f'{clips[0]} 5\n')
    assert build(tmp_path, 'val')[0]['video_id'] == str(clips[0])
    clips[0].unlink()
    with pytest.raises(FileNotFoundError, match=r'1 of the 1 clips .* are missing: .*/elsewhere/a b\.mp4'):
        build(tmp_path, 'val')


@pytest.mark.parametrize(
    ('line', 'message'),
    [
        ('frames 57 12', r'frames is a folder.*RawframeDataset'),
        ('frames 12', r'frames is a folder.*RawframeDataset'),
        ('A.MP4 12', r"There is 'a\.mp4', which differs from 'A\.MP4' only in case"),
        ('u\u0308.mp4 12', r"There is '\u00fc\.mp4', which differs"),
    ],
)
def test_error_names_likely_reason_for_a_missing_clip(tmp_path, line, message):
    (tmp_path / 'videos_train' / 'frames').mkdir(parents=True)
    for name in ('a.mp4', '\u00fc.mp4'):
        (tmp_path / 'videos_train' / name).touch()
    (tmp_path / 'train_list_videos.txt').write_text(f'{line}\n', encoding='utf-8')
    with pytest.raises(FileNotFoundError, match=message):
        build(tmp_path)


def test_a_list_without_labels_can_be_predicted_but_not_trained_on(tmp_path):
    (tmp_path / 'test_list_videos.txt').write_text('a.mp4\nmy clip.mp4\n')
    dataset = build(tmp_path, 'test', check_videos=False, test_mode=True)
    assert dataset.metainfo['anonymized'] is True
    assert [(sample['video_id'], sample['label']) for sample in dataset] == [('a.mp4', -1), ('my clip.mp4', -1)]
    with pytest.raises(ValueError, match=r'line 1: expected .*line 2: expected'):
        build(tmp_path, 'test', check_videos=False)


def test_anonymised_split_can_be_predicted_but_not_trained_on(tmp_path):
    (tmp_path / 'test_list_videos.txt').write_text('test0000.mp4 0\ntest0001.mp4 0')
    dataset = build(tmp_path, 'test', check_videos=False, test_mode=True)
    assert dataset.metainfo['anonymized'] is True
    # The placeholder is removed, so it cannot be mistaken for class 0.
    assert dataset.get_data_info(0)['label'] == -1
    with pytest.raises(ValueError, match='anonymised'):
        _ = dataset.class_counts
    with pytest.raises(ValueError, match=r'test_list_videos\.txt is the anonymised test split'):
        build(tmp_path, 'test', check_videos=False)


@pytest.mark.real_data
@pytest.mark.parametrize('split', ['train', 'val'])
def test_real_class_counts(shared, split):
    dataset = build(shared / 'ma52', split, check_videos=False)
    assert dataset.class_counts.tolist() == [getattr(action, f'{split}_clips') for action in MA52.actions]
    assert MA52.fine_to_coarse[dataset.get_data_info(0)['label']] == int(dataset.get_data_info(0)['video_id'][5:7])
