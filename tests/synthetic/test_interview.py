import itertools

import numpy as np
import pytest

from mmaction_microaction.coding.formats import read_codings
from mmaction_microaction.synthetic.interview import write_interview
from mmaction_microaction.synthetic.long_video import make_long_video
from mmaction_microaction.synthetic.person.posture import sit
from mmaction_microaction.synthetic.person.skeleton import solve
from mmaction_microaction.video.reader import Video


def test_two_people_move_at_the_times_of_the_coding(tmp_path):
    write_interview(tmp_path / 'talk.mp4', 2, 4.0, (64, 76), seed=8, num_actions=1)
    [coding] = read_codings([tmp_path])
    video = Video(tmp_path / 'talk.mp4')
    frames = np.stack([frame.to_rgb() for frame in video.frames()]).astype(int)
    assert frames.shape == (60, 76, 128, 3)
    assert coding.duration == pytest.approx(video.duration) == 4.0
    assert (coding.recording, coding.people, coding.media) == ('talk', ('left', 'right'), (str(video.path),))
    assert [len(coding.of(person)) for person in coding.people] == [1, 1]
    for person, half in zip(coding.people, np.split(frames, 2, axis=2)):
        [event] = coding.of(person)
        seconds = np.arange(60) / 15
        acts = (event.start + 0.2 < seconds) & (seconds < event.end - 0.2)
        rests = (seconds < event.start) | (seconds > event.end)
        still = np.median(half[rests], axis=0)
        differences = np.abs(half - still).max(-1) > 60
        moved = differences.sum((1, 2))
        assert moved[acts].max() > 3 * moved[rests].max(), (person, event)


def test_people_rest_between_actions(monkeypatch):
    monkeypatch.setattr('mmaction_microaction.synthetic.long_video.add_idle_motion', lambda *_: None)
    video = make_long_video(30, (64, 76), seed=5, seconds=120, counts='long-tailed')
    assert video.num_frames == 3600
    times = [(round(action.start * 30), round(action.end * 30)) for action in video.actions]
    assert times[0][0] >= 0
    assert times[-1][1] <= 3600
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(times))
    acts = np.zeros(3600, bool)
    for start, end in times:
        acts[start:end] = True
    rest = solve(sit(video.posture, video.subject.proportions, 1), video.subject.proportions).joints
    joints = video.skeleton.joints
    distance = np.max([np.abs(joints[name] - rest[name]).reshape(3600, -1).max(1) for name in joints], axis=0)
    assert distance[~acts].max() < 0.01
    assert all(distance[start:end].max() > 0.02 for start, end in times)


def test_frequent_actions_of_mma52_are_frequent():
    labels = [action.label for action in make_long_video(600, (64, 76), seconds=1800, counts='long-tailed').actions]
    # 2,039 of the 13,698 instances of MMA-52's train table are of label 8, and one is of label 3.
    assert 60 < labels.count(8) < 125
    assert labels.count(3) < 5


def test_everybody_is_another_person():
    people = [make_long_video(1, (64, 76), seed, index=index) for seed in (1, 2) for index in (0, 1)]
    assert len({str(each.subject) for each in people}) == len({str(each.room) for each in people}) == 4


@pytest.mark.parametrize(
    ('people', 'seconds', 'actions', 'message'),
    [(0, 4.0, 1, '0 people'), (5, 4.0, 1, '5 people'), (1, 4.0, 9, r'9 actions do not fit into 4 s')],
)
def test_impossible_interviews_are_refused(people, seconds, actions, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        write_interview(tmp_path / 'talk.mp4', people, seconds, (64, 76), num_actions=actions)
    assert not list(tmp_path.iterdir())


def test_unknown_counts_are_refused():
    with pytest.raises(ValueError, match=r"'long'.*long-tailed, uniform"):
        make_long_video(3, (64, 76), counts='long')
