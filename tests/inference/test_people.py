import re

import numpy as np
import pytest
from helpers.people import FakeEstimator
from helpers.support import write_clip

from mmaction_microaction.inference import ClipResult, describe_framing, parse_crop, write_csv
from mmaction_microaction.inference.crops import find_trained_crop, format_crop
from mmaction_microaction.inference.people import PersonFinder, SeveralPeopleWarning
from mmaction_microaction.label_sets import MA52, get_label_set
from mmaction_microaction.structures.intervals import read_intervals, write_entries
from mmaction_microaction.video.reader import Video

ALONE = (160, 60, 20)  # middle and width of the shoulders. The box is 122 pixels high.
PAIR = ((60, 60, 15), (250, 60, 20))
MAKE = 'mmaction_microaction.inference.people.make_estimator'
CACHED = 'mmaction_microaction.inference.people.are_networks_cached'

pytestmark = pytest.mark.people


@pytest.fixture
def wide(tmp_path):
    write_clip(tmp_path / 'wide.mp4', 16, size=(320, 180))
    return Video(tmp_path / 'wide.mp4')


@pytest.fixture
def find(monkeypatch):
    """Return a function that frames a video in which certain people are found."""

    def find(video, *people, crop='auto', person='largest', **options):
        monkeypatch.setattr(MAKE, lambda *_: FakeEstimator(*people))
        monkeypatch.setattr(CACHED, lambda: True)
        return PersonFinder(crop, person, **options)(video)

    return find


def test_wide_video_is_cropped_to_the_person(wide, find):
    [framed] = find(wide, ALONE)
    assert framed.boxes[0].tolist() == [160 - 51, 60 + 22 - 61, 102, 122]
    assert framed.person == ''
    originals, frames = list(wide.frames()), list(framed.frames())
    assert [frame[:2] for frame in frames] == [frame[:2] for frame in originals]
    assert (frames[3].to_rgb() == originals[3].to_rgb()[21:143, 109:211]).all()
    assert (framed.path, framed.duration, framed.num_frames) == (wide.path, wide.duration, wide.num_frames)
    # A video that was framed once stays as it is.
    assert find(framed, PAIR[0]) == [framed]


def test_video_that_is_framed_like_ma52_stays_as_it_is(tmp_path, find):
    write_clip(tmp_path / 'clip.mp4', 16, size=(100, 120))
    video = Video(tmp_path / 'clip.mp4')
    [framed] = find(video, (50, 38, 19))
    assert framed.boxes is None
    for frame, original in zip(framed.frames(), video.frames(), strict=True):
        assert (frame.to_rgb() == original.to_rgb()).all()
    [framed] = find(video, (50, 38, 19), crop='person')
    assert framed.boxes[0, 3] == 116
    [framed] = find(video, (50, 38, 8))  # far away
    assert framed.boxes[0, 3] == 49


@pytest.mark.parametrize(
    ('person', 'expected'),
    [('left', ['left']), ('right', ['right']), ('largest', ['right']), ('all', ['left', 'right'])],
)
@pytest.mark.filterwarnings('ignore:.*shows 2 people')
def test_one_of_two_people_is_chosen(person, expected, wide, find):
    framed = find(wide, *PAIR, person=person)
    assert [video.person for video in framed] == expected
    middles = {'left': 60, 'right': 250}
    for video in framed:
        assert video.boxes[0, 0] + video.boxes[0, 2] / 2 == pytest.approx(middles[video.person], abs=1)
        [other] = video.others
        assert other[0, 0] + other[0, 2] / 2 == pytest.approx(310 - middles[video.person], abs=1)


@pytest.mark.parametrize(('person', 'text'), [('largest', 'the result is that of right'), ('all', 'each has a result')])
def test_several_people_are_warned_about(person, text, wide, find):
    with pytest.warns(SeveralPeopleWarning, match=rf'wide\.mp4 shows 2 people \(left, right\); {text}.*--person'):
        find(wide, *PAIR, person=person)


def test_missing_person_is_warned_about(wide, find):
    with pytest.warns(UserWarning, match=r'wide\.mp4 shows no person'):
        [framed] = find(wide)
    assert framed.boxes is None


