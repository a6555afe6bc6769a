import pickle
from functools import partial

import numpy as np
import pytest
from helpers.processes import run_tool


@pytest.mark.slow
def test_tools_write_and_validate_submissions(tmp_path):
    run = partial(run_tool, cwd=tmp_path)

    (tmp_path / 'list.txt').write_text('test0000.mp4 0\ntest0001.mp4 0\n')
    (tmp_path / 'p.pkl').write_bytes(pickle.dumps(list(np.eye(52)[[9, 48]])))
    done = run('make_submission.py', 'p.pkl', '--ann-file', 'list.txt', '--out', 'out', '--format', '2024')
    note, line = done.stdout.splitlines()
    assert note.startswith('note: ')
    assert 'codabench' in note
    assert line == 'out/prediction.csv: 2 rows of format 2024; upload out/submission.zip', done.stderr
    assert (tmp_path / 'out' / 'prediction.csv').read_text().splitlines()[1:] == [
        'test0000.mp4,1,9',
        'test0001.mp4,6,48',
    ]
    done = run('validate_submission.py', 'out/submission.zip', '--ann-file', 'list.txt')
    assert done.returncode == 0
    assert done.stdout.startswith(f'{note}\nout/submission.zip is valid: 2 rows')

    (tmp_path / 'p.pkl').write_bytes(pickle.dumps(list(np.eye(52)[:1])))
    done = run('make_submission.py', 'p.pkl', '--ann-file', 'list.txt', '--out', 'other')
    assert done.returncode == 1
    assert done.stderr.startswith('error: p.pkl contains 1 row of scores, but list.txt lists 2 clips')
    (tmp_path / 'wrong.csv').write_text('id,pred_label_1,pred_label_2\n' + 'a.mp4,9,1\n' * 15)
    done = run('validate_submission.py', 'wrong.csv')
    assert done.returncode == 1
    # The problems are 15 labels out of range and 14 repeated names.
    *lines, last = done.stdout.splitlines()
    assert len(lines) == 21
    assert done.stdout.startswith('wrong.csv: line 2: pred_label_1 is 9')
    assert (lines[-1], last) == ('… and 9 more', note)
    assert done.stderr == 'wrong.csv is not valid; problems: 29\n'
