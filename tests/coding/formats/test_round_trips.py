"""What is written in a format and read again is what the format holds."""

from dataclasses import replace

import pytest

from mmaction_microaction.coding.formats import FORMATS
from mmaction_microaction.label_sets import MA52
from mmaction_microaction.structures.coding import CodedEvent, Coding

NODDING = {'action': 'nodding', 'code': 'B1', 'group': 'head'}
WAVING = {'action': 'waving', 'code': 'C5', 'group': 'upper limb'}
CASES = {
    'people with spaces and umlauts': [
        CodedEvent(0.5, 1.25, person='Müller, Jörg', **NODDING),
        CodedEvent(0.75, 1.5, person='Person 2', **WAVING),
        CodedEvent(3, 4, person='李', **NODDING),
    ],
    'overlapping actions of one person': [
        CodedEvent(1, 5, person='P1', **NODDING),
        CodedEvent(2, 3, person='P1', **WAVING),
        CodedEvent(4, 6, person='P1', **WAVING),
    ],
    'bouts that touch': [
        CodedEvent(1, 2, person='P1', comment='first', **NODDING),
        CodedEvent(2, 3, person='P1', comment='second', **NODDING),
    ],
    'points': [CodedEvent(1, 1, 'blink', 'P1'), CodedEvent(2, 2, 'blink'), CodedEvent(2.5, 2.5, 'cough', 'P2')],
    'points and states of one action': [
        CodedEvent(1, 1, person='P1', **NODDING),
        CodedEvent(1, 2, person='P1', **NODDING),
        CodedEvent(2, 2, person='P1', **NODDING),
        CodedEvent(7, 7, person='P1', **NODDING),
    ],
    'nobody': [CodedEvent(0, 90.5, **NODDING)],
    'formulas': [
        CodedEvent(1, 2, '=1+1', '@SUM(A1)', comment="'=quoted"),
        CodedEvent(1, 3, "'tis", "''+49", comment='-\ttab'),
    ],
    'separators and lines': [CodedEvent(1, 2, 'a, "b"; c', 'P;1', comment='line 1\nline 2\ttab, "quoted"')],
    'fractions of milliseconds': [CodedEvent(0.10049, 0.30051, person='P1', **NODDING)],
}
KEPT = {
    'boris': ('action', 'person', 'code', 'group', 'comment'),
    'observer': ('action', 'person', 'comment'),
    'csv': ('action', 'person', 'code', 'group', 'comment', 'score'),
    'xlsx': ('action', 'person', 'code', 'group', 'comment', 'score'),
}


def reduce(events, fields):
    return [
        CodedEvent(round(event.start, 3), round(event.end, 3), **{name: getattr(event, name) for name in fields})
        for event in events
    ]


@pytest.mark.parametrize('case', CASES)
@pytest.mark.parametrize('name', KEPT)
def test_events_are_read_as_they_were_written(tmp_path, name, case):
    coding = Coding('talk 1 (Jörg)', [replace(event, score=0.8125) for event in CASES[case]])
    path = tmp_path / f'talk{FORMATS[name].ending}'
    FORMATS[name].write([coding], path)
    (read,) = FORMATS[name].read(path)
    assert read.recording == 'talk 1 (Jörg)'
    assert read.events == Coding('', reduce(coding.events, KEPT[name])).events


@pytest.mark.parametrize('name', KEPT)
def test_several_recordings_are_one_file(tmp_path, name):
    codings = [Coding(recording, CASES['points']) for recording in ('b', 'a')]
    path = tmp_path / f'all{FORMATS[name].ending}'
    FORMATS[name].write(codings, path)
    read = FORMATS[name].read(path)
    assert [(coding.recording, len(coding.events)) for coding in read] == [('b', 3), ('a', 3)]


@pytest.mark.parametrize('name', KEPT)
def test_recording_without_events_is_read(tmp_path, name):
    path = tmp_path / f'talk{FORMATS[name].ending}'
    FORMATS[name].write([Coding('talk', [])], path)
    (read,) = FORMATS[name].read(path)
    assert (read.recording, read.events) == ('talk', [])


@pytest.mark.parametrize('name', ['csv', 'xlsx'])
def test_coders_of_one_recording_are_kept_apart(tmp_path, name):
    codings = [Coding('talk', CASES['points'][:number], coder=coder) for number, coder in ((1, 'Ann'), (3, 'Ben'))]
    path = tmp_path / f'all{FORMATS[name].ending}'
    FORMATS[name].write(codings, path)
    assert [(coding.coder, len(coding.events)) for coding in FORMATS[name].read(path)] == [('Ann', 1), ('Ben', 3)]


def test_boris_holds_facts_of_recordings(tmp_path):
    media = str(tmp_path / 'videos/talk.mp4')
    coding = Coding(
        'talk',
        CASES['people with spaces and umlauts'],
        duration=90.5,
        media=(media,),
        fps=25.0,
        people=('P9', 'Müller, "Jörg"'),
        coder='Ann',
        label_set=MA52,
    )
    empty = Coding('empty', [], duration=60.25, media=('/v/1.mp4', '/v/2.mp4'), fps=29.97, people=('P2',))
    path = tmp_path / 'study.boris'
    FORMATS['boris'].write([coding, empty], path)
    read, read_empty = FORMATS['boris'].read(path)
    for name in ('duration', 'media', 'fps', 'people', 'coder', 'label_set'):
        assert getattr(read, name) == getattr(coding, name), name
    for name in ('duration', 'media', 'fps', 'people', 'coder', 'events'):
        assert getattr(read_empty, name) == getattr(empty, name), name
    assert read_empty.label_set == MA52  # A project has one list of behaviours.


def test_observer_writes_a_workbook(tmp_path):
    path = tmp_path / 'talk.xlsx'
    FORMATS['observer'].write([Coding('talk', CASES['overlapping actions of one person'])], path)
    (read,) = FORMATS['xlsx'].read(path)
    assert read.events == reduce(CASES['overlapping actions of one person'], KEPT['observer'])
