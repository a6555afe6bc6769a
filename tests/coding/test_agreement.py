"""Agreement of coded recordings, against counts made by hand."""

from dataclasses import replace

import pytest
from helpers.codings import code_again, event, make_interview

from mmaction_microaction.coding.agreement import compare_codings, find_reference
from mmaction_microaction.coding.compared_pair import AgreementSettings
from mmaction_microaction.coding.formats import FORMATS
from mmaction_microaction.coding.sides import pair_codings, read_side
from mmaction_microaction.label_sets import MA52
from mmaction_microaction.structures.coding import Coding, write_coding

# Ten seconds of P1. Both see a nod at 1 s. A sees a nod at 3 s that B takes for shaking head. Only A sees the nod at
# 5 s, and only B the one at 8 s. Both see crossing legs at 6 s, B as long as 2 s.
ANNA = Coding(
    'talk',
    [
        *(event(start, start + 1, 'nodding') for start in (1, 3, 5)),
        event(6, 7, 'crossing legs'),
    ],
    10.0,
    coder='Anna',
)
BEN = Coding(
    'talk',
    [
        *(event(start, start + 1, 'Nodding') for start in (1, 8)),
        event(3.4, 4, 'shaking head'),
        event(6, 8, 'crossing legs'),
    ],
    10.0,
    coder='Ben',
)


def find_row(table, **values):
    """Return the only row of a table with some values, as a dict."""
    (row,) = [row for row in table.to_dicts() if all(row[key] == value for key, value in values.items())]
    return row


def test_units_by_hand():
    units = compare_codings([ANNA], [BEN]).units
    # Nodding: A in units 1, 3, 5 and B in 1, 8. By chance: 0.3 * 0.2 + 0.7 * 0.8 = 0.62; (0.7 - 0.62) / 0.38
    row = find_row(units, person='all', action='nodding')
    assert [row[key] for key in ('units', 'both', 'only_A', 'only_B', 'neither')] == [10, 1, 2, 1, 6]
    assert row['agreement_percent'] == pytest.approx(70)
    assert row['kappa'] == pytest.approx(0.08 / 0.38, abs=1e-6)
    assert row['pabak'] == pytest.approx(0.4)
    assert row['positive_agreement_percent'] == pytest.approx(40)
    assert (row['prevalence_A_percent'], row['prevalence_B_percent']) == (30, 20)
    assert 'fewer than 5' in row['note']
    # All: A none in 0 2 4 7 8 9, nodding in 1 3 5, legs in 6; B none in 0 2 4 5 9, nodding in 1 8, head in 3, legs in
    # 6 7. Equal in 0 1 2 4 6 9. By chance: 0.6 * 0.5 + 0.3 * 0.2 + 0.1 * 0.2 = 0.38.
    row = find_row(units, person='all', action='all')
    assert row['agreement_percent'] == pytest.approx(60)
    assert row['kappa'] == pytest.approx(0.22 / 0.62, abs=1e-6)
    assert [row[key] for key in ('both', 'only_A', 'only_B', 'neither')] == [3, 1, 2, 4]


def test_action_of_one_side_has_kappa_0_with_the_reason():
    row = find_row(compare_codings([ANNA], [BEN]).units, person='all', action='shaking head')
    assert row['kappa'] == 0
    assert 'only B' in row['note']


