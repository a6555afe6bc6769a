"""Recognizers that see poses: alone, as a crop of the frames, or together with frames."""

import pickle
from dataclasses import replace

import numpy as np
import onnx
import pytest
import torch
from helpers.people import FakeEstimator
from helpers.pose_networks import read_pose_run, write_pose_network
from helpers.poses import make_poses
from helpers.support import write_clip
from mmengine.config import Config
from mmengine.runner import Runner

from mmaction_microaction.inference import ClipResult, MicroActionInferencer, SeveralPeopleWarning
from mmaction_microaction.inference.export import export_onnx
from mmaction_microaction.inference.feature_extraction import FeatureNetwork
from mmaction_microaction.inference.gradcam import read_sample
from mmaction_microaction.inference.onnx_model import POSE_LAYOUT
from mmaction_microaction.inference.people import FramedVideo
from mmaction_microaction.inference.pose_source import find_pose_layout
from mmaction_microaction.label_sets import MA52, get_label_set
from mmaction_microaction.structures.poses import write_poses
from mmaction_microaction.video.reader import Frame, Video

SOURCE = 'mmaction_microaction.inference.pose_source'


class NoseRecognizer:
    """Recognizer whose predicted label is the median x of the nose, over the frames of a window with a person."""

    pipeline = (
        dict(type='UniformSampleFrames', clip_len=16, test_mode=True),
        dict(type='PoseDecode'),
        dict(type='PackActionInputs'),
    )
    config = Config(dict(test_dataloader=dict(dataset=dict(type='PoseClipDataset', layout='coco17'))))
    model = torch.nn.Module()
    pose_layout = 'coco17'
    label_set, crop = MA52, 'auto'

    def __call__(self, inputs):
        x = inputs[:, 0, :, 0, 0]
        labels = x.where(x > 0, torch.nan).nanmedian(1).values.round().int()
        return np.eye(len(self.label_set))[labels.numpy()]


@pytest.fixture
def nose(monkeypatch):
    """Return a function that makes an inferencer with NoseRecognizer."""
    monkeypatch.setattr('mmaction_microaction.inference.inferencer.load_network', lambda *_: NoseRecognizer())
    return lambda **options: MicroActionInferencer('unused', **options)


@pytest.fixture
def estimated(monkeypatch):
    """Replace the estimation by a function that returns set poses, and return the list of the videos it has seen."""
    videos = []

    def estimate(video, settings, progress=None):
        videos.append(video)
        if progress:
            progress(video.num_frames, video.num_frames)
        return videos.poses

    class Videos(list):
        poses = None

    videos = Videos()
    monkeypatch.setattr(f'{SOURCE}.estimate_poses', estimate)
    return videos


def noses(*values, score=0.9):
    """Make poses in BlazePose's layout, in which all joints have a given x in each frame. None: nobody is there."""
    poses = make_poses('grey', len(values), (48, 64), num_joints=33)
    for frame, value in enumerate(values):
        poses.keypoint[:, frame, :, 0] = value or 0
        poses.keypoint_score[:, frame] = 0 if value is None else score
    return poses


@pytest.mark.parametrize('kind', ['pose', 'rgb', 'joints', 'rgbpose'])
def test_scores_of_clips_equal_those_of_a_test(kind, tiny_ma52, tmp_path):
    config, checkpoint = write_pose_network(tmp_path, kind)
    run = read_pose_run(config, tiny_ma52, tmp_path / 'work')
    run.load_from = str(checkpoint)
    run.test_evaluator = dict(type='DumpResults', out_file_path=str(tmp_path / 'scores.pkl'))
    Runner.from_cfg(run).test()
    tested = pickle.loads((tmp_path / 'scores.pkl').read_bytes())
    inferencer = MicroActionInferencer(config, checkpoint, 'cpu', poses=tiny_ma52 / 'poses_val.pkl')
    for video, sample in zip(sorted((tiny_ma52 / 'videos_val').glob('*.mp4')), tested, strict=True):
        result = inferencer(video)
        assert isinstance(result, ClipResult)
        assert result.scores == pytest.approx(sample['pred_score'].numpy(), abs=1e-5)
    # Other poses of the same video, at another place, lead to other scores.
    other = make_poses(video.stem, 12, (80, 96), seed=77)
    write_poses([replace(other, keypoint=other.keypoint / 2)], tmp_path / 'other.pkl')
    changed = MicroActionInferencer(config, checkpoint, 'cpu', poses=tmp_path / 'other.pkl')(video)
    assert np.abs(changed.scores - result.scores).max() > 1e-3


