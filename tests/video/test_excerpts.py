import numpy as np
import pytest
from helpers.field_video import write_field_video
from helpers.odd_videos import numbered, write_frames, write_plain

from mmaction_microaction.video import excerpts
from mmaction_microaction.video.excerpts import read_excerpt
from mmaction_microaction.video.reader import Video


def levels(images):
    return [float(image.mean()) for image in images]


@pytest.fixture(params=['plain.mp4', 'b_frames.mp4', 'b_frames.avi', 'plain.mkv', 'plain.ts'])
def video(request, tmp_path):
    path = tmp_path / request.param
    if 'b_frames' in request.param:
        write_frames(path, numbered(50), options={'bf': '3', 'g': '10', 'b-adapt': '0'})
    else:
        write_plain(path, numbered(50))
    return Video(path)


@pytest.mark.parametrize(('first', 'last'), [(0, 0), (0, 4), (17, 33), (49, 49), (0, 49)])
def test_excerpt_has_exactly_the_wanted_frames(video, first, last):
    assert levels(read_excerpt(video, first, last)) == pytest.approx(20 + 4 * np.arange(first, last + 1), abs=3)


def test_frames_before_the_excerpt_are_not_decoded(tmp_path, monkeypatch):
    write_frames(tmp_path / 'long.mp4', numbered(50) * 4, options={'g': '10', 'bf': '0'})
    video = Video(tmp_path / 'long.mp4')
    decoded = []
    convert = excerpts.FrameConverter.__call__
    monkeypatch.setattr(excerpts.FrameConverter, '__call__', lambda *args: decoded.append(0) or convert(*args))
    monkeypatch.setattr(video, 'frames', lambda: pytest.fail('the whole video is decoded'))
    assert levels(read_excerpt(video, 160, 164)) == pytest.approx(20 + 4 * np.arange(10, 15), abs=3)
    assert len(decoded) == 5


def test_fields_of_camcorders_are_frames(tmp_path):
    images = [np.full((32, 16), 20 + 10 * index, np.uint8) for index in range(12)]
    write_field_video(tmp_path / 'fields.mts', images)
    video = Video(tmp_path / 'fields.mts')
    whole = [frame.to_rgb() for frame in video.frames()]
    assert levels(read_excerpt(video, 3, 7)) == levels(whole[3:8])


def test_images_are_converted_as_they_are_decoded(tmp_path):
    write_plain(tmp_path / 'a.mp4', numbered(20))
    found = read_excerpt(Video(tmp_path / 'a.mp4'), 5, 7, lambda index, image: np.array([index, *image.shape]))
    assert [each.tolist() for each in found] == [[index, 48, 64, 3] for index in (5, 6, 7)]


def test_frames_that_do_not_exist_are_refused(tmp_path):
    write_plain(tmp_path / 'a.mp4', numbered(20))
    with pytest.raises(ValueError, match='20 frames'):
        read_excerpt(Video(tmp_path / 'a.mp4'), 18, 20)