def test_events_by_hand():
    result = compare_codings([ANNA], [BEN], AgreementSettings(reference='A'))
    row = find_row(result.events, person='all', action='all')
    counts = ('events_A', 'events_B', 'same_action', 'other_action', 'only_A', 'only_B')
    assert [row[key] for key in counts] == [4, 4, 2, 1, 1, 1]
    assert row['agreement_percent'] == pytest.approx(40)
    assert (row['precision_percent'], row['recall_percent']) == (50, 50)
    # Matched: nodding, legs, and nodding for head. By chance: (2 * 1 + 1 * 1 + 0) / 9; (2/3 - 1/3) / (2/3)
    assert row['kappa_matched'] == pytest.approx(0.5)
    # Nodding: of 5 rows, both 1, only A 2, only B 1. By chance: 0.6 * 0.4 + 0.4 * 0.6 = 0.48; (0.4 - 0.48) / 0.52
    row = find_row(result.events, person='all', action='nodding')
    assert [row[key] for key in counts] == [3, 2, 1, 1, 1, 1]
    assert row['kappa'] == pytest.approx(-0.08 / 0.52, abs=1e-6)
    assert (row['precision_percent'], row['recall_percent']) == (50, pytest.approx(100 / 3, abs=1e-4))


def test_confusions_and_disagreements():
    result = compare_codings([ANNA], [BEN])
    assert result.confusions.columns == ('A \\ B', 'crossing legs', 'nodding', 'shaking head', 'none')
    assert result.confusions.rows == [
        ('crossing legs', 1, 0, 0, 0),
        ('nodding', 0, 1, 1, 1),
        ('shaking head', 0, 0, 0, 0),
        ('none', 0, 1, 0, 0),
    ]
    assert result.disagreements.rows == [
        ('talk', 'P1', '0:03.0', 3, 4, 'nodding', 'shaking head', 'other action'),
        ('talk', 'P1', '0:05.0', 5, 6, 'nodding', 'none', 'only A'),
        ('talk', 'P1', '0:08.0', 8, 9, 'none', 'nodding', 'only B'),
    ]
    assert result.states.rows[0] == ('none', 'none', 4)


def test_an_action_called_none_is_an_action():
    # Both see the first "none", and only A the second one.
    first = Coding('talk', [event(1, 2, 'None'), event(4, 5, 'None'), event(6, 7, 'nodding')], 10.0)
    second = Coding('talk', [event(1, 2, 'none'), event(6, 7, 'nodding')], 10.0)
    result = compare_codings([first], [second])
    row = find_row(result.events, person='all', action='None')
    assert [row[key] for key in ('same_action', 'other_action', 'only_A', 'only_B')] == [1, 0, 1, 0]
    row = find_row(result.events, person='all', action='all')
    assert (row['agreement_percent'], row['kappa'] < 1) == (pytest.approx(200 / 3, abs=1e-4), True)
    row = find_row(result.units, person='all', action='all')
    assert [row[key] for key in ('both', 'only_A', 'only_B', 'neither')] == [2, 1, 0, 7]
    assert result.confusions.columns == ('A \\ B', 'None', 'nodding', '(none)')
    assert result.disagreements.rows == [('talk', 'P1', '0:04.0', 4, 5, 'None', '(none)', 'only A')]
    assert ('None', '(none)', 1) in result.states.rows


def test_an_action_whose_name_looks_like_two_is_another_state():
    both = Coding('talk', [event(0, 1, 'nodding'), event(0, 1, 'waving'), event(2, 3, 'nodding')], 4.0)
    one = Coding('talk', [event(0, 1, 'nodding + waving'), event(2, 3, 'nodding')], 4.0)
    row = find_row(compare_codings([both], [one]).units, person='all', action='all')
    assert row['agreement_percent'] == pytest.approx(75)


def test_smaller_tolerance_and_overlap_separate_events():
    strict = compare_codings([ANNA], [BEN], AgreementSettings(tolerance=0.3))
    assert find_row(strict.events, person='all', action='all')['other_action'] == 0
    # Shaking head overlaps 0.6 s of the second of nodding; crossing legs 1 s of 2 s.
    overlap = compare_codings([ANNA], [BEN], AgreementSettings(tolerance=None, overlap=0.55))
    row = find_row(overlap.events, person='all', action='all')
    assert (row['same_action'], row['other_action']) == (1, 1)


def test_actions_at_the_same_time_are_a_state_of_their_own():
    first = Coding('talk', [event(0, 2, 'nodding'), event(1, 2, 'crossing legs')], 3.0)
    second = Coding('talk', [event(0, 2, 'nodding')], 3.0)
    states = compare_codings([first], [second]).states.rows
    assert ('crossing legs + nodding', 'nodding', 1) in states


