"""ELAN files, against the coding that they were made from, another library, and files as others write them."""

import json
import os
import re
from dataclasses import replace

import pympi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmaction_microaction.coding.formats import FORMATS, read_codings, read_eaf, write_eaf
from mmaction_microaction.label_sets import MA52, LabelSet
from mmaction_microaction.structures.coding import CodedEvent, Coding

HUMAN_VALUE = '<ANNOTATION_VALUE>{}</ANNOTATION_VALUE>'


def make_event(start, end, name='nodding', person='P1', **others):
    action = next((action for action in MA52.actions if action.name == name), None)
    code, group = (action.code, action.group) if action else ('', '')
    return CodedEvent(start, end, name, person, code, group, **others)


def make_coding(**changes):
    values = {
        'recording': 'Interview (Müller)',
        'events': [
            make_event(3.0, 4.5, score=0.75),
            make_event(4.0, 5.5, 'shaking head', score=0.5, comment='seen <twice> & "clearly"'),
            make_event(0.5, 0.5, 'sigh', 'Frau Müller'),
        ],
        'duration': 60.0,
        'fps': 25.0,
        'people': ('P1', 'Frau Müller', 'P3'),
        'coder': 'microaction 1.0',
        'settings': {'threshold': 0.4},
        'label_set': MA52,
    }
    return Coding(**{**values, **changes})


def make_file(path, tiers, slots='', header=''):
    """Write a file as other programs do."""
    path.write_text(
        f'<?xml version="1.0" encoding="UTF-8"?>\n<ANNOTATION_DOCUMENT AUTHOR="" DATE="2020-01-01T00:00:00Z" '
        f'FORMAT="3.0" VERSION="3.0"><HEADER TIME_UNITS="milliseconds">{header}</HEADER>'
        f'<TIME_ORDER>{slots}</TIME_ORDER>{tiers}</ANNOTATION_DOCUMENT>',
        encoding='utf-8',
    )
    return path


def make_slots(*times):
    values = ('' if time is None else f' TIME_VALUE="{time}"' for time in times)
    return ''.join(f'<TIME_SLOT TIME_SLOT_ID="ts{i}"{value}/>' for i, value in enumerate(values, start=1))


def make_tier(name, *annotations, attributes=''):
    """A tier of annotations (number of the first slot, number of the last slot, value)."""
    content = ''.join(
        f'<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="{name}{first}" TIME_SLOT_REF1="ts{first}" '
        f'TIME_SLOT_REF2="ts{last}">{HUMAN_VALUE.format(value)}</ALIGNABLE_ANNOTATION></ANNOTATION>'
        for first, last, value in annotations
    )
    return f'<TIER TIER_ID="{name}" LINGUISTIC_TYPE_REF="t" {attributes}>{content}</TIER>'


def test_file_is_read_back_equal(tmp_path):
    write_eaf([make_coding()], tmp_path / 'a.eaf')
    assert read_codings([tmp_path / 'a.eaf']) == [make_coding()]


NAMES = [action.name for action in MA52.actions[5:12]]
PEOPLE = ['P1', 'P1 head', 'Frau Müller', '', 'a: b & <c>']
EVENTS = st.builds(
    lambda start, duration, name, person, score, comment: make_event(
        start / 1000, (start + duration) / 1000, name, person, score=score, comment=comment
    ),
    st.integers(0, 5000),
    st.sampled_from([0, 2, 500, 3000]),
    st.sampled_from([*NAMES, 'own action']),
    st.sampled_from(PEOPLE),
    st.none() | st.sampled_from([0.0, 0.1234, 1.0]),
    st.text('aä<&" \n', max_size=5),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(EVENTS, max_size=12), st.booleans(), st.sampled_from([None, 12.5]), st.lists(st.sampled_from(PEOPLE)))
def test_any_coding_is_read_back_equal(tmp_path_factory, events, grouped, duration, people):
    path = tmp_path_factory.mktemp('eaf') / 'a.eaf'
    coding = Coding('a', events, duration, people=tuple(people), label_set=MA52 if grouped else None)
    write_eaf([coding], path)
    (found,) = read_eaf(path)
    for each in (found, coding):
        each.events.sort(key=repr)  # Events with equal times have no order.
    assert found == coding


