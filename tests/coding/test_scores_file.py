"""Files of scores return what was written, and damaged ones are errors."""

import io
import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from helpers.coding import TWO, make_scores

from mmaction_microaction.coding.scores_file import RecordingScores, read_recording_scores, write_recording_scores


def test_windows_are_read_back(tmp_path):
    written = replace(
        make_scores('deep/P01', ('P1', 'P2')),
        media=('/videos/P01.mp4',),
        absences={'P2': [[1.0, 2.0]]},
        warnings=['a warning'],
        settings={'window': None},
    )
    write_recording_scores(written, tmp_path / 'a.npz')
    read = read_recording_scores(tmp_path / 'a.npz')
    for name in ('person', 'starts', 'ends'):
        assert (getattr(read, name) == getattr(written, name)).all()
    assert read.scores == pytest.approx(written.scores)
    for name in ('recording', 'duration', 'fps', 'media', 'people', 'absences', 'warnings', 'settings', 'label_set'):
        assert getattr(read, name) == getattr(written, name)
    assert not read.is_detector


def test_detections_and_people_without_rows_are_read_back(tmp_path):
    times = np.array([0.5, 2.0])
    written = RecordingScores(
        'a', np.array(['left', 'left']), times, times + 1, np.array([0.9, 0.2]), np.array([1, 0]),
        label_set=TWO, duration=5.0, people=('left', 'right'),
    )  # fmt: skip
    write_recording_scores(written, tmp_path / 'a.npz')
    read = read_recording_scores(tmp_path / 'a.npz')
    assert read.is_detector
    assert (read.labels.tolist(), read.people) == ([1, 0], ('left', 'right'))
    nothing = RecordingScores(
        'b', np.zeros(0, str), np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0, int), label_set=TWO, duration=5.0
    )
    write_recording_scores(nothing, tmp_path / 'b.npz')
    assert len(read_recording_scores(tmp_path / 'b.npz').starts) == 0


def rewrite(path, **entries):
    """Replace entries of an archive."""
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    contents.update({f'{name}.npy': data for name, data in entries.items()})
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents.items():
            archive.writestr(name, data)


def as_npy(array):
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def test_damaged_files_are_errors(tmp_path):
    path = tmp_path / 'a.npz'
    path.write_bytes(b'no archive')
    with pytest.raises(ValueError, match=r'a\.npz does not contain the scores'):
        read_recording_scores(path)
    with pytest.raises(FileNotFoundError, match='no such file'):
        read_recording_scores(tmp_path / 'b.npz')
    for entries, text in (
        (dict(scores=as_npy(np.ones((3, 2)))), r'scores has the shape \(3, 2\) instead of \(4, 2\)'),
        (dict(starts=as_npy(np.full(4, np.nan))), 'starts are not finite'),
        (dict(person=as_npy(np.array([{}], object))), 'object'),
        (dict(info=as_npy(np.frombuffer(b'{', np.uint8))), 'JSONDecodeError'),
        (dict(info=as_npy(np.frombuffer(json.dumps({}).encode(), np.uint8))), 'KeyError'),
    ):
        write_recording_scores(make_scores('a'), path)
        rewrite(path, **entries)
        with pytest.raises(ValueError, match=text):
            read_recording_scores(path)


def test_a_header_cannot_ask_for_memory(tmp_path):
    write_recording_scores(make_scores('a'), tmp_path / 'a.npz')
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, dict(descr='<f4', fortran_order=False, shape=(10**12, 2)))
    rewrite(tmp_path / 'a.npz', scores=stream.getvalue() + bytes(32))
    with pytest.raises(ValueError, match='cannot reshape array of size 8'):
        read_recording_scores(tmp_path / 'a.npz')