def test_missing_package_is_reported_once(wide, monkeypatch):
    def fail(*_):
        raise ImportError('needs the extra "pose"')

    monkeypatch.setattr(MAKE, fail)
    find = PersonFinder('auto', 'largest')
    with pytest.warns(UserWarning, match='not cropped.*needs the extra "pose"') as warned:
        framed = [*find(wide), *find(wide)]
    assert len(warned) == 1
    assert [video.boxes for video in framed] == [None, None]
    with pytest.raises(ImportError, match='extra "pose"'):
        PersonFinder('person', 'largest')(wide)


@pytest.mark.parametrize(('size', 'warns'), [((100, 120), 0), ((320, 180), 1)])
def test_missing_package_does_not_matter_for_videos_of_the_usual_shape(size, warns, tmp_path, monkeypatch, recwarn):
    def fail(*_):
        raise ImportError('needs the extra "pose"')

    monkeypatch.setattr(MAKE, fail)
    write_clip(tmp_path / 'clip.mp4', 3, size=size)
    PersonFinder('auto', 'largest')(Video(tmp_path / 'clip.mp4'))
    assert len([warning for warning in recwarn if 'not cropped' in str(warning.message)]) == warns


@pytest.mark.filterwarnings('ignore:.*shows no person')
@pytest.mark.parametrize('cached', [False, True])
@pytest.mark.parametrize('order', [('usual', 'wide'), ('wide', 'usual')])
def test_networks_are_downloaded_for_videos_of_another_shape_than_the_usual_one(cached, order, tmp_path, monkeypatch):
    sizes = {'usual': (100, 120), 'wide': (320, 180)}
    estimator, made = FakeEstimator(), []
    monkeypatch.setattr(MAKE, lambda *_: made.append(name) or estimator)
    monkeypatch.setattr(CACHED, lambda: cached)
    find, searched = PersonFinder('auto', 'largest'), []
    for name in order:
        write_clip(tmp_path / f'{name}.mp4', 3, size=sizes[name])
        before = estimator.calls
        find(Video(tmp_path / f'{name}.mp4'))
        searched += [name] * (estimator.calls > before)
    assert searched == (list(order) if cached else ['wide'])
    assert made == searched[:1]
    find = PersonFinder('person', 'largest')
    name = 'usual'
    find(Video(tmp_path / 'usual.mp4'))
    assert made[1:] == ['usual']


def test_a_missing_connection_is_noticed_once_and_not_for_videos_of_the_usual_shape(wide, tmp_path, monkeypatch):
    attempts = []

    def fail(*_):
        attempts.append('pip')
        raise OSError('cannot be downloaded')

    monkeypatch.setattr(MAKE, fail)
    monkeypatch.setattr(CACHED, lambda: False)
    write_clip(tmp_path / 'clip.mp4', 3, size=(100, 120))
    find = PersonFinder('auto', 'largest')
    assert find(Video(tmp_path / 'clip.mp4'))[0].boxes is None
    assert attempts == []
    with pytest.warns(UserWarning, match=r'wide\.mp4.*not cropped.*cannot be downloaded'):
        find(wide)
    find(wide)
    assert attempts == ['pip']


@pytest.mark.parametrize(('trained', 'left'), [('none', None), ('person', 109), ('auto', 109), ((10, 20, 50, 60), 10)])
def test_videos_are_cropped_like_the_clips_of_the_training(trained, left, wide, find, recwarn):
    [framed] = find(wide, ALONE, trained_crop=trained)
    assert (None if framed.boxes is None else framed.boxes[0, 0]) == left
    assert find(wide, ALONE, crop='none', trained_crop=trained)[0].boxes is None
    assert not recwarn.list


def test_whole_frames_are_warned_about_once_if_it_is_not_known_how_training_clips_were_cropped(
    wide, tmp_path, monkeypatch, recwarn
):
    monkeypatch.setattr(MAKE, None)
    write_clip(tmp_path / 'clip.mp4', 3, size=(100, 120))
    find = PersonFinder('auto', 'largest', None)
    assert find(Video(tmp_path / 'clip.mp4'))[0].boxes is None  # framed like MA-52
    PersonFinder('none', 'largest', None)(wide)
    assert not recwarn.list
    for _ in range(2):
        assert find(wide)[0].boxes is None
    [warning] = recwarn.list
    assert re.search(r'wide\.mp4.*not cropped.*--crop person.*--crop none', str(warning.message))


