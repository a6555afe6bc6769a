"""Fuzz tests of file readers: either the documented error is raised or the result is valid.

``FUZZ_CASES=20000 pytest tests/test_fuzz.py`` runs 20,000 cases of each kind.
"""

import csv
import io
import json
import os
import pickle
import zipfile

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as stn

from mmaction_microaction.inference.onnx_safety.pipeline import ALLOWED, load_pipeline
from mmaction_microaction.label_sets import MA52
from mmaction_microaction.models.label_embeddings import load_label_embeddings
from mmaction_microaction.structures.annotations import read_annotations
from mmaction_microaction.structures.detection_annotations import COLUMNS as TRUTH_COLUMNS
from mmaction_microaction.structures.detection_annotations import read_detection_annotations
from mmaction_microaction.structures.detections import read_detections
from mmaction_microaction.submission import DETECTION_FORMATS, SUBMISSION_FORMATS, validate_submission
from mmaction_microaction.utils.pickles import load_pickle
from mmaction_microaction.utils.plain_config import read_plain_config

pytestmark = pytest.mark.filterwarnings('ignore')

fuzz = settings(
    max_examples=int(os.environ.get('FUZZ_CASES', 150)),
    deadline=None,
    derandomize='FUZZ_CASES' not in os.environ,  # the same cases in every run of the tests
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def outcome(function, *args):
    """Return the result of a function and None, or None and the message of its ValueError."""
    try:
        return function(*args), None
    except ValueError as error:
        return None, str(error)


@st.composite
def mutations(draw, contents):
    """Generate valid contents with some bytes changed, removed or inserted."""
    content = bytearray(draw(contents))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(content)))
        content[start : start + draw(st.integers(0, 8))] = draw(st.binary(max_size=8))
    return bytes(content)


names = st.one_of(st.sampled_from(['0030_00_0001.mp4', '0030_01_0001.mp4', 'a b.mp4', 'x/é.mp4']), st.text(max_size=9))
labels = st.one_of(
    st.integers(-2, 60).map(str), st.sampled_from(['B1', 'head up', '"9"']), st.text('0123456789-+٣ ', max_size=6)
)
separators = st.sampled_from([' ', ' ', ' ', '  ', '\t', ',', ';', ''])
ends = st.sampled_from(['\n', '\r\n', '\n\n', '\u2028', ''])
lists = st.lists(st.tuples(names, separators, labels, ends).map(''.join), max_size=6).map(''.join)
encoded_lists = lists.map(lambda text: text.encode('utf-8', 'surrogatepass'))


@fuzz
@given(content=st.one_of(encoded_lists, mutations(encoded_lists), st.binary(max_size=60)), check_names=st.booleans())
@example(content=b'a.mp4 ' + b'1' * 5000, check_names=True)  # Python refuses to convert this many digits.
def test_annotation_lists(tmp_path, content, check_names):
    path = tmp_path / 'list.txt'
    path.write_bytes(content)
    annotations, error = outcome(read_annotations, path, check_names)
    if error:
        assert str(path) in error
        return
    assert annotations
    assert len({annotation.filename for annotation in annotations}) == len(annotations)
    for filename, label in annotations:
        assert filename.strip()
        assert label in range(52)
        if check_names and filename in ('0030_00_0001.mp4', '0030_01_0001.mp4'):
            assert int(filename[5:7]) == MA52.fine_to_coarse[label]
    path.write_bytes(table([['video', 'label'], *annotations]))
    assert read_annotations(path, check_names) == annotations


def table(rows):
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode('utf-8', 'surrogatepass')


def zipped(content):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, 'w') as file:
        file.writestr('prediction.csv', content)
    return buffer.getvalue()


@st.composite
def tables(draw):
    format = draw(st.sampled_from(list(SUBMISSION_FORMATS.values())))
    digits = st.one_of(st.integers(0, 51).map(str), st.integers(0, 6).map(str), st.text(max_size=3))
    clip = st.one_of(st.sampled_from(['test0000.mp4', 'test0001.mp4', 'test0000']), st.text(max_size=5))
    sound = st.permutations(range(7)).map(lambda numbers: [*map(str, numbers[:5])] * 2)
    row = st.one_of(
        st.tuples(clip, sound).map(lambda row: [row[0], *row[1]][: len(format.header)]),
        st.tuples(clip, st.lists(digits, min_size=1, max_size=11)).map(lambda row: [row[0], *row[1]]),
    )
    return table([format.header, *draw(st.lists(row, max_size=4))])


submissions = st.one_of(tables(), tables().map(zipped))


@fuzz
@given(
    content=st.one_of(submissions, mutations(submissions), st.binary(max_size=60)),
    suffix=st.sampled_from(['csv', 'zip']),
)
@example(
    content=table([SUBMISSION_FORMATS['2024'].header, ['a' * 200_000, 1, 2]]), suffix='csv'
)  # exceeds the field limit of csv
def test_submissions(tmp_path, content, suffix):
    path = tmp_path / f'submission.{suffix}'
    path.write_bytes(content)
    report = validate_submission(path)
    assert report.format in (*SUBMISSION_FORMATS, None)
    if report.problems:
        assert all(isinstance(problem, str) and problem for problem in report.problems)
        return
    # No problem was found, so every row must match the format.
    if content.startswith(b'PK'):
        with zipfile.ZipFile(path) as file:
            content = file.read('prediction.csv')
    header, *rows = csv.reader(io.StringIO(content.decode(), newline=''))
    format = SUBMISSION_FORMATS[report.format]
    assert header == format.header
    assert len(rows) == report.rows > 0
    assert len({row[0] for row in rows}) == len(rows)
    for row in rows:
        assert len(row) == len(header)
        assert all(int(label) in range(classes) for label, classes in zip(row[1:], format.columns.values()))


