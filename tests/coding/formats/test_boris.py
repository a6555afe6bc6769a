"""Projects of BORIS, written by this project and by others."""

import json

import pytest

from mmaction_microaction.coding.formats import FORMATS, boris, boris_reading
from mmaction_microaction.label_sets import MA52
from mmaction_microaction.structures.coding import CodedEvent, Coding


def write(tmp_path, *codings):
    path = tmp_path / 'study.boris'
    FORMATS['boris'].write(codings, path)
    return json.loads(path.read_text(encoding='utf-8'))


def make_project(events, **observation):
    """Project as BORIS 7 and 8 write it, with the observation "talk"."""
    behaviors = [
        ('nodding', 'State event', 'head'),
        ('waving', 'State event with coding map', ''),
        ('blink', 'Point event', ''),
    ]
    return {
        'time_format': 'hh:mm:ss',
        'project_name': 'study',
        'project_format_version': '7.0',
        'subjects_conf': {'0': {'key': '1', 'name': 'P1', 'description': ''}},
        'behaviors_conf': {
            str(index): {'type': kind, 'key': '', 'code': code, 'description': 'as in the manual', 'category': category}
            for index, (code, kind, category) in enumerate(behaviors)
        },
        'behavioral_categories': ['head'],
        'observations': {'talk': {'type': 'MEDIA', 'file': {'1': ['a.mp4'], '2': []}, 'events': events, **observation}},
        'independent_variables': {},
    }


def read(tmp_path, project):
    path = tmp_path / 'study.boris'
    path.write_text(json.dumps(project), encoding='utf-8')
    return FORMATS['boris'].read(path)


def test_states_have_a_start_and_a_stop(tmp_path):
    events = [
        CodedEvent(1, 2.5, 'nodding', 'P1', 'B1', 'head', 0.9, 'unsure'),
        CodedEvent(2, 2, 'blink', 'P2'),
        CodedEvent(4, 4, 'nodding', ''),
    ]
    media = tmp_path / 'videos/talk.mp4'
    content = write(tmp_path, Coding('talk', events, 60, (media,), 25.0))
    observation = content['observations']['talk']
    assert observation['events'] == [
        [1, 'P1', 'nodding', '', 'unsure'],
        [2, 'P2', 'blink', '', ''],
        [2.5, 'P1', 'nodding', '', ''],
        [4, '', 'nodding', '', ''],
        [4, '', 'nodding', '', ''],
    ]
    assert observation['file']['1'] == ['videos/talk.mp4']
    assert observation['media_info']['length'] == {'videos/talk.mp4': 60}
    assert observation['media_info']['fps'] == {'videos/talk.mp4': 25}
    assert [item['name'] for item in content['subjects_conf'].values()] == ['P1', 'P2']
    nodding, blink = content['behaviors_conf'].values()
    assert (nodding['type'], nodding['category'], nodding['description']) == ('State event', 'head', 'Code: B1')
    assert (nodding['key'], blink['type'], blink['category']) == ('b', 'Point event', '')


def test_actions_of_the_label_set_can_be_chosen(tmp_path):
    content = write(tmp_path, Coding('talk', [], label_set=MA52))
    assert [item['code'] for item in content['behaviors_conf'].values()] == list(MA52.names)
    assert content['behavioral_categories'] == list(MA52.groups)
    assert content['observations']['talk']['type'] == 'LIVE'


def test_overlapping_events_of_one_action_are_merged_with_a_warning(tmp_path, monkeypatch):
    events = [
        CodedEvent(1, 3, 'nodding', 'P1', comment='a'),
        CodedEvent(2, 5, 'nodding', 'P1', comment='b'),
        CodedEvent(4, 4, 'nodding', 'P1'),
        CodedEvent(5, 6, 'nodding', 'P1'),
        CodedEvent(2, 4, 'nodding', 'P2'),
    ]
    path = tmp_path / 'study.boris'
    warnings = []
    monkeypatch.setattr(boris, 'print_log', lambda text, **_: warnings.append(text))
    FORMATS['boris'].write([Coding('talk', events)], path)
    (warning,) = warnings
    for part in ('talk', '"nodding" of P1 at 1 s and 2 s', '"nodding" of P1 at 1 s and 4 s'):
        assert part in warning
    assert 'P2' not in warning
    (coding,) = FORMATS['boris'].read(path)
    assert [(event.start, event.end, event.comment) for event in coding.of('P1')] == [(1, 5, 'a; b'), (5, 6, '')]
    assert [(event.start, event.end) for event in coding.of('P2')] == [(2, 4)]