def test_label_set_without_groups_has_a_tier_for_each_action_that_occurs(tmp_path):
    label_set = LabelSet.from_dict({'name': 'own', 'actions': ['nodding', 'waving', 'sitting']})
    events = [CodedEvent(0, 1, 'waving', 'P1', '1'), CodedEvent(0.5, 2, 'nodding', 'P1', '0')]
    write_eaf([Coding('a', events, label_set=label_set)], tmp_path / 'a.eaf')
    assert list(pympi.Eaf(tmp_path / 'a.eaf').get_tier_names()) == ['P1 nodding', 'P1 waving', 'P1 human']
    assert read_eaf(tmp_path / 'a.eaf')[0].events == events


def test_times_and_scores_are_rounded(tmp_path):
    events = [make_event(1.23456, 2.34567, score=0.123456), make_event(3.0, 3.0014)]
    write_eaf([Coding('a', events)], tmp_path / 'a.eaf')
    first, second = read_eaf(tmp_path / 'a.eaf')[0].events
    assert (first.start, first.end, first.score) == (1.235, 2.346, 0.1235)
    assert (second.start, second.end) == (3.0, 3.0)


def test_another_library_reads_tiers_vocabulary_and_scores(tmp_path):
    write_eaf([make_coding()], tmp_path / 'a.eaf')
    eaf = pympi.Eaf(tmp_path / 'a.eaf')
    assert eaf.get_annotation_data_for_tier('P1 head') == [(3000, 4500, 'nodding')]
    assert eaf.get_annotation_data_for_tier('P1 head 2') == [(4000, 5500, 'shaking head')]
    assert eaf.get_annotation_data_for_tier('Frau Müller sigh') == [(500, 501, 'sigh')]
    assert eaf.get_annotation_data_for_tier('P1 human') == []
    assert [value[2] for value in eaf.get_ref_annotation_data_for_tier('P1 head score')] == ['0.75']
    assert [value[2] for value in eaf.get_ref_annotation_data_for_tier('P1 head 2 comment')] == [
        'seen <twice> & "clearly"'
    ]
    parameters = eaf.get_parameters_for_tier('P1 head')
    assert (parameters['PARTICIPANT'], parameters['ANNOTATOR']) == ('P1', 'microaction 1.0')
    assert eaf.get_parameters_for_tier('P1 head score')['PARENT_REF'] == 'P1 head'
    assert {f'P3 {group}' for group in MA52.groups} <= set(eaf.get_tier_names())
    entries = [value for values, _ in eaf.get_cv_entries('action').values() for value in values]
    assert [entry[0] for entry in entries] == [*MA52.names, 'sigh']
    assert entries[9][0] == 'nodding'
    assert entries[9][2] == 'B1'


def test_media_are_linked_absolutely_and_relatively_as_elan_writes_them(tmp_path, monkeypatch):
    (tmp_path / 'out').mkdir()
    monkeypatch.chdir(tmp_path)
    coding = make_coding(media=('videos/a b (ü).mp4', 'videos/b.mkv'), settings={'media_starts': [0, 30.5]})
    write_eaf([coding], 'out/a.eaf')
    first, second = pympi.Eaf('out/a.eaf').media_descriptors
    assert first == {
        'MEDIA_URL': f'file://{tmp_path}/videos/a b (ü).mp4',
        'RELATIVE_MEDIA_URL': '../videos/a b (ü).mp4',
        'MIME_TYPE': 'video/mp4',
    }
    assert (second['TIME_ORIGIN'], second['MIME_TYPE']) == ('-30500', 'video/x-matroska')
    assert read_eaf('out/a.eaf')[0].media == (f'{tmp_path}/videos/a b (ü).mp4', f'{tmp_path}/videos/b.mkv')


def test_moved_media_are_found_beside_the_file(tmp_path):
    write_eaf([make_coding(media=(str(tmp_path / 'old/a b.mp4'),))], tmp_path / 'old.eaf')
    text = (tmp_path / 'old.eaf').read_text().replace('./old/a b.mp4', './new/a%20b.mp4')
    (tmp_path / 'new').mkdir()
    (tmp_path / 'new/a b.mp4').touch()
    (tmp_path / 'new.eaf').write_text(text)
    assert read_eaf(tmp_path / 'new.eaf')[0].media == (str(tmp_path / 'new/a b.mp4'),)


