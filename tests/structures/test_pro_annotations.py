import json

import pytest

from mmaction_microaction.structures.intervals import Interval
from mmaction_microaction.structures.pro_annotations import ProSample, read_pro_annotations

LINE = {
    'video': '0001.mp4',
    'emotion': 'surprise',
    'actions': [{'start': 1, 'end': 2.5, 'label': 9, 'code': 'B1'}, {'start': 2, 'end': 3, 'label': 3}],
    'faces': '0001.json',
    'subject': 7,
}


@pytest.fixture
def write(tmp_path):
    def write(*lines):
        path = tmp_path / 'train.jsonl'
        path.write_text(''.join(f'{line if isinstance(line, str) else json.dumps(line)}\n' for line in lines))
        return path

    return write


def test_reads_a_list(write):
    bare = {'video': 'b/2.mp4', 'emotion': 'joy', 'actions': []}
    assert read_pro_annotations(write(LINE, bare)) == [
        ProSample('0001.mp4', 2, [Interval(1, 2.5, 9), Interval(2, 3, 3)], '0001.json'),
        ProSample('b/2.mp4', 0, [], None),
    ]


@pytest.mark.parametrize('ending', ['\n', '\r\n', '\r'])
def test_separators_within_a_string_do_not_end_lines(tmp_path, ending):
    # str.splitlines() splits at these characters, but a JSON string may contain them.
    video = 'a\u2028b\u2029c\x85d.mp4'
    line = json.dumps({**LINE, 'video': video}, ensure_ascii=False)
    path = tmp_path / 'train.jsonl'
    for last in ('', ending):
        path.write_bytes(f'{line}{ending}{json.dumps(LINE)}{last}'.encode())
        assert [sample.video for sample in read_pro_annotations(path)] == [video, '0001.mp4']


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'video': ''}, "'video' should be the name of a file, got ''"),
        ({'video': 3}, "'video' should be the name"),
        ({'faces': ''}, "'faces' should be the name of a file, got ''; leave it out"),
        ({'emotion': 'happy'}, r"0001\.mp4 should be one of joy, sadness, surprise, fear, anger, got 'happy'"),
        ({'emotion': ['joy']}, 'should be one of joy'),
        ({'actions': None}, "'actions' of 0001.mp4 should be a list"),
        ({'actions': [9]}, r"action 1 of 0001\.mp4 should be an object with 'start', 'end' and 'label', got 9"),
        ({'actions': [{'start': 0, 'end': 1}]}, "should be an object with 'start'"),
        ({'actions': [*LINE['actions'], {'start': 2, 'end': 2, 'label': 1}]}, 'action 3 of .* got 2 to 2'),
        ({'actions': [{'start': -1, 'end': 2, 'label': 1}]}, 'got -1 to 2'),
        ({'actions': [{'start': '1', 'end': 2, 'label': 1}]}, "got '1' to 2"),
        ({'actions': [{'start': 1, 'end': float('inf'), 'label': 1}]}, 'got 1 to inf'),
        ({'actions': [{'start': 1, 'end': 2, 'label': 52}]}, 'label 52 is not one of the 52'),
        ({'actions': [{'start': 1, 'end': 2, 'label': True}]}, 'label True is not one of the 52'),
        ({'actions': [{'start': 1, 'end': 2, 'label': 9.0}]}, r'label 9\.0 is not one of the 52'),
        (
            {'actions': [{'start': 1, 'end': 2, 'label': 1, 'code': 'A2'}]},
            r'label 1 is A3 \(sitting straightly\), not A2',
        ),
    ],
)
def test_invalid_values_are_reported_with_file_and_line(write, change, message):
    path = write({**LINE, 'video': 'first.mp4'}, {**LINE, **change})
    with pytest.raises(ValueError, match=message) as error:
        read_pro_annotations(path)
    assert f'{path}, line 2' in str(error.value)


@pytest.mark.parametrize(
    ('lines', 'message'),
    [
        ([LINE, '{"video": '], 'line 2 is not JSON'),
        ([LINE, '[' * 100_000], r'line 2 is not JSON \(.*nested'),
        ([LINE, '', '{'], 'line 3 is not JSON'),
        ([' ', ''], 'is empty; .* JSON object per line'),
        ([LINE, '[1]'], r"line 2: expected a JSON object, got '\[1\]'"),
        ([{'video': 'a.mp4'}], "line 1 lacks 'emotion', 'actions'"),
        ([LINE, {**LINE, 'emotion': 'fear'}], r'line 2: 0001\.mp4 .* line 1'),
        ([], 'is empty; .* JSON object per line'),
    ],
)
def test_refuses_malformed_lists(write, lines, message):
    with pytest.raises(ValueError, match=message):
        read_pro_annotations(write(*lines))


def test_empty_lines_are_skipped_and_all_invalid_lines_named(write):
    assert len(read_pro_annotations(write('', LINE, ' ', {**LINE, 'video': 'b.mp4'}, ''))) == 2
    with pytest.raises(ValueError, match=r"train\.jsonl, line 2 is not JSON .*; line 3: 'emotion' .*; line 4 lacks 'v"):
        read_pro_annotations(write(LINE, '{', {**LINE, 'emotion': 'happy'}, {'emotion': 'joy', 'actions': []}))


def test_error_of_missing_list_describes_its_content(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'no\.jsonl: no such annotation list\. data/ma52_pro/README\.md'):
        read_pro_annotations(tmp_path / 'no.jsonl')
