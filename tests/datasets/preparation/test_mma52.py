import shutil
import zipfile

import pytest
from helpers.mma52 import ROWS, write_mma52, write_table

from mmaction_microaction.cli import main
from mmaction_microaction.datasets.preparation import mma52 as preparation
from mmaction_microaction.datasets.preparation.mma52 import prepare_mma52_split


@pytest.fixture
def source(tmp_path, monkeypatch):
    """Write a download: an archive of one split with folders inside, another split unpacked, and the tables."""
    monkeypatch.setattr(preparation, 'SPLIT_SIZES', {'train': 2, 'val': 2})
    source = write_mma52(tmp_path / 'download')
    with zipfile.ZipFile(source / 'any_name.zip', 'w') as archive:
        for path in sorted((source / 'videos_train').iterdir()):
            path.rename(path.with_name(f't{path.name}'))
            archive.write(path.with_name(f't{path.name}'), f'MMA-52/train/t{path.name}')
    shutil.rmtree(source / 'videos_train')
    write_table(source / 'train.csv', [(f't{row[0]}', *row[1:]) for row in ROWS])
    (source / 'other').mkdir()
    (source / 'other' / 'train.csv').write_text('not a table of MMA-52\n')
    return source


def prepare(source, split):
    return prepare_mma52_split(split, source, source, source.parent / 'out', workers=1)


@pytest.mark.parametrize(('split', 'names'), [('train', ['ta.mp4', 'tb.mp4']), ('val', ['a.mp4', 'b.mp4'])])
def test_videos_and_table_are_written_once(source, split, names):
    out = source.parent / 'out'
    assert prepare(source, split) == (2, [])
    assert sorted(path.name for path in (out / f'videos_{split}').iterdir()) == names
    assert (out / f'{split}.csv').read_bytes() == (source / f'{split}.csv').read_bytes()
    assert prepare(source, split) == (0, [])


def test_videos_shorter_than_the_table_are_reported_each_time(source):
    write_table(source / 'val.csv', [('a', 0, 9, 9, 60, 30.0), ('b', 0, 9, 9, 90, 30.0)])
    assert prepare(source, 'val') == (2, ['b.mp4'])
    assert prepare(source, 'val') == (0, ['b.mp4'])


def test_missing_videos_and_tables_are_named(source, monkeypatch):
    (source / 'videos_val' / 'b.mp4').unlink()
    with pytest.raises(ValueError, match=r'1 of the 2 clips of .*val\.csv are not in .*download: b\.mp4'):
        prepare(source, 'val')
    monkeypatch.setitem(preparation.SPLIT_SIZES, 'val', 3)
    with pytest.raises(ValueError, match=r'val\.csv: 2 videos, but MMA-52 has 3 in val\. An older release'):
        prepare(source, 'val')
    (source / 'val.csv').unlink()
    (source.parent / 'out' / 'val.csv').unlink()
    with pytest.raises(FileNotFoundError, match=r'val\.csv is not in .*MAC_2024_baseline.*--lists'):
        prepare(source, 'val')


def test_damaged_archives_are_named(source):
    (source / 'any_name.zip').write_bytes(b'PK')
    with pytest.raises(ValueError, match=r'any_name\.zip is damaged'):
        prepare(source, 'train')


def test_command_reports_counts(source, capsys):
    write_table(source / 'val.csv', [('a', 0, 9, 9, 60, 30.0), ('b', 0, 9, 9, 90, 30.0)])
    out = source.parent / 'out'
    main('prepare', [str(source), '--dataset', 'mma52', '--out', str(out), '--splits', 'val', '--workers', '1'])
    assert capsys.readouterr().out.splitlines()[-2:] == [
        f'val: 2 videos in {out}/videos_val, 2 of them new',
        'val: 1 video shorter than the table says: b.mp4',
    ]
    with pytest.raises(SystemExit) as stop:
        main('prepare', [str(source), '--dataset', 'mma52', '--download'])
    assert stop.value.code == 2


def test_deleted_tables_videos_and_copies_of_macos_are_not_used(source):
    trash = source / '$RECYCLE.BIN'
    trash.mkdir()
    write_table(trash / 'val.csv', [('a', 0, 9, 9, 60, 30.0)])
    (trash / 'a.mp4').write_bytes(b'')
    (source / '._any_name.zip').write_bytes(b'no archive')
    assert prepare(source, 'val') == (2, [])