def test_file_that_another_library_changed_is_read(tmp_path):
    write_eaf([make_coding()], tmp_path / 'a.eaf')
    eaf = pympi.Eaf(tmp_path / 'a.eaf')
    eaf.add_annotation('P1 human', 1000, 2000, 'Nodding')
    eaf.add_annotation('P1 human', 2000, 2001, 'b2')
    eaf.add_annotation('P3 human', 0, 700, 'yawning')
    eaf.to_file(tmp_path / 'b.eaf')
    program, human = read_eaf(tmp_path / 'b.eaf')
    assert program.events == make_coding().events
    assert program.coder == 'microaction 1.0'
    assert human.events == [
        CodedEvent(0.0, 0.7, 'yawning', 'P3'),
        make_event(1.0, 2.0),
        make_event(2.0, 2.0, 'shaking head'),
    ]
    assert (human.coder, human.settings, human.duration) == ('human', {}, 60.0)
    assert human.people == ('P1', 'Frau Müller', 'P3')
    assert read_codings([tmp_path / 'b.eaf'], tiers='*human*') == [human]
    assert read_codings([tmp_path / 'b.eaf'], people='P3', tiers='*human*')[0].events == human.events[:1]


@pytest.mark.parametrize('person', ['P1', ''])
def test_one_pattern_finds_all_tiers_of_a_human(tmp_path, person):
    """The only person has no name, and overlapping actions are in a further tier."""
    event = make_event(1.0, 2.0, person=person, score=0.5)
    write_eaf([Coding('a', [event], people=(person,), label_set=MA52)], tmp_path / 'a.eaf')
    eaf = pympi.Eaf(tmp_path / 'a.eaf')
    name = f'{person} human'.strip()
    eaf.add_tier(f'{name} 2', ling='action', part=person or None)
    eaf.add_annotation(name, 3000, 4000, 'waving')
    eaf.add_annotation(f'{name} 2', 3500, 4500, 'nodding')
    eaf.to_file(tmp_path / 'b.eaf')
    [human] = read_codings([tmp_path / 'b.eaf'], tiers='*human*')
    assert [(event.action, event.person) for event in human.events] == [('waving', person), ('nodding', person)]


def test_empty_human_tiers_can_be_chosen(tmp_path):
    write_eaf([make_coding()], tmp_path / 'a.eaf')
    (human,) = read_eaf(tmp_path / 'a.eaf', '*human*')
    assert (human.events, human.coder, human.people) == ([], 'human', ('P1', 'Frau Müller', 'P3'))


def test_file_of_another_library_is_read(tmp_path):
    eaf = pympi.Eaf()
    eaf.add_tier('Hände', part='Anna B.')
    eaf.add_tier('Kopf')
    eaf.add_annotation('Hände', 100, 1500, ' Winken ')
    eaf.add_annotation('Kopf', 0, 40, 'Nicken')
    eaf.remove_tier('default')
    eaf.to_file(tmp_path / 'study 1.eaf')
    (coding,) = read_eaf(tmp_path / 'study 1.eaf')
    assert coding.recording == 'study 1'
    assert coding.events == [CodedEvent(0, 0.04, 'Nicken', 'Kopf'), CodedEvent(0.1, 1.5, 'Winken', 'Anna B.')]
    assert (coding.people, coding.label_set, coding.duration) == (('Anna B.', 'Kopf'), None, None)


def test_tiers_with_an_empty_participant_are_different_people(tmp_path):
    tiers = make_tier('K head', (1, 2, 'nod'), attributes='PARTICIPANT=""') + make_tier('W head', (1, 2, 'shake'))
    (coding,) = read_eaf(make_file(tmp_path / 'a.eaf', tiers, make_slots(0, 1000)))
    assert [(event.person, event.action) for event in coding.events] == [('K head', 'nod'), ('W head', 'shake')]


def test_boundaries_without_times_share_the_time_between_aligned_ones(tmp_path):
    slots = make_slots(1000, None, None, 4000, 4000, 5000)
    tiers = make_tier('A', (1, 2, 'x'), (2, 3, 'y'), (3, 4, 'z'), (5, 6, 'w'))
    (coding,) = read_eaf(make_file(tmp_path / 'a.eaf', tiers, slots))
    assert [(event.start, event.end) for event in coding.events] == [(1, 2), (2, 3), (3, 4), (4, 5)]


def test_reference_annotations_are_read_if_their_tier_is_named(tmp_path):
    references = ''.join(
        f'<ANNOTATION><REF_ANNOTATION ANNOTATION_ID="r{i}" ANNOTATION_REF="A1">{HUMAN_VALUE.format(value)}'
        '</REF_ANNOTATION></ANNOTATION>'
        for i, value in enumerate(['left', 'right'])
    )
    tiers = make_tier('A', (1, 2, 'turn')) + f'<TIER TIER_ID="side" LINGUISTIC_TYPE_REF="s">{references}</TIER>'
    path = make_file(tmp_path / 'a.eaf', tiers, make_slots(1000, 3000))
    assert [event.action for event in read_eaf(path)[0].events] == ['turn']
    (coding,) = read_eaf(path, 'side')
    assert coding.events == [CodedEvent(1, 2, 'left', 'side'), CodedEvent(2, 3, 'right', 'side')]


