import zipfile

import numpy as np
import pytest

from mmaction_microaction.submission import write_submission

# Nodding (9, head) and patting legs (48, leg-hand). The other actions are tied, so they are ranked by their labels.
SCORES = np.eye(52)[[9, 48]]
HEADER = 'vid,' + ','.join(f'{level}_pred_{k}' for level in ('action', 'body') for k in (1, 2, 3, 4, 5))


def test_writes_a_table_and_a_zip_file_of_it(tmp_path):
    table, archive = write_submission(tmp_path / 'new' / 'folder', ['a.mp4', 'b, c.mp4'], SCORES)
    assert table.read_bytes().decode() == (f'{HEADER}\na.mp4,9,0,1,2,3,1,0,0,0,0\n"b, c.mp4",48,0,1,2,3,6,0,0,0,0\n')
    with zipfile.ZipFile(archive) as file:
        assert file.namelist() == ['prediction.csv']
        assert file.read('prediction.csv') == table.read_bytes()
        assert file.testzip() is None
    assert sorted(path.name for path in table.parent.iterdir()) == ['prediction.csv', 'submission.zip']


def test_writes_the_format_of_2024(tmp_path):
    table, _ = write_submission(tmp_path, ['a.mp4', 'b.mp4'], SCORES, format='2024', ids='stem')
    assert table.read_text() == 'id,pred_label_1,pred_label_2\na,1,9\nb,6,48\n'


def test_same_predictions_produce_identical_files(tmp_path, monkeypatch):
    _, first = write_submission(tmp_path / 'a', ['a.mp4', 'b.mp4'], SCORES)
    monkeypatch.setattr('time.time', lambda: 2e9)
    _, second = write_submission(tmp_path / 'b', ['a.mp4', 'b.mp4'], SCORES)
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as file:
        assert file.getinfo('prediction.csv').date_time == (1980, 1, 1, 0, 0, 0)


def test_interrupted_write_keeps_the_previous_files(tmp_path, monkeypatch):
    table, archive = write_submission(tmp_path, ['a.mp4', 'b.mp4'], SCORES)
    before = table.read_bytes(), archive.read_bytes()

    def fail(path, content):
        with open(path, 'wb') as file:
            file.write(content[:10])
        raise OSError('disk full')

    monkeypatch.setattr('pathlib.Path.write_bytes', fail)
    with pytest.raises(OSError, match='disk full'):
        write_submission(tmp_path, ['a.mp4', 'b.mp4'], SCORES[::-1])
    monkeypatch.undo()
    assert (table.read_bytes(), archive.read_bytes()) == before


def test_unknown_options_are_rejected_before_anything_is_written(tmp_path):
    with pytest.raises(ValueError, match='format must be'):
        write_submission(tmp_path / 'out', ['a.mp4', 'b.mp4'], SCORES, format='2023')
    with pytest.raises(ValueError, match='ids must be'):
        write_submission(tmp_path / 'out', ['a.mp4', 'b.mp4'], SCORES, ids='index')
    assert not (tmp_path / 'out').exists()
