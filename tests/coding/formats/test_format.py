"""Reading of coded recordings by the endings of their files."""

import json

import pytest

from mmaction_microaction.coding.formats import FORMATS, format, read_codings
from mmaction_microaction.structures.coding import CodedEvent, Coding, write_coding


def test_folder_is_searched_and_people_are_chosen_by_pattern(tmp_path):
    events = [CodedEvent(0, 1, 'nodding', 'P1'), CodedEvent(0, 1, 'waving', 'P2')]
    write_coding(Coding('b', events), tmp_path / 'b.json')
    (tmp_path / 'sub').mkdir()
    write_coding(Coding('c', events[:1]), tmp_path / 'sub/c.json')
    (tmp_path / 'notes.txt').write_text('not a coding')
    found = read_codings([tmp_path], people='*2')
    assert [coding.recording for coding in found] == ['b', 'sub/c']
    assert found[0].events == events[1:]
    assert found[0].people == ('P2',)
    assert found[1].events == []


@pytest.mark.parametrize(('name', 'error'), [('a.docx', ValueError), ('a.json', FileNotFoundError)])
def test_wrong_paths_are_named(tmp_path, name, error):
    if error is ValueError:
        (tmp_path / name).write_text('x')
    with pytest.raises(error, match=name):
        read_codings([tmp_path / name])


def test_empty_folder_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'\.json'):
        read_codings([tmp_path])


def test_tiers_of_a_folder_are_those_of_elan_and_praat(tmp_path):
    program = Coding('a', [CodedEvent(0.0, 1.0, 'nodding', 'P1')], 5.0, people=('P1',))
    FORMATS['json'].write([program], tmp_path / 'a.json')
    FORMATS['eaf'].write([program], tmp_path / 'a.eaf')
    FORMATS['csv'].write([program], tmp_path / 'a.csv')
    [read] = read_codings([tmp_path], tiers='P1*')
    assert [(event.start, event.end, event.action) for event in read.events] == [(0.0, 1.0, 'nodding')]
    with pytest.raises(ValueError, match=r'a\.json.*tiers'):
        read_codings([tmp_path / 'a.json'], tiers='P1*')


def test_all_files_of_a_recording_have_one_name(tmp_path):
    events = [CodedEvent(0.0, 1.0, 'nodding', 'P1')]
    (tmp_path / 'results/week1').mkdir(parents=True)
    for name in ('json', 'textgrid', 'csv', 'eaf'):
        coding = Coding('week1/P07', events, 5.0)
        FORMATS[name].write([coding], tmp_path / f'results/week1/P07{FORMATS[name].ending}')
    for folder in ('results', 'results/week1'):
        assert {coding.recording for coding in read_codings([tmp_path / folder])} == {'week1/P07'}
    files = [tmp_path / 'results/week1/P07.TextGrid', tmp_path / 'results/week1/P07.json']
    assert [coding.recording for coding in read_codings(files)] == ['week1/P07'] * 2
    assert [coding.recording for coding in read_codings(files[:1])] == ['P07']


def test_names_of_files_are_relative_to_the_folder(tmp_path):
    for week in ('week1', 'week2'):
        (tmp_path / week).mkdir()
        FORMATS['textgrid'].write(
            [Coding('any', [CodedEvent(0.0, 1.0, 'nodding')], 5.0)], tmp_path / week / 'P07.TextGrid'
        )
    assert [coding.recording for coding in read_codings([tmp_path])] == ['week1/P07', 'week2/P07']
    # A file of all recordings names them as the other files of its folder do.
    codings = [Coding(name, [CodedEvent(0.0, 1.0, 'nodding')]) for name in ('P07', 'P08')]
    FORMATS['csv'].write(codings, tmp_path / 'week2/all.csv')
    found = [coding.recording for coding in read_codings([tmp_path])]
    assert sorted(found) == ['P08', 'week1/P07', 'week2/P07', 'week2/P07']


def test_files_of_systems_and_programs_are_left_out(tmp_path):
    write_coding(Coding('P07', []), tmp_path / 'P07.json')
    for name in ('._P07.eaf', '._P07.json', '~$table.xlsx', '.Trash-1000/files/P08.eaf', '$RECYCLE.BIN/x/P08.eaf'):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b'\x00\x05\x16\x07')
    assert [coding.recording for coding in read_codings([tmp_path])] == ['P07']


def test_json_files_of_others_are_left_out_of_a_folder_with_one_warning(tmp_path, monkeypatch):
    warnings = []
    monkeypatch.setattr(format, 'print_log', lambda text, **_: warnings.append(text))
    write_coding(Coding('P07', []), tmp_path / 'P07.json')
    (tmp_path / 'thresholds.json').write_text(json.dumps({'format': 'microaction thresholds'}))
    (tmp_path / 'agreement.json').write_text('[]')
    assert [coding.recording for coding in read_codings([tmp_path])] == ['P07']
    assert len(warnings) == 1
    assert 'agreement.json, thresholds.json' in warnings[0]
    with pytest.raises(ValueError, match=r'thresholds\.json is not a coded recording.*pass'):
        read_codings([tmp_path / 'thresholds.json'])
    (tmp_path / 'P07.json').write_text('{"format": "microaction coding"')
    with pytest.raises(ValueError, match=r'P07\.json'):
        read_codings([tmp_path])
    (tmp_path / 'P07.json').unlink()
    with pytest.raises(FileNotFoundError, match='contains no coded recording'):
        read_codings([tmp_path])
    with pytest.raises(FileNotFoundError, match='nowhere: no such file or folder'):
        read_codings([tmp_path / 'nowhere'])
