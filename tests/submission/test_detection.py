import zipfile

import numpy as np
import pytest
from helpers.mma52 import ROWS, write_table

from mmaction_microaction.cli import main
from mmaction_microaction.structures.detection_annotations import AnnotatedVideo, Instance
from mmaction_microaction.structures.detections import Detections, read_detections
from mmaction_microaction.submission import detection, validate_submission, write_detection_submission

VIDEOS = [AnnotatedVideo(f'test000{index}', 300, 30.0, (Instance(0, 20, index + 1),)) for index in range(3)]
FOUND = Detections(
    np.array(['test0002', 'test0000', 'test0002', 'test0000', 'test0000']),
    np.array([[1, 2.5], [0, 1 / 3], [0, 10], [2, 3], [4, 5]]),
    np.array([9, 0, 51, 24, 25]),
    np.array([0.2, 0.001, 0.9, 0.5, 0.5]),
)
ROWS_WRITTEN = [
    '0,test0000,2.0,3.0,24,0.5',  # among equal scores, the order stays
    '1,test0000,4.0,5.0,25,0.5',
    '2,test0000,0.0,0.3333333333333333,0,0.001',
    '3,test0002,0.0,10.0,51,0.9',
    '4,test0002,1.0,2.5,9,0.2',
]


def test_writes_the_zip_file_of_2024_and_2025(tmp_path):
    path = write_detection_submission(tmp_path / 'new', FOUND, VIDEOS)
    assert path == tmp_path / 'new' / 'submission.zip'
    with zipfile.ZipFile(path) as file:
        assert file.namelist() == ['prediction.csv']
        content = file.read('prediction.csv')
    assert content.decode().splitlines() == [',video_id,t_start,t_end,class,score', *ROWS_WRITTEN]
    assert (tmp_path / 'new' / 'prediction.csv').read_bytes() == content


def test_writes_the_table_of_2026(tmp_path):
    path = write_detection_submission(tmp_path, FOUND, VIDEOS, 'mmad-2026')
    assert path == tmp_path / 'submission.csv'
    assert path.read_text().splitlines() == ['ID,video-id,t-start,t-end,label,score', *ROWS_WRITTEN]
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize('format', ['mmad', 'mmad-2026'])
def test_written_tables_are_read_back_unchanged(tmp_path, format):
    path = write_detection_submission(tmp_path, FOUND, VIDEOS, format)
    found = read_detections(tmp_path / 'prediction.csv' if format == 'mmad' else path)
    for ours, written in zip(found, FOUND):
        assert ours.tolist() == written[[3, 4, 1, 2, 0]].tolist()


def test_detections_of_other_videos_and_unknown_formats_are_rejected(tmp_path):
    with pytest.raises(ValueError, match=r'split lacks 1 video with detections: test0002\. Use the table'):
        write_detection_submission(tmp_path / 'out', FOUND, VIDEOS[:2])
    with pytest.raises(ValueError, match=r"'mmad', 'mmad-2026', got 'mmad-2023'"):
        write_detection_submission(tmp_path / 'out', FOUND, VIDEOS, 'mmad-2023')
    assert not (tmp_path / 'out').exists()


@pytest.fixture
def table(tmp_path):
    rows = [(video.video_id, 0, 20, index + 1, 300, 30) for index, video in enumerate(VIDEOS)]
    return write_table(tmp_path / 'test.csv', rows)


@pytest.mark.parametrize('format', ['mmad', 'mmad-2026'])
def test_written_files_are_valid(tmp_path, table, format):
    report = validate_submission(write_detection_submission(tmp_path, FOUND, VIDEOS, format), table)
    assert (report.format, report.rows, report.problems) == (format, 5, [])
    assert report.notes[-1] == '1 of the 3 videos have no detection: test0001'
    assert ('participant' in report.notes[0]) == (format == 'mmad-2026')


