"""Subtitles, against texts written by hand and another library."""

import pysubs2
import pytest

from mmaction_microaction.coding.formats import FORMATS, read_codings
from mmaction_microaction.structures.coding import CodedEvent, Coding

EVENTS = [
    CodedEvent(0.5, 0.5, 'sigh', 'Frau Müller', comment='before the\nanswer'),
    CodedEvent(1.5, 34.0, 'nodding', 'P1', 'B1', 'head', 0.873),
    CodedEvent(2.0, 3.2345, 'wave & <smile>', code='C5'),
    CodedEvent(3600.0, 3725.25, 'resting'),
]
SRT = """1
00:00:00,500 --> 00:00:01,500
Frau Müller: sigh (point)
before the answer

2
00:00:01,500 --> 00:00:34,000
P1: nodding (B1, 87 %)

3
00:00:02,000 --> 00:00:03,234
wave & <smile> (C5)

4
01:00:00,000 --> 01:02:05,250
resting
"""


@pytest.mark.parametrize('name', ['srt', 'vtt'])
def test_another_library_reads_texts_and_times(tmp_path, name):
    path = tmp_path / f'a.{name}'
    FORMATS[name].write([Coding('a', EVENTS)], path)
    text = path.read_text(encoding='utf-8')
    if name == 'srt':
        assert text == SRT
    else:
        assert text.startswith('WEBVTT\n\n00:00:00.500 --> 00:00:01.500\nFrau Müller: sigh (point)\n')
        assert 'wave &amp; &lt;smile&gt; (C5)\n' in text
    found = pysubs2.load(str(path), encoding='utf-8')
    assert [(cue.start, cue.end) for cue in found] == [
        (500, 1500),
        (1500, 34000),
        (2000, 3234),
        (3600000, 3725250),
    ]
    assert found[1].plaintext == 'P1: nodding (B1, 87 %)'


def test_events_are_read_back_without_their_groups(tmp_path):
    FORMATS['vtt'].write([Coding('a', EVENTS)], tmp_path / 'a.vtt')
    (coding,) = read_codings([tmp_path / 'a.vtt'])
    assert coding.events == [
        CodedEvent(0.5, 0.5, 'sigh', 'Frau Müller', comment='before the answer'),
        CodedEvent(1.5, 34.0, 'nodding', 'P1', 'B1', score=0.87),
        CodedEvent(2.0, 3.234, 'wave & <smile>', code='C5'),
        CodedEvent(3600.0, 3725.25, 'resting'),
    ]


@pytest.mark.parametrize('name', ['srt', 'vtt'])
def test_actions_with_brackets_are_read_back(tmp_path, name):
    events = [CodedEvent(0, 1, 'touching (face)'), CodedEvent(1, 2, 'touching (face)', 'P1', 'H2', score=0.5)]
    FORMATS[name].write([Coding('a', events)], tmp_path / f'a.{name}')
    (coding,) = read_codings([tmp_path / f'a.{name}'])
    assert coding.events == events


def test_subtitles_of_others_are_read(tmp_path):
    text = (
        'WEBVTT - title\nKind: captions\n\nNOTE\na remark\n\nSTYLE\n::cue {}\n\nintro\n'
        '00:01.5 --> 00:02.000 align:left\n'
        '<v.loud Anna B.>Hello <i>you</i> &amp; me\n\n1:00:00.000 --> 1:00:01.000\nBob: wave'
    )
    (tmp_path / 'a.vtt').write_text('\ufeff' + text.replace('\n', '\r\n'), encoding='utf-8', newline='')
    (coding,) = read_codings([tmp_path / 'a.vtt'])
    assert coding.events == [
        CodedEvent(1.5, 2.0, 'Hello you & me', 'Anna B.'),
        CodedEvent(3600.0, 3601.0, 'wave', 'Bob'),
    ]


@pytest.mark.parametrize('name', ['srt', 'vtt'])
def test_recording_without_events(tmp_path, name):
    FORMATS[name].write([Coding('a', [])], tmp_path / f'a.{name}')
    assert read_codings([tmp_path / f'a.{name}']) == [Coding('a', [])]


def test_folders_are_not_searched_for_subtitles(tmp_path):
    FORMATS['srt'].write([Coding('a', EVENTS)], tmp_path / 'a.srt')
    with pytest.raises(FileNotFoundError, match='no coded recording'):
        read_codings([tmp_path])


def test_tiers_cannot_be_chosen(tmp_path):
    FORMATS['srt'].write([Coding('a', EVENTS)], tmp_path / 'a.srt')
    with pytest.raises(ValueError, match=r"a\.srt.*'P1'"):
        read_codings([tmp_path / 'a.srt'], tiers='P1')


@pytest.mark.parametrize(
    ('data', 'match'),
    [
        (b'hello', '-->'),
        (b'1\n00:00:0x,500 --> 00:00:02,000\na', 'line 2'),
        (b'1\n00:00:03,500 --> 00:00:02,000\na', r'line 2.*3\.5'),
        (b'1\n00:00:01,500 --> 00:00:02,000\n\n', 'line 2.*no action'),
        (b'1\n00:00:01,500 --> 00:00:02,000\nM\xfcller', 'UTF-8'),
    ],
)
def test_impossible_content_is_refused_with_file_and_line(tmp_path, data, match):
    (tmp_path / 'a.srt').write_bytes(data)
    with pytest.raises(ValueError, match=rf'a\.srt.*{match}'):
        read_codings([tmp_path / 'a.srt'])
