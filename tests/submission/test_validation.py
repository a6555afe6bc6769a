import re
import struct
import zipfile

import pytest

from mmaction_microaction.submission import SUBMISSION_FORMATS, validate_submission, validation

HEADER = (
    'vid,action_pred_1,action_pred_2,action_pred_3,action_pred_4,action_pred_5,'
    'body_pred_1,body_pred_2,body_pred_3,body_pred_4,body_pred_5'
)
ROWS = ['a.mp4,9,10,11,0,1,1,2,0,3,4', 'b.mp4,51,50,49,48,47,6,5,4,3,2', 'c.mp4,24,25,26,27,28,3,4,5,6,0']
HEADER_2024 = 'id,pred_label_1,pred_label_2'
ROWS_2024 = ['a.mp4,1,9', 'b.mp4,6,51', 'c.mp4,3,24']


@pytest.fixture
def ann_file(tmp_path):
    (tmp_path / 'list.txt').write_text('a.mp4 0\nb.mp4 0\nc.mp4 0\n')
    return tmp_path / 'list.txt'


@pytest.fixture
def check(tmp_path):
    """Return a function that validates the lines of a table."""

    def check(*lines, ann_file=None, end='\n'):
        (tmp_path / 'prediction.csv').write_bytes(end.join([*lines, '']).encode())
        return validate_submission(tmp_path / 'prediction.csv', ann_file)

    return check


@pytest.mark.parametrize('end', ['\n', '\r\n'])
def test_accepts_both_formats(check, ann_file, end):
    assert check(HEADER, *ROWS, ann_file=ann_file, end=end) == ('codabench', 3, [], [])
    assert check(HEADER_2024, *ROWS_2024, ann_file=ann_file, end=end) == (
        '2024',
        3,
        [],
        [SUBMISSION_FORMATS['2024'].note],
    )


def test_accepts_names_without_extension_but_not_mixed(check, ann_file):
    stems = [row.replace('.mp4', '') for row in ROWS]
    assert check(HEADER, *stems, ann_file=ann_file).problems == []
    assert check(HEADER, stems[0], ROWS[1], stems[2], ann_file=ann_file).problems == [
        f"line 3: 'b.mp4' is not a clip of {ann_file}, which has names such as 'a'",
        f'1 of the 3 clips of {ann_file} are missing: b',
    ]


def test_rows_may_have_any_order(check, ann_file):
    assert check(HEADER, *ROWS[::-1], ann_file=ann_file).problems == []


def test_repeated_body_parts_are_noted(check):
    report = check(HEADER, *ROWS[:2], 'c.mp4,24,25,26,27,28,3,3,3,3,3')
    assert report.problems == []
    (note,) = report.notes
    assert 'repeat in 1 of 3 rows' in note


@pytest.mark.parametrize(
    ('row', 'problem'),
    [
        ('b.mp4,52,50,49,48,47,6,5,4,3,2', 'line 3: action_pred_1 is 52, which is not in the range 0 to 51'),
        ('b.mp4,51,50,49,48,47,6,5,4,3,7', 'line 3: body_pred_5 is 7, which is not in the range 0 to 6'),
        ('b.mp4,51,50,-1,48,47,6,5,4,3,2', "line 3: action_pred_3 is '-1', which is not an integer"),
        ('b.mp4,51,50,49.0,48,47,6,5,4,3,2', "line 3: action_pred_3 is '49.0', which is not an integer"),
        ('b.mp4,51,50,49,48,,6,5,4,3,2', "line 3: action_pred_5 is '', which is not an integer"),
        ('b.mp4,51,50,49,48,51,6,5,4,3,2', 'line 3: the actions 51, 50, 49, 48, 51 are not all different'),
        ('b.mp4,51,50,49,48,051,6,5,4,3,2', 'line 3: the actions 51, 50, 49, 48, 051 are not all different'),
        ('b.mp4,51,50,49,48,47,6,5,4,3', 'line 3: 10 columns instead of 11'),
        ('b.mp4,51,50,49,48,47,6,5,4,3,2,', 'line 3: 12 columns instead of 11'),
        ('a.mp4,51,50,49,48,47,6,5,4,3,2', 'line 3: a.mp4 is already listed in line 2'),
        (',51,50,49,48,47,6,5,4,3,2', 'line 3: vid is empty'),
        ('', 'line 3: the line is empty'),
    ],
)
def test_problems_name_their_line(check, row, problem):
    assert check(HEADER, ROWS[0], row, ROWS[2]).problems == [problem]


def test_swapped_columns_of_2024(check):
    assert check(HEADER_2024, 'a.mp4,9,1').problems == ['line 2: pred_label_1 is 9, which is not in the range 0 to 6']


def test_clips_that_are_unknown_or_missing_are_reported(check, ann_file):
    assert check(HEADER, ROWS[0], ROWS[1].replace('b.mp4', 'x.mp4'), ann_file=ann_file).problems == [
        f"line 3: 'x.mp4' is not a clip of {ann_file}, which has names such as 'a.mp4'",
        f'2 of the 3 clips of {ann_file} are missing: b.mp4, c.mp4',
    ]


def test_reports_every_problem(check):
    rows = [f'{i}.mp4,99,1,2,3,4,0,1,2,3,4' for i in range(40)]
    assert len(check(HEADER, *rows).problems) == 40


