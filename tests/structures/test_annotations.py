import pytest

from mmaction_microaction.label_sets import get_label_set
from mmaction_microaction.structures.annotations import Annotation, is_anonymized, read_annotations


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


def test_names_may_have_spaces_folders_and_umlauts(write):
    path = write('my clips/Überblick 1.mp4 3\n'.encode())
    assert read_annotations(path) == [Annotation('my clips/Überblick 1.mp4', 3)]


@pytest.mark.parametrize(
    ('content', 'expected'),
    [
        # Lines that MMAction2's VideoDataset reads, and variants of them.
        ('a.mp4 5 \n', [('a.mp4', 5)]),
        ('  a.mp4 5\n\n \t\nb.mp4 6\n\n', [('a.mp4', 5), ('b.mp4', 6)]),
        ('a b.mp4   5\nc.mp4\t6\n d.mp4 \t 7\t\n', [('a b.mp4', 5), ('c.mp4', 6), ('d.mp4', 7)]),
        ('/far/away/a.mp4 5\n', [('/far/away/a.mp4', 5)]),
        ('\ufeffa.mp4 5\r\nb.mp4 6\r\n', [('a.mp4', 5), ('b.mp4', 6)]),
        ('drinking (31).mp4 5\na,b.mp4 6\n"c".mp4 7\n=d 8\n', [
            ('drinking (31).mp4', 5), ('a,b.mp4', 6), ('"c".mp4', 7), ('=d', 8),
        ]),
        # Names and codes: 9 is B1 (nodding), 8 is B3 (turning head), 6 is B6 (head up), 45 is F10.
        ('a.mp4 nodding\nb c.mp4 Turning head\nd.mp4 head_up\n', [('a.mp4', 9), ('b c.mp4', 8), ('d.mp4', 6)]),
        ('a.mp4 B1\nb.mp4 f10\n', [('a.mp4', 9), ('b.mp4', 45)]),
        # Tables.
        ('video,label\n"my clip, 2.mp4",nodding\nb.mp4,9\n', [('my clip, 2.mp4', 9), ('b.mp4', 9)]),
        ('\ufeffVideo;Subject;Label\r\na.mp4;7;B1\r\n;;\r\n', [('a.mp4', 9)]),
        ('id,filename,label,class\n0,a.mp4,9.0,nodding\n', [('a.mp4', 9)]),
        ('video\tlabel\na b.mp4\tturning head\n', [('a b.mp4', 8)]),
        ('a.mp4,9\nb.mp4, "51"\n', [('a.mp4', 9), ('b.mp4', 51)]),
        ('video label\na.mp4 9\n', [('a.mp4', 9)]),
        ('label,video\n9,"line\nbreak.mp4"\n', [('line\nbreak.mp4', 9)]),
    ],
)  # fmt: skip
def test_reads_common_list_formats(write, content, expected):
    assert read_annotations(write(content.encode())) == expected


@pytest.mark.parametrize('separator', [' ', '\t', ','])
def test_a_number_is_an_index_even_if_a_class_has_that_name(write, separator):
    label_set = get_label_set({'name': 'numbers', 'actions': ['1', '2', '3']})
    path = write('\n'.join(f'{name}.mp4{separator}{label}' for name, label in zip('abc', (0, 1, 2))).encode())
    assert [label for _, label in read_annotations(path, label_set=label_set)] == [0, 1, 2]
    path = write('\n'.join(f'{name}.mp4{separator}{label}' for name, label in zip('abc', (1, 2, 3))).encode())
    with pytest.raises(ValueError, match='subtract 1 from each label'):
        read_annotations(path, label_set=label_set)


