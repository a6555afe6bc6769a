import av
import pympi
import pytest
from helpers.odd_videos import numbered, write_plain
from helpers.sounds import write_with_sound

from mmaction_microaction.coding.formats import write_eaf
from mmaction_microaction.structures.coding import CodedEvent, Coding, write_coding
from mmaction_microaction.video.reader import Video

EVENTS = [CodedEvent(0, 2, 'nodding', 'P1', 'B1', 'head'), CodedEvent(1, 3, 'waving', 'P2', 'C9', 'upper limb')]


@pytest.fixture
def talk(tmp_path):
    write_with_sound(tmp_path / 'talk.mp4', [0.6])
    write_coding(Coding('talk', EVENTS, duration=4.0), tmp_path / 'talk.json')
    return tmp_path


def test_coding_is_drawn_with_sound(run, talk):
    status, output, errors = run('draw_coding', talk / 'talk.mp4', talk / 'talk.json', '--out', talk / 'out.mp4')
    assert status == 0, errors
    assert '2 events of 2 people (P1, P2) drawn in' in output
    assert 'warning' not in output + errors
    video = Video(talk / 'out.mp4')
    assert (video.num_frames, video.width, video.height) == (100, 480, 360 + 3 * 20)
    with av.open(str(talk / 'out.mp4')) as container:
        assert [stream.codec_context.name for stream in container.streams.audio] == ['aac']


def test_options_choose_people_size_and_sound(run, talk):
    options = ['--people', 'P2', '--height', 120, '--no-sound', '--out', talk / 'out.mp4']
    status, output, errors = run('draw_coding', talk / 'talk.mp4', talk / 'talk.json', *options)
    assert status == 0, errors
    assert '1 event drawn in' in output
    with av.open(str(talk / 'out.mp4')) as container:
        assert not container.streams.audio
        assert container.streams.video[0].height == 120 + 3 * 20


def test_tiers_choose_the_coder_of_an_elan_file(run, talk):
    write_eaf([Coding('talk', EVENTS, duration=4.0, coder='net')], talk / 'talk.eaf')
    eaf = pympi.Eaf(str(talk / 'talk.eaf'))
    eaf.add_annotation('P1 human', 0, 1000, 'nodding')
    eaf.to_file(str(talk / 'talk.eaf'))
    command = 'draw_coding', talk / 'talk.mp4', talk / 'talk.eaf', '--out', talk / 'out.mp4'
    status, _, errors = run(*command)
    assert status == 1
    assert '2 codings of talk, by net, human; choose one with --tiers' in errors
    status, output, errors = run(*command, '--tiers', '*human*')
    assert status == 0, errors
    assert '1 event' in output


def test_wrong_video_is_reported(run, talk):
    write_plain(talk / 'other.mp4', numbered(10))  # 0.4 s
    status, _, errors = run('draw_coding', talk / 'other.mp4', talk / 'talk.json', '--out', talk / 'out.mp4')
    assert status == 0, errors
    assert '1 of 2 events start after the end of' in errors


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['--out', 'x.avi'], 'must end with .mp4'),
        (['--out', 'talk.mp4'], 'is one of the files that are read'),
        (['--out', 'x.mp4', '--height', 20], '--height 20'),
        (['--out', 'x.mp4', '--poses', 'y.pkl'], '--poses needs --skeleton'),
        (['--out', 'x.mp4', '--people', 'Q*'], "has no events of people 'Q*' of talk"),
        (['--out', 'nowhere/x.mp4'], 'nowhere is not a folder'),
    ],
)
def test_mistakes_are_reported_in_one_line(run, talk, monkeypatch, options, message):
    monkeypatch.chdir(talk)
    status, _, errors = run('draw_coding', 'talk.mp4', 'talk.json', *options)
    assert status in (1, 2)
    assert message in errors.splitlines()[-1]
