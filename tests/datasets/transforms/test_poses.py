"""Frames and keypoints are those of MMAction2's pipelines where these work, and defined where they do not."""

import copy
import random

import numpy as np
import pytest
from helpers.poses import make_poses
from helpers.support import ROOT
from mmaction.registry import TRANSFORMS
from mmengine.config import Config
from mmengine.dataset import Compose

from mmaction_microaction.datasets.transforms import CropToJoints, DecodeRGBPose
from mmaction_microaction.structures.pose_layouts import MA52_28
from mmaction_microaction.video.writer import write_video

BASE = Config.fromfile(ROOT / 'configs' / '_base_' / 'ma52_pose.py')
UPSTREAM = {'pose': 'pose_only', 'rgb': 'rgb_only', 'rgbpose': 'rgbpose_conv3d'}
SHAPE = 96, 80


def upstream_pipeline(kind, split):
    """Return a pipeline of MMAction2's RGBPose-Conv3D for the 28 joints of MA-52."""
    import mmaction

    folder = ROOT.joinpath(mmaction.__path__[0], '.mim/configs/skeleton/posec3d/rgbpose_conv3d')
    pipeline = Config.fromfile(folder / f'{UPSTREAM[kind]}.py')[f'{split}_pipeline']
    for step in pipeline:
        if step.type == 'Flip':
            step.left_kp, step.right_kp = MA52_28.left, MA52_28.right
    return pipeline


@pytest.fixture(scope='module')
def videos(tmp_path_factory):
    """Write videos that are shorter than a clip of 32 frames, shorter than two, and longer."""
    folder = tmp_path_factory.mktemp('videos')
    rng = np.random.default_rng(0)
    # Smooth noise that moves.
    noise = np.kron(rng.integers(0, 255, (30, 30, 3)), np.ones((8, 8, 1))).astype(np.uint8)
    for num_frames in (20, 40, 90):
        frames = [noise[t : t + SHAPE[0], t : t + SHAPE[1]] for t in range(num_frames)]
        write_video(folder / f'{num_frames}.mp4', frames, SHAPE[::-1], fps=25, crf=10)
    return folder


def make_sample(folder, num_frames, shape=SHAPE, **kwargs):
    poses = make_poses(str(num_frames), num_frames, shape, **kwargs)
    return dict(
        filename=str(folder / f'{num_frames}.mp4'),
        video_id=f'{num_frames}.mp4',
        label=3,
        keypoint=poses.keypoint,
        keypoint_score=poses.keypoint_score,
        total_frames=num_frames,
        img_shape=shape,
        original_shape=shape,
        modality='RGB',
        start_index=0,
    )


def run(pipeline, sample, seed=0):
    """Run a pipeline on a copy of a sample, with seeds for both generators that the transforms use."""
    np.random.seed(seed)
    random.seed(seed)
    sample = {key: value.copy() if isinstance(value, np.ndarray) else value for key, value in sample.items()}
    return Compose(pipeline)(sample)


@pytest.mark.parametrize('kind', UPSTREAM)
@pytest.mark.parametrize('split', ['train', 'val', 'test'])
@pytest.mark.parametrize(('num_frames', 'num_people'), [(20, 1), (40, 2), (90, 1)])
def test_pipelines_return_the_inputs_of_mmaction2(videos, kind, split, num_frames, num_people):
    sample = make_sample(videos, num_frames, num_people=num_people)
    pipelines = copy.deepcopy([BASE[f'{kind}_{split}_pipeline'], upstream_pipeline(kind, split)])
    views = 1
    if split == 'test':
        views = 2  # instead of 10, since heat maps of each take time
        for pipeline in pipelines:
            assert pipeline[0].num_clips == 10
            pipeline[0].num_clips = views
    ours, theirs = (run(pipeline, sample)['inputs'] for pipeline in pipelines)
    cells = {'train': 56}.get(split, 64)
    pixels = 256 if kind == 'rgbpose' and split != 'train' else 224
    shapes = {'imgs': (views, 3, 8, pixels, pixels), 'heatmap_imgs': (views, 28, 32, cells, cells)}
    if kind != 'rgbpose':
        key = 'imgs' if kind == 'rgb' else 'heatmap_imgs'
        ours, theirs, shapes = {key: ours}, {key: theirs}, {key: shapes[key]}
    assert {key: tuple(value.shape) for key, value in ours.items()} == shapes
    for key, value in theirs.items():
        np.testing.assert_array_equal(ours[key].numpy(), value.numpy())
        assert ours[key].float().std() > 0


