"""The files of a recording follow each other, and every person has rows."""

import numpy as np
import pytest
from helpers.coding import make_scores
from helpers.people import FakeEstimator
from helpers.poses import make_poses
from helpers.support import write_clip

from mmaction_microaction.coding.events import code_scores
from mmaction_microaction.coding.recognition import recognize_recording
from mmaction_microaction.coding.recordings import Recording
from mmaction_microaction.coding.settings import CodingSettings
from mmaction_microaction.inference import MicroActionInferencer, NoPersonError
from mmaction_microaction.label_sets import MA52, LabelSet
from mmaction_microaction.poses.framing import find_absences
from mmaction_microaction.video.writer import write_video

MAKE = 'mmaction_microaction.inference.people.make_estimator'


class BrightnessRecognizer:
    """Recognizer that is sure of the label that is a tenth of the grey level in the middle of the frames."""

    pipeline = (
        dict(type='DecordInit'),
        dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=2, test_mode=True),
        dict(type='DecordDecode'),
        dict(type='FormatShape', input_format='NCHW'),
        dict(type='PackActionInputs'),
    )
    label_set, crop = MA52, 'auto'

    def __call__(self, inputs):
        height, width = inputs.shape[-2:]
        middle = inputs[..., height // 2, width // 2].float().mean(dim=(1, 2))
        return np.eye(52)[(middle / 10).round().int().numpy()]


class JointRecognizer:
    """Recognizer of joints that is always sure of nodding."""

    pipeline = (
        dict(type='UniformSampleFrames', clip_len=4, test_mode=True),
        dict(type='PoseDecode'),
        dict(type='PackActionInputs'),
    )
    pose_layout, label_set, crop = 'coco17', MA52, 'auto'

    def __call__(self, inputs):
        return np.eye(52)[[9] * len(inputs)]


@pytest.fixture
def inferencer(monkeypatch):
    """Return a function that makes an inferencer without a network."""
    monkeypatch.setattr('mmaction_microaction.inference.inferencer.load_network', lambda *_: BrightnessRecognizer())
    return lambda **options: MicroActionInferencer('unused', longest_clip=0, window=1, step=0.5, **options)


def write_levels(path, *levels):
    """Write a video with one second of each grey level."""
    frames = (np.full((48, 64, 3), level, np.uint8) for level in levels for _ in range(10))
    write_video(path, frames, (64, 48), fps=10, crf=5)
    return path


def test_files_of_a_recording_follow_each_other(inferencer, tmp_path):
    media = write_levels(tmp_path / 'a.mp4', 190, 190, 90, 90), write_levels(tmp_path / 'b.mp4', 90, 90, 190)
    calls = []
    scores = recognize_recording(
        inferencer(crop='none'), Recording('a', media), progress=lambda *done: calls.append(done)
    )
    assert (scores.duration, scores.fps, scores.people) == (7, 10, ('',))
    assert scores.starts.tolist() == [0, 0.5, 1, 1.5, 2, 2.5, 3, 4, 4.5, 5, 5.5, 6]
    assert calls == sorted(calls)
    assert calls[-1] == (1000, 1000)
    assert code_scores(scores, CodingSettings({})).settings['media_starts'] == [0, 4]
    # Label 9 is nodding. Its bout goes on across the border of the files. Half a second at each end has 0.5.
    coding = code_scores(scores, CodingSettings({}, threshold=0.4))
    assert [(event.start, event.end) for event in coding.events if event.action == 'nodding'] == [(2.0, 6.0)]


@pytest.mark.people
@pytest.mark.filterwarnings('error')
def test_each_person_has_rows_and_wrong_numbers_are_warnings(inferencer, tmp_path, monkeypatch):
    monkeypatch.setattr(MAKE, lambda *_: FakeEstimator((60, 60, 15), (250, 60, 20)))
    write_clip(tmp_path / 'two.mp4', 60, size=(320, 180))
    recording = Recording('two', (tmp_path / 'two.mp4',))
    both = inferencer(crop='person', person='all')
    scores = recognize_recording(both, recording, num_people=2)
    assert (scores.people, scores.warnings) == (('left', 'right'), [])
    assert scores.person.tolist() == ['left'] * 3 + ['right'] * 3
    scores = recognize_recording(both, recording, num_people=3)
    assert scores.warnings == ['two.mp4 shows 2 people (left, right), but 3 were expected; look at the results']


@pytest.fixture
def recognize_files(inferencer, tmp_path, monkeypatch):
    """Return a function that codes a recording of files of 1 s that show some numbers of people."""
    estimator = FakeEstimator()
    monkeypatch.setattr(MAKE, lambda *_: estimator)

    def recognize(*counts, **options):
        media = tuple(tmp_path / f'{name}.mp4' for name, _ in zip('abcd', counts))
        network = inferencer(crop='person', person='all')
        framed = network.find_people

        def find_people(video):
            places = (60, 60, 15), (160, 60, 15), (250, 60, 20)
            estimator.people = places[: counts[media.index(type(media[0])(video.path))]]
            return framed(video)

        monkeypatch.setattr(network, 'find_people', find_people)
        for seed, path in enumerate(media):
            write_clip(path, 30, size=(320, 180), seed=seed)
        return recognize_recording(network, Recording('a', media), **options)

    return recognize


@pytest.mark.people
def test_files_with_other_people_have_a_person_who_is_unknown(recognize_files):
    scores = recognize_files(2, 1)
    assert scores.people == ('left', 'right', 'unknown')
    assert scores.warnings == ['some files of a show one person, others several; the only person is called unknown']
    assert scores.absences == {'left': [[1, 2]], 'right': [[1, 2]], 'unknown': [[0, 1]]}


@pytest.mark.people
def test_files_with_other_names_are_a_warning(recognize_files):
    scores = recognize_files(2, 3, 2)
    assert scores.people == ('left', 'right', '1', '2', '3')
    [warning] = scores.warnings
    assert '(a.mp4: left, right; b.mp4: 1, 2, 3; c.mp4: left, right)' in warning
    assert '--subjects' in warning
    assert scores.absences['left'] == [[1, 2]]
    assert scores.absences['3'] == [[0, 1], [2, 3]]
    assert recognize_files(2, 2).warnings == []


@pytest.fixture
def joints(monkeypatch):
    """Return an inferencer of joints that sees nobody in some files, and the set of the names of these files."""
    empty = set()

    def estimate(video, *_, **__):
        poses = make_poses(video.path, video.num_frames, (48, 64), num_joints=33, layout='blazepose33')
        poses.keypoint_score[:] = not any(video.path.endswith(name) for name in empty)
        return poses

    monkeypatch.setattr('mmaction_microaction.inference.inferencer.load_network', lambda *_: JointRecognizer())
    monkeypatch.setattr('mmaction_microaction.inference.pose_source.estimate_poses', estimate)
    return MicroActionInferencer('unused', longest_clip=0, window=1, step=0.5, crop='none'), empty


def test_a_file_without_a_person_is_an_absence(joints, tmp_path):
    inferencer, empty = joints
    media = tuple(write_levels(tmp_path / f'{name}.mp4', *[90] * seconds) for name, seconds in zip('abc', (3, 2, 1)))
    empty |= {'b.mp4', 'c.mp4'}
    scores = recognize_recording(inferencer, Recording('a', media), num_people=1)
    assert (scores.people, scores.duration, scores.ends.max()) == (('',), 6, 3)
    assert scores.absences == {'': [[3, 5], [5, 6]]}
    missing, wrong = scores.warnings[:2]
    assert missing.startswith('b.mp4: no frame shows both shoulders')
    assert wrong == 'b.mp4 shows nobody, but 1 was expected; look at the results'
    empty.add('a.mp4')
    with pytest.raises(NoPersonError, match='no frame shows both shoulders'):
        recognize_recording(inferencer, Recording('a', media))


@pytest.mark.people
def test_nothing_is_coded_while_a_person_is_away(inferencer, tmp_path, monkeypatch):
    class Leaving(FakeEstimator):
        """Two frames of each second are searched; the person is away from the 20th to the 44th."""

        def __call__(self, image):
            points, scores = super().__call__(image)
            away = 20 <= self.calls - 1 < 45
            return (points[:0], scores[:0]) if away else (points, scores)

    monkeypatch.setattr(MAKE, lambda *_: Leaving((160, 60, 20)))
    write_clip(tmp_path / 'a.mp4', 30 * 30, size=(320, 180))
    scores = recognize_recording(inferencer(crop='person'), Recording('a', (tmp_path / 'a.mp4',)))
    [[start, end]] = scores.absences['']
    assert (start, end) == (pytest.approx(9.75, abs=0.01), pytest.approx(22.25, abs=0.01))
    middles = (scores.starts + scores.ends) / 2
    assert not ((middles > start) & (middles < end)).any()
    assert {9.5, 22.5} <= set(middles.round(1).tolist())
    assert scores.warnings == ['a.mp4: the person is not seen from 10 to 22 s; nothing is coded there']


def test_short_absences_and_single_frames_do_not_count():
    times = np.arange(10) * 2.0
    assert find_absences(np.array([1, 0, 0, 0, 0, 1, 1, 0, 1, 1], bool), times, 20.0) == []
    assert find_absences(np.array([1, 1, 1, 1, 0, 0, 0, 0, 0, 0], bool), times, 20.0) == [(7.0, 20.0)]
    assert find_absences(np.array([1, 0, 1], bool), np.array([0.0, 30, 60]), 90.0) == []


def test_rest_never_becomes_an_event():
    with_rest = LabelSet.from_dict({'name': 'mine', 'actions': ['Rest', 'waving']})
    coding = code_scores(make_scores('a', label_set=with_rest), CodingSettings({}, threshold=0.5))
    assert [(event.start, event.end, event.action) for event in coding.events] == [(3.0, 4.0, 'waving')]
    assert coding.label_set.names == ('waving',)
