import pytest

from mmaction_microaction.datasets.preparation.class_folders import (
    find_class_folders,
    find_labels,
    find_subjects,
    make_label_set,
    read_subjects,
)
from mmaction_microaction.label_sets import MA52, LabelSet

CLIPS = ['nodding/p1_a.mp4', 'nodding/p2_a.mp4', 'waving/p1_a.mp4', 'waving/p2_b.mp4']


def make_files(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_finds_videos_in_classes_and_counts_everything_else(tmp_path):
    make_files(tmp_path, 'waving/a.MP4', 'waving/p1/b.avi', 'arms akimbo/c.mov', 'arms akimbo/._c.mov')
    make_files(tmp_path, 'waving/notes.txt', 'waving/.cache/d.mp4', 'README', '.git/e.mp4', 'photos/f.jpg')
    (tmp_path / 'nothing').mkdir()
    found = find_class_folders(tmp_path)
    assert found.clips == {'arms akimbo/c.mov': 'arms akimbo', 'waving/a.MP4': 'waving', 'waving/p1/b.avi': 'waving'}
    others = ['.git/e.mp4', 'README', 'arms akimbo/._c.mov', 'photos/f.jpg', 'waving/.cache/d.mp4', 'waving/notes.txt']
    assert found.other_files == others
    assert found.without_clips == ['nothing', 'photos']


def test_finds_classes_in_groups(tmp_path):
    make_files(tmp_path, 'hands/waving/a.mp4', 'head/nodding/p1/a.mp4')
    (tmp_path / 'head' / 'shaking').mkdir()
    found = find_class_folders(tmp_path, groups=True)
    assert found.clips == {'hands/waving/a.mp4': 'hands/waving', 'head/nodding/p1/a.mp4': 'head/nodding'}
    assert found.without_clips == ['head/shaking']
    label_set = make_label_set('x', [*found.clips.values()])
    assert [(action.name, action.group) for action in label_set.actions] == [('nodding', 'head'), ('waving', 'hands')]


def test_follows_links_to_folders(tmp_path):
    make_files(tmp_path, 'elsewhere/a.mp4')
    (tmp_path / 'clips').mkdir()
    (tmp_path / 'clips' / 'waving').symlink_to(tmp_path / 'elsewhere')
    assert find_class_folders(tmp_path / 'clips').clips == {'waving/a.mp4': 'waving'}
    (tmp_path / 'elsewhere' / 'again').symlink_to(tmp_path)
    with pytest.raises(ValueError, match=r'again is a link to a folder that contains it'):
        find_class_folders(tmp_path)


def test_videos_outside_of_classes_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match='absent: no such folder'):
        find_class_folders(tmp_path / 'absent')
    make_files(tmp_path, 'waving/a.txt')
    with pytest.raises(ValueError, match=r'no video .*1 file;'):
        find_class_folders(tmp_path)
    make_files(tmp_path, 'waving/b.mp4')
    with pytest.raises(ValueError, match=r'waving/b\.mp4 .*GROUP/CLASS/b\.mp4.* leave out --groups'):
        find_class_folders(tmp_path, groups=True)
    make_files(tmp_path, 'c.mp4')
    with pytest.raises(ValueError, match=r'/c\.mp4 is not in the folder of a class; .*CLASS/c\.mp4$'):
        find_class_folders(tmp_path)


def test_names_of_classes():
    folders = ['class10', 'Class2', 'arms_akimbo', 'кивок', "it's, #1"]
    assert make_label_set('x', folders).names == ('arms akimbo', 'Class2', 'class10', "it's, #1", 'кивок')
    decomposed = 'hochement de te\u0302te'
    assert make_label_set('x', [decomposed]).names == ('hochement de tête',)
    assert find_labels(make_label_set('x', [decomposed]), [decomposed]) == {decomposed: 0}


def test_numbers_as_names_are_not_mistaken_for_labels():
    label_set = make_label_set('x', ['2', '1', '10'])
    assert label_set.names == ('1', '2', '10')
    assert find_labels(label_set, ['1', '2', '10']) == {'1': 0, '2': 1, '10': 2}


@pytest.mark.parametrize('other', ['Arms akimbo', 'arms-akimbo', 'arms akimbo'])
def test_names_that_differ_only_in_case_are_refused(other):
    with pytest.raises(ValueError, match=rf'(?i)arms_akimbo.*{other}|{other}.*arms_akimbo'):
        make_label_set('x', ['arms_akimbo', other])


