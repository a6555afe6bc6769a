import runpy
import sys

import numpy as np
import pytest
from helpers.support import ROOT
from PIL import Image

TOOLS = ROOT / 'tools'


@pytest.mark.parametrize(
    ('tool', 'arguments', 'message'),
    [
        ('make_synthetic_ma52', ['--out', 'SET', '--size', '63'], 'size 63x76'),
        ('make_synthetic_ma52', ['--out', 'SET', '--clips', '100', '--counts', 'long-tailed'], 'at least 208 clips'),
        ('make_synthetic_ma52', ['--contact-sheet', '/nowhere/all.png'], '/nowhere/all.png cannot be written, since'),
        ('make_synthetic_ma52', ['--contact-sheet', 'FOLDER.png'], 'FOLDER.png cannot be written, since it is a'),
        ('make_synthetic_ma52', ['--contact-sheet', 'all.jpg'], 'cannot write all.jpg: it must be a .png'),
        ('make_synthetic_ma52', ['--out', 'FILE'], 'FILE/videos_train cannot be a folder'),
        ('make_synthetic_ma52_pro', ['--out', 'FILE'], 'FILE/videos_train cannot be a folder'),
        ('make_synthetic_mma52', ['--out', 'FILE'], 'FILE/videos_train cannot be a folder'),
        ('make_synthetic_mma52', ['--out', 'SET', '--videos', '6,0,2'], '0 val videos'),
        ('make_synthetic_mma52', ['--out', 'SET', '--subjects', '10000'], '10000 subjects'),
        ('make_long_video', ['--out', '/nowhere/l.mp4'], '/nowhere/l.mp4 cannot be written, since'),
        ('check_synthetic_leaks', ['SET'], 'SET/train_list_videos.txt'),
    ],
)
def test_invalid_arguments_are_reported_in_one_line(tool, arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'FILE').touch()
    (tmp_path / 'FOLDER.png').mkdir()
    monkeypatch.setattr(sys, 'argv', [tool, *arguments])
    with pytest.raises(SystemExit) as stop:
        runpy.run_path(str(TOOLS / f'{tool}.py'), run_name='__main__')
    assert str(stop.value).startswith('error: ')
    assert message in str(stop.value)
    assert '\n' not in str(stop.value)
    # No file was written.
    assert sorted(path.name for path in tmp_path.rglob('*')) == ['FILE', 'FOLDER.png']


def test_the_contact_sheet_is_written(tmp_path, monkeypatch, capsys):
    sheet = np.zeros((4, 6, 3), np.uint8)
    sheet[..., 0] = 200
    monkeypatch.setattr('mmaction_microaction.synthetic.draw_contact_sheet', lambda *_, **__: sheet)
    monkeypatch.setattr(sys, 'argv', ['make_synthetic_ma52', '--contact-sheet', str(tmp_path / 'all.png')])
    runpy.run_path(str(TOOLS / 'make_synthetic_ma52.py'), run_name='__main__')
    assert f'the contact sheet is in {tmp_path / "all.png"}' in capsys.readouterr().out
    np.testing.assert_array_equal(Image.open(tmp_path / 'all.png'), sheet)