def test_times_count_from_the_first_frame_of_media_with_an_offset(tmp_path):
    header = '<MEDIA_DESCRIPTOR MEDIA_URL="file:///C:/a.mp4" MIME_TYPE="video/mp4" TIME_ORIGIN="1500"/>'
    (coding,) = read_eaf(make_file(tmp_path / 'a.eaf', make_tier('A', (1, 2, 'x')), make_slots(0, 1000), header))
    assert coding.events == [CodedEvent(1.5, 2.5, 'x', 'A')]
    assert coding.media == ('C:/a.mp4',)


def test_annotations_before_the_first_frame_are_left_out_with_a_warning(tmp_path):
    header = '<MEDIA_DESCRIPTOR MEDIA_URL="file:///C:/a.mp4" MIME_TYPE="video/mp4" TIME_ORIGIN="-2000"/>'
    tier = make_tier('A', (1, 2, 'x'), (3, 4, 'y'))
    with pytest.warns(UserWarning, match=r'a\.eaf: 1 annotations .*offset.*-2 s'):
        (coding,) = read_eaf(make_file(tmp_path / 'a.eaf', tier, make_slots(0, 1500, 1700, 3000), header))
    assert coding.events == [CodedEvent(0, 1, 'y', 'A')]


TIER = make_tier('A', (1, 2, 'x'))
SLOTS = make_slots(0, 1000)


@pytest.mark.parametrize(
    ('tiers', 'slots', 'match'),
    [
        ('', SLOTS, 'no tier'),
        (make_tier('A', (1, 2, ' ')), SLOTS, r"'A'.*0\.000 s to 1\.000 s.*empty"),
        (TIER, make_slots(2000, 1000), "'A'.*A1.*1000.*2000"),
        (TIER, make_slots(0), 'A1.*ts2 does not exist'),
        (TIER, make_slots(0, None), 'A1.*ts2 has no time'),
        (TIER, make_slots(0, '1e9'), "ts2.*'1e9'"),
        (TIER, make_slots(0, -5), "ts2.*'-5'"),
        (TIER.replace('TIER_ID', 'ID'), SLOTS, 'TIER_ID'),
        (
            '<TIER TIER_ID="A"><ANNOTATION><REF_ANNOTATION ANNOTATION_ID="b" ANNOTATION_REF="c"/></ANNOTATION></TIER>',
            SLOTS,
            "'A'.*b.*c does not exist",
        ),
    ],
)
def test_impossible_content_is_refused_with_file_and_position(tmp_path, tiers, slots, match):
    path = make_file(tmp_path / 'a.eaf', tiers, slots)
    with pytest.raises(ValueError, match=match) as caught:
        read_eaf(path)
    assert str(path) in str(caught.value)


def test_pattern_that_fits_no_tier_is_refused_with_the_names_of_the_tiers(tmp_path):
    with pytest.raises(ValueError, match=r"'B\*'.*A"):
        read_eaf(make_file(tmp_path / 'a.eaf', TIER, SLOTS), 'B*')


@pytest.mark.parametrize(
    ('content', 'match'),
    [
        ('<a/>', '<a>.*ANNOTATION_DOCUMENT'),
        ('<ANNOTATION_DOCUMENT>', 'line 1'),
        ('<!DOCTYPE a [<!ENTITY b "c">]><ANNOTATION_DOCUMENT>&b;</ANNOTATION_DOCUMENT>', 'DOCTYPE'),
        ('<?xml version="1.0" encoding="none"?><ANNOTATION_DOCUMENT/>', 'encoding'),
        ('', 'line 1'),
        ('<ANNOTATION_DOCUMENT><HEADER TIME_UNITS="PAL-frames"/></ANNOTATION_DOCUMENT>', 'PAL-frames'),
        (
            '<ANNOTATION_DOCUMENT><HEADER><PROPERTY NAME="microaction">[]</PROPERTY></HEADER></ANNOTATION_DOCUMENT>',
            'microaction',
        ),
    ],
)
def test_other_files_are_refused(tmp_path, content, match):
    (tmp_path / 'a.eaf').write_text(content)
    with pytest.raises(ValueError, match=rf'a\.eaf: .*{match}'):
        read_eaf(tmp_path / 'a.eaf')


