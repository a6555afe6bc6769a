import pytest
from helpers.mma52 import ROWS, write_table

from mmaction_microaction.cli import main


def test_draws_a_figure(tmp_path, capsys):
    table = write_table(tmp_path / 'train.csv', ROWS)
    main('statistics', [str(table), '--out', str(tmp_path / 'a.png')])
    assert (tmp_path / 'a.png').read_bytes().startswith(b'\x89PNG')
    assert capsys.readouterr().out == f'{tmp_path}/a.png: 4 actions of 2 videos\n'


def test_refuses_placeholders_and_other_suffixes(tmp_path):
    table = write_table(tmp_path / 'test.csv', [('test0000', 0, 20, 1, 60, 30)])
    with pytest.raises(SystemExit, match=r'test\.csv has no true actions'):
        main('statistics', [str(table), '--out', str(tmp_path / 'a.png')])
    with pytest.raises(SystemExit) as stop:
        main('statistics', [str(table), '--out', 'a.gif'])
    assert stop.value.code == 2
