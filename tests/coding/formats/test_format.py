"""Reading of coded recordings by the endings of their files."""

import pytest

from mmaction_microaction.coding.formats import FORMATS, read_codings
from mmaction_microaction.structures.coding import CodedEvent, Coding, write_coding


def test_folder_is_searched_and_people_are_chosen_by_pattern(tmp_path):
    events = [CodedEvent(0, 1, 'nodding', 'P1'), CodedEvent(0, 1, 'waving', 'P2')]
    write_coding(Coding('b', events), tmp_path / 'b.json')
    (tmp_path / 'sub').mkdir()
    write_coding(Coding('c', events[:1]), tmp_path / 'sub/c.json')
    (tmp_path / 'notes.txt').write_text('not a coding')
    found = read_codings([tmp_path], people='*2')
    assert [coding.recording for coding in found] == ['b', 'c']
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