def test_keypoints_of_another_size_are_scaled_to_the_frames(videos):
    sample = make_sample(videos, 40, shape=(192, 160))
    steps = [BASE.rgbpose_val_frames, dict(type='DecodeRGBPose')]
    results = run(steps, sample)
    assert results['img_shape'] == results['original_shape'] == results['imgs'][0].shape[:2] == SHAPE
    expected = sample['keypoint'][:, results['Pose_inds']] / 2
    np.testing.assert_allclose(results['keypoint'], expected, rtol=1e-6)
    assert run([BASE.pose_val_frames, dict(type='PoseDecode')], sample)['img_shape'] == (192, 160)


@pytest.mark.parametrize('modalities', [dict(RGB=8), dict(RGB=8, Pose=32), dict(Pose=32)])
def test_the_arrays_of_the_dataset_stay_as_they_are(videos, modalities):
    sample = make_sample(videos, 40, shape=(192, 160))
    before = sample['keypoint'].copy(), sample['keypoint_score'].copy()
    steps = [
        dict(type='MMUniformSampleFrames', clip_len=modalities),
        *BASE.random_square,
        dict(BASE.flip, flip_ratio=1),
    ]
    Compose(steps)(dict(sample))
    np.testing.assert_array_equal(sample['keypoint'], before[0])
    np.testing.assert_array_equal(sample['keypoint_score'], before[1])


def test_the_last_frame_is_repeated_if_the_poses_have_one_more(videos):
    sample = make_sample(videos, 40)
    longer = make_sample(videos, 41) | {'filename': sample['filename']}
    inds = np.array([0, 20, 39, 40])
    results = DecodeRGBPose()(dict(longer, modality=['RGB', 'Pose'], RGB_inds=inds, Pose_inds=inds))
    assert results['frame_inds'].tolist() == [0, 20, 39, 39]
    np.testing.assert_array_equal(results['imgs'][2], results['imgs'][3])
    np.testing.assert_array_equal(results['keypoint'], longer['keypoint'][:, inds])
    assert results['total_frames'] == 41


@pytest.mark.parametrize(
    ('poses', 'match'),
    [
        (dict(num_frames=38), r'40\.mp4 has 40 frames of 80 x 96 .* 38 frames of 80 x 96'),
        (dict(num_frames=42), r'40\.mp4 has 40 frames of 80 x 96 .* 42 frames of 80 x 96'),
        (dict(num_frames=40, shape=(80, 96)), r'40\.mp4 has 40 frames of 80 x 96 .* 40 frames of 96 x 80'),
    ],
)
def test_poses_of_another_video_are_refused(videos, poses, match):
    names = dict(filename=str(videos / '40.mp4'), video_id='40.mp4')
    sample = make_sample(videos, **poses) | names
    with pytest.raises(ValueError, match=match):
        run([BASE.rgbpose_val_frames, dict(type='DecodeRGBPose')], sample)


def crop(points, scores=None, shape=(100, 100), **results):
    keypoint = np.array(points, np.float32).reshape(1, 1, -1, 2)
    scores = keypoint.any(-1).astype(np.float32) if scores is None else np.reshape(scores, keypoint.shape[:3])
    return CropToJoints()(dict(keypoint=keypoint, keypoint_score=scores, img_shape=shape, **results))


def ramp(height=100, width=100):
    """Return an image whose red channel is 1 + the column and whose green channel is 1 + the row."""
    y, x = np.mgrid[1 : height + 1, 1 : width + 1]
    return np.stack([x, y, 0 * x], axis=2).astype(np.uint8)


def test_crop_is_the_square_around_the_joints():
    # The joints are 20 wide and 40 high around (30, 50). The square has a side of 40 * 1.25 = 50.
    results = crop([[20, 30], [40, 70], [0, 0]], imgs=[ramp()])
    assert results['keypoint'][0, 0].tolist() == [[15, 5], [35, 45], [0, 0]]
    assert results['img_shape'] == (50, 50)
    np.testing.assert_array_equal(results['imgs'][0], ramp()[25:75, 5:55])