def test_poses_are_estimated_once_for_each_video(nose, estimated, grey_video):
    estimated.poses = noses(*[7] * 240)
    calls = []
    inferencer, video = nose(), Video(grey_video)
    result = inferencer(video, lambda *args: calls.append(args))
    assert [(i.start, i.end, i.label) for i in result.intervals] == [(0, 12, 7)]
    assert inferencer.poses(video) is estimated.poses
    assert estimated == [video]
    # First the frames, then the windows.
    assert calls[:2] == [(240, 240), (1, 22)]
    assert calls[-1] == (22, 22)


@pytest.mark.people
def test_people_are_found_whatever_a_network_of_joints_recognises(nose, grey_video, monkeypatch):
    monkeypatch.setattr(NoseRecognizer, 'label_set', get_label_set('imigue'))
    make = 'mmaction_microaction.inference.people.make_estimator'
    monkeypatch.setattr(make, lambda *_: FakeEstimator((15, 15, 8), (45, 15, 8)))
    with pytest.warns(SeveralPeopleWarning):
        found = nose(person='all').find_people(grey_video)
    assert [framed.person for framed in found] == ['left', 'right']


@pytest.mark.people
def test_preparation_includes_the_search_for_people(nose, tmp_path, monkeypatch):
    # Otherwise, videos of 5:6 would be searched only from the second run on, when the networks are downloaded.
    monkeypatch.setattr('mmaction_microaction.inference.people.are_networks_cached', lambda: False)
    monkeypatch.setattr('mmaction_microaction.inference.people.make_estimator', lambda *_: FakeEstimator((50, 38, 8)))
    monkeypatch.setattr(f'{SOURCE}.make_estimator', lambda *_: FakeEstimator())
    write_clip(tmp_path / 'clip.mp4', 16, size=(100, 120))
    inferencer = nose()
    inferencer.prepare()
    [framed] = inferencer.find_people(tmp_path / 'clip.mp4')
    assert framed.boxes is not None


def test_poses_of_a_file_need_no_preparation(nose, tmp_path, monkeypatch):
    monkeypatch.setattr('mmaction_microaction.inference.people.make_estimator', None)
    monkeypatch.setattr(f'{SOURCE}.make_estimator', None)
    write_poses([make_poses('clip', 4, (48, 64))], tmp_path / 'poses.pkl')
    nose(poses=tmp_path / 'poses.pkl').prepare()


def test_windows_see_the_poses_of_their_frames(nose, estimated, grey_video):
    estimated.poses = noses(*[5] * 80, *[20] * 40, *[11] * 120)
    result = nose(window=1, step=0.25)(grey_video)
    assert [i.label for i in result.intervals] == [5, 20, 11]
    assert np.ravel([(i.start, i.end) for i in result.intervals]) == pytest.approx([0, 4, 4, 6, 6, 12], abs=0.25)


def test_times_without_a_person_have_no_action(nose, estimated, grey_video):
    estimated.poses = noses(*[5] * 80, *[None] * 80, *[11] * 80)
    with pytest.warns(UserWarning, match=r'grey.mp4: 15 of 45 windows do not show both shoulders .* 3\.8 to 4\.8 s'):
        result = nose(window=1, step=0.25)(grey_video)
    assert [i.label for i in result.intervals] == [5, 11]
    # The first window that is left out begins at 3.75 s, with a person in 5 of 20 frames. The last begins at 7.25 s.
    assert [(i.start, i.end) for i in result.intervals] == [(0, 4.5), (7.5, 12)]


def test_video_without_a_person_is_an_error(nose, estimated, grey_video, clip):
    for video, num_frames in ((grey_video, 240), (clip, 40)):
        estimated.poses = noses(*[None] * num_frames)
        with pytest.raises(ValueError, match=f'{video.name}: no frame shows both shoulders'):
            nose()(video)


def test_poses_of_a_file_are_found_by_the_longest_name(nose, clip, tmp_path):
    for folder in ('a', 'b'):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / 'clip.mp4').write_bytes(clip.read_bytes())
    poses = []
    for name, label in (('a/clip', 3), ('clip', 4), ('b/clip', 9)):
        person = make_poses(name, 40, (76, 64), num_joints=17)
        person.keypoint[..., 0] = label
        poses.append(person)
    write_poses(poses, tmp_path / 'poses.pkl')
    inferencer = nose(poses=tmp_path / 'poses.pkl')
    labels = [inferencer(path).scores.argmax() for path in (tmp_path / 'a/clip.mp4', tmp_path / 'b/clip.mp4', clip)]
    assert labels == [3, 9, 4]