@pytest.mark.parametrize('crop', ['none', (10, 20, 50, 60)])
@pytest.mark.parametrize('person', ['left', 'right'])
def test_one_of_two_people_cannot_be_chosen_without_a_search(crop, person):
    with pytest.raises(ValueError, match=rf"person is '{person}'.*use --crop person"):
        PersonFinder(crop, person)
    for trained in (crop, None):
        with pytest.raises(ValueError, match=rf"person is '{person}'"):
            PersonFinder('auto', person, trained)
    PersonFinder('person', person, crop)
    PersonFinder(crop, 'largest')


def test_crop_of_a_network_is_read_from_its_text():
    imigue = get_label_set('imigue')
    assert [find_trained_crop(None, label_set, 'x') for label_set in (MA52, imigue)] == ['auto', None]
    for crop in ('auto', 'person', 'none', (500, 0, 900, 1080)):
        assert find_trained_crop(format_crop(crop), imigue, 'x') == crop
    for text in ('centre', '-1,0,5,5', '0,0,5,0', '9' * 9999, 7):
        with pytest.raises(ValueError, match=r'^x\.onnx .* unknown: .{1,40}$'):
            find_trained_crop(text, MA52, 'x.onnx')


def test_fixed_box_is_cut_out_without_a_search(wide, find):
    [framed] = find(wide, crop=(10, 20, 50, 60))
    assert next(framed.frames()).to_rgb().shape == (60, 50, 3)
    with pytest.raises(ValueError, match=r'320 x 180 pixels, which do not contain the box 300,20,50,60'):
        find(wide, crop=(300, 20, 50, 60))


@pytest.mark.parametrize('text', ['auto', 'person', 'none'])
def test_words_for_crops(text):
    assert parse_crop(text) == text


@pytest.mark.parametrize('text', ['', 'centre', '1,2,3', '1,2,3,4,5', '1,2,3,x'])
def test_malformed_crops_are_refused(text):
    with pytest.raises(ValueError, match='X,Y,W,H'):
        parse_crop(text)


@pytest.mark.parametrize(
    ('crop', 'person', 'message'),
    [
        ('center', 'all', "crop is 'center'"),
        ((-1, 0, 5, 5), 'all', 'at least 0'),
        ((0, 0, 5, 0), 'all', 'at least 1'),
        ('auto', 'tallest', "person is 'tallest'.*left, right, largest, all"),
    ],
)
def test_options_out_of_range_are_refused(crop, person, message):
    with pytest.raises(ValueError, match=message):
        PersonFinder(crop, person)


def result(person='', boxes=None, video='two.mp4'):
    return ClipResult(video, 2.0, np.eye(52)[9], person=person, boxes=boxes)


def test_files_name_people_only_if_there_are_several(tmp_path):
    boxes = np.array([[1, 2, 50, 60], [5, 2, 50, 60]])
    assert {'person', 'crop'}.isdisjoint(result().to_dict())
    assert result('left', boxes).to_dict()['person'] == 'left'
    assert result(boxes=boxes).to_dict()['crop'] == [1, 2, 50, 60]
    assert describe_framing(result()) == []
    assert describe_framing(result(boxes=boxes)) == ['cropped to 50 x 60 pixels at 1,2 at first, then moving']
    write_csv([result()], tmp_path / 'one.csv')
    assert 'person' not in (tmp_path / 'one.csv').read_text('utf-8-sig')
    write_csv([result('left'), result('right'), result(video='one.mp4')], tmp_path / 'all.csv')
    lines = (tmp_path / 'all.csv').read_text('utf-8-sig').splitlines()
    assert [lines[row].rpartition(',')[2] for row in (0, 1, 6, 11)] == ['person', 'left', 'right', '']


def test_intervals_of_people_are_read_back_by_name(tmp_path):
    entry = dict(video='two.mp4', duration=9, intervals=[dict(start=1, end=2, label=9)])
    people = [dict(entry, person=name) for name in ('left', 'right')]
    write_entries(people, tmp_path / 'x.json')
    assert list(read_intervals(tmp_path / 'x.json')) == ['two.mp4 (left)', 'two.mp4 (right)']
