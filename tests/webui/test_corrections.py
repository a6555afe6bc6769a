import numpy as np
import pytest
from helpers.label_sets import FOUR

from mmaction_microaction.inference import ClipResult
from mmaction_microaction.label_sets import MA52, MA52_REST
from mmaction_microaction.structures.coding import CodedEvent, Coding, read_coding, write_coding
from mmaction_microaction.webui.corrections import (
    Corrections,
    make_event_from_form,
    name_people,
    to_coding,
    to_intervals,
)

NOD = CodedEvent(1.0, 2.0, 'nodding', 'left', 'B1', 'head', 0.8)
WAVE = CodedEvent(4.0, 5.0, 'waving', 'right', 'C5', 'upper limb', 0.6)


@pytest.fixture
def corrections():
    return Corrections(Coding('talk', [NOD, WAVE], 10.0, coder='net', settings={'network': 'net'}, label_set=MA52))


def form(start=1.5, end=2.5, action='waving', person='left', comment='', row='Row 3', label_set=MA52):
    return make_event_from_form(row, start, end, action, person, comment, Coding('talk', [], 10.0, label_set=label_set))


def test_clip_is_an_event_of_its_best_action_unless_it_is_rest():
    scores = np.linspace(0, 1, 53)
    results = [ClipResult('talk.mp4', 2.0, each, MA52_REST, name) for name, each in (('P1', scores), ('P2', -scores))]
    coding = to_coding(results, 'talk.mp4', 'net')
    assert coding.label_set == MA52
    assert [(event.person, event.action) for event in coding.events] == [('P2', 'shaking body')]
    assert coding.people == ('P1', 'P2')


def test_event_of_the_form_has_the_names_of_the_action():
    assert form() == CodedEvent(1.5, 2.5, 'waving', 'left', 'C5', 'upper limb')
    # A label set without codes and groups.
    assert form(label_set=FOUR) == CodedEvent(1.5, 2.5, 'waving', 'left', '1', '')


@pytest.mark.parametrize(
    ('values', 'message'),
    [
        (dict(end=1.5), r'^Row 3: the end, 1\.5 s, must be after the start, 1\.5 s'),
        (dict(start=-1), r'^Row 3: the start, -1 s'),
        (dict(end=10.2), r'^Row 3: the end, 10\.2 s, is after the end of the recording, 10\.00 s'),
        (dict(start=None), '^Row 3: start and end'),
        (dict(end=float('nan')), '^Row 3: start and end'),
        (dict(action=None), '^Row 3: choose an action of MA-52'),
        (dict(action='dancing', row='New row'), '^New row: choose an action of MA-52'),
    ],
)
def test_impossible_values_are_refused_with_the_row(values, message):
    with pytest.raises(ValueError, match=message):
        form(**values)


def test_corrections_are_written_into_the_coded_recording(corrections, tmp_path):
    changed = corrections.change(NOD, form(1.5, 2.5, 'waving', 'left', 'unsure'))
    added = corrections.add(form(7.0, 8.0, 'nodding', 'right'))
    corrections.delete(WAVE)
    corrections.name_coder('AB')
    write_coding(corrections.coding, tmp_path / 'talk.json')
    coding = read_coding(tmp_path / 'talk.json')
    assert coding.events == [changed, added]
    assert changed.comment == 'unsure; corrected: was nodding, 1.00 to 2.00 s'
    assert added.comment == 'added'
    assert [event.score for event in coding.events] == [None, None]
    assert coding.coder == 'net, corrected by AB'
    assert coding.settings == {
        'network': 'net',
        'corrections': {'changed': 1, 'added': 1, 'deleted': ['right: waving, 4.00 to 5.00 s']},
    }
    assert corrections.count == 3


def test_comment_names_what_the_network_found_after_a_second_correction(corrections):
    first = corrections.change(NOD, form(1.5, 2.5))
    second = corrections.change(first, form(1.6, 2.5))
    assert second.comment == 'corrected: was nodding, 1.00 to 2.00 s'
    added = corrections.add(form(7.0, 8.0))
    assert corrections.change(added, form(7.0, 9.0)).comment == 'added'


def test_form_without_a_change_corrects_nothing(corrections):
    assert corrections.change(NOD, form(1.0, 2.0, 'nodding')) == NOD
    assert corrections.count == 0
    assert corrections.coding.coder == 'net'


def test_people_are_renamed_even_if_names_are_swapped(corrections):
    corrections.delete(WAVE)
    corrections.rename({'left': 'right', 'right': 'left'})
    assert [event.person for event in corrections.coding.events] == ['right']
    assert corrections.coding.settings['corrections']['deleted'] == ['left: waving, 4.00 to 5.00 s']
    assert set(corrections.coding.people) == {'left', 'right'}


def test_names_of_people():
    pair = ['left', 'right']
    assert name_people(pair, {'left': 'P1', 'right': 'P2'}) == ({'left': 'P1', 'right': 'P2'}, [])
    assert name_people(pair, {}) == ({'left': 'left', 'right': 'right'}, [])
    assert name_people([''], {'': 'P7'}) == ({'': 'P7'}, [])


@pytest.mark.parametrize(
    ('people', 'subjects', 'message'),
    [
        (['left', 'right'], {'': 'P1'}, "'P1' names nobody in this recording; write left=NAME, right=NAME."),
        ([''], {'left': 'P1'}, "'left=P1' names nobody in this recording; write one name."),
        (['left', 'right'], {'left': 'right'}, 'Two people would have one name (right, right)'),
    ],
)
def test_people_keep_their_names_if_new_ones_do_not_fit(people, subjects, message):
    names, [problem] = name_people(people, subjects)
    assert names == {person: person for person in people}
    assert problem.startswith(message)


def test_figures_show_corrected_events():
    [interval] = to_intervals([form()], MA52)
    assert (interval.start, interval.end, interval.action.code, interval.score) == (1.5, 2.5, 'C5', 1.0)


@pytest.mark.parametrize('remark', ['pressure added by interviewer, laughs', 'a word added', 'corrected: was odd', ''])
def test_remarks_of_a_person_are_kept_whatever_they_say(remark, corrections):
    first = corrections.change(NOD, form(comment=remark))
    assert first.comment == f'{remark}; corrected: was nodding, 1.00 to 2.00 s'.removeprefix('; ')
    assert corrections.remark(first) == remark
    corrections.rename({'left': 'P1'})
    first = corrections.coding.of('P1')[0]
    second = corrections.change(first, form(1.6, 2.5, person='P1', comment=corrections.remark(first)))
    assert second.comment == first.comment
    third = corrections.change(second, form(1.6, 2.5, person='P1', comment='unsure'))
    assert third.comment == 'unsure; corrected: was nodding, 1.00 to 2.00 s'
    assert corrections.changed == 3
    added = corrections.add(form(7.0, 8.0, comment=remark))
    assert added.comment == f'{remark}; added'.removeprefix('; ')
    assert corrections.change(added, form(7.0, 8.0, comment=remark)) is added
