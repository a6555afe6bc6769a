"""Recordings keep their folders, and files are joined as the rules say."""

import pytest

from mmaction_microaction.coding.recordings import find_recordings


@pytest.fixture
def folder(tmp_path):
    """Return a function that writes files and returns their folder."""

    def write(*names):
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b'video')
        return tmp_path

    return write


def found(recordings):
    return {recording.name: [file.name for file in recording.media] for recording in recordings}


def test_recordings_are_named_by_their_path_in_the_folder(folder):
    recordings = find_recordings([folder('P01.mp4', 'b/P01.mp4', 'b/Müller 1.5.MOV')])
    assert [recording.name for recording in recordings] == ['P01', 'b/Müller 1.5', 'b/P01']
    assert str(recordings[1]) == 'b/Müller 1.5.MOV'
    assert recordings[0].size == 5


@pytest.mark.parametrize('names', [('P01.mp4', 'P01.mov'), ('P01.mp4', 'p01.MOV')])
def test_recordings_of_one_name_are_an_error(names, folder):
    with pytest.raises(ValueError, match=r'would both be coded as [pP]01; rename one'):
        find_recordings([folder(*names)])


def test_videos_of_two_folders_need_different_names(folder):
    root = folder('a/P01.mp4', 'b/P01.mp4')
    with pytest.raises(ValueError, match='or pass their common parent folder'):
        find_recordings([root / 'a', root / 'b'])


def test_chapters_of_a_gopro_are_joined(folder):
    names = ['GX010042.MP4', 'GX020042.MP4', 'GX030042.MP4', 'GX010043.MP4', 'GH020043.MP4', 'GX030043.MP4']
    recordings = find_recordings([folder(*names, 'GOPR0007.MP4', 'GP010007.MP4', 'GP020007.MP4', 'P01.mp4')], ['gopro'])
    assert found(recordings) == {
        'GX010042': ['GX010042.MP4', 'GX020042.MP4', 'GX030042.MP4'],
        'GX010043': ['GX010043.MP4'],
        'GH020043': ['GH020043.MP4'],
        'GX030043': ['GX030043.MP4'],
        'GOPR0007': ['GOPR0007.MP4', 'GP010007.MP4', 'GP020007.MP4'],
        'P01': ['P01.mp4'],
    }


def test_numbered_files_of_a_folder_are_joined(folder):
    names = ['a/00000.MTS', 'a/00001.MTS', 'a/00003.MTS', 'b/00002.MTS', 'c/part 9.mp4', 'c/part 10.mp4', 'c/talk.mp4']
    assert found(find_recordings([folder(*names)], ['numbered'])) == {
        'a/00000': ['00000.MTS', '00001.MTS'],
        'a/00003': ['00003.MTS'],
        'b/00002': ['00002.MTS'],
        'c/part 9': ['part 9.mp4', 'part 10.mp4'],
        'c/talk': ['talk.mp4'],
    }


def test_listed_files_are_joined_in_their_order(folder):
    root = folder('A2.mp4', 'A1.mp4', 'b/A1.mp4', 'b/x.mp4')
    assert found(find_recordings([root], ['A2.mp4 + A1.mp4', 'b/x.mp4+b/A1.mp4'])) == {
        'A2': ['A2.mp4', 'A1.mp4'],
        'b/x': ['x.mp4', 'A1.mp4'],
    }
    [joined] = find_recordings([root / 'A2.mp4', root / 'A1.mp4'], ['A1.mp4+A2.mp4'])
    assert str(joined) == 'A1.mp4 + A2.mp4'


@pytest.mark.parametrize(
    ('rules', 'text'),
    [
        (['A1.mp4'], r'--join A1\.mp4: expected gopro, numbered, or at least two files'),
        (['A1.mp4+A9.mp4'], r'A9\.mp4 is not one of the videos'),
        (['A1.mp4+x.mp4'], r'x\.mp4 is the name of 2 videos; add its folder'),
        (['A1.mp4+A1.mp4'], 'a file is listed twice'),
        (['A1.mp4+A2.mp4', 'A2.mp4+A3.mp4'], r'A2\.mp4 is already joined'),
    ],
)
def test_wrong_rules_are_errors(rules, text, folder):
    root = folder('A1.mp4', 'A2.mp4', 'A3.mp4', 'a/x.mp4', 'b/x.mp4')
    with pytest.raises(ValueError, match=text):
        find_recordings([root], rules)
