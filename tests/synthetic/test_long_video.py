import itertools

import numpy as np
import pytest

from mmaction_microaction.structures.poses import read_poses
from mmaction_microaction.synthetic.long_video import make_long_video, write_long_video
from mmaction_microaction.synthetic.person.posture import sit
from mmaction_microaction.synthetic.person.skeleton import solve
from mmaction_microaction.synthetic.scene import render_frames
from mmaction_microaction.video.reader import Video


def test_all_actions_are_shown_before_one_is_repeated(tmp_path, monkeypatch):
    # Only the lengths are checked, and rendering is slow.
    blank = lambda clip: np.zeros((clip.num_frames, 76, 64, 3), np.uint8)  # noqa: E731
    monkeypatch.setattr('mmaction_microaction.synthetic.long_video.render_frames', blank)
    truth = write_long_video(tmp_path / 'long.mp4', 60, (64, 76), seed=3)
    labels = [interval.label for interval in truth]
    assert sorted(labels[:52]) == list(range(52))
    assert len(set(labels[52:])) == 8
    assert truth[0].start == 0
    assert all(one.end == other.start for one, other in itertools.pairwise(truth))
    assert round(truth[-1].end * 30) == Video(tmp_path / 'long.mp4').num_frames
    lengths = [round((interval.end - interval.start) * 30) for interval in truth]
    assert 30 <= min(lengths) < max(lengths) <= 210
    assert len(set(lengths)) > 10
    (poses,) = read_poses(tmp_path / 'long.pkl')
    assert (poses.frame_dir, poses.total_frames) == ('long', sum(lengths))


def test_long_video_shows_one_room(tmp_path):
    truth = write_long_video(tmp_path / 'long.mp4', 3, (64, 76), seed=4)
    frames = [frame.to_rgb().astype(int) for frame in Video(tmp_path / 'long.mp4').frames()]
    first = [frames[round(interval.start * 30)] for interval in truth]
    # The upper corners show the wall. Their colours in clips of a dataset differ by tens of grey levels.
    for corner in (np.s_[:12, :12], np.s_[:12, -12:]):
        colors = [frame[corner].mean((0, 1)) for frame in first]
        assert np.abs(np.diff(colors, axis=0)).max() < 6


@pytest.mark.parametrize('seed', [201, 202, 203])
def test_nothing_but_the_person_changes_between_two_actions(seed, monkeypatch):
    """The person is at rest where one action ends and the next one begins. Sway and breathing go on."""
    monkeypatch.setattr('mmaction_microaction.synthetic.long_video.add_idle_motion', lambda *_: None)
    still = make_long_video(52, (64, 76), seed)
    rest = solve(sit(still.posture, still.subject.proportions, 1), still.subject.proportions)
    borders = [round(interval.start * 30) for interval in still.actions]
    for joint, track in still.skeleton.joints.items():
        assert np.abs(track[borders] - rest.joints[joint]).max() < 0.01
    monkeypatch.undo()
    video = make_long_video(52, (64, 76), seed)
    for track in video.skeleton.joints.values():
        speed = np.abs(np.diff(track, axis=0)).reshape(video.num_frames - 1, -1).max(1)
        assert speed[np.array(borders[1:]) - 1].max() < 0.015
    # Glasses and the object are there from the beginning, so that no action brings them.
    assert video.nuisances.glasses
    assert video.nuisances.held is not None


def test_grain_of_the_sensor_is_that_of_one_camera():
    """Each action had another level of noise in version 1 of the renderer."""
    video = make_long_video(2, (64, 76), seed=5)
    frames = np.stack([frame[:8, :8].astype(float) for frame in render_frames(video)])
    border = round(video.actions[1].start * 30)
    levels = [np.std(part - part.mean(0)) for part in (frames[:border], frames[border:])]
    assert levels[0] == pytest.approx(levels[1], rel=0.25)


def test_zero_actions_are_rejected(tmp_path):
    with pytest.raises(ValueError, match='0 actions'):
        write_long_video(tmp_path / 'long.mp4', 0, (64, 76))
    assert not list(tmp_path.iterdir())