numbers = st.one_of(st.integers(-1, 99).map(str), st.sampled_from(['9.0', '1e1', 'nan', '', 'B1']), st.text(max_size=3))
videos = st.sampled_from(['val0000', 'val0001', 'a, b', ''])


def rows_of(num_fields):
    """Generate rows of a number, a video, and some fields."""
    fields = st.lists(numbers, min_size=num_fields - 1, max_size=num_fields)
    return st.lists(st.builds(lambda video, row: ['0', video, *row], videos, fields), max_size=4)


TRUTH = [['id', *TRUTH_COLUMNS], ['0', 'val0000', 0, 9, 9, 60, '30.0']]
truth_tables = rows_of(5).map(lambda rows: table([*TRUTH, *rows]))


@fuzz
@given(content=st.one_of(truth_tables, mutations(truth_tables), st.binary(max_size=60)))
def test_tables_of_detections(tmp_path, content):
    path = tmp_path / 'val.csv'
    path.write_bytes(content)
    videos, error = outcome(read_detection_annotations, path)
    if error:
        assert str(path) in error
        return
    assert len({video.video_id for video in videos}) == len(videos) > 0
    for video in videos:
        assert np.isfinite(video.segments).all()
        assert all(0 <= i.start_frame < i.end_frame <= video.total_frames for i in video.instances)
        assert all(label in range(52) for label in video.labels)


headers = st.sampled_from([format.header for format in DETECTION_FORMATS.values()])
found_tables = st.builds(lambda header, rows: table([header, *rows]), headers, rows_of(4))


@fuzz
@given(content=st.one_of(found_tables, mutations(found_tables), found_tables.map(zipped)))
def test_detections(tmp_path, content):
    path = tmp_path / 'found.csv'
    path.write_bytes(content)
    report = validate_submission(path)
    detections, error = outcome(read_detections, path)
    if error:
        assert str(path) in error
        assert report.problems or content.startswith(b'PK')
        return
    assert np.isfinite(detections.segments).all()
    assert np.isfinite(detections.scores).all()
    assert all(label in range(52) for label in detections.labels)


def saved(array):
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def saved_several(array):
    buffer = io.BytesIO()
    np.savez(buffer, array)
    return buffer.getvalue()


SHAPE = (3, 2)
arrays = st.one_of(
    stn.arrays(st.sampled_from([np.float32, np.float64, np.float16, np.longdouble]), SHAPE),
    stn.arrays(stn.scalar_dtypes(), stn.array_shapes(max_dims=3, max_side=4)),
    stn.arrays(np.object_, SHAPE, elements=st.sampled_from([None, 'text', 1])),
)
embeddings = st.one_of(arrays.map(saved), arrays.map(saved_several))


@fuzz
@given(content=st.one_of(embeddings, mutations(embeddings), st.binary(max_size=60)))
@example(content=saved(np.full(SHAPE, 1e300)))  # finite in float64 only
@example(content=saved_several(np.zeros(SHAPE)))
def test_label_embeddings(tmp_path, content):
    path = tmp_path / 'table.npy'
    path.write_bytes(content)
    embedding, error = outcome(load_label_embeddings, path, SHAPE)
    if error:
        assert str(path) in error
        return
    assert embedding.shape == SHAPE
    assert embedding.dtype == np.float32
    assert np.isfinite(embedding).all()


values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=9)),
    lambda value: st.one_of(st.lists(value, max_size=4), st.dictionaries(st.text(max_size=5), value, max_size=4)),
    max_leaves=9,
)
samples = st.fixed_dictionaries(
    {'pred_score': st.sampled_from([np.ones(3), torch.ones(3), np.float32(1), [0.5]]), 'other': values}
)
dumps = st.builds(pickle.dumps, st.lists(samples, max_size=3), protocol=st.integers(0, 5))


@fuzz
@given(content=st.one_of(dumps, mutations(dumps), st.binary(max_size=60)))
def test_pickles(tmp_path, content):
    path = tmp_path / 'p.pkl'
    path.write_bytes(content)
    _, error = outcome(load_pickle, path)
    assert error is None or str(path) in error


assignments = st.dictionaries(st.sampled_from(['a', 'model', 'test_evaluator', 'é']), values, max_size=4)
configs = assignments.map(lambda config: ''.join(f'{name} = {value!r}\n' for name, value in config.items()).encode())


@fuzz
@given(content=st.one_of(configs, mutations(configs), st.binary(max_size=60)))
def test_configs_of_work_dirs(tmp_path, content):
    path = tmp_path / 'config.py'
    path.write_bytes(content)
    config, error = outcome(read_plain_config, path)
    assert (str(path) in error) if error else all(isinstance(name, str) for name in config)


arguments = st.sampled_from(sorted({'args', '_scope_', *(name for allowed in ALLOWED.values() for name in allowed)}))
steps = st.fixed_dictionaries({'type': st.one_of(st.sampled_from([*ALLOWED, 'os.system', 'Compose']), values)}).flatmap(
    lambda step: st.dictionaries(arguments, values, max_size=3).map(lambda given: {**step, **given})
)
pipelines = st.lists(st.one_of(steps, values), max_size=3).map(json.dumps)


@fuzz
@given(text=st.one_of(pipelines, st.text(max_size=60)))
def test_pipelines_of_exported_files(text):
    pipeline, error = outcome(load_pipeline, text)
    assert error or all(step['type'] in ALLOWED for step in pipeline)
