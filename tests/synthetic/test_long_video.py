import numpy as np
import pytest
from support import write_clip

from mmaction_microaction.datasets.annotations import Annotation, read_annotations
from mmaction_microaction.synthetic.long_video import join_clips
from mmaction_microaction.videos import Video


def test_clips_stand_where_the_intervals_say(dataset, tmp_path):
    out, _, _ = dataset
    annotations = read_annotations(out / 'train_list_videos.txt')
    truth = join_clips(out / 'videos_train', annotations, 5, tmp_path / 'long.mp4')
    joined = [frame.image().astype(int) for frame in Video(tmp_path / 'long.mp4').frames()]
    by_label = {}
    for annotation in annotations:
        by_label.setdefault(annotation.label, []).append(annotation.filename)
    assert truth[0].start == 0
    assert truth[-1].end == pytest.approx(len(joined) / 30)
    for interval in truth:
        own = joined[round(interval.start * 30) : round(interval.end * 30)]
        candidates = [
            [f.image() for f in Video(out / 'videos_train' / name).frames()] for name in by_label[interval.label]
        ]
        # Encoded twice, but the same pictures.
        assert min(np.abs(np.array(c) - np.array(own)).mean() for c in candidates if len(c) == len(own)) < 6


def test_what_cannot_be_joined_is_refused(dataset, tmp_path):
    out, _, _ = dataset
    annotations = read_annotations(out / 'train_list_videos.txt')
    with pytest.raises(ValueError, match='99 clips: the list has 1 to'):
        join_clips(out / 'videos_train', annotations, 99, tmp_path / 'x.mp4')
    write_clip(tmp_path / 'other.mp4')
    other = Annotation(str(tmp_path / 'other.mp4'), 3)
    with pytest.raises(ValueError, match='differ in size or frame rate'):
        join_clips(out / 'videos_train', [annotations[0], other], 2, tmp_path / 'x.mp4')
    assert not (tmp_path / 'x.mp4').exists()