@pytest.mark.parametrize(
    ('content', 'problem'),
    [
        (b'', 'the table is empty'),
        (b'\r\n', 'the table is empty'),
        (HEADER.encode(), 'the table has no rows'),
        (b'vid,action,body\na.mp4,1,2\n', 'line 1: the header should be vid,action_pred_1,.* or id,.*, got'),
        (b'\xff\xfe\x00', r'the file is neither a zip file nor UTF-8 text'),
        (b'PK\x03\x04damaged', r'the file is not a readable zip file'),
        (f'\ufeff{HEADER}\n{ROWS[0]}\n'.encode(), 'line 1: the byte-order mark'),
    ],
)
def test_files_other_than_tables_are_reported(tmp_path, content, problem):
    (tmp_path / 'p.csv').write_bytes(content)
    problems = validate_submission(tmp_path / 'p.csv').problems
    assert len(problems) == 1
    assert re.match(problem, problems[0])


def test_wrong_header_does_not_hide_wrong_rows(check):
    report = check(HEADER.replace('vid', 'id'), 'a.mp4,52,10,11,0,1,1,2,0,3,4')
    assert [problem[:20] for problem in report.problems] == ['line 1: the header s', 'line 2: action_pred_']


@pytest.mark.parametrize(
    ('members', 'problem'),
    [
        (['prediction.csv'], None),
        (['out/prediction.csv'], 'without a folder; it contains out/prediction.csv'),
        (['predictions.csv'], 'without a folder; it contains predictions.csv'),
        (['prediction.csv', '__MACOSX/._prediction.csv'], 'it contains prediction.csv, __MACOSX/._prediction.csv'),
        ([], 'it contains nothing'),
    ],
)
def test_members_of_the_zip_file_are_checked(tmp_path, members, problem):
    with zipfile.ZipFile(tmp_path / 's.zip', 'w', zipfile.ZIP_DEFLATED) as file:
        for member in members:
            file.writestr(member, '\n'.join([HEADER, *ROWS]))
    report = validate_submission(tmp_path / 's.zip')
    if problem is None:
        assert report == ('codabench', 3, [], [])
    else:
        assert len(report.problems) == 1
        assert problem in report.problems[0]


def test_a_damaged_zip_file_is_reported(tmp_path):
    path = tmp_path / 's.zip'
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as file:
        file.writestr('prediction.csv', '\n'.join([HEADER, *ROWS]))
    content = path.read_bytes()
    # The compressed table begins after 44 bytes, which are the header and the name of the entry.
    path.write_bytes(content[:44] + b'\xff' * 20 + content[64:])
    (problem,) = validate_submission(path).problems
    assert problem.startswith('the file is not a readable zip file')


def test_tables_in_a_folder_of_the_zip_file_are_checked(tmp_path):
    with zipfile.ZipFile(tmp_path / 's.zip', 'w') as file:
        file.writestr('out/prediction.csv', f'{HEADER}\na.mp4,9,9,11,0,1,1,2,0,3,4\n')
    folder, row = validate_submission(tmp_path / 's.zip').problems
    assert 'without a folder' in folder
    assert row.startswith('line 2: the actions 9, 9')


def write_zip(path, content, **options):
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as file, file.open('prediction.csv', 'w', **options) as table:
        for part in content:
            table.write(part)
    return path


def test_a_zip_file_that_expands_is_reported(tmp_path):
    path = write_zip(tmp_path / 'bomb.zip', [bytes(2**20)] * 129)
    assert path.stat().st_size < 2**18
    report = validate_submission(path)
    assert 'prediction.csv has more than 128 MiB' in report.problems[0]
    # A wrong size of the table in the zip file has no effect.
    forged = path.read_bytes().replace(struct.pack('<I', 17 * 2**20), struct.pack('<I', 10))
    path.write_bytes(forged)
    assert validate_submission(path).problems


def test_other_compressions_and_encrypted_tables_are_reported(tmp_path):
    path = tmp_path / 'table.zip'
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        with zipfile.ZipFile(path, 'w', method) as file:
            file.writestr('prediction.csv', 'vid')
        assert 'deflate' in validate_submission(path).problems[0]
    with zipfile.ZipFile(path, 'w') as file:
        file.writestr('prediction.csv', 'vid')
    content = bytearray(path.read_bytes())
    content[6] |= 1
    content[content.index(b'PK\x01\x02') + 8] |= 1
    path.write_bytes(content)
    assert 'encrypted' in validate_submission(path).problems[0]


def test_a_zip_file_in_a_zip_file_is_not_unpacked(tmp_path):
    inner = write_zip(tmp_path / 'inner.zip', [bytes(2**20)])
    report = validate_submission(write_zip(tmp_path / 'outer.zip', [inner.read_bytes()]))
    assert report.format is None
    assert report.problems


def test_oversized_tables_are_reported(tmp_path, monkeypatch):
    path = tmp_path / 'table.csv'
    path.write_bytes(b'a\n' * 100_001)
    assert validate_submission(path).problems == ['the table has more than 100,000 lines']
    monkeypatch.setattr(validation, 'MAX_SIZE', 1000)
    assert 'table.csv has ' in validate_submission(path).problems[0]