def test_point_events_match_by_tolerance_but_cannot_overlap():
    point = Coding('talk', [event(2, 2, 'nodding'), event(4, 5, 'nodding')], 6.0)
    row = find_row(compare_codings([point], [point]).units, person='all', action='nodding')
    assert row['both'] == 2
    with pytest.raises(ValueError, match=r'talk has point events.*--tolerance'):
        compare_codings([point], [point], AgreementSettings(tolerance=None, overlap=0.6))


def test_undefined_kappa_has_a_reason_and_no_number():
    silent = Coding('talk', [], 10.0, people=('P1',))
    result = compare_codings([silent], [silent])
    row = find_row(result.units, person='all', action='all')
    assert (row['units'], row['kappa'], row['agreement_percent']) == (10, None, 100)
    assert 'undefined' in row['note']
    nods = Coding('talk', [event(1, 2, 'nodding')], 10.0)
    row = find_row(compare_codings([nods], [nods]).events, person='all', action='nodding')
    assert row['kappa'] is None
    assert 'undefined' in row['note']


def test_what_only_one_side_has_is_listed():
    first = [ANNA, Coding('second talk', [event(0, 1, 'nodding')], 5.0)]
    second = [
        Coding('talk', [*BEN.events, event(0, 1, 'waving', 'P2')], 10.0),
        Coding('third', [event(0, 1, 'nodding')], 5.0),
    ]
    notes = compare_codings(first, second).notes
    assert any('only A has 1 recording: second talk' in note for note in notes)
    assert any('only B has 1 recording: third' in note for note in notes)
    assert any('talk: only B has P2' in note for note in notes)
    assert any('only B uses shaking head' in note for note in notes)
    with pytest.raises(ValueError, match=r'second talk.*third'):
        pair_codings(first[1:], second[1:])


def test_the_only_person_may_have_no_name():
    unnamed = Coding('talk', [event(1, 2, 'nodding', '')], 10.0)
    pairing = pair_codings([ANNA], [unnamed])
    assert [(pair.person, len(pair.first), len(pair.second)) for pair in pairing.pairs] == [('P1', 4, 1)]
    assert 'P1' in pairing.notes[0]


def test_spellings_of_a_person_are_one_person():
    nods = [event(second, second + 1, 'nodding', 'P1') for second in (1, 3, 5)]
    first = Coding('talk', [*nods, event(8, 9, 'waving', 'p1 ')], 10.0)
    second = Coding('talk', [*nods, event(8, 9, 'waving', 'P1')], 10.0)
    (pair,) = pair_codings([first], [second]).pairs
    assert (pair.person, len(pair.first), len(pair.second)) == ('P1', 4, 4)
    result = compare_codings([first], [second])
    assert find_row(result.events, person='all', action='all')['same_action'] == 4
    assert 'talk: P1 and p1  of A are taken as one person' in result.notes


def test_a_person_without_events_on_one_side_is_noted():
    first = Coding('talk', [event(1, 2, 'nodding'), event(3, 4, 'nodding', 'P2'), event(5, 6, 'nodding', 'P2')], 10.0)
    second = Coding('talk', [event(1, 2, 'nodding')], 10.0, people=('P1', 'P2'))
    (note,) = pair_codings([first], [second]).notes
    assert note.startswith('talk: B has no events of P2, and A has 2')


def test_durations_that_are_unknown_or_differ_are_noted():
    unknown = Coding('talk', BEN.events)
    assert pair_codings([ANNA], [unknown]).pairs[0].duration == 10
    pairing = pair_codings([Coding('talk', ANNA.events)], [unknown])
    assert pairing.pairs[0].duration == 9
    assert 'not known' in pairing.notes[0]
    longer = Coding('talk', BEN.events, 15.0)
    assert '10.0' in pair_codings([ANNA], [longer]).notes[0]
    assert '15.0' in pair_codings([ANNA], [longer]).notes[0]