def test_contradictions_are_named(tmp_path):
    first = Coding('talk', [CodedEvent(1, 2, 'nodding', 'P1', group='head')])
    second = Coding('walk', [CodedEvent(1, 2, 'nodding', 'P1', group='body')])
    with pytest.raises(ValueError, match=r'nodding.*head.*body'):
        write(tmp_path, first, second)
    with pytest.raises(ValueError, match='talk occurs more than once'):
        write(tmp_path, first, first)


def test_durations_of_joined_files_are_read_from_them(tmp_path, monkeypatch):
    durations = {'/v/1.mp4': 20.0, '/v/2.mp4': 30.0}
    monkeypatch.setattr(boris, 'Video', lambda path: type('Video', (), {'duration': durations[path]}))
    content = write(tmp_path, Coding('talk', [], 50, tuple(durations)))
    assert content['observations']['talk']['media_info']['length'] == durations


def test_durations_of_coded_files_follow_from_their_starts(tmp_path):
    coding = Coding('talk', [], 50.5, ('/v/1.mp4', '/v/2.mp4'), settings={'media_starts': [0.0, 20.25]})
    content = write(tmp_path, coding)  # The files do not exist.
    assert content['observations']['talk']['media_info']['length'] == {'/v/1.mp4': 20.25, '/v/2.mp4': 30.25}


def test_project_of_others_is_read(tmp_path):
    events = [
        [1.0, 'P1', 'nodding', '', 'start', 25],  # with the index of the frame
        [1.5, 'P1', 'nodding', 'slow|None', ''],  # another modifier, so another state
        [2.0, 'P1', 'nodding', '', 'stop', 50],
        [3.0, '', 'blink', 'left', ''],
        [4.0, 'P1', 'nodding', 'slow|None', 'late'],
        [5.0, 'P2', 'waving', 'None', ''],
        [6.0, 'P2', 'waving', 'None', ''],
    ]
    info = {'length': {'a.mp4': 20.0, 'b.mp4': 30.5}, 'fps': {'a.mp4': 25, 'b.mp4': 25}}
    (coding,) = read(tmp_path, make_project(events, file={'1': ['a.mp4', 'b.mp4']}, media_info=info))
    assert coding.events == [
        CodedEvent(1, 2, 'nodding', 'P1', group='head', comment='start; stop'),
        CodedEvent(1.5, 4, 'nodding', 'P1', group='head', comment='modifiers: slow|None; late'),
        CodedEvent(3, 3, 'blink', comment='modifiers: left'),
        CodedEvent(5, 6, 'waving', 'P2'),
    ]
    assert (coding.duration, coding.fps) == (50.5, 25)
    assert coding.media == (str(tmp_path / 'a.mp4'), str(tmp_path / 'b.mp4'))
    assert coding.label_set.names == ('nodding', 'waving', 'blink')
    assert not coding.label_set.has_groups  # Two behaviours have no category.


@pytest.mark.parametrize(
    ('changes', 'added'),
    [
        ({'time offset': 100.0}, 100),
        ({'time offset': -2.5}, -2.5),
        ({'time offset': None}, 0),
        ({'type': 'LIVE', 'file': [], 'time offset': 5}, 5),
        # Offsets of players are not added: they synchronise the other players with the first one.
        ({'file': {'2': ['b.mp4'], '1': ['a.mp4']}, 'media_info': {'offset': {'1': 2.0, '2': 5.0}}}, 0),
        (
            {
                'time offset': 100.0,
                'media_creation_date_as_offset': True,
                'media_info': {'media_creation_time': {'C:\\study\\a.mp4': 1_700_000_000}},
            },
            1_700_000_100,
        ),
    ],
)
def test_times_count_from_the_first_frame(tmp_path, changes, added):
    events = [[round(time + added, 3), '', 'blink', '', ''] for time in (1.1, 10.5)]
    (coding,) = read(tmp_path, make_project(events, **changes))
    assert [event.start for event in coding.events] == [1.1, 10.5]


