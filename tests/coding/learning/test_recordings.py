import pytest
from helpers.odd_videos import numbered, write_plain

from mmaction_microaction.coding.learning.recordings import open_recordings
from mmaction_microaction.structures.coding import CodedEvent, Coding


def coding(name='talk', *events, **options):
    return Coding(name, list(events) or [CodedEvent(0, 0.5, 'nod')], **options)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / 'videos').mkdir()
    for name in ('talk.mp4', 'talk_2.mp4'):
        write_plain(tmp_path / 'videos' / name, numbered(50))  # two seconds at 25 frames per second
    return tmp_path


def test_videos_are_found_by_name_beside_the_codings_or_in_a_folder(folder):
    for found in (
        open_recordings([coding()], [folder]),
        open_recordings([coding()], [folder / 'talk.json'], folder / 'videos'),
        open_recordings([coding('other', media=('D:\\study\\Talk.MP4',))], [], folder / 'videos'),
        open_recordings([coding(media=(str(folder / 'videos' / 'talk.mp4'),))], []),
    ):
        assert [video.path for video in found[0].videos] == [str(folder / 'videos' / 'talk.mp4')]


def test_times_of_joined_files_are_found_in_the_right_file(folder):
    [found] = open_recordings([coding(media=('talk.mp4', 'talk_2.mp4'))], [folder])
    assert found.duration == 4
    for start, end, name, frames in (
        (0.4, 1.4, 'talk.mp4', (10, 34)),
        (1.8, 2.8, 'talk_2.mp4', (0, 19)),  # the larger part of a clip across the border
        (1.2, 2.4, 'talk.mp4', (30, 49)),
        (3.0, 4.0, 'talk_2.mp4', (25, 49)),
    ):
        video, window = found.locate(start, end)
        assert video.path.endswith(f'/{name}')
        assert (window.first_frame, window.last_frame) == frames


def test_missing_and_ambiguous_videos_are_named(folder):
    with pytest.raises(FileNotFoundError, match=r'walk: no video walk.*--videos'):
        open_recordings([coding('walk')], [folder])
    write_plain(folder / 'talk.mp4', numbered(5))
    with pytest.raises(FileNotFoundError, match=r'talk: .*talk\.mp4 or '):
        open_recordings([coding()], [folder])
    with pytest.raises(FileNotFoundError, match='nowhere'):
        open_recordings([coding()], [folder], folder / 'nowhere')


def test_events_after_the_end_of_the_video_are_refused(folder):
    with pytest.raises(ValueError, match=r'nod from 1\.00 to 3\.50.*2\.00 s'):
        open_recordings([coding('talk', CodedEvent(1, 3.5, 'nod'))], [folder])
    assert open_recordings([coding('talk', CodedEvent(1, 2.5, 'nod'))], [folder])


def test_two_recordings_of_one_name_are_refused(folder):
    anna = coding('talk', CodedEvent(0, 1, 'nod', 'Anna'), media=('one/talk.mp4',))
    ben = coding('talk', CodedEvent(0, 1, 'nod', 'Ben'), media=('D:\\two\\talk_2.mp4',))
    with pytest.raises(ValueError, match=r'named talk.*one/talk\.mp4.*talk_2\.mp4.*rename'):
        open_recordings([anna, ben], [folder])
    (folder / 'talk.mp4').symlink_to(folder / 'videos' / 'talk_2.mp4')
    anna, ben = ({'media': (str(folder / name),)} for name in ('talk.mp4', 'videos/talk.mp4'))
    with pytest.raises(ValueError, match='named talk'):
        open_recordings([coding('talk', **anna), coding('talk', CodedEvent(0, 1, 'nod', 'Ben'), **ben)], [])


def test_people_of_several_files_are_joined_and_a_person_is_coded_once(folder):
    one, two = (coding('talk', CodedEvent(start, 1, 'nod', person)) for person, start in (('P1', 0.5), ('P2', 0)))
    [found] = open_recordings([one, two], [folder])
    assert [event.person for event in found.events] == ['P2', 'P1']
    with pytest.raises(ValueError, match=r'talk is coded twice for P2.*--people'):
        open_recordings([coding('talk', CodedEvent(0, 1, 'nod', 'P2')), two], [folder])
