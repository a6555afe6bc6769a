"""Tables that BORIS and The Observer export."""

import re

import pytest

from mmaction_microaction.coding.formats import read_codings
from mmaction_microaction.coding.formats.workbook import Sheet, write_workbook
from mmaction_microaction.structures.coding import CodedEvent

AGGREGATED = [
    'Observation id,Observation date,Description,Observation type,Source,Time offset (s),Coding duration,'
    'Media duration (s),FPS (frame/s),weather,Subject,Observation duration by subject by observation,Behavior,'
    'Behavioral category,Modifier #1,Modifier #2,Behavior type,Start (s),Stop (s),Duration (s),Media file name,'
    'Image index start,Image index stop,Image file path start,Image file path stop,Comment start,Comment stop',
    'talk,2026-01-02 10:00:00,,Media file,player #1:a.mp4;b.mp4|player #2:c.mp4,0.0,50.500,20.000;30.500|50.000,'
    '25.000;25.000|30.000,sun,P1,4.5,nodding,head,slow,,STATE,1.500,6.000,4.500,a.mp4,NA,NA,,,unsure,late',
    'talk,2026-01-02 10:00:00,,Media file,player #1:a.mp4;b.mp4|player #2:c.mp4,0.0,50.500,20.000;30.500|50.000,'
    '25.000;25.000|30.000,sun,No focal subject,0,blink,Not defined,,,POINT,7.000,NA,NA,a.mp4,NA,NA,,,,',
    'live,2026-01-02 11:00:00,,Live observation,NA,0.0,9.000,NA,NA,rain,P2,2,waving,,,,STATE,1.000,3.000,2.000,NA,'
    'NA,NA,,,,',
]
FACTS = 'talk,2026-01-02 10:00:00,,20.0,Media file(s),player #1:a.mp4,0.0,20.000,25.000'
TABULAR = [
    'Observation id,Observation date,Description,Observation duration,Observation type,Source,Time offset (s),'
    'Media duration (s),FPS,Subject,Behavior,Behavioral category,Modifier #1,Behavior type,Time,Media file name,'
    'Image index,Image file path,Comment',
    f'{FACTS},P1,nodding,head,slow,START,1.500,a.mp4,NA,NA,unsure',
    f'{FACTS},P1,nodding,head,,START,2.000,a.mp4,NA,NA,',
    f'{FACTS},P1,nodding,head,slow,STOP,6.000,a.mp4,NA,NA,late',
    f'{FACTS},,blink,,,POINT,7.000,a.mp4,NA,NA,',
    f'{FACTS},P1,nodding,head,,STOP,8.000,a.mp4,NA,NA,',
]
OLD_TABULAR = [
    'Observation id,old talk,,,,,,,',
    ',,,,,,,,',
    'Media file(s),,,,,,,,',
    'Player #1,a.mp4,,,,,,,',
    'Time offset (s),0.0,,,,,,,',
    'Time,Media file path,Total length,FPS,Subject,Behavior,Behavioral category,Comment,Status',
    '3.300,a.mp4,59.960,25.0,P1,nodding,head,,START',
    '7.750,b.mp4,59.960,25.0,P1,nodding,head,,STOP',
]
OBSERVER = [
    'Date_Time_Absolute_dmy_hmsf,Observation,Time_Relative_hmsf,Time_Relative_sf,Duration_sf,Subject,Behavior,'
    'Modifier_1,Modifier_2,Event_Type,Comment',
    '02-01-2026 10:00:00.000,talk,00:00:01.50,1.500,4.500,P1,nodding,slow,,State start,unsure',
    '02-01-2026 10:00:00.000,talk,00:00:02.00,2.000,0.000,P2,blink,,,Point,',
    '02-01-2026 10:00:00.000,talk,00:00:06.00,6.000,0.000,P1,nodding,slow,,State stop,late',
]


def read(tmp_path, lines, name='export.csv'):
    path = tmp_path / name
    if name.endswith('.xlsx'):
        rows = [
            [float(cell) if cell.replace('.', '').isdecimal() else cell for cell in line.split(',')] for line in lines
        ]
        write_workbook([Sheet('events', rows, [])], path)
    else:
        delimiter = '\t' if name.endswith(('.tsv', '.txt')) else ','
        text = '\n'.join(line.replace(',', delimiter) for line in lines)
        path.write_bytes(text.encode('utf-16' if name.endswith('.txt') else 'utf-8'))
    return read_codings([path])


@pytest.mark.parametrize('name', ['export.csv', 'export.tsv', 'export.xlsx'])
def test_aggregated_events_of_boris_are_read(tmp_path, name):
    talk, live = read(tmp_path, AGGREGATED, name)
    assert talk.events == [
        CodedEvent(1.5, 6, 'nodding', 'P1', group='head', comment='modifiers: slow; unsure; late'),
        CodedEvent(7, 7, 'blink'),
    ]
    assert (talk.recording, talk.media, talk.duration, talk.fps) == ('talk', ('a.mp4', 'b.mp4'), 50.5, 25)
    assert live.events == [CodedEvent(1, 3, 'waving', 'P2')]
    assert (live.recording, live.media, live.duration, live.fps) == ('live', (), None, None)


