import csv
import json

import numpy as np
import pytest
from helpers.label_sets import FOUR

from mmaction_microaction.inference import ClipResult, TimelineResult, write_csv, write_json
from mmaction_microaction.label_sets import LabelSet
from mmaction_microaction.structures.intervals import Interval
from mmaction_microaction.utils.files import check_writable

SCORES = np.zeros(52)
SCORES[[9, 10, 19, 45, 46, 0]] = [0.3, 0.2, 0.35, 0.08, 0.05, 0.02]
CLIP = ClipResult('a, b.mp4', 1.5, SCORES)
TIMELINE = TimelineResult('ü.mp4', 60, [Interval(1.0, 2.5, 9, 0.75)], np.zeros(1), np.ones(1), SCORES[None])


def test_json_contains_both_kinds_of_result(tmp_path):
    write_json([CLIP, TIMELINE], tmp_path / 'x.json')
    clip, timeline = json.loads((tmp_path / 'x.json').read_text('utf-8'))
    assert clip['actions'][0] == {
        'start': 0.0,
        'end': 1.5,
        'label': 19,
        'code': 'C5',
        'action': 'waving',
        'group': 'upper limb',
        'score': 0.35,
    }
    assert clip['groups']['head'] == 0.5
    assert timeline['video'] == 'ü.mp4'
    assert timeline['intervals'][0]['code'] == 'B1'


def test_non_utf8_names_are_written_readably(tmp_path):
    clip = ClipResult('caf\udce9.mp4', 1.5, SCORES)  # a Latin-1 name, as Python reads it from the disk
    write_json([clip], tmp_path / 'x.json')
    write_csv([clip], tmp_path / 'x.csv')
    assert json.loads((tmp_path / 'x.json').read_text('utf-8'))[0]['video'] == 'caf\udce9.mp4'
    assert 'caf\\udce9.mp4' in (tmp_path / 'x.csv').read_text('utf-8-sig')


def test_table_contains_both_kinds_of_result(tmp_path):
    write_csv([CLIP, TIMELINE], tmp_path / 'x.csv')
    with open(tmp_path / 'x.csv', encoding='utf-8-sig', newline='') as file:
        rows = list(csv.DictReader(file))
    assert [(row['video'], row['rank'], row['code'], row['score']) for row in rows] == [
        ('a, b.mp4', '1', 'C5', '0.35'),
        ('a, b.mp4', '2', 'B1', '0.3'),
        ('a, b.mp4', '3', 'B2', '0.2'),
        ('a, b.mp4', '4', 'F10', '0.08'),
        ('a, b.mp4', '5', 'F9', '0.05'),
        ('ü.mp4', '1', 'B1', '0.75'),
    ]
    assert (rows[-1]['start'], rows[-1]['end']) == ('1.0', '2.5')


FORMULAS = [
    '=HYPERLINK("http://x")',
    '+1',
    '-1',
    '@SUM(A1)',
    '\t=1',
    '\r=1',
    '\n=1',
    ' =1',
    '\x0b=1',
    '\uff1d1',
    '\uff0b1',
    '\uff0d1',
    '\uff201',
]


def test_formula_like_name_is_escaped_in_csv_and_unchanged_in_json(tmp_path):
    names = [*FORMULAS, 'a=1.mp4', '/home/-1.mp4', "'a.mp4", '']
    results = [ClipResult(name, 1.5, SCORES) for name in names]
    write_csv(results, tmp_path / 'x.csv')
    with open(tmp_path / 'x.csv', encoding='utf-8-sig', newline='') as file:
        found = [row['video'] for row in csv.DictReader(file) if row['rank'] == '1']
    assert found == [f"'{name}" for name in FORMULAS] + names[len(FORMULAS) :]
    write_json(results, tmp_path / 'x.json')
    assert [result['video'] for result in json.loads((tmp_path / 'x.json').read_text('utf-8'))] == names


def test_folder_in_place_of_a_file_is_named_and_no_file_remains(tmp_path):
    (tmp_path / 'x.json').mkdir()
    with pytest.raises(OSError, match=r'unchanged.*x\.json'):
        write_json([CLIP], tmp_path / 'x.json')
    assert [path.name for path in tmp_path.iterdir()] == ['x.json']


def test_unwritable_path_is_detected_in_advance(tmp_path):
    check_writable(tmp_path / 'x.json')
    assert not list(tmp_path.iterdir())
    (tmp_path / 'file').touch()
    for path, reason in {
        tmp_path: 'it is a folder',
        tmp_path / 'file/x.json': 'file is not a folder',
        tmp_path / 'nowhere/x.json': 'nowhere is not a folder',
    }.items():
        with pytest.raises(OSError, match=rf'^{path} cannot be written, since .*{reason}'):
            check_writable(path)


def test_results_without_groups_have_a_null_in_json_and_an_empty_cell(tmp_path):
    clip = ClipResult('a.mp4', 1.5, np.array([0.1, 0.2, 0.6, 0.1]), FOUR)
    assert (clip.group, clip.group_scores.tolist()) == (None, [])
    write_json([clip], tmp_path / 'x.json')
    [found] = json.loads((tmp_path / 'x.json').read_text('utf-8'))
    assert [(action['action'], action['code'], action['group']) for action in found['actions'][:2]] == [
        ('shrugging', '2', None),
        ('waving', '1', None),
    ]
    assert found['group'] is None
    assert 'groups' not in found
    write_csv([clip], tmp_path / 'x.csv')
    lines = (tmp_path / 'x.csv').read_text('utf-8-sig').splitlines()
    assert lines[:2] == [
        'video,start,end,rank,code,action,group,score',
        'a.mp4,0.0,1.5,1,2,shrugging,,0.6',
    ]
    assert len(lines) == 1 + 4


def test_formula_like_names_of_actions_and_people_are_escaped_in_csv(tmp_path):
    actions = [{'name': '=HYPERLINK("http://x")', 'code': '@a', 'group': '+1'}]
    clip = ClipResult('a.mp4', 1.5, np.ones(1), LabelSet.from_dict({'actions': actions}), person='=1+1')
    write_csv([clip], tmp_path / 'x.csv')
    with open(tmp_path / 'x.csv', encoding='utf-8-sig', newline='') as file:
        [row] = csv.DictReader(file)
    assert (row['action'], row['code'], row['group']) == ('\'=HYPERLINK("http://x")', "'@a", "'+1")
    assert row['person'] == "'=1+1"
