"""Coded recordings and their JSON files."""

import json

import pytest

from mmaction_microaction.label_sets import MA52
from mmaction_microaction.structures.coding import CodedEvent, Coding, read_coding, write_coding
from mmaction_microaction.structures.intervals import Interval


def make_coding():
    return Coding(
        'Interview (Müller)',
        [
            CodedEvent(3.0, 4.5, 'nodding', 'P2', 'B1', 'head', 0.75),
            CodedEvent(0.5, 0.5, 'sigh', 'P1', comment='before the answer'),
        ],
        duration=60.0,
        media=('videos/a.mp4', 'videos/b.mp4'),
        fps=25.0,
        people=('P2', 'P1', 'P3'),
        coder='Anna',
        settings={'threshold': 0.4, 'model': 'manet'},
        label_set=MA52,
    )


def test_file_is_read_back_unchanged(tmp_path):
    write_coding(make_coding(), tmp_path / 'a.json')
    assert read_coding(tmp_path / 'a.json') == make_coding()


def test_events_are_sorted_and_people_of_events_are_known():
    coding = make_coding()
    assert [event.action for event in coding.events] == ['sigh', 'nodding']
    assert coding.people == ('P2', 'P1', 'P3')
    assert coding.of('P1') == [coding.events[0]]
    assert coding.of('P3') == []
    assert Coding('a', [CodedEvent(0, 1, 'waving', 'left')]).people == ('left',)


def test_interval_becomes_an_event_with_the_names_of_its_action():
    event = CodedEvent.from_interval(Interval(1.0, 2.0, 36, 0.5), 'P1')
    assert event == CodedEvent(1.0, 2.0, 'arms akimbo', 'P1', 'E4', 'body-hand', 0.5)


@pytest.mark.parametrize('times', [(-1, 2), (2, 1), (0, float('inf')), (float('nan'), 1)])
def test_impossible_times_are_refused(times):
    with pytest.raises(ValueError, match='waving'):
        CodedEvent(*times, 'waving')


@pytest.mark.parametrize(
    ('change', 'match'),
    [
        ({'format': 'other'}, 'microaction coding'),
        (
            {'events': [{'start': 0, 'end': 1, 'action': 'waving'}, {'start': 2, 'end': 1, 'action': 'nodding'}]},
            'event 2',
        ),
        ({'events': [{'start': 0, 'end': 1}]}, 'event 1'),
        ({'label_set': {'actions': []}}, 'actions'),
        ({'people': 'P1'}, '"people" should be a list of texts'),
        ({'media': [1]}, '"media" should be a list of texts'),
        ({'recording': None}, 'recording'),
    ],
)
def test_other_content_is_refused_with_the_name_of_the_file(tmp_path, change, match):
    path = tmp_path / 'a.json'
    write_coding(make_coding(), path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ValueError, match=match) as caught:
        read_coding(path)
    assert str(path) in str(caught.value)


def test_values_may_be_null_or_left_out(tmp_path):
    path = tmp_path / 'a.json'
    event = {'start': 0, 'end': 1, 'action': 'waving'}
    content = {'format': 'microaction coding', 'recording': 'talk', 'events': [event]}
    empty = ('duration', 'media', 'fps', 'people', 'coder', 'settings', 'label_set')
    for nulls, event_nulls in (((), ()), (empty, ('person', 'code', 'group', 'score', 'comment'))):
        changed = {**content, **dict.fromkeys(nulls), 'events': [{**event, **dict.fromkeys(event_nulls)}]}
        path.write_text(json.dumps(changed))
        assert read_coding(path) == Coding('talk', [CodedEvent(0, 1, 'waving')])


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'a\.json'):
        read_coding(tmp_path / 'a.json')
