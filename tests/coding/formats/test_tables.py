"""Tables of events of this project, of spreadsheets, and of other programs."""

import openpyxl
import pandas as pd
import pytest

from mmaction_microaction.coding.formats import FORMATS, read_codings
from mmaction_microaction.coding.formats.tables import COLUMNS, DEMO_COLUMNS
from mmaction_microaction.inference import results
from mmaction_microaction.structures.coding import CodedEvent, Coding

EVENTS = [
    CodedEvent(0.5, 2, 'nodding', 'Jörg', 'B1', 'head', 0.75, 'unsure'),
    CodedEvent(3, 3, '=1+1', 'P2'),
]


def read_text(tmp_path, text, name='talk.csv', encoding='utf-8'):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return read_codings([path])


def test_csv_has_a_byte_order_mark_and_escaped_formulas(tmp_path):
    FORMATS['csv'].write([Coding('talk', EVENTS, coder='Ann')], tmp_path / 'talk.csv')
    assert (tmp_path / 'talk.csv').read_bytes().decode('utf-8').splitlines() == [
        '\ufeffrecording,person,action,code,group,start,end,duration,score,coder,comment',
        'talk,Jörg,nodding,B1,head,0.5,2.0,1.5,0.75,Ann,unsure',
        "talk,P2,'=1+1,,,3.0,3.0,0.0,,Ann,",
    ]


def test_pandas_reads_csv_and_workbook(tmp_path):
    for name, read in (('csv', pd.read_csv), ('xlsx', pd.read_excel)):
        path = tmp_path / f'talk{FORMATS[name].ending}'
        FORMATS[name].write([Coding('talk', EVENTS)], path)
        table = read(path)
        assert tuple(table.columns) == COLUMNS
        assert table['duration'].tolist() == [1.5, 0]
        assert table['person'].tolist() == ['Jörg', 'P2']
        assert table['score'].isna().tolist() == [False, True]


def test_workbook_has_texts_and_a_frozen_header(tmp_path):
    FORMATS['xlsx'].write([Coding('talk', EVENTS)], tmp_path / 'talk.xlsx')
    book = openpyxl.load_workbook(tmp_path / 'talk.xlsx')
    assert book.sheetnames == ['events']
    sheet = book['events']
    assert sheet.freeze_panes == 'A2'
    formula, start = sheet['C3'], sheet['F2']
    assert (formula.value, formula.data_type, formula.quotePrefix) == ('=1+1', 's', True)
    assert (start.value, start.data_type, start.number_format) == (0.5, 'n', '0.000')


def test_table_of_german_excel_is_read(tmp_path):
    text = 'recording;person;action;start;end;score\r\nGespräch;Jörg;nodding;1,5;2,25;0,7\r\n;;;;;\r\n'
    (coding,) = read_text(tmp_path, text, encoding='cp1252')
    assert coding.recording == 'Gespräch'
    assert coding.events == [CodedEvent(1.5, 2.25, 'nodding', 'Jörg', score=0.7)]


def test_table_made_by_hand_is_read(tmp_path):
    (coding,) = read_text(tmp_path, 'Person\tAction\tStart\tEnd\n1\twaving\t00:01:02.5\t63\n', 'hand.txt')
    assert coding.recording == 'hand'
    assert coding.events == [CodedEvent(62.5, 63, 'waving', '1')]


def test_spaces_around_names_are_left_out(tmp_path):
    (coding,) = read_text(tmp_path, 'person,action,start,end\nP1 ,nodding,1,2\nP1, nodding,3,4\n')
    assert {(event.person, event.action) for event in coding.events} == {('P1', 'nodding')}


def test_minutes_and_seconds_are_read_if_they_cannot_be_hours_and_minutes(tmp_path):
    (coding,) = read_text(tmp_path, 'action;start;end\nnodding;1:02.5;10:00,0\n')
    assert coding.events == [CodedEvent(62.5, 600, 'nodding')]
    with pytest.raises(ValueError, match=r"line 2.*'10:30'.*62\.5 or 00:01:02\.5"):
        read_text(tmp_path, 'action,start,end\nnodding,10:30,11:00\n')