@pytest.mark.parametrize(
    ('row', 'problem'),
    [
        ('0,test0000,0,1,52,0.5', "label is '52', which is not one of the 52"),
        ('0,test0000,0,1,B1,0.5', "label is 'B1'"),
        ('0,test0000,0,x,9,0.5', "end is 'x', which is not a finite"),
        ('0,test0000,0,1,9,nan', "score is 'nan'"),
        ('0,,0,1,9,0.5', 'name of the video is empty'),
        ('0,test0000.mp4,0,1,9,0.5', "'test0000.mp4' is not a video of the table, which has names such as 'test0000'"),
        ('test0000,0,1,9,0.5', '5 columns instead of 6'),
    ],
)
def test_invalid_rows_are_reported_with_their_lines(tmp_path, table, row, problem):
    path = tmp_path / 'prediction.csv'
    path.write_text(f',video_id,t_start,t_end,class,score\n0,test0000,0,1,9,0.5\n{row}\n{row}\n')
    report = validate_submission(path, table)
    assert [each.partition(': ')[0] for each in report.problems] == ['line 3', 'line 4']
    assert problem in report.problems[0]


def test_unusual_rows_are_noted(tmp_path, table):
    path = tmp_path / 'prediction.csv'
    rows = ['test0000,2,1,9,0.5', 'test0001,0,11,9,0.5', 'test0002,-1,3,9,0.5', 'test0002,0,3,9,-2']
    path.write_text('\n'.join(['video_id,t_start,t_end,class,score', *rows]))
    report = validate_submission(path, table)
    assert report.problems == []
    assert report.notes == [
        "the header is 'video_id,t_start,t_end,class,score'; usual is ',video_id,t_start,t_end,class,score'",
        '1 of 4 rows end before or at their start',
        '2 of 4 rows lie outside of their video',
        '1 of 4 rows have a score below 0 or above 1',
    ]
    assert validate_submission(path).problems == []


def test_files_of_the_wrong_form_are_reported(tmp_path, table):
    path = tmp_path / 'submission.zip'
    with zipfile.ZipFile(path, 'w') as file:
        file.writestr('prediction.csv', 'ID,video-id,t-start,t-end,label,score\n')
    assert validate_submission(path, table).problems == [
        'the table has no rows below the header',
        'the format mmad-2026 is not zipped; upload the table itself',
    ]
    with zipfile.ZipFile(path, 'w') as file:
        file.writestr('out/prediction.csv', ',video_id,t_start,t_end,class,score\n0,test0000,0,1,9,0.5\n')
    assert 'without a folder' in validate_submission(path, table).problems[0]
    (tmp_path / 'clips.csv').write_text('id,pred_label_1,pred_label_2\n')
    with pytest.raises(ValueError, match=r'test\.csv is a table of MMA-52, but .*clips\.csv'):
        validate_submission(tmp_path / 'clips.csv', table)
    (tmp_path / 'broken.csv').write_bytes(b',video_id,t_start,t_end,class,score\n0,\xff,0,1,9,0.5\n')
    assert 'not UTF-8 text' in validate_submission(tmp_path / 'broken.csv').problems[0]


def test_the_check_ends_after_many_problems(tmp_path, monkeypatch):
    monkeypatch.setattr(detection, 'MAX_PROBLEMS', 3)
    path = tmp_path / 'prediction.csv'
    path.write_text(',video_id,t_start,t_end,class,score\n' + '0,a,0,1,99,0.5\n' * 10)
    problems = validate_submission(path).problems
    assert len(problems) == 4
    assert problems[-1] == 'the check ended in line 5, after 3 problems'


def test_commands_write_and_check_a_submission(tmp_path, table, capsys):
    write_detection_submission(tmp_path / 'a', FOUND, VIDEOS)
    submit = ['--ann-file', str(table), '--out', str(tmp_path / 'b')]
    main('submit', [str(tmp_path / 'a' / 'prediction.csv'), *submit, '--format', 'mmad-2026'])
    note, line = capsys.readouterr().out.splitlines()
    assert note.startswith('note: ')
    assert line == f'5 detections in 2 of 3 videos; upload {tmp_path}/b/submission.csv'
    main('validate', [f'{tmp_path}/b/submission.csv', '--ann-file', str(table)])
    assert 'is valid: 5 rows in the format mmad-2026' in capsys.readouterr().out
    other = write_table(tmp_path / 'val.csv', ROWS)
    with pytest.raises(SystemExit, match='not valid; problems: 5'):
        main('validate', [f'{tmp_path}/a/submission.zip', '--ann-file', str(other)])
    with pytest.raises(SystemExit) as stop:
        main('submit', ['p.pkl', *submit, '--format', 'mmad', '--ids', 'stem'])
    assert stop.value.code == 2