def test_property_that_someone_damaged_is_refused(tmp_path):
    write_eaf([make_coding()], tmp_path / 'a.eaf')
    text = (tmp_path / 'a.eaf').read_text()
    for change in ({'people': 3}, {'actions': {'x': 1}}, {'duration': 'x'}, {'label_set': {'actions': []}}):
        start, end = text.index('{"recording'), text.index('</PROPERTY>')
        content = json.dumps(json.loads(text[start:end]) | change)
        (tmp_path / 'b.eaf').write_text(text[:start] + content + text[end:])
        with pytest.raises(ValueError, match=r'b\.eaf'):
            read_eaf(tmp_path / 'b.eaf')


def test_large_files_are_refused(tmp_path, monkeypatch):
    path = make_file(tmp_path / 'a.eaf', TIER, SLOTS)
    monkeypatch.setattr('mmaction_microaction.coding.formats.eaf_read.MAX_ELEMENTS', 5)
    with pytest.raises(ValueError, match='more than 5 elements'):
        read_eaf(path)
    monkeypatch.setattr('mmaction_microaction.coding.formats.eaf_read.MAX_SIZE', 100)
    with pytest.raises(ValueError, match='MiB'):
        read_eaf(path)


def test_only_one_recording_is_written(tmp_path):
    with pytest.raises(ValueError, match='2'):
        FORMATS['eaf'].write([make_coding(), make_coding()], tmp_path / 'a.eaf')
    assert not (tmp_path / 'a.eaf').exists()


def test_characters_that_xml_lacks_are_replaced(tmp_path):
    event = replace(make_event(0, 1), comment='a\x00b\ud800')
    write_eaf([Coding('a\x07', [event])], tmp_path / 'a.eaf')
    (coding,) = read_eaf(tmp_path / 'a.eaf')
    assert coding.events[0].comment == 'a\ufffdb\ufffd'
    assert coding.recording == 'a\x07'


def make_media(*files):
    """Descriptors of media files (name, MIME type, offset in milliseconds)."""
    return ''.join(
        f'<MEDIA_DESCRIPTOR MEDIA_URL="file:///C:/{name}" MIME_TYPE="{kind}" TIME_ORIGIN="{offset}"/>'
        for name, kind, offset in files
    )


@pytest.mark.parametrize(
    ('files', 'kept', 'start', 'named'),
    [
        ([('a.mp4', 'video/mp4', 0), ('a.wav', 'audio/x-wav', 0)], 'C:/a.mp4', 1, 'a.wav'),
        ([('a.wav', 'audio/x-wav', 0), ('a.MKV', 'unknown', 500)], 'C:/a.MKV', 1.5, 'a.wav'),
        ([('left.mp4', 'video/mp4', 0), ('right%20b.mp4', 'video/mp4', 700)], 'C:/left.mp4', 1, r'right b\.mp4'),
        ([('a.wav', 'audio/x-wav', 250)], 'C:/a.wav', 1.25, None),
    ],
)
def test_media_that_elan_shows_side_by_side_do_not_follow_each_other(tmp_path, files, kept, start, named, recwarn):
    path = make_file(tmp_path / 'a.eaf', make_tier('A', (1, 2, 'x')), make_slots(1000, 2000), make_media(*files))
    [coding] = read_eaf(path)
    assert coding.media == (kept,)
    assert coding.events[0].start == start
    texts = [str(each.message) for each in recwarn if each.category is UserWarning]
    assert len(texts) == (named is not None)
    assert all(re.search(rf'a\.eaf: .* are not: {named}$', text) for text in texts)


def test_a_camera_that_was_added_in_elan_is_not_a_further_file(tmp_path):
    write_eaf([make_coding(media=('a.mp4',), settings={'media_starts': [0.0]})], tmp_path / 'a.eaf')
    text = (tmp_path / 'a.eaf').read_text()
    more = '<MEDIA_DESCRIPTOR MEDIA_URL="file:///b.mp4" MIME_TYPE="video/mp4"/>'
    (tmp_path / 'a.eaf').write_text(text.replace('<PROPERTY', f'{more}<PROPERTY', 1))
    with pytest.warns(UserWarning, match=r'a\.eaf: .* are not: b\.mp4$'):
        assert read_eaf(tmp_path / 'a.eaf')[0].media == (os.path.abspath('a.mp4'),)


def test_an_empty_tier_below_another_one_is_no_person(tmp_path):
    tiers = make_tier('P1', (1, 2, 'x')) + make_tier('P1 notes', attributes='PARENT_REF="P1"') + make_tier('P2')
    path = make_file(tmp_path / 'a.eaf', tiers, SLOTS)
    assert read_eaf(path)[0].people == ('P1', 'P2')