@pytest.mark.parametrize(
    ('changes', 'remedy'),
    [
        ({}, 'start the observation'),
        ({'media_info': {'media_creation_time': {'/v/b.mp4': 1_700_000_000}}}, 'start the observation'),
        ({'file': {'1': ['a.mp4', 'b.mp4']}}, 'Shift time of selected event'),
    ],
)
def test_unknown_creation_time_is_an_error_with_a_remedy(tmp_path, changes, remedy):
    project = make_project([[1_700_000_001, '', 'blink', '', '']], media_creation_date_as_offset=True, **changes)
    with pytest.raises(ValueError, match=rf'observation talk.*creation time.*{remedy}'):
        read(tmp_path, project)


@pytest.mark.parametrize('key', ['start_from_current_time', 'start_from_current_epoch_time'])
def test_times_of_the_clock_are_an_error_with_a_remedy(tmp_path, key):
    project = make_project([[36_010, '', 'blink', '', '']], type='LIVE', file={}, **{key: True})
    with pytest.raises(ValueError, match=r'observation talk.*clock.*Shift time of selected event'):
        read(tmp_path, project)


def test_observation_of_a_part_of_the_media_is_named(tmp_path, monkeypatch):
    warnings = []
    monkeypatch.setattr(boris_reading, 'print_log', lambda text, **_: warnings.append(text))
    project = make_project([[130, '', 'blink', '', '']], **{'observation time interval': [120, 180]})
    (coding,) = read(tmp_path, project)
    assert coding.events == [CodedEvent(130, 130, 'blink')]
    read(tmp_path, make_project([], **{'observation time interval': [0, 0]}))
    (warning,) = warnings
    assert 'observation talk: it is limited to the time from 120 to 180 s' in warning


@pytest.mark.parametrize('files', [[], {}, {'1': [], '2': []}])
def test_live_observations_are_read(tmp_path, files):
    (coding,) = read(tmp_path, make_project([[1, '', 'blink', '', '']], type='LIVE', file=files))
    assert (coding.media, coding.duration, coding.fps) == ((), None, None)
    assert coding.events == [CodedEvent(1, 1, 'blink')]


@pytest.mark.parametrize(
    ('events', 'parts'),
    [
        ([[1, 'P1', 'nodding', '', '']], ['nodding', 'P1', '1 s', 'does not stop']),
        ([[1, '', 'nodding', '', ''], [2, '', 'nodding', 'slow', '']], ['no person', '1 s', '2 s', 'does not stop']),
        ([[7, 'P1', 'yawning', '', '']], ['yawning', '7 s', 'not a behaviour']),
        ([['NA', 'P1', 'blink', '', '']], ['blink', 'P1', 'NA', 'pictures']),
        ([[float('nan'), 'P1', 'blink', '', '']], ['blink', 'nan']),
        ([[-3, 'P1', 'blink', '', '']], ['blink', '-3']),
        ([[7]], ['damaged']),
        ('events', ['damaged']),
    ],
)
def test_problems_are_named(tmp_path, events, parts):
    with pytest.raises(ValueError, match=r'study\.boris') as error:
        read(tmp_path, make_project(events))
    for part in parts if 'damaged' in parts else ['observation talk', *parts]:
        assert part in str(error.value)


def test_problems_of_all_observations_are_named_at_once(tmp_path):
    project = make_project([[1, 'P1', 'nodding', '', '']])
    project['observations']['walk'] = {'type': 'LIVE', 'file': [], 'events': [[9, 'P2', 'nodding', '', '']]}
    with pytest.raises(ValueError, match=r'talk: .*at 1 s[^\n]*\n[^\n]*walk: .*at 9 s'):
        read(tmp_path, project)


@pytest.mark.parametrize('content', ['', '[]', '{"observations": {}}', 'PK\x03\x04', '[' * 100_000])
def test_other_files_are_named(tmp_path, content):
    (tmp_path / 'study.boris').write_text(content)
    with pytest.raises(ValueError, match=r'study\.boris is not a project of BORIS'):
        FORMATS['boris'].read(tmp_path / 'study.boris')
