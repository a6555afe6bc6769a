import numpy as np
import pytest
from helpers.people import SAMPLES, FakeEstimator, get_blazepose, iou, make_poses
from helpers.support import ROOT, write_clip

from mmaction_microaction.poses.framing import find_crop, locate_people, sample_poses
from mmaction_microaction.synthetic import make_clip, render_frames
from mmaction_microaction.video.reader import Video
from mmaction_microaction.video.writer import write_video

CLIPS = ROOT.parent / 'shared/ma52/samples'
FRAMES = np.arange(8)


def names(*people):
    return [person.name for person in locate_people(make_poses(people), FRAMES, 8)[0]]


def test_people_are_named_from_left_to_right():
    near, far, middle = [(1500, 300, 100)] * 8, [(300, 300, 60)] * 8, [(900, 300, 80)] * 8
    assert names(near) == ['']
    assert names(near, far) == ['left', 'right']
    people, largest = locate_people(make_poses([near, far, middle]), FRAMES, 8)
    assert [person.name for person in people] == ['1', '2', '3']
    assert [int(person.boxes[0, 3]) for person in people] == [366, 488, 610]
    assert largest == 2


def test_passers_by_distant_people_and_duplicates_do_not_count():
    near = [(1500, 300, 100)] * 8
    assert names(near, [(300, 300, 90)] + [None] * 7) == ['']
    assert names(near, [(300, 300, 90)] * 2 + [None] * 6) == ['left', 'right']
    assert names(near, [(300, 300, 30)] * 8) == ['']
    assert names(near, [(1540, 310, 90)] * 8) == ['']
    assert names(near, [(1400, 310, 90)] * 8) == ['left', 'right']
    assert locate_people(make_poses([[None] * 8]), FRAMES, 8) == ([], 0)


def test_boxes_are_interpolated_between_searched_frames():
    walking = [(300 + 30 * i, 300, 100) for i in range(40)]
    [person], _ = locate_people(make_poses([walking]), np.arange(40) * 15, 600)
    assert person.boxes.shape == (600, 4)
    middles = person.boxes[:, 0] + 254
    assert middles[150:450] == pytest.approx(300 + 2 * np.arange(150, 450), abs=16)


@pytest.mark.parametrize('num_frames', [1, 16, 75])
def test_two_frames_a_second_are_searched(num_frames, tmp_path):
    write_clip(tmp_path / 'clip.mp4', num_frames, size=(16, 16))  # 30 frames per second
    estimator = FakeEstimator((8, 4, 3))
    poses, indices = sample_poses(Video(tmp_path / 'clip.mp4'), estimator)
    assert estimator.calls == len(indices) == poses.total_frames == -(-num_frames // 15)
    assert poses.fps == 2


def test_long_videos_are_searched_less_often(tmp_path, monkeypatch):
    monkeypatch.setattr('mmaction_microaction.poses.framing.MAX_SEARCHES', 4)
    write_clip(tmp_path / 'clip.mp4', 90, size=(16, 16))
    estimator = FakeEstimator((8, 4, 3))
    _, indices = sample_poses(Video(tmp_path / 'clip.mp4'), estimator)
    assert indices.tolist() == [0, 23, 46, 69]


def test_crop_is_that_of_the_largest_person(tmp_path):
    write_clip(tmp_path / 'clip.mp4', 15, size=(320, 180))
    video = Video(tmp_path / 'clip.mp4')
    boxes, found = find_crop(video, FakeEstimator((60, 50, 15), (250, 50, 25)))
    assert found
    assert boxes[0].tolist() == [250 - 64, 50 + 27 - 76, 127, 152]
    assert find_crop(video, FakeEstimator()) == (None, False)


def test_rendered_person_is_found_in_a_wide_picture(tmp_path):
    estimator = get_blazepose()
    for seed in range(3):
        frames = list(render_frames(make_clip(9, seed, (320, 384), seed=seed)))[:31]
        wide = np.full((len(frames), 384, 682, 3), 128, np.uint8)
        wide[:, :, 362:] = frames
        write_video(tmp_path / 'wide.mp4', wide, (682, 384), fps=30)
        boxes, found = find_crop(Video(tmp_path / 'wide.mp4'), estimator)
        assert found
        # Rendered people are larger in the picture than those of MA-52.
        assert iou(boxes[0], (362, 0, 320, 384)) > 0.6


def test_real_clips_are_not_cropped_and_people_side_by_side_are_separated(tmp_path):
    estimator = get_blazepose()
    paths = [CLIPS / f'{name}.mp4' for name in SAMPLES]
    if not paths[0].is_file():
        pytest.skip('needs the sample clips')
    firsts = []
    for path in paths:
        video = Video(path)
        assert find_crop(video, estimator) == (None, True)
        firsts.append(next(video.frames()).to_rgb()[::3, ::3])
    for count, expected in ((2, ['left', 'right']), (4, ['1', '2', '3', '4'])):
        row = np.concatenate(firsts[:count], axis=1)
        write_video(tmp_path / 'row.mp4', [row] * 16, row.shape[1::-1], fps=30)
        poses, indices = sample_poses(Video(tmp_path / 'row.mp4'), estimator)
        people, _ = locate_people(poses, indices, 16)
        assert [person.name for person in people] == expected
        for index, person in enumerate(people):
            assert iou(person.boxes[0], (360 * index, 0, 360, 432)) > (0.6 if index == 2 else 0.75)
