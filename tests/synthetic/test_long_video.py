import itertools

import numpy as np
import pytest

from mmaction_microaction.synthetic import make_clip
from mmaction_microaction.synthetic.long_video import write_long_video
from mmaction_microaction.video.reader import Video


def test_every_action_comes_before_one_comes_again(tmp_path, monkeypatch):
    # Only lengths matter here; drawing takes long.
    blank = lambda clip: np.zeros((clip.num_frames, 76, 64, 3), np.uint8)  # noqa: E731
    monkeypatch.setattr('mmaction_microaction.synthetic.long_video.frames', blank)
    truth = write_long_video(tmp_path / 'long.mp4', 60, (64, 76), seed=3)
    labels = [interval.label for interval in truth]
    assert sorted(labels[:52]) == list(range(52))
    assert len(set(labels[52:])) == 8
    assert truth[0].start == 0
    assert all(one.end == other.start for one, other in itertools.pairwise(truth))
    assert round(truth[-1].end * 30) == Video(tmp_path / 'long.mp4').num_frames
    lengths = [round((interval.end - interval.start) * 30) for interval in truth]
    assert lengths == [make_clip(label, 0, (64, 76), 3, 0, i).num_frames for i, label in enumerate(labels)]
    assert len(set(lengths)) > 10


def test_it_is_one_person_in_one_room(tmp_path):
    truth = write_long_video(tmp_path / 'long.mp4', 3, (64, 76), seed=4)
    pictures = [frame.to_rgb().astype(int) for frame in Video(tmp_path / 'long.mp4').frames()]
    first = [pictures[round(interval.start * 30)] for interval in truth]
    # The upper corners show the wall; the clips of a data set differ there by tens of grey levels.
    assert np.abs(first[1][:12, :12] - first[0][:12, :12]).mean() < 6
    assert np.abs(first[2][:12, -12:] - first[0][:12, -12:]).mean() < 6


def test_no_action_is_refused(tmp_path):
    with pytest.raises(ValueError, match='0 actions'):
        write_long_video(tmp_path / 'long.mp4', 0, (64, 76))
    assert not list(tmp_path.iterdir())
