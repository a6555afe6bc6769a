from pathlib import Path

import pytest

from mmaction_microaction.inference import find_videos


def test_folders_are_searched_and_files_are_used_whatever_their_extension(tmp_path):
    for name in ('b.MP4', 'deep/er/a.mkv', 'notes.txt', 'odd.xyz', '._b.MP4'):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    with pytest.warns(UserWarning, match='has 3 files that are not videos'):
        found = find_videos([tmp_path / 'odd.xyz', tmp_path])
    assert found == {
        tmp_path / 'odd.xyz': Path('odd.xyz'),
        tmp_path / 'b.MP4': Path('b.MP4'),
        tmp_path / 'deep/er/a.mkv': Path('deep/er/a.mkv'),
    }


def test_one_other_file_is_counted(tmp_path):
    for name in ('a.mp4', 'a.json'):
        (tmp_path / name).touch()
    with pytest.warns(UserWarning, match='has 1 file that is not a video; only videos are read'):
        assert list(find_videos([tmp_path])) == [tmp_path / 'a.mp4']


def test_missing_input_is_an_error(tmp_path):
    with pytest.raises(ValueError, match='contains no video'):
        find_videos([tmp_path])
    with pytest.raises(FileNotFoundError, match='nowhere: no such file or folder'):
        find_videos([tmp_path / 'nowhere'])
