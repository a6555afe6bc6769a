"""Summaries of coded recordings, against values worked out by hand, and their tables."""

import csv
import json
import sys
from dataclasses import replace

import numpy as np
import pytest
from helpers.codings import event

from mmaction_microaction.coding.rates import count_rates
from mmaction_microaction.coding.result_tables import ResultTable, check_table_path, print_table, write_tables
from mmaction_microaction.coding.summary import find_actions, note_summary, summarize_codings
from mmaction_microaction.label_sets import LabelSet
from mmaction_microaction.structures.coding import Coding

LABEL_SET = LabelSet.from_dict({'name': 'three', 'actions': ['nodding', 'waving', 'crossing legs']})
# Two minutes. P1 nods for 1 s at 10 s, for 3 s at 58 s, across the border of the minutes, and for 2 s at 100 s.
TALK = Coding(
    'talk',
    [
        event(10, 11, 'nodding'),
        event(58, 61, 'nodding'),
        event(100, 102, 'nodding'),
        event(120, 120, 'waving', 'P2'),
    ],
    120.0,
    label_set=LABEL_SET,
)


def summarize(*codings, **options):
    tables = summarize_codings(codings, find_actions(codings), **options)
    return {table.name: table for table in tables}


def find_rows(table, **values):
    return [row for row in table.to_dicts() if all(row[key] == value for key, value in values.items())]


def test_long_table_by_hand():
    summary = summarize(TALK)['summary']
    assert len(summary.rows) == 2 * 3
    (row,) = find_rows(summary, person='P1', action='nodding')
    # Durations 1, 3, 2: mean 2, variance ((1) + (1) + 0) / 2 = 1. Three in two minutes, 6 of 120 s.
    expected = dict(n=3, total_s=6, mean_s=2, sd_s=1, per_minute=1.5, percent_of_time=5, first_onset_s=10, code='B1')
    assert {key: row[key] for key in expected} == {**expected, 'code': ''}  # the label set has no codes
    (row,) = find_rows(summary, person='P1', action='crossing legs')
    assert (row['n'], row['total_s'], row['per_minute'], row['percent_of_time']) == (0, 0, 0, 0)
    assert row['mean_s'] is row['sd_s'] is row['first_onset_s'] is None
    (row,) = find_rows(summary, person='P2', action='waving')
    assert (row['n'], row['total_s'], row['sd_s'], row['per_minute']) == (1, 0, None, 0.5)


def test_rates_refer_to_the_time_in_which_a_person_is_in_the_picture():
    # P1 is away from 20 s to 50 s, found in two overlapping pieces, and from 110 s to the end.
    absences = {'P1': [[110, 130], [20, 40], [30, 50]]}
    away = replace(TALK, settings={'absences': absences})
    tables = summarize(away, bin_seconds=60)
    (row,) = find_rows(tables['summary'], person='P1', action='nodding')
    assert (row['observed_s'], row['n'], row['per_minute'], row['percent_of_time']) == (80, 3, 2.25, 7.5)
    (row,) = find_rows(tables['summary'], person='P2', action='waving')
    assert (row['observed_s'], row['per_minute']) == (120, 0.5)
    (row,) = find_rows(tables['people'], person='P1', action='nodding')
    assert (row['observed_s'], row['per_minute'], row['percent_of_time']) == (80, 2.25, 7.5)
    # Half of the first minute, and five sixths of the second one.
    assert [row['per_minute'] for row in find_rows(tables['bins'], person='P1', action='nodding')] == [4, 1.2]
    np.testing.assert_allclose(count_rates([away]).minutes, [[80 / 60, 2]] * 2)
    gone = summarize(replace(TALK, settings={'absences': {'P1': [[0, 120]]}}))['summary']
    (row,) = find_rows(gone, person='P1', action='nodding')
    assert (row['observed_s'], row['n'], row['per_minute'], row['percent_of_time']) == (0, 3, None, None)


@pytest.mark.parametrize('spans', [[[20, 10]], [[1]], 'all', [['a', 'b']], [[-1, 2]]])
def test_malformed_absences_are_an_error(spans):
    with pytest.raises(ValueError, match='talk: the absences of P1'):
        summarize(replace(TALK, settings={'absences': {'P1': spans}}))


