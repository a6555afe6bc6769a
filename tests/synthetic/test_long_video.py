import itertools

import numpy as np
import pytest

from mmaction_microaction.structures.poses import read_poses
from mmaction_microaction.synthetic import make_clip
from mmaction_microaction.synthetic.long_video import write_long_video
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
    assert lengths == [make_clip(label, 0, (64, 76), seed=3, index=i).num_frames for i, label in enumerate(labels)]
    assert len(set(lengths)) > 10
    (poses,) = read_poses(tmp_path / 'long.pkl')
    assert (poses.frame_dir, poses.total_frames) == ('long', sum(lengths))


def test_long_video_shows_one_room(tmp_path):
    truth = write_long_video(tmp_path / 'long.mp4', 3, (64, 76), seed=4)
    frames = [frame.to_rgb().astype(int) for frame in Video(tmp_path / 'long.mp4').frames()]
    first = [frames[round(interval.start * 30)] for interval in truth]
    # The upper corners show the wall. Clips of a dataset differ there by tens of grey levels.
    assert np.abs(first[1][:12, :12] - first[0][:12, :12]).mean() < 6
    assert np.abs(first[2][:12, -12:] - first[0][:12, -12:]).mean() < 6


def test_zero_actions_are_rejected(tmp_path):
    with pytest.raises(ValueError, match='0 actions'):
        write_long_video(tmp_path / 'long.mp4', 0, (64, 76))
    assert not list(tmp_path.iterdir())