def test_workbook_made_by_hand_is_read(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(['a table of my own'])
    sheet = book.create_sheet('coding')
    for row in (['person', 'action', 'start', 'end', 'mood'], [1, 'waving', 1, '2,5', 'good'], [None] * 4):
        sheet.append(row)
    book.save(tmp_path / 'hand.xlsx')
    (coding,) = read_codings([tmp_path / 'hand.xlsx'])
    assert coding.events == [CodedEvent(1, 2.5, 'waving', '1')]


def test_table_of_demo_is_read(tmp_path):
    assert DEMO_COLUMNS == results.COLUMNS
    text = (
        'video,start,end,rank,code,action,group,score,person\n'
        'in/talk.mp4,0.0,2.0,1,B1,nodding,head,0.6,left\n'
        'in/talk.mp4,0.0,2.0,2,C5,waving,upper limb,0.2,left\n'
    )
    (coding,) = read_text(tmp_path, text, 'found.csv')
    assert coding.recording == 'talk'
    assert coding.events == [CodedEvent(0, 2, 'nodding', 'left', 'B1', 'head', 0.6)]


def test_rest_in_a_table_of_demo_is_no_event(tmp_path):
    text = (
        'video,start,end,rank,code,action,group,score,person\n'
        'in/still.mp4,0.0,2.0,1,R,rest,rest,0.8,\n'
        'in/still.mp4,0.0,2.0,2,B1,nodding,head,0.1,\n'
        'in/nod.mp4,0.0,2.0,1,B1,nodding,head,0.6,\n'
        'in/nod.mp4,0.0,2.0,2,R,rest,rest,0.2,\n'
    )
    still, nod = read_text(tmp_path, text, 'found.csv')
    assert (still.recording, still.events) == ('still', [])
    assert (nod.recording, [event.action for event in nod.events]) == ('nod', ['nodding'])


@pytest.mark.parametrize('name', ['csv', 'xlsx', 'observer'])
def test_a_table_of_all_recordings_without_events_is_no_recording(tmp_path, name):
    form, silent = FORMATS[name], Coding('P07', [], 60.0, people=('left',))
    FORMATS['json'].write([silent], tmp_path / 'P07.json')
    for stem in ('P07', 'all_recordings', 'all_recordings_2'):
        form.write([silent], tmp_path / f'{stem}{form.ending}')
    assert {coding.recording for coding in read_codings([tmp_path])} == {'P07'}


def test_videos_of_one_name_in_a_table_of_demo_are_different_recordings(tmp_path):
    text = ','.join(DEMO_COLUMNS) + '\n'
    for video in ('a/talk.mp4', 'b\\talk.mp4', 'b/walk.mp4'):
        row = dict(video=video, start=0, end=2, rank=1, code='B1', action='nodding', group='head', score=0.6, person='')
        text += ','.join(str(row[column]) for column in DEMO_COLUMNS) + '\n'
    assert [coding.recording for coding in read_text(tmp_path, text)] == ['a/talk', 'b/talk', 'walk']


ELAN = (
    'Tier\tParticipant\tBegin Time - hh:mm:ss.ms\tBegin Time - msec\tEnd Time - hh:mm:ss.ms\tEnd Time - msec'
    '\tAnnotation\n'
    'P1 head\tP1\t00:00:01.500\t1500\t00:00:02.250\t2250\tnodding\n'
    'gaze\t\t00:01:00.000\t60000\t00:01:01.000\t61000\tleft\n'
)
ELAN_TIERS = (
    'Begin Time - ss.msec\tEnd Time - ss.msec\tDuration - ss.msec\tP1\tP2\n'
    '1.5\t2.25\t0.75\tnodding\t\n'
    '3.0\t4.0\t1.0\twaving\tnodding\n'
)


def test_export_of_elan_is_read(tmp_path):
    (coding,) = read_text(tmp_path, ELAN, 'talk.txt')
    assert coding.events == [CodedEvent(1.5, 2.25, 'nodding', 'P1'), CodedEvent(60, 61, 'left', 'gaze')]


def test_files_of_one_name_in_an_export_of_elan_are_different_recordings(tmp_path):
    rows = [('week1', 'nodding'), ('week2', 'waving'), ('week2', 'nodding')]
    text = 'Tier\tBegin Time - ss.msec\tEnd Time - ss.msec\tAnnotation\tFile Path\n'
    text += ''.join(f'P1\t1.0\t2.0\t{action}\tC:\\study\\{week}\\P07.eaf\n' for week, action in rows)
    first, second = read_text(tmp_path, text, 'study.txt')
    assert (first.recording, second.recording) == ('C:/study/week1/P07', 'C:/study/week2/P07')
    assert [len(first.events), len(second.events)] == [1, 2]


def test_export_of_elan_with_a_column_for_each_tier_is_read(tmp_path):
    (coding,) = read_text(tmp_path, ELAN_TIERS, 'talk.txt')
    assert coding.events == [
        CodedEvent(1.5, 2.25, 'nodding', 'P1'),
        CodedEvent(3, 4, 'waving', 'P1'),
        CodedEvent(3, 4, 'nodding', 'P2'),
    ]


@pytest.mark.parametrize(
    ('text', 'parts'),
    [
        ('who,what\nP1,nodding\n', ['who, what', 'action, start and end', 'BORIS', 'The Observer']),
        ('', ['none', 'action, start and end']),
        ('action,start,end\nnodding,1,2\nwaving,3,May 4\n', ['line 3', '"end"', 'May 4']),
        ('action,start,end\nnodding,"1,234","2,345"\n', ['line 2', '"start"', '1,234']),
        ('action,start,end\nnodding,1,\n', ['line 2', '"end"', 'empty']),
        ('action,start,end\nwaving,1,2,\nnodding,1,5,2,5\n', ['line 3', '5 cells', 'header has 3', '1.5', 'quotes']),
        ('action,start,end,comment\nnodding,1,2,unsure, maybe\n', ['line 2', '5 cells', 'quotes']),
        (ELAN.replace('nodding', ''), ['line 2', 'annotation is empty']),
        ('action,start,end\nnodding,2,1\n', ['line 2', 'nodding', '2.0', '1.0']),
        ('action,start,end\n,1,2\n', ['line 2', 'no action']),
        ('action,start,end\nnod\0ding,1,2\n', ['talk.csv', 'not a text file']),
    ],
)
def test_problems_are_named(tmp_path, text, parts):
    with pytest.raises(ValueError, match=r'talk\.csv') as error:
        read_text(tmp_path, text)
    for part in parts:
        assert part in str(error.value)


def test_date_in_a_workbook_is_named(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(['action', 'start', 'end'])
    book.active.append(['nodding', pd.Timestamp(2026, 5, 1).to_pydatetime(), 2])
    book.save(tmp_path / 'talk.xlsx')
    with pytest.raises(ValueError, match=r'sheet Sheet, row 2: "start" .*date'):
        read_codings([tmp_path / 'talk.xlsx'])


@pytest.mark.parametrize('column', ['recording', 'person', 'action'])
def test_name_that_became_a_date_is_named(tmp_path, column):
    book = openpyxl.Workbook()
    cells = dict(recording='talk', person='P1', action='nodding', start=1, end=2)
    cells[column] = pd.Timestamp(2026, 3, 1).to_pydatetime()
    for row in cells, cells.values():
        book.active.append(list(row))
    book.save(tmp_path / 'talk.xlsx')
    with pytest.raises(ValueError, match=rf'row 2: "{column}" .*date 2026-03-01'):
        read_codings([tmp_path / 'talk.xlsx'])


def test_comment_may_be_a_date(tmp_path):
    book = openpyxl.Workbook()
    for row in ['action', 'start', 'end', 'comment'], ['nodding', 1, 2, pd.Timestamp(2026, 3, 1).to_pydatetime()]:
        book.active.append(row)
    book.save(tmp_path / 'talk.xlsx')
    (coding,) = read_codings([tmp_path / 'talk.xlsx'])
    assert coding.events[0].comment.startswith('2026-03-01')


def test_text_files_of_a_folder_are_read_if_they_are_tables(tmp_path):
    read_text(tmp_path, ELAN, 'talk.txt')
    (tmp_path / 'notes.txt').write_text('The camera fell over at 12:30.')
    (tmp_path / 'picture.txt').write_bytes(bytes(range(256)))
    assert [coding.recording for coding in read_codings([tmp_path])] == ['talk']
