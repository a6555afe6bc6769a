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


def test_folder_without_videos_is_rejected(tmp_path):
    (tmp_path / 'notes.txt').touch()
    with pytest.raises(ValueError, match=r'contains no video \(.*\.3gp.*\) among its 1 files'):
        list_videos(tmp_path)
    with pytest.raises(FileNotFoundError, match='none: no such folder'):
        list_videos(tmp_path / 'none')
