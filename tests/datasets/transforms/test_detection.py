import numpy as np
import pytest
import torch
from mmaction.datasets.transforms import FormatShape

from mmaction_microaction.datasets import LoadFeatures, PackDetectionInputs, SampleFramesAtRate
from mmaction_microaction.datasets.feature_store import FeatureSettings, FeatureStoreWriter


def sample_frames(rate, **results):
    return SampleFramesAtRate(rate).transform(results)


def test_samples_are_shown_in_the_middle_of_a_step():
    results = sample_frames(7.5, duration=2.0, total_frames=60, fps=30.0)
    assert results['frame_inds'].tolist() == list(range(2, 60, 4))  # 0.0667 s is in frame 2, 0.2 s in frame 6
    assert results['steps_per_second'] == 7.5
    assert (results['clip_len'], results['num_clips']) == (1, 15)


def test_the_rate_of_the_file_is_used_where_it_differs_from_the_table():
    """A copy of a video at 25 frames per second shows the same times at other frames."""
    results = sample_frames(5, duration=2.0, total_frames=50, fps=30.0, avg_fps=25.0)
    assert results['frame_inds'].tolist() == [2, 7, 12, 17, 22, 27, 32, 37, 42, 47]


@pytest.mark.parametrize(
    ('frames', 'fps', 'samples'), [(451, 30.0, 113), (150, 30.0, 38), (145, 29.0, 38), (1, 30.0, 1), (4, 30.0, 1)]
)
def test_the_whole_duration_is_covered(frames, fps, samples):
    results = sample_frames(7.5, duration=round(frames / fps, 4), total_frames=frames, fps=fps)
    assert len(results['frame_inds']) == samples
    assert (samples - 1) / 7.5 < frames / fps <= samples / 7.5 + 1e-3
    assert results['frame_inds'].max() < frames


def test_the_longest_videos_of_mma52_have_226_frames_at_15_per_second():
    # The longest ones of train.csv and val.csv have 436 frames at 29 frames per second.
    assert len(sample_frames(15, duration=15.0345, total_frames=436, fps=29.0)['frame_inds']) == 226


def test_files_that_are_too_short_repeat_their_last_frame():
    results = sample_frames(10, duration=2.0, total_frames=25, fps=30.0)
    assert results['frame_inds'].tolist() == [1, 4, 7, 10, 13, 16, 19, 22] + [24] * 12


@pytest.mark.parametrize('rate', [0, -1, float('nan'), float('inf')])
def test_impossible_rates_are_refused(rate):
    with pytest.raises(ValueError, match='must be positive'):
        SampleFramesAtRate(rate)


def test_stored_features_are_packed_with_their_truth(tmp_path):
    features = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
    with FeatureStoreWriter(
        tmp_path / 'store', FeatureSettings('manet', 77, 3.75, 'float32', 'none', 0, 7.5, 99)
    ) as store:
        store.add('val0001', features)
        store.publish()
    results = dict(
        video_id='val0001',
        duration=1.6,
        gt_segments=np.array([[0.1, 1.2], [0, 1.6]], np.float32),
        gt_labels=np.array([3, 51]),
        filename='videos/val0001.mp4',
    )
    packed = PackDetectionInputs().transform(LoadFeatures(tmp_path / 'store').transform(results))
    np.testing.assert_array_equal(packed['inputs'].numpy(), features)
    sample = packed['data_samples']
    assert sample.gt_segments.dtype == torch.float32
    assert sample.gt_labels.tolist() == [3, 51]
    assert sample.metainfo == dict(
        video_id='val0001',
        duration=1.6,
        steps_per_second=3.75,
        frames_per_second=7.5,
        feature_fingerprint=77,
        backbone_fingerprint=99,
    )


def test_frames_are_packed_as_single_images():
    results = sample_frames(5, video_id='a', duration=1.0, total_frames=30, fps=30.0)
    results['imgs'] = [np.full((8, 6, 3), index, np.uint8) for index in results['frame_inds']]
    packed = PackDetectionInputs().transform(FormatShape('NCHW').transform(results))
    assert packed['inputs'].shape == (5, 3, 8, 6)
    assert packed['inputs'].dtype == torch.uint8
    assert packed['inputs'][:, 0, 0, 0].tolist() == results['frame_inds'].tolist()
    assert 'gt_segments' not in packed['data_samples']


def test_a_video_without_actions_has_empty_tensors():
    results = dict(features=np.zeros((2, 3), np.float32), gt_segments=np.zeros((0, 2)), gt_labels=np.zeros(0))
    sample = PackDetectionInputs().transform(results)['data_samples']
    assert sample.gt_segments.shape == (0, 2)
    assert sample.gt_labels.shape == (0,)