@pytest.mark.parametrize(
    ('name', 'num_frames', 'message'),
    [
        ('other', 40, 'has no poses of clip.*1 videos.*other'),
        ('clip', 39, 'has poses of 39 frames of clip.*has 40 frames'),
    ],
)
def test_file_without_the_poses_of_a_video_is_an_error(nose, clip, tmp_path, name, num_frames, message):
    write_poses([make_poses(name, num_frames, (76, 64))], tmp_path / 'poses.pkl')
    with pytest.raises(ValueError, match=f'poses.pkl {message}'):
        nose(poses=tmp_path / 'poses.pkl')(clip)


class BrightnessEstimator:
    """Estimator that finds a person at x = a tenth of the grey level, or nobody in a black frame."""

    layout = 'blazepose33'

    def reset(self):
        pass

    def __call__(self, image):
        level = image.mean() / 10
        count = int(level >= 1)
        return np.full((count, 33, 2), level, np.float32), np.ones((count, 33), np.float32)


def test_live_stream_is_followed(nose, monkeypatch):
    monkeypatch.setattr('mmaction_microaction.poses.estimation.make_estimator', lambda *_: BrightnessEstimator())
    levels = np.repeat([50, 0, 110], [15, 21, 14])
    seen = []

    def stream():
        for index, level in enumerate(levels):
            seen.append(index)
            yield Frame(index, index / 10, lambda level=level: np.full((48, 64, 3), level, np.uint8))

    windows = []
    for window in nose(window=1, step=0.5).live(stream(), fps=10):
        # A window is scored as soon as its last frame has passed.
        assert seen[-1] == round(window.end * 10) - 1
        windows.append((window.start, window.scores.argmax()))
    # The windows that begin from 1.5 to 3 s show nobody in most of their frames.
    assert windows == [(0, 5), (0.5, 5), (1, 5), (3.5, 11), (4, 11)]


def test_live_stream_has_no_poses_of_a_file(nose, tmp_path):
    write_poses([make_poses('clip', 4, (48, 64))], tmp_path / 'poses.pkl')
    with pytest.raises(ValueError, match=r'poses\.pkl .*live stream'):
        next(nose(poses=tmp_path / 'poses.pkl').live(iter(()), fps=10))


def test_array_is_refused(nose):
    with pytest.raises(ValueError, match='path of a video'):
        nose().clip(np.zeros((8, 48, 64, 3), np.uint8))


@pytest.mark.parametrize(
    ('dataset', 'channels', 'layout'),
    [
        (dict(type='PoseClipDataset'), 17, 'ma52_28'),
        (dict(type='PoseClipDataset', layout='blazepose33'), 17, 'blazepose33'),
        (dict(type='PoseDataset'), 17, 'coco17'),
    ],
)
def test_layout_is_that_of_the_dataset_or_has_as_many_joints(dataset, channels, layout):
    config = Config(dict(test_dataloader=dict(dataset=dataset)))
    model = torch.nn.Sequential(torch.nn.Conv3d(3, 8, 1), torch.nn.Conv3d(channels, 8, 1))
    assert find_pose_layout(config, model) == layout


def test_network_of_an_unknown_layout_is_an_error():
    config = Config(dict(test_dataloader=dict(dataset=dict(type='PoseDataset'))))
    with pytest.raises(ValueError, match='layout in the test_dataloader'):
        find_pose_layout(config, torch.nn.Conv3d(16, 8, 1))


def test_separate_scores_of_modalities_are_an_error(clip, tmp_path):
    config, checkpoint = write_pose_network(tmp_path, 'rgbpose', head='RGBPoseHead')
    write_poses([make_poses('clip', 40, (76, 64))], tmp_path / 'poses.pkl')
    with pytest.raises(ValueError, match=r'rgbpose.py.*\(rgb, pose\); use RGBPoseFusionHead'):
        MicroActionInferencer(config, checkpoint, 'cpu', poses=tmp_path / 'poses.pkl')(clip)


def test_functions_for_frames_refuse_networks_of_poses(clip, tmp_path):
    config, checkpoint = write_pose_network(tmp_path, 'rgb')
    with pytest.raises(ValueError, match=r'rgb: .*frames and poses cannot be exported'):
        export_onnx(config, checkpoint, tmp_path / 'rgb.onnx')
    with pytest.raises(ValueError, match=r'Grad-CAM .*poses'):
        read_sample(Video(clip), Config.fromfile(config).test_dataloader.dataset.pipeline)
    with pytest.raises(ValueError, match=r'rgb\.py: .*poses'):
        FeatureNetwork(config, checkpoint)