@pytest.mark.parametrize('name', ['export.csv', 'export.tsv', 'export.xlsx'])
def test_tabular_events_of_boris_are_read(tmp_path, name):
    (coding,) = read(tmp_path, TABULAR, name)
    assert coding.events == [
        CodedEvent(1.5, 6, 'nodding', 'P1', group='head', comment='modifiers: slow; unsure; late'),
        CodedEvent(2, 8, 'nodding', 'P1', group='head'),
        CodedEvent(7, 7, 'blink'),
    ]
    assert (coding.recording, coding.media, coding.duration, coding.fps) == ('talk', ('a.mp4',), 20, 25)


@pytest.mark.parametrize('name', ['export.csv', 'export.xlsx'])
@pytest.mark.parametrize('lines', [AGGREGATED, TABULAR, OLD_TABULAR])
def test_time_offset_of_boris_is_subtracted(tmp_path, name, lines):
    before = [(event.start, event.end) for coding in read(tmp_path, lines, name) for event in coding.events]
    shifted = [
        re.sub(r'(,player #1[^,]*,|,NA,|^Time offset \(s\),)0\.0,', r'\g<1>-1.5,', line, count=1) for line in lines
    ]
    after = [(event.start, event.end) for coding in read(tmp_path, shifted, name) for event in coding.events]
    assert after == [(start + 1.5, end + 1.5) for start, end in before]


def test_creation_times_in_a_table_are_refused_with_a_remedy(tmp_path):
    lines = [TABULAR[0], TABULAR[4].replace(',7.000,', ',1700000007.000,')]
    with pytest.raises(ValueError, match=r'export\.csv, line 2.*creation time.*\.boris'):
        read(tmp_path, lines)


def test_tabular_events_of_older_versions_are_read(tmp_path):
    (coding,) = read(tmp_path, OLD_TABULAR)
    assert coding.events == [CodedEvent(3.3, 7.75, 'nodding', 'P1', group='head')]
    assert (coding.recording, coding.media, coding.duration) == ('old talk', ('a.mp4', 'b.mp4'), 59.96)


@pytest.mark.parametrize('name', ['export.csv', 'export.txt', 'export.xlsx'])
def test_event_list_of_the_observer_is_read(tmp_path, name):
    (coding,) = read(tmp_path, OBSERVER, name)
    assert coding.recording == 'talk'
    assert coding.events == [
        CodedEvent(1.5, 6, 'nodding', 'P1', comment='modifiers: slow; unsure; late'),
        CodedEvent(2, 2, 'blink', 'P2'),
    ]


def test_event_list_without_durations_is_read(tmp_path):
    (coding,) = read(tmp_path, [line.replace(',4.500,', ',,') for line in OBSERVER])
    assert [(event.start, event.end, event.action) for event in coding.events] == [(1.5, 6, 'nodding'), (2, 2, 'blink')]


@pytest.mark.parametrize(
    ('lines', 'parts'),
    [
        (TABULAR[:-1], ['observation talk', 'nodding', 'P1', '2 s', 'does not stop']),
        ([TABULAR[0], *TABULAR[3:5]], ['observation talk', 'nodding', '6 s', 'stops without a start']),
        ([TABULAR[0], TABULAR[1], TABULAR[1].replace('1.500', '1.750')], ['1.5 s', 'starts again at 1.75 s']),
        ([TABULAR[0], TABULAR[1].replace('START', 'BEGIN')], ['line 2', 'START, STOP or POINT', 'BEGIN']),
        ([AGGREGATED[0], AGGREGATED[1].replace('6.000', 'NA')], ['line 2', '"stop (s)"', 'empty']),
        ([OBSERVER[0], OBSERVER[1].replace('4.500', '')], ['observation talk', 'nodding', '1.5 s', 'does not stop']),
        (
            [*OBSERVER, OBSERVER[3].replace('nodding', 'waving').replace('6.000', '7.000')],
            ['observation talk', 'waving', '7 s', 'stops without a start'],
        ),
        ([OBSERVER[0], OBSERVER[3]], ['observation talk', 'nodding', '6 s', 'stops without a start']),
        ([OBSERVER[0], OBSERVER[2].replace('Point', 'Pause')], ['line 2', 'State start, State stop or Point', 'Pause']),
        ([OBSERVER[0], OBSERVER[2].replace('2.000', '-2.000')], ['line 2', 'blink', '-2']),
    ],
)
def test_problems_are_named(tmp_path, lines, parts):
    with pytest.raises(ValueError, match=r'export\.csv') as error:
        read(tmp_path, lines)
    for part in parts:
        assert part in str(error.value)
