import pytest

from mmaction_microaction.video.files import list_videos


def test_videos_are_distinguished_from_other_files(tmp_path):
    names = ['a.m4v', 'b.MTS', 'c.mp4', 'd.m2ts', 'e.3gp', 'f.ts', 'g.ogv']
    for name in [*names, 'notes.txt', 'mp4', 'a.mp4.part']:
        (tmp_path / name).touch()
    (tmp_path / 'z.mp4').mkdir()  # a folder
    (tmp_path / 'z.mp4' / 'deep.webm').touch()
    (tmp_path / 'z.mp4' / 'deep.txt').touch()
    videos, others = list_videos(tmp_path)
    assert [path.name for path in videos] == names
    assert others == 3
    videos, others = list_videos(tmp_path, recursive=True)
    assert [path.name for path in videos] == [*names, 'deep.webm']
    assert others == 4


def test_deleted_and_hidden_videos_are_left_out(tmp_path):
    folder = tmp_path / '.project/interviews'  # A hidden folder that is given is searched.
    hidden = ('._a.mp4', '.Trash-1000/files/old.mp4', '$RECYCLE.BIN/S-1-5/$R1.mp4', '.sync/deep/b.mp4')
    for name in ('a.mp4', 'week1/b.mp4', *hidden):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    videos, others = list_videos(folder, recursive=True)
    assert [path.relative_to(folder).as_posix() for path in videos] == ['a.mp4', 'week1/b.mp4']
    assert others == len(hidden)


def test_folder_without_videos_is_rejected(tmp_path):
    (tmp_path / 'notes.txt').touch()
    with pytest.raises(ValueError, match=r'contains no video \(.*\.3gp.*\) among its 1 file;'):
        list_videos(tmp_path)
    with pytest.raises(FileNotFoundError, match='none: no such folder'):
        list_videos(tmp_path / 'none')