def test_event_across_a_border_begins_in_one_bin_and_lasts_in_both():
    tables = summarize(TALK, bin_seconds=60)
    first, second = find_rows(tables['bins'], person='P1', action='nodding')
    assert (first['start_s'], first['end_s'], first['n'], first['total_s']) == (0, 60, 2, 3)
    assert (second['start_s'], second['end_s'], second['n'], second['total_s']) == (60, 120, 1, 3)
    assert first['percent_of_time'] == 5
    # The point event at the end of the recording is in the last bin.
    assert [row['n'] for row in find_rows(tables['bins'], person='P2', action='waving')] == [0, 1]


def test_shorter_last_bin_has_its_own_rate():
    rows = find_rows(summarize(TALK, bin_seconds=90)['bins'], person='P1', action='nodding')
    assert [(row['end_s'], row['n'], row['per_minute']) for row in rows] == [(90, 2, pytest.approx(4 / 3)), (120, 1, 2)]


@pytest.mark.parametrize('seconds', [0.1, 0.7, 7, 60])
def test_bins_add_up_to_the_whole(seconds):
    for row in find_rows(summarize(TALK)['summary'], person='P1'):
        bins = find_rows(summarize(TALK, bin_seconds=seconds)['bins'], person='P1', action=row['action'])
        assert sum(each['n'] for each in bins) == row['n']
        assert sum(each['total_s'] for each in bins) == pytest.approx(row['total_s'])


def test_time_of_overlapping_events_counts_once():
    coding = Coding('talk', [event(0, 6, 'nodding'), event(3, 9, 'nodding')], 60.0)
    (row,) = summarize(coding)['summary'].to_dicts()
    assert (row['total_s'], row['percent_of_time']) == (12, 15)


def test_wide_tables_and_people():
    second = Coding('second', [event(0, 4, 'nodding')], 60.0, people=('P1',))
    tables = summarize(TALK, second, bin_seconds=60)
    wide = tables['wide n']
    assert wide.columns == ('recording', 'person', 'nodding', 'waving', 'crossing legs')
    assert wide.rows == [('talk', 'P1', 3, 0, 0), ('talk', 'P2', 0, 1, 0), ('second', 'P1', 1, 0, 0)]
    assert len(tables['bins wide total_s'].rows) == 2 + 2 + 1
    (row,) = find_rows(tables['people'], person='P1', action='nodding')
    # Four nods of 1, 3, 2, 4 s in three minutes.
    assert (row['recordings'], row['n'], row['total_s'], row['mean_s']) == (2, 4, 10, 2.5)
    assert row['sd_s'] == pytest.approx((5 / 3) ** 0.5, abs=1e-6)
    assert row['per_minute'] == pytest.approx(4 / 3, abs=1e-6)


def test_actions_are_those_of_the_label_set_and_others():
    names = [action.name for action in find_actions([Coding('a', [event(0, 1, 'Nodding'), event(0, 1, 'sitting')])])]
    assert names == ['Nodding', 'sitting']
    actions = find_actions([Coding('a', [event(0, 1, 'NODDING'), event(0, 1, 'sitting')])], LABEL_SET)
    assert [action.name for action in actions] == ['nodding', 'waving', 'crossing legs', 'sitting']
    assert 'sitting' in note_summary([Coding('a', [event(0, 1, 'sitting')], 2.0)], LABEL_SET)[0]


def test_unknown_duration_has_no_rates():
    unknown = Coding('talk', TALK.events)
    row = find_rows(summarize(unknown)['summary'], person='P1', action='nodding')[0]
    assert (row['n'], row['per_minute'], row['percent_of_time']) == (3, None, None)
    assert 'talk' in note_summary([unknown])[0]
    assert find_rows(summarize(unknown, duration=180)['summary'], action='nodding')[0]['per_minute'] == 1
    with pytest.raises(ValueError, match=r'talk: time bins need the duration.*--duration'):
        summarize(unknown, bin_seconds=60)


def test_recording_without_events_has_rows():
    silent = Coding('silent', [], 60.0, label_set=LABEL_SET)
    assert [row[:2] for row in summarize(silent)['summary'].rows] == [('silent', '')] * 3
    with pytest.raises(ValueError, match='--label-set'):
        summarize(Coding('silent', [], 60.0))


