import json

import numpy as np
import pytest

from mmaction_microaction.faces import FaceTrack, read_face_track, write_face_track


def test_tracks_are_unchanged_after_writing_and_reading(tmp_path):
    boxes = np.array([[1, 2, 30.5, 40], [np.nan] * 4, [2, 3, 31.5, 41]])
    write_face_track(FaceTrack(boxes, (64, 48), 'dlib', 1), tmp_path / 'track.json')
    track = read_face_track(tmp_path / 'track.json')
    np.testing.assert_array_equal(track.boxes, boxes)
    assert track[1:] == ((64, 48), 'dlib', 1, None, 0)
    settings = {'every': 2, 'smoothing': 0.1}
    write_face_track(track._replace(settings=settings, num_second=7), tmp_path / 'track.json')
    assert read_face_track(tmp_path / 'track.json')[2:] == ('dlib', 1, settings, 7)


def test_empty_video_has_a_track(tmp_path):
    write_face_track(FaceTrack(np.empty((0, 4)), (64, 48), 'dlib', 0), tmp_path / 'track.json')
    assert read_face_track(tmp_path / 'track.json').boxes.shape == (0, 4)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'boxes': [[1, 2, 3]]}, 'not a face track'),
        ({'boxes': [[5, 2, 5, 9]]}, 'has no area'),
        ({'width': None}, 'not a face track'),
        ({'boxes': None}, 'not a face track'),
        ({'settings': 2}, 'not a face track'),
        ({'boxes': [[1, 2, 3, 4, 5, 6, 7, 8]]}, 'not a face track'),
        ({'boxes': [[1, 2, 3, float('nan')]]}, 'has no area'),
        ({'boxes': [[1, 2, float('inf'), 4]]}, r'\[1\.0, 2\.0, inf, 4\.0\] is not within a video of 64 x 48 pixels'),
        ({'boxes': [[1, 2, 3, 4], [0, 0, 97, 40]]}, r'\[0\.0, 0\.0, 97\.0, 40\.0\] is not within'),
        ({'boxes': [[0, -25, 40, 40]]}, 'is not within'),
        ({'boxes': [[1e9, 1e9, 1e9 + 40, 1e9 + 40]]}, 'is not within'),
        ({'boxes': [[1, 2, 10**400, 4]]}, 'not a face track'),
        ({'width': 10**9}, 'not a face track'),
        ({'width': 0}, 'not a face track'),
        ({'height': float('inf')}, 'not a face track'),
    ],
)
def test_refuses_broken_files(tmp_path, change, message):
    content = {'width': 64, 'height': 48, 'detector': 'dlib', 'num_detected': 1, 'boxes': [[1, 2, 3, 4]]} | change
    (tmp_path / 'track.json').write_text(json.dumps(content))
    with pytest.raises(ValueError, match=message) as error:
        read_face_track(tmp_path / 'track.json')
    assert 'track.json' in str(error.value)


def test_a_face_at_the_border_may_reach_beyond_it(tmp_path):
    boxes = np.array([[-30.0, -20, 20, 30], [50, 30, 90, 70]])
    write_face_track(FaceTrack(boxes, (64, 48), 'dlib', 2), tmp_path / 'track.json')
    np.testing.assert_array_equal(read_face_track(tmp_path / 'track.json').boxes, boxes)


def test_error_of_missing_file_names_the_command(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'microaction faces'):
        read_face_track(tmp_path / 'track.json')