def test_crop_is_black_outside_of_the_frame():
    # The joints are 40 wide and 60 high around (20, 70). The square has a side of 75, from (-17.5, 32.5).
    results = crop([[1, 40], [39, 100]], imgs=[ramp()])
    assert results['img_shape'] == (75, 74)
    (image,) = results['imgs']
    assert image.shape == (75, 74, 3)
    np.testing.assert_array_equal(image[:68, 17:], ramp()[32:, :57])
    assert not image[:, :17].any()
    assert not image[68:].any()
    assert results['keypoint'][0, 0].tolist() == [[18, 8], [56, 68]]


@pytest.mark.parametrize('points', [[[0, 0]], [[50, 50], [55, 90]], np.zeros((0, 2))])
def test_clips_without_a_person_are_padded_and_keep_their_proportions(points):
    # A frame of 100 x 60 pixels in a square of 100 starts at row 20.
    results = crop(points, shape=(60, 100), imgs=[ramp(60)])
    assert results['img_shape'] == (100, 100)
    np.testing.assert_array_equal(results['imgs'][0][20:80], ramp(60))
    assert not results['imgs'][0][:20].any()
    assert not results['imgs'][0][80:].any()
    assert results['keypoint'][0, 0].tolist() == [[x, y + 20 if y else 0] for x, y in points]


def test_joints_with_score_0_do_not_widen_the_square():
    results = crop([[20, 30], [40, 70], [99, 1]], scores=[0.5, 0.1, 0])
    assert results['img_shape'] == (50, 50)
    assert results['keypoint'][0, 0].tolist() == [[15, 5], [35, 45], [0, 0]]


def test_joints_outside_of_the_frame_count_as_if_they_were_at_the_border():
    far, border = crop([[20, 30], [1e9, 70]]), crop([[20, 30], [100, 70]])
    assert far['img_shape'] == border['img_shape'] == (100, 100)
    assert far['keypoint'][0, 0, 0].tolist() == border['keypoint'][0, 0, 0].tolist()


def test_flips_swap_body_and_hands():
    keypoint = np.zeros((1, 1, 28, 2), np.float32)
    keypoint[0, 0, [0, 4, 7, 18, 27]] = [10, 1], [20, 2], [30, 3], [35, 4], [22, 5]  # nose, wrists, fingers
    sample = dict(keypoint=keypoint, keypoint_score=keypoint[..., 1] / 10, img_shape=(50, 40), modality='RGB')
    flipped = run([dict(BASE.flip, flip_ratio=1)], sample)
    expected = {0: [30, 1], 7: [20, 2], 4: [10, 3], 23: [5, 4], 22: [18, 5]}
    assert {index: flipped['keypoint'][0, 0, index].tolist() for index in expected} == expected
    assert not np.delete(flipped['keypoint'][0, 0], list(expected), axis=0).any()
    np.testing.assert_allclose(flipped['keypoint_score'], flipped['keypoint'][..., 1] / 10)
    released = run([dict(BASE.flip_as_released, flip_ratio=1)], sample)['keypoint'][0, 0]
    expected = {0: [30, 1], 7: [20, 2], 4: [10, 3], 18: [5, 4], 27: [18, 5]}
    assert {index: released[index].tolist() for index in expected} == expected


def test_the_config_flips_the_pairs_of_the_layout():
    pairs = set(zip(MA52_28.left, MA52_28.right))
    assert set(zip(BASE.flip.left_kp, BASE.flip.right_kp)) == pairs
    flips = {step.type: step for step in BASE.rgbpose_train_pipeline_as_released}
    hands = {(left, right) for left, right in pairs if left >= 18}
    assert set(zip(flips['Flip'].left_kp, flips['Flip'].right_kp)) == pairs - hands
    assert len(hands) == 5


def test_a_source_of_frames_can_be_named_in_a_config(videos):
    source = [dict(type='DecordInit'), dict(type='DecordDecode')]
    step = TRANSFORMS.build(dict(type='DecodeRGBPose', source=source))
    assert 'DecordInit' in repr(step)
    sample = make_sample(videos, 20) | dict(modality=['RGB'], RGB_inds=np.arange(8))
    for ours, theirs in zip(DecodeRGBPose()(dict(sample))['imgs'], step(dict(sample))['imgs']):
        np.testing.assert_array_equal(ours, theirs)