def test_rates_of_few_people_by_action_and_of_many_by_group():
    rates = count_rates([TALK])
    assert (rates.rows, rates.series) == (['nodding', 'waving'], ['P1', 'P2'])
    assert rates.counts.tolist() == [[3, 0], [0, 1]]
    assert rates.minutes.tolist() == [[2, 2], [2, 2]]
    many = [Coding(f'{i}', [event(0, 1, 'nodding', f'S{i}')], 60.0 * (i + 1)) for i in range(7)]
    rates = count_rates(many)
    assert (rates.rows, rates.series) == ([f'S{i}' for i in range(7)], ['head'])
    assert rates.minutes.ravel().tolist() == [1, 2, 3, 4, 5, 6, 7]


def test_people_who_were_never_in_the_picture_have_no_rates():
    coding = Coding(
        'talk', [event(1, 2, 'nodding')], 60.0, people=('P1', 'P2'), settings={'absences': {'P2': [[0, 60]]}}
    )
    rates = count_rates([coding])
    assert (rates.series, rates.left_out) == (['P1'], 'people who were never in the picture left out: 1')
    nobody = replace(coding, events=[event(1, 2, 'nodding', 'P2')], people=('P2',))
    with pytest.raises(ValueError, match='no person was observed'):
        count_rates([nobody])


TABLES = [
    ResultTable('main', ('name', 'n', 'kappa'), [('=1+1', 2, 0.5), ('a,b\n"c"', 0, None), ('\x01\ud800', 1, 1.0)]),
    ResultTable('second one', ('x',), []),
]


def test_spreadsheet_keeps_formulas_as_text(tmp_path):
    openpyxl = pytest.importorskip('openpyxl')
    assert write_tables(TABLES, tmp_path / 'a.xlsx') == [tmp_path / 'a.xlsx']
    book = openpyxl.load_workbook(tmp_path / 'a.xlsx')
    assert book.sheetnames == ['main', 'second one']
    rows = [[cell.value for cell in row] for row in book['main']]
    assert rows == [['name', 'n', 'kappa'], ['=1+1', 2, 0.5], ['a,b\n"c"', 0, None], ['\ufffd\ufffd', 1, 1]]
    formula, whole, kappa = book['main'][2]
    assert (formula.data_type, formula.quotePrefix) == ('s', True)
    assert (whole.number_format, kappa.number_format) == ('General', '0.000')


def test_texts_that_excel_would_cut_off_are_refused(tmp_path):
    table = ResultTable('main', ('comment',), [('x' * 32_768,)])
    with pytest.raises(ValueError, match=r'a\.xlsx: a text of 32,768 characters.*\.csv'):
        write_tables([table], tmp_path / 'a.xlsx')
    assert not list(tmp_path.iterdir())


def test_csv_json_and_folder(tmp_path):
    write_tables(TABLES, tmp_path / 'a.csv')
    with open(tmp_path / 'a.csv', encoding='utf-8-sig', newline='') as file:
        rows = list(csv.reader(file))
    assert rows[:3] == [['name', 'n', 'kappa'], ["'=1+1", '2', '0.5'], ['a,b\n"c"', '0', '']]
    write_tables(TABLES, tmp_path / 'a.json')
    content = json.loads((tmp_path / 'a.json').read_text(encoding='utf-8'))
    assert content['main'][1] == {'name': 'a,b\n"c"', 'n': 0, 'kappa': None}
    files = write_tables(TABLES, tmp_path / 'new' / 'folder')
    assert [file.name for file in files] == ['main.csv', 'second_one.csv']


def test_wrong_endings_are_refused_before_the_work(tmp_path):
    check_table_path(tmp_path / 'folder')
    check_table_path(tmp_path)
    with pytest.raises(ValueError, match=r'a\.ods'):
        check_table_path(tmp_path / 'a.ods')
    with pytest.raises(OSError, match='missing'):
        check_table_path(tmp_path / 'missing' / 'a.csv')


def test_names_with_brackets_are_printed_as_they_are(capsys):
    print_table(ResultTable('', ('name', 'n', 'kappa'), [('[bold]x[/]', 1200, None)]), {'name': 'who', 'n': 'n'})
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert lines == ['| who        |     n |', '|------------|-------|', '| [bold]x[/] | 1,200 |']


def test_missing_openpyxl_is_named_before_the_work(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'openpyxl', None)
    with pytest.raises(ImportError, match='pip install openpyxl'):
        check_table_path(tmp_path / 'a.xlsx')