@pytest.mark.parametrize('options', [dict(crop='person'), dict(crop=(0, 0, 10, 10)), dict(person='left')])
def test_network_of_frames_and_poses_finds_the_person_itself(tmp_path, options):
    with pytest.raises(ValueError, match='leave out crop and person'):
        MicroActionInferencer(*write_pose_network(tmp_path, 'rgbpose'), 'cpu', **options)


def test_exported_network_of_joints_has_the_same_scores(tiny_ma52, tmp_path):
    files = write_pose_network(tmp_path, 'joints')
    export = export_onnx(*files, tmp_path / 'network.onnx')
    assert export.difference < 1e-4
    exported = MicroActionInferencer(tmp_path / 'network.onnx', poses=tiny_ma52 / 'poses_val.pkl')
    original = MicroActionInferencer(*files, 'cpu', poses=tiny_ma52 / 'poses_val.pkl')
    for video in sorted((tiny_ma52 / 'videos_val').glob('*.mp4')):
        assert exported(video).scores == pytest.approx(original(video).scores, abs=1e-5)


def test_file_with_an_unknown_layout_is_refused(onnx_model, tmp_path):
    onnx_model.metadata_props.add(key=POSE_LAYOUT, value='halpe')
    onnx.save(onnx_model, tmp_path / 'network.onnx')
    with pytest.raises(ValueError, match=r'network.onnx.*halpe'):
        MicroActionInferencer(tmp_path / 'network.onnx')


class FakePeople:
    """Finder of two people in a frame of 64 x 48 pixels, whose boxes are 32 pixels wide."""

    distance = 32
    """Pixels from the box of the left person to that of the right one."""

    def __init__(self, *_):
        pass

    def __call__(self, video):
        if isinstance(video, FramedVideo):
            return [video]
        left = np.tile([[0, 0, 32, 48]], (video.num_frames, 1))
        right = left + np.array([self.distance, 0, 0, 0])
        return [FramedVideo(video, left, 'left', others=[right]), FramedVideo(video, right, 'right', others=[left])]


@pytest.fixture
def two_people(monkeypatch):
    monkeypatch.setattr('mmaction_microaction.inference.inferencer.PersonFinder', FakePeople)


def test_each_person_has_the_poses_of_a_crop(two_people, nose, estimated, grey_video):
    estimated.poses = noses(*[7] * 240)
    left, right = nose(person='all').people(grey_video)
    assert [video.person for video in estimated] == ['left', 'right']
    # Coordinates are those of whole frames, where the crop of the right person begins at 32.
    assert {interval.label for interval in left.intervals} == {7}
    assert {interval.label for interval in right.intervals} == {39}


def write_noses(path, video, *values):
    """Write poses of several people of a video, in which all joints of each have a given x. None: nobody is there."""
    people = [noses(*[value] * 240) for value in values]
    both = [np.concatenate([getattr(poses, key) for poses in people]) for key in ('keypoint', 'keypoint_score')]
    write_poses([replace(people[0], frame_dir=video.stem, keypoint=both[0], keypoint_score=both[1])], path)
    return path


# At a distance of 12 pixels, both boxes contain the joints of both people.
@pytest.mark.parametrize(('distance', 'values'), [(32, (40, 12)), (12, (30, 18)), (12, (None, 30, 18))])
def test_poses_of_a_file_are_those_in_the_box_of_the_person(
    two_people, nose, grey_video, tmp_path, monkeypatch, distance, values
):
    monkeypatch.setattr(FakePeople, 'distance', distance)
    inferencer = nose(person='all', poses=write_noses(tmp_path / 'p.pkl', grey_video, *values))
    left, right = inferencer.people(grey_video)
    assert {interval.label for interval in left.intervals} == {values[-1]}
    assert {interval.label for interval in right.intervals} == {values[-2]}


@pytest.mark.parametrize(('distance', 'value'), [(32, 12), (12, 18)])
def test_nobody_gets_the_poses_of_somebody_else(two_people, nose, grey_video, tmp_path, monkeypatch, distance, value):
    monkeypatch.setattr(FakePeople, 'distance', distance)
    inferencer = nose(person='all', poses=write_noses(tmp_path / 'p.pkl', grey_video, value))
    left, right = inferencer.find_people(grey_video)
    assert {interval.label for interval in inferencer(left).intervals} == {value}
    with pytest.raises(ValueError, match=r'p\.pkl .* right in .*grey\.mp4.*poses --people 2'):
        inferencer(right)
