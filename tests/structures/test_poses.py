import os
import pickle

import numpy as np
import pytest
from mmaction.datasets import PoseDataset

from mmaction_microaction.structures.poses import Poses, index_poses, read_poses, write_poses


def make_poses(name='a/b', num_people=2, num_frames=3, num_joints=28, **fields):
    rng = np.random.default_rng(0)
    keypoint = rng.uniform(1, 100, (num_people, num_frames, num_joints, 2)).astype(np.float32)
    return Poses(name, (120, 100), keypoint, np.full(keypoint.shape[:3], 0.5, np.float32), **fields)


def test_poses_are_unchanged_after_writing_and_reading(tmp_path):
    poses = make_poses(label=3, fps=25.0, source={'detector': 'blazepose'})
    write_poses([poses, make_poses('c', num_joints=17)], tmp_path / 'poses.pkl')
    read, other = read_poses(tmp_path / 'poses.pkl')
    np.testing.assert_array_equal(read.keypoint, poses.keypoint)
    np.testing.assert_array_equal(read.keypoint_score, poses.keypoint_score)
    assert (read.frame_dir, read.img_shape, read.label, read.layout) == ('a/b', (120, 100), 3, 'ma52_28')
    assert (read.fps, read.source, read.total_frames) == (25.0, {'detector': 'blazepose'}, 3)
    assert (other.label, other.layout, other.fps, other.source) == (-1, 'coco17', None, None)


def test_mmaction2_reads_the_file(tmp_path):
    write_poses([make_poses(label=3)], tmp_path / 'poses.pkl')
    dataset = PoseDataset(str(tmp_path / 'poses.pkl'), pipeline=[])
    sample = dataset.get_data_info(0)
    assert (sample['frame_dir'], sample['total_frames'], sample['label']) == ('a/b', 3, 3)
    assert (sample['keypoint'].shape, sample['img_shape']) == ((2, 3, 28, 2), (120, 100))


@pytest.mark.parametrize('wrap', [list, lambda samples: {'split': {'val': ['x']}, 'annotations': samples}])
def test_files_of_others_are_read(tmp_path, wrap):
    keypoint = np.zeros((1, 2, 28, 2), np.float16)
    keypoint[0, 1, 4] = 7, 8
    sample = {'filename': 'x.mp4', 'img_shape': (20, 30), 'total_frames': 2, 'keypoint': keypoint, 'label': 0}
    (tmp_path / 'poses.pkl').write_bytes(pickle.dumps(wrap([sample])))
    (poses,) = read_poses(tmp_path / 'poses.pkl')
    assert (poses.frame_dir, poses.keypoint.dtype) == ('x', np.float32)
    assert poses.keypoint_score.sum() == poses.keypoint_score[0, 1, 4] == 1


def test_joints_without_a_finite_place_are_undetected():
    keypoint = np.ones((1, 1, 17, 2))
    keypoint[0, 0, 3, 1] = np.nan
    scores = np.ones((1, 1, 17))
    scores[0, 0, 4] = 0
    poses = Poses('x', (20, 30), keypoint, scores)
    assert not poses.keypoint[0, 0, 3:5].any()
    assert poses.keypoint_score.sum() == 15


def test_layouts_are_converted():
    poses = make_poses(num_joints=33, label=2).convert('coco17')
    assert (poses.keypoint.shape, poses.layout, poses.label) == ((2, 3, 17, 2), 'coco17', 2)
    with pytest.raises(ValueError, match="layout is 'openpose', but must be one of blazepose33, coco17, ma52_28"):
        poses.convert('openpose')


def test_samples_share_the_arrays_of_the_poses():
    poses = make_poses(num_joints=28, source={'detector': 'blazepose'})
    sample = poses.to_dict()
    assert sample['keypoint'] is poses.keypoint
    assert sample['keypoint_score'] is poses.keypoint_score


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'keypoint': np.zeros((1, 2, 28, 3))}, r'\(M, T, V, 2\)'),
        ({'keypoint': np.zeros((1, 2, 19, 2))}, '19 joints'),
        ({'total_frames': 5}, 'total_frames is 5, and keypoint has 2 frames'),
        ({'img_shape': (0, 30)}, 'img_shape'),
        ({'keypoint_score': np.zeros((1, 2, 17))}, 'keypoint_score'),
        ({'layout': 'coco17'}, "28 joints, layout 'coco17'"),
    ],
)
def test_errors_name_file_and_sample(tmp_path, change, message):
    sample = {'frame_dir': 'x', 'img_shape': (20, 30), 'total_frames': 2, 'keypoint': np.zeros((1, 2, 28, 2))}
    (tmp_path / 'poses.pkl').write_bytes(pickle.dumps([sample | change]))
    with pytest.raises(ValueError, match=message) as error:
        read_poses(tmp_path / 'poses.pkl')
    assert 'poses.pkl: sample 0' in str(error.value)


def test_pickles_run_no_code(tmp_path):
    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / 'ran'),)

    (tmp_path / 'poses.pkl').write_bytes(pickle.dumps([Evil()]))
    with pytest.raises(ValueError, match='could run code'):
        read_poses(tmp_path / 'poses.pkl')
    assert not (tmp_path / 'ran').exists()


@pytest.mark.parametrize('content', [{}, 3, 'poses'])
def test_other_pickles_are_refused(tmp_path, content):
    (tmp_path / 'poses.pkl').write_bytes(pickle.dumps(content))
    with pytest.raises(ValueError, match='contains no poses'):
        read_poses(tmp_path / 'poses.pkl')


def test_a_missing_file_names_the_command(tmp_path):
    with pytest.raises(FileNotFoundError, match='microaction poses'):
        read_poses(tmp_path / 'poses.pkl')


def test_poses_are_indexed_by_name_and_names_are_unique():
    first, second = make_poses('x'), make_poses('y')
    assert index_poses([first, second]) == {'x': first, 'y': second}
    with pytest.raises(ValueError, match='x occurs twice'):
        index_poses([first, second, make_poses('x')])
