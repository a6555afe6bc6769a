import csv
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from mmaction_microaction.coding.formats import FORMATS, read_codings
from mmaction_microaction.inference import TimelineResult
from mmaction_microaction.structures.intervals import Interval
from mmaction_microaction.webui.corrections import Corrections, to_coding
from mmaction_microaction.webui.exports import list_formats, write_export
from mmaction_microaction.webui.visits import Visit


@pytest.fixture
def recordings():
    """Make two recordings of one name, each with a left and a right person."""
    visit, scores = Visit(), np.zeros((1, 52))
    for label in (9, 19):
        recording = visit.add('/secret/folder/talk.mp4')
        recording.results = [
            TimelineResult(recording.path, 9.0, [Interval(0, 2.5, label, 0.4)], None, None, scores, person=person)
            for person in ('left', 'right')
        ]
        recording.names = {'left': 'P1', 'right': 'P2'}
        recording.corrections = Corrections(to_coding(recording.results, recording.name, 'net', 30.0))
        recording.corrections.rename(recording.names)
    return visit.recordings


def test_every_format_of_coded_recordings_can_be_downloaded(recordings, tmp_path):
    writable = [name for name, form in FORMATS.items() if form.write]
    assert list(list_formats()) == [*writable, 'scores.json', 'scores.csv']
    for name in writable:
        path = write_export(recordings[:1], name, tmp_path)
        assert path.name == f'talk{FORMATS[name].ending}'
        assert path.stat().st_size
        if FORMATS[name].read:
            [coding] = read_codings([path])
            assert {event.person for event in coding.events} == {'P1', 'P2'}, name


def test_coded_recording_names_the_people_and_no_folder(recordings, tmp_path):
    path = write_export(recordings[:1], 'json', tmp_path)
    [coding] = read_codings([path])
    assert [(event.person, event.code, event.end) for event in coding.events] == [('P1', 'B1', 2.5), ('P2', 'B1', 2.5)]
    assert (coding.recording, coding.media, coding.fps, coding.duration) == ('talk', ('talk.mp4',), 30.0, 9.0)
    assert coding.coder.startswith('net (mmaction-microaction ')
    assert 'secret' not in path.read_text()


def test_all_recordings_are_in_one_file(recordings, tmp_path):
    path = write_export(recordings, 'json', tmp_path)
    assert path.name == 'recordings.zip'
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path / 'all')
    codings = read_codings([tmp_path / 'all'])
    assert [coding.events[0].code for coding in codings] == ['C5', 'B1']
    assert [path.name for path in path.parent.iterdir()] == ['recordings.zip']


def test_uncorrected_scores_name_the_people_of_the_study(recordings, tmp_path):
    recordings[0].corrections.delete(recordings[0].coding.events[0])
    found = json.loads(write_export(recordings[:1], 'scores.json', tmp_path).read_text())
    assert [(entry['video'], entry['person'], len(entry['intervals'])) for entry in found] == [
        ('talk.mp4', 'P1', 1),
        ('talk.mp4', 'P2', 1),
    ]
    path = write_export(recordings, 'scores.csv', tmp_path)
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ['talk.mp4.csv', 'talk (2).mp4.csv']
        rows = list(csv.DictReader(archive.read('talk (2).mp4.csv').decode('utf-8-sig').splitlines()))
    assert [(row['video'], row['person'], row['code']) for row in rows] == [
        ('talk (2).mp4', person, 'C5') for person in ('P1', 'P2')
    ]


def test_unknown_formats_are_refused(recordings, tmp_path):
    for name in ('exe', 'scores.exe', '../json'):
        with pytest.raises(ValueError, match='is not a format; choose one of json'):
            write_export(recordings, name, Path(tmp_path))