def test_labels_of_a_given_label_set():
    assert find_labels(MA52, ['Arms_akimbo', 'B1']) == {'Arms_akimbo': 36, 'B1': 9}
    with pytest.raises(ValueError, match='jumping: no such action in the label set ma52'):
        find_labels(MA52, ['nodding', 'jumping'])
    with pytest.raises(ValueError, match='nodding, B1 are the same action'):
        find_labels(MA52, ['nodding', 'B1', 'waving'])
    numbered = LabelSet.from_dict({'actions': ['waving', 'nodding']})
    assert find_labels(numbered, ['1', '0']) == {'1': 1, '0': 0}


def test_subjects_by_pattern():
    assert find_subjects(r'/(p\d)_', CLIPS) == dict(zip(CLIPS, ['p1', 'p2', 'p1', 'p2']))
    assert find_subjects('^([^/]+)/', CLIPS)['waving/p1_a.mp4'] == 'waving'


@pytest.mark.parametrize(
    ('pattern', 'message'),
    [
        ('(p[0-9', 'no regular expression'),
        ('p[0-9]', 'has 0 groups'),
        ('(p)([0-9])', 'has 2 groups'),
        ('(p1)_', r'in 2 of 4 paths: nodding/p2_a\.mp4, waving/p2_b\.mp4'),
        ('(x?)', 'in 4 of 4 paths'),
    ],
)
def test_unusable_patterns(pattern, message):
    with pytest.raises(ValueError, match=message):
        find_subjects(pattern, CLIPS)


@pytest.mark.parametrize(
    'text',
    [
        'clip,subject\nnodding/p1_a.mp4,p 1\nnodding/p2_a.mp4,Zoë\nwaving/p1_a.mp4,p 1\np2_b.mp4,Zoë\n',
        '\ufeffid;Video;Person\r\n1;nodding\\p1_a.mp4; p 1\r\n2;nodding/p2_a.mp4;Zoë\r\n3;waving/p1_a.mp4;p 1\r\n'
        '4;"p2_b.mp4";"Zoë"',
    ],
)
def test_subjects_by_table(tmp_path, text):
    (tmp_path / 'people.csv').write_text(text, encoding='utf-8')
    assert read_subjects(tmp_path / 'people.csv', CLIPS) == dict(zip(CLIPS, ['p 1', 'Zoë', 'p 1', 'Zoë']))


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('clip,age\na.mp4,3\n', r'people\.csv, line 1: .*clip and subject'),
        (
            'clip,subject\nnodding/p1_a.mp4,\n',
            r"line 2: expected a clip .* got \['nodding/p1_a\.mp4', ''\]",
        ),
        ('clip,subject\np1_a.mp4,1\n', r'line 2: p1_a\.mp4 is nodding/p1_a\.mp4, waving/p1_a\.mp4; write the path'),
        ('clip,subject\np2_b.mp4,1\nwaving/p2_b.mp4,2\n', 'line 3: .* has the subjects 1 and 2'),
        ('clip,subject\np2_b.mp4,1\n', r'no subject for 3 of 4 clips: nodding/p1_a\.mp4'),
    ],
)
def test_unusable_tables(tmp_path, text, message):
    (tmp_path / 'people.csv').write_text(text)
    with pytest.raises(ValueError, match=message):
        read_subjects(tmp_path / 'people.csv', CLIPS)


def test_missing_table_and_unused_rows(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'people\.csv'):
        read_subjects(tmp_path / 'people.csv', CLIPS)
    (tmp_path / 'people.csv').write_text('clip,subject\nx/a.mp4,1\n' + ''.join(f'{clip},1\n' for clip in CLIPS))
    with pytest.warns(UserWarning, match=r'1 row without a clip in the folder: x/a\.mp4'):
        read_subjects(tmp_path / 'people.csv', CLIPS)


def test_trash_and_files_of_programs_are_no_classes(tmp_path):
    make_files(tmp_path, 'waving/a.mp4', '$RECYCLE.BIN/b.mp4', '~$x/c.mp4', 'waving/#recycle/d.mp4')
    found = find_class_folders(tmp_path)
    assert found.clips == {'waving/a.mp4': 'waving'}
    assert len(found.other_files) == 3
    assert found.without_clips == []
    make_files(tmp_path / 'groups', 'hands/waving/a.mp4', 'hands/.cache/b.mp4')
    assert find_class_folders(tmp_path / 'groups', groups=True).without_clips == []