def test_labels_are_optional_for_prediction(write):
    path = write(b'a.mp4\nmy clip.mp4\nc.mp4 -1\n')
    annotations = read_annotations(path, unlabeled=True)
    assert annotations == [('a.mp4', -1), ('my clip.mp4', -1), ('c.mp4', -1)]
    assert is_anonymized(annotations)
    with pytest.raises(ValueError, match=r"line 1: expected .*'a\.mp4'; line 2: expected .*; line 3: expected"):
        read_annotations(path)
    # A list in which a single label is missing is not an unlabelled list.
    with pytest.raises(ValueError, match=r"line 2: expected .*'b\.mp4'") as error:
        read_annotations(write(b'a.mp4 0\nb.mp4\nc.mp4 1\n'), unlabeled=True)
    assert 'line 1' not in str(error.value)


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (b'0003_01_0001.mp4 9\n0003_01_0002.mp4 52\n', 'line 2: label 52 of 0003_01_0002.mp4 is not one of the 52'),
        (b'a.mp4 -1\n', r"line 1: expected .*'a\.mp4 -1'"),
        (b'a.mp4 -2\n', 'line 1: label -2'),
        (b'a.mp4 0\nb.mp4\n', r"line 2: expected .*, got 'b\.mp4'"),
        (b'a.mp4 0\nb.mp4 one\n', r'line 2: expected .* 0 to 51.*B1.*"nodding"'),
        (b'a.mp4 0\n 1\n', 'line 2: expected'),
        (b'a.mp4 0\n\nb.mp4 1\na.mp4 0\n', r'line 4: a\.mp4 .* line 1'),
        (b'video,label\na.mp4,0\n,1\n', 'line 3: expected'),
        (b'video,label\na.mp4,0\nb,c.mp4,1\n', r"line 3: expected .*'b,c\.mp4,1'"),
        (b'video,label\n"a\nb.mp4",0\nc.mp4,99\n', r'line 4: label 99 of c\.mp4'),
        (b'', 'is empty'),
        (b'\n \n', 'is empty'),
        (b'video,label\n', 'is empty'),
        (b'\xff\xfe\x00', 'not a text file in UTF-8'),
    ],
)
def test_malformed_lists_are_reported_with_file_and_line(write, content, message):
    path = write(content)
    with pytest.raises(ValueError, match=message) as error:
        read_annotations(path)
    assert str(path) in str(error.value)


def test_all_invalid_lines_are_reported_in_one_message(write):
    path = write(b'0001_01_0001.mp4 0\na.mp4 1\nb.mp4 99\nc.mp4 x\n' + b'd.mp4 y\n' * 20 + b'e.mp4 1\nf.mp4 z\n')
    with pytest.raises(ValueError, match=r'line 1: the name .*; line 3: label 99.*; line 4: expected') as error:
        read_annotations(path)
    message = str(error.value)
    assert 'line 2:' not in message
    # The first ten problems are described in full, the others by their line numbers.
    assert 'line 11: ' in message
    assert '14 more, in lines 12-24, 26' in message
    assert 'check_names=False' in message
    assert len(message.splitlines()) == 1


def test_one_based_labels_are_rejected(write):
    names = ''.join(f'{label}.mp4 {label}\n' for label in range(1, 53))
    with pytest.raises(ValueError, match=r'line 52: label 52 .*subtract 1 .*count from 1'):
        read_annotations(write(names.encode()))
    with pytest.raises(ValueError, match=r'line 1: label 53') as error:
        read_annotations(write(b'a.mp4 53\nb.mp4 52\nc.mp4 0\n'))
    assert 'subtract' not in str(error.value)


def test_list_of_skeletons_is_rejected(tmp_path):
    (tmp_path / 'ntu60.pkl').write_bytes(b'\x80\x04N.')
    with pytest.raises(ValueError, match=r'ntu60\.pkl is a pickle.*PoseDataset'):
        read_annotations(tmp_path / 'ntu60.pkl')


def test_refuses_a_name_whose_body_part_contradicts_the_label(write):
    path = write(b'0030_00_0001.mp4 0\n0030_01_0002.mp4 0\n')
    with pytest.raises(ValueError, match=r'line 2: the name 0030_01_0002\.mp4 .*body part 1.*0 \(body\)'):
        read_annotations(path)
    assert len(read_annotations(path, check_names=False)) == 2


def test_error_of_missing_list_names_the_source(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'data/ma52/README\.md'):
        read_annotations(tmp_path / 'no.txt')


def test_anonymised_means_test_names_and_placeholder_labels_only():
    assert is_anonymized([Annotation('test0000.mp4', 0), Annotation('test0001.mp4', 0)])
    assert not is_anonymized([Annotation('test0000.mp4', 0), Annotation('test0001.mp4', 1)])
    assert not is_anonymized([Annotation('0030_00_0001.mp4', 0)])


@pytest.mark.real_data
@pytest.mark.parametrize(('split', 'clips', 'anonymised'), [('train', 11250, 0), ('val', 5586, 0), ('test', 5586, 1)])
def test_reads_the_released_lists(shared, split, clips, anonymised):
    annotations = read_annotations(shared / 'ma52' / f'{split}_list_videos.txt')
    assert len(annotations) == clips
    assert is_anonymized(annotations) == anonymised
