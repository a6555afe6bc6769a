import pytest

from mmaction_microaction.datasets.annotations import Annotation, is_anonymised, read_annotations


@pytest.fixture
def write(tmp_path):
    def write(content):
        path = tmp_path / 'train_list_videos.txt'
        path.write_bytes(content)
        return path

    return write


@pytest.mark.parametrize('end', [b'\r\n', b'\n', b''])
def test_reads_any_line_ends(write, end):
    path = write(b'0003_01_0001.mp4 9\r\n0010_06_0002.mp4 51' + end)
    assert read_annotations(path) == [Annotation('0003_01_0001.mp4', 9), Annotation('0010_06_0002.mp4', 51)]


def test_names_may_have_spaces_folders_and_other_alphabets(write):
    path = write('my clips/Überblick 1.mp4 3\n'.encode())
    assert read_annotations(path) == [Annotation('my clips/Überblick 1.mp4', 3)]


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (b'0003_01_0001.mp4 9\n0003_01_0002.mp4 52\n', 'line 2: label 52 of 0003_01_0002.mp4 is not one of the 52'),
        (b'a.mp4 -1\n', 'line 1: label -1'),
        (b'a.mp4 0\nb.mp4\n', r"line 2: expected .*, got 'b\.mp4'"),
        (b'a.mp4 0\nb.mp4 one\n', 'line 2: expected'),
        (b'a.mp4 0\nb.mp4\t1\n', 'line 2: expected'),
        (b'a.mp4 0\nb.mp4 1 \n', 'line 2: expected'),
        (b'a.mp4 0\n\nb.mp4 1\n', "line 2: expected .*, got ''"),
        (b'a.mp4 0\n 1\n', 'line 2: expected'),
        (b'a.mp4 0\nb.mp4 1\na.mp4 0\n', r'line 3: a\.mp4 stands already in line 1'),
        (b'', 'is empty'),
        (b'\xff\xfe\x00', 'not a text file in UTF-8'),
    ],
)
def test_refuses_malformed_lists_by_file_and_line(write, content, message):
    path = write(content)
    with pytest.raises(ValueError, match=message) as error:
        read_annotations(path)
    assert str(path) in str(error.value)


def test_refuses_a_name_whose_body_part_contradicts_the_label(write):
    path = write(b'0030_00_0001.mp4 0\n0030_01_0002.mp4 0\n')
    with pytest.raises(ValueError, match=r'line 2: the name 0030_01_0002\.mp4 says body part 1.*0 \(body\)'):
        read_annotations(path)
    assert len(read_annotations(path, check_names=False)) == 2


def test_missing_list_says_where_data_comes_from(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'data/ma52/README\.md'):
        read_annotations(tmp_path / 'no.txt')


def test_anonymised_means_test_names_and_placeholder_labels_only():
    assert is_anonymised([Annotation('test0000.mp4', 0), Annotation('test0001.mp4', 0)])
    assert not is_anonymised([Annotation('test0000.mp4', 0), Annotation('test0001.mp4', 1)])
    assert not is_anonymised([Annotation('0030_00_0001.mp4', 0)])


@pytest.mark.real_data
@pytest.mark.parametrize(('split', 'clips', 'anonymised'), [('train', 11250, 0), ('val', 5586, 0), ('test', 5586, 1)])
def test_reads_the_released_lists(shared, split, clips, anonymised):
    annotations = read_annotations(shared / 'ma52' / f'{split}_list_videos.txt')
    assert len(annotations) == clips
    assert is_anonymised(annotations) == anonymised
