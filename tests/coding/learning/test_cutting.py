import csv

import numpy as np
import pytest
from helpers.odd_videos import numbered, write_plain
from helpers.people import FakeEstimator

from mmaction_microaction.coding.learning import Piece
from mmaction_microaction.coding.learning.cutting import ClipCutter, name_clips, write_manifest
from mmaction_microaction.coding.learning.recordings import OpenRecording
from mmaction_microaction.inference import people as people_module
from mmaction_microaction.inference.people import PersonFinder
from mmaction_microaction.label_sets import LabelSet
from mmaction_microaction.structures.coding import CodedEvent
from mmaction_microaction.video.reader import Video
from mmaction_microaction.video.writer import write_video

LABELS = LabelSet.from_dict({'actions': ['nod / shake', '=1+1']})


def read(path):
    video = Video(path)
    return video, np.array([frame.to_rgb() for frame in video.frames()])


def cut(video, pieces, out, crop='none', subjects=(), events=None):
    events = events or [CodedEvent(0, 1, 'nod', person) for person in {piece.person for piece in pieces}]
    recordings = {'talk': OpenRecording('talk', events, (Video(video),))}
    names = name_clips(pieces, LABELS)
    return names, ClipCutter(PersonFinder(crop, 'all'), dict(subjects))(recordings, pieces, names, out)


def test_clips_have_exactly_the_frames_of_their_times(tmp_path):
    write_plain(tmp_path / 'talk.mp4', numbered(50))  # frame i has the brightness 20 + 4 i; 25 frames per second
    pieces = [Piece('talk', '', 0, *times) for times in ((0.4, 1.0), (0.0, 0.2), (1.6, 2.0), (0.41, 0.99))]
    names, places = cut(tmp_path / 'talk.mp4', pieces, tmp_path / 'clips')
    frames = [(10, 24), (0, 4), (40, 49), (11, 24)]
    assert [place[1:] for place in places] == frames
    for name, (first, last) in zip(names, frames):
        video, images = read(tmp_path / 'clips' / name)
        assert (video.fps, video.num_frames) == (25, last - first + 1)
        assert images.mean((1, 2, 3)) == pytest.approx(20 + 4 * np.arange(first, last + 1), abs=3)


def test_names_of_clips_are_unique_and_safe():
    pieces = [Piece('a/b: c', 'P 1', label, 0.5, 1) for label in (0, 0, 1)]
    assert name_clips(pieces, LABELS) == [
        'nod-shake/00000_a-b-c_P-1_0.500.mp4', 'nod-shake/00001_a-b-c_P-1_0.500.mp4', '1-1/00002_a-b-c_P-1_0.500.mp4',
    ]  # fmt: skip


def test_names_without_letters_have_a_folder_below_that_of_the_clips():
    labels = LabelSet.from_dict({'actions': ['nod', '?', '...', '--']})
    pieces = [Piece('?', '?', label, 0.5, 1) for label in range(4)]
    assert name_clips(pieces, labels) == [
        'nod/00000_0.500.mp4', 'category-2/00001_0.500.mp4', 'category-3/00002_0.500.mp4', 'category-4/00003_0.500.mp4',
    ]  # fmt: skip


def test_finished_clips_are_kept(tmp_path):
    write_plain(tmp_path / 'talk.mp4', numbered(50))
    pieces = [Piece('talk', '', 0, 0, 1), Piece('talk', '', 0, 1, 2)]
    names, _ = cut(tmp_path / 'talk.mp4', pieces, tmp_path / 'clips')
    first, second = (tmp_path / 'clips' / name for name in names)
    first.write_bytes(b'mine')
    second.unlink()
    cut(tmp_path / 'talk.mp4', pieces, tmp_path / 'clips')
    assert first.read_bytes() == b'mine'
    assert read(second)[0].num_frames == 25


def test_large_and_odd_frames_become_even_and_smaller(tmp_path):
    write_video(tmp_path / 'talk.mp4', np.zeros((5, 1024, 1536, 3), np.uint8), (1536, 1024), fps=5)
    names, _ = cut(tmp_path / 'talk.mp4', [Piece('talk', '', 0, 0, 1)], tmp_path / 'large')
    assert read(tmp_path / 'large' / names[0])[1].shape == (5, 512, 768, 3)
    names, _ = cut(tmp_path / 'talk.mp4', [Piece('talk', '', 0, 0, 1)], tmp_path / 'box', crop=(10, 20, 101, 77))
    assert read(tmp_path / 'box' / names[0])[1].shape == (5, 76, 100, 3)


@pytest.fixture
def two(tmp_path, monkeypatch):
    """A video whose left half is dark and right half bright, with a person in each."""
    images = np.full((20, 240, 480, 3), 60, np.uint8)
    images[:, :, 240:] = 200
    write_video(tmp_path / 'talk.mp4', images, (480, 240), fps=10)
    monkeypatch.setattr(people_module, 'make_estimator', lambda *_: FakeEstimator((120, 75, 30), (360, 75, 30)))
    return tmp_path / 'talk.mp4'


@pytest.mark.parametrize('names', [('left', 'right'), ('P1', 'P2')])
def test_clips_show_the_person_who_acts(two, names, tmp_path, recwarn):
    subjects = zip(('left', 'right'), names) if names[0] == 'P1' else ()
    pieces = [Piece('talk', name, 0, 0, 1) for name in names]
    clips, _ = cut(two, pieces, tmp_path / 'clips', 'person', subjects)
    middles = [read(tmp_path / 'clips' / clip)[1][:, 60:120, 60:90].mean() for clip in clips]
    assert middles == pytest.approx([60, 200], abs=5)
    assert not recwarn.list


def test_unknown_person_of_several_is_refused(two, tmp_path):
    with pytest.raises(ValueError, match=r"left, right.*'P7'.*--subjects.*left=P7"):
        cut(two, [Piece('talk', 'P7', 0, 0, 1)], tmp_path / 'clips', 'person')


def test_whole_frames_of_several_coded_people_are_refused(two, tmp_path):
    pieces = [Piece('talk', name, 0, 0, 1) for name in ('P1', 'P2')]
    with pytest.raises(ValueError, match=r"'P1', 'P2'|'P2', 'P1'"):
        cut(two, pieces, tmp_path / 'clips')


def test_manifest_says_where_each_clip_is_from(tmp_path):
    write_plain(tmp_path / 'talk.mp4', numbered(50))
    video = Video(tmp_path / 'talk.mp4')
    pieces = [Piece('talk', 'P1', 1, 0.4, 1.4, CodedEvent(0.7, 1.1, 'coded so', 'P1')), Piece('talk', 'P1', 0, 0, 0.4)]
    write_manifest(
        tmp_path / 'clips.csv', pieces, ['a.mp4', 'b.mp4'], [(video, 10, 34), (video, 0, 9)], ['P1', 'P1'],
        ['val', 'train'], LABELS,
    )  # fmt: skip
    with open(tmp_path / 'clips.csv', encoding='utf-8-sig') as file:
        first, second = csv.DictReader(file)
    assert first == dict(
        clip='a.mp4', category="'=1+1", part='val', subject='P1', recording='talk', person='P1', video=video.path,
        first_frame='10', last_frame='34', start='0.400', end='1.400', coded_action='coded so', coded_start='0.700',
        coded_end='1.100',
    )  # fmt: skip
    assert (second['clip'], second['coded_action'], second['coded_start']) == ('b.mp4', '', '')