def test_people_are_compared_apart_and_together():
    first = make_interview('talk', 0)
    units = compare_codings([first], [code_again(first, 1)]).units
    rows = [find_row(units, recording='all', person=name, action='nodding') for name in ('all', 'P1', 'P2')]
    assert rows[0]['units'] == 1200
    for key in ('units', 'both', 'only_A', 'only_B', 'neither'):
        assert rows[0][key] == rows[1][key] + rows[2][key]


def test_side_without_scores_is_the_truth():
    program = code_again(ANNA, 0, scores=True)
    assert find_reference([program], [ANNA]) == 'B'
    assert find_reference([ANNA], [program]) == 'A'
    assert find_reference([ANNA], [BEN]) is None
    assert find_reference([program], [program]) is None


def test_a_recording_in_two_files_counts_once_if_they_are_equal(tmp_path):
    write_coding(ANNA, tmp_path / 'a.json')
    write_coding(Coding('talk', ANNA.events), tmp_path / 'b.json')
    (coding,) = read_side([tmp_path])
    assert coding.duration == 10
    write_coding(BEN, tmp_path / 'c.json')
    with pytest.raises(ValueError, match=r'two codings of the recording talk, with different events'):
        read_side([tmp_path])
    assert read_side([str(tmp_path / '[ab].json')])[0].events == ANNA.events


def test_of_the_files_of_a_recording_the_one_with_scores_and_absences_counts(tmp_path):
    settings = {'absences': {'P1': [[8, 9]]}}
    coding = Coding(
        'talk', [event(1, 2, 'nodding', score=0.7)], 10.0, ('talk.mp4',), 25.0, coder='program', settings=settings
    )
    coding.label_set = MA52
    FORMATS['boris'].write([coding], tmp_path / 'all_recordings.boris')
    write_coding(coding, tmp_path / 'talk.json')
    [found] = read_side([tmp_path])
    assert (found.settings, found.events[0].score) == (settings, 0.7)


def test_files_that_differ_in_a_person_are_not_equal(tmp_path):
    write_coding(ANNA, tmp_path / 'a.json')
    corrected = [replace(item, person='P2') if item.start == 3 else item for item in ANNA.events]
    write_coding(Coding('talk', corrected), tmp_path / 'b.json')
    with pytest.raises(ValueError, match=r'two codings of the recording talk'):
        read_side([tmp_path])
    write_coding(Coding('talk', [replace(item, person='p1') for item in ANNA.events]), tmp_path / 'b.json')
    assert len(read_side([tmp_path])) == 1


@pytest.mark.parametrize(
    ('first', 'second', 'pairs', 'notes'),
    [
        (['week1/P07'], ['P07'], ['week1/P07'], []),
        (['P07'], ['anna/p07'], ['P07'], []),
        (['week1/P07', 'week2/P07'], ['week1/P07'], ['week1/P07'], ['only A has 1 recording: week2/P07']),
        (['P07', 'week1/P07'], ['P07'], ['P07'], ['only A has 1 recording: week1/P07']),
        (['P08', 'week1/P07'], ['P08', 'anna/P07'], ['P08', 'week1/P07'], ['week1/P07 of A is compared with anna/P07']),
        (['P08', 'week1/P07', 'week2/P07'], ['P08', 'P07'], ['P08'], ['P07 of B could be week1/P07 or week2/P07']),
    ],
)
def test_recordings_are_paired_by_the_last_part_of_their_names(first, second, pairs, notes):
    sides = [[Coding(name, [event(1, 2, 'nodding')], 5.0) for name in names] for names in (first, second)]
    pairing = pair_codings(*sides)
    assert [pair.recording for pair in pairing.pairs] == pairs
    assert bool(pairing.notes) == bool(notes)
    for note in notes:
        assert note in '; '.join(pairing.notes)
