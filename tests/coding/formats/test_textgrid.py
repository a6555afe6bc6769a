"""Praat files, against the coding that they were made from, another library, and files as others write them."""

import pympi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmaction_microaction.coding.formats import read_codings, read_textgrid, write_textgrid
from mmaction_microaction.structures.coding import CodedEvent, Coding

EVENTS = [
    CodedEvent(3.0, 4.5, 'nodding', 'P1', group='head'),
    CodedEvent(4.0, 5.5, 'shaking "head"', 'P1', group='head'),
    CodedEvent(0.5, 0.5, 'sigh', 'Frau Müller'),
]


def test_file_is_read_back_equal(tmp_path):
    coding = Coding('a', EVENTS, 60.0, people=('P1', 'Frau Müller', 'P3'))
    write_textgrid([coding], tmp_path / 'a.TextGrid')
    assert read_codings([tmp_path]) == [coding]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.builds(
            lambda start, duration, name, person, group: CodedEvent(
                start / 1000, (start + duration) / 1000, name, person, group=group
            ),
            st.integers(0, 5000),
            st.sampled_from([0, 1, 500, 3000]),
            st.sampled_from(['nodding', 'b: "c"', '!']),
            st.sampled_from(['P1', 'Frau Müller', '', 'a: b']),
            st.sampled_from(['', 'head', 'leg-hand']),
        ),
        max_size=12,
    )
)
def test_any_coding_is_read_back_equal(tmp_path_factory, events):
    # The name of a tier separates the person from the action by a colon.
    events = [event for event in events if event.group or ': ' not in event.action]
    path = tmp_path_factory.mktemp('praat') / 'a.TextGrid'
    write_textgrid([Coding('a', events, 12.5)], path)
    (coding,) = read_textgrid(path)
    # Events with equal times have no order.
    assert sorted(coding.events, key=repr) == sorted(events, key=repr)
    assert coding.duration == 12.5


def test_another_library_reads_tiers_without_gaps(tmp_path):
    write_textgrid([Coding('a', EVENTS, 6.25, people=('P1', 'Frau Müller', 'P3'))], tmp_path / 'a.TextGrid')
    grid = pympi.TextGrid(str(tmp_path / 'a.TextGrid'))
    found = {tier.name: (tier.tier_type, list(tier.get_all_intervals())) for _, tier in enumerate(grid.get_tiers())}
    assert found == {
        'P1: head': ('IntervalTier', [(0, 3, ''), (3, 4.5, 'nodding'), (4.5, 6.25, '')]),
        'P1: head (2)': ('IntervalTier', [(0, 4, ''), (4, 5.5, 'shaking "head"'), (5.5, 6.25, '')]),
        'Frau Müller: sigh (points)': ('TextTier', [(0.5, 'sigh')]),
        'P3': ('IntervalTier', [(0, 6.25, '')]),
    }


LONG = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 2.5
tiers? <exists>
size = 2
item []:
    item[1]:
        class = "IntervalTier"
        name = "Anna: Hände"
        xmin = 0.1
        xmax = 2.4
        intervals: size = 2
        intervals [1]
            xmin = 0.1 ! a comment with "quotation" and 5
            xmax = 1
            text = " say ""hi"" "
        intervals [2]:
            xmin = 1
            xmax = 2.4
            text = ""
    item [2]:
        class = "TextTier"
        name = "bell"
        xmin = 0
        xmax = 2.5
        points: size = 1
        points [1]:
            number = 1.5e0
            mark = "ding"
"""
SHORT = (
    'File type = "ooTextFile short"\n"TextGrid"\n\n-0\n2.5\n<exists>\n2\n"IntervalTier"\n"Anna: Hände"\n0.1\n2.4\n2\n'
    '0.1\n1\n"say ""hi"""\n1\n2.4\n""\n"TextTier"\n"bell"\n0\n2.5\n1\n1.5\n"ding"\n'
)


@pytest.mark.parametrize('text', [LONG, SHORT])
@pytest.mark.parametrize('encoding', ['utf-8', 'utf-8-sig', 'utf-16'])
def test_forms_and_encodings_of_others_are_read(tmp_path, text, encoding):
    path = tmp_path / 'talk.TextGrid'
    path.write_text(text.replace('\n', '\r\n'), encoding=encoding)
    (coding,) = read_textgrid(path)
    assert coding.events == [
        CodedEvent(0.1, 1.0, 'say "hi"', 'Anna', group='Hände'),
        CodedEvent(1.5, 1.5, 'ding', 'bell'),
    ]
    assert (coding.recording, coding.duration, coding.people) == ('talk', 2.5, ('Anna', 'bell'))
    assert read_codings([path], tiers='bell')[0].people == ('bell',)
    with pytest.raises(ValueError, match=r'x\*.*Anna: Hände, bell'):
        read_textgrid(path, 'x*')


@pytest.mark.parametrize(
    ('old', 'new', 'match'),
    [
        ('"ooTextFile short"', '"other"', 'ooTextFile'),
        ('"TextGrid"', '"Sound"', 'TextGrid'),
        ('"TextTier"', '"Tier"', 'line 19.*Tier'),
        ('\n1\n2.4\n""', '\n0.5\n2.4\n""', r'line 18.*Anna: Hände.*0\.5'),
        ('\n1\n2.4\n""', '\n1\n0.4\n""', r'line 18.*0\.4'),
        ('0.1\n1\n"say', '-0.1\n1\n"say', r'line 15.*-0\.1'),
        ('2.5\n1\n1.5', '2.5\n1.5\n1.5', r'line 23.*1\.5'),
        ('2.5\n1\n1.5', '2.5\n1000000000\n1.5', 'ends where a number'),
        ('"ding"', '"ding', 'line 25.*quotation'),
        ('"ding"', '7', 'line 25.*7'),
        ('<exists>', '<absent>', 'no tier'),
        ('"ooTextFile short"', '"Praat chronological TextGrid text file"', 'text file'),
    ],
)
def test_impossible_content_is_refused_with_file_and_line(tmp_path, old, new, match):
    assert SHORT.count(old) == 1
    path = tmp_path / 'a.TextGrid'
    path.write_text(SHORT.replace(old, new), encoding='utf-8')
    with pytest.raises(ValueError, match=match) as caught:
        read_textgrid(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(('data', 'match'), [(b'ooBinaryFile\x08TextGrid', 'binary'), (b'"\xe4"', 'byte 1.*UTF-8')])
def test_other_files_are_refused(tmp_path, data, match):
    (tmp_path / 'a.TextGrid').write_bytes(data)
    with pytest.raises(ValueError, match=match):
        read_textgrid(tmp_path / 'a.TextGrid')


def test_large_files_are_refused(tmp_path, monkeypatch):
    (tmp_path / 'a.TextGrid').write_text(LONG, encoding='utf-8')
    monkeypatch.setattr('mmaction_microaction.coding.formats.textgrid.MAX_SIZE', 100)
    with pytest.raises(ValueError, match='MiB'):
        read_textgrid(tmp_path / 'a.TextGrid')
