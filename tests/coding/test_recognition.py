"""The files of a recording follow each other, and every person has rows."""

import numpy as np
import pytest
from helpers.coding import make_scores
from helpers.people import FakeEstimator
from helpers.support import write_clip

from mmaction_microaction.coding.events import code_scores
from mmaction_microaction.coding.recognition import recognize_recording
from mmaction_microaction.coding.recordings import Recording
from mmaction_microaction.coding.settings import CodingSettings
from mmaction_microaction.inference import MicroActionInferencer
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


@pytest.mark.people
def test_files_with_other_people_have_a_person_who_is_unknown(inferencer, tmp_path, monkeypatch):
    both = FakeEstimator((60, 60, 15), (250, 60, 20))
    monkeypatch.setattr(MAKE, lambda *_: both)
    media = tmp_path / 'a.mp4', tmp_path / 'b.mp4'
    for path, seed in zip(media, (0, 1)):
        write_clip(path, 30, size=(320, 180), seed=seed)
    network = inferencer(crop='person', person='all')
    framed = network.find_people

    def find_people(video):
        both.people = both.people[: 2 if video.path.endswith('a.mp4') else 1]
        return framed(video)

    monkeypatch.setattr(network, 'find_people', find_people)
    scores = recognize_recording(network, Recording('a', media))
    assert scores.people == ('left', 'right', 'unknown')
    assert scores.warnings == ['some files of a show one person, others several; the only person is called unknown']


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
    with_rest = LabelSet.from_dict({'name': 'mine', 'actions': ['rest', 'waving']})
    coding = code_scores(make_scores('a', label_set=with_rest), CodingSettings({}, threshold=0.5))
    assert [(event.start, event.end, event.action) for event in coding.events] == [(3.0, 4.0, 'waving')]
