import re
import shutil
import warnings

import pytest
from helpers.support import write_clip

from mmaction_microaction.cli import main
from mmaction_microaction.datasets import ClipDataset
from mmaction_microaction.datasets.preparation.make_lists import SplitSettings, collect_lists, write_lists
from mmaction_microaction.label_sets import get_label_set
from mmaction_microaction.structures.annotations import read_annotations

CLASSES = ['arms_akimbo', 'nodding', 'it\'s; 50 % waving, "hi"', 'кивок 点头']


@pytest.fixture(scope='session')
def gestures(tmp_path_factory):
    """Write two clips of each of five people for each of four classes."""
    root = tmp_path_factory.mktemp('own') / 'my gestures'
    for name in CLASSES:
        (root / name).mkdir(parents=True)
        for person in range(5):
            for take in range(2):
                path = root / name / f'p{person} take {take}.mp4'
                if (person, take) == (0, 0):
                    write_clip(path, num_frames=3, size=(32, 32))
                else:
                    shutil.copy(root / name / 'p0 take 0.mp4', path)
    return root


def run(*arguments):
    main('lists', [*map(str, arguments), '--workers', '1'])


def read(out, name):
    return read_annotations(out / f'{name}_list_videos.txt', label_set=get_label_set(out / 'label_set.yaml'))


def subjects_of(annotations):
    return {re.search('(p[0-9]) ', annotation.filename)[1] for annotation in annotations}


def test_lists_are_what_the_dataset_reads(gestures, tmp_path, capsys):
    run(gestures, '--out', tmp_path, '--subjects', '(p[0-9]) ', '--test', '0.2')
    names = ('arms akimbo', 'it\'s; 50 % waving, "hi"', 'nodding', 'кивок 点头')
    files = ['label_set.yaml', 'test_list_videos.txt', 'train_list_videos.txt', 'val_list_videos.txt']
    assert sorted(path.name for path in tmp_path.iterdir()) == files
    people = []
    for split, clips_per_class in ('train', 6), ('val', 2), ('test', 2):
        dataset = ClipDataset(
            f'{tmp_path}/{split}_list_videos.txt',
            [],
            dict(video=str(gestures)),
            label_set=str(tmp_path / 'label_set.yaml'),
        )
        assert dataset.metainfo['classes'] == names
        assert dataset.class_counts.tolist() == [clips_per_class] * 4
        people.append(subjects_of(read(tmp_path, split)))
    assert sorted(set.union(*people)) == ['p0', 'p1', 'p2', 'p3', 'p4']
    assert sum(map(len, people)) == 5
    output, errors = capsys.readouterr()
    assert 'warning' not in errors
    row = [[cell.strip() for cell in line.split('|')[1:-1]] for line in output.splitlines() if '|' in line]
    assert row[0] == ['label', 'class', 'clips', 'subjects', 'train', 'val', 'test']
    assert row[2] == ['0', 'arms akimbo', '10', '5', '6', '2', '2']
    assert row[-2] == ['', 'all clips', '40', '5', '24', '8', '8']
    assert row[-1] == ['', 'subjects', '', '5', '3', '1', '1']
    assert 'num_classes is 4' in output


@pytest.mark.parametrize(('folds', 'count'), [('3', 3), ('subjects', 5)])
def test_folds_hold_out_every_subject_once(gestures, tmp_path, folds, count, capsys):
    run(gestures, '--out', tmp_path, '--subjects', '(p[0-9]) ', '--folds', folds)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *(f'fold{i + 1}' for i in range(count)),
        'label_set.yaml',
    ]
    held_out = []
    for fold in range(1, count + 1):
        train, val = (read(tmp_path, f'fold{fold}/{split}') for split in ('train', 'val'))
        assert len(train) + len(val) == 40
        assert subjects_of(train).isdisjoint(subjects_of(val))
        held_out += val
    assert len(set(held_out)) == len(held_out) == 40
    output = capsys.readouterr().out
    if folds == 'subjects':
        assert re.search(r'\| fold5 +\| 32 +\| 8 +\| p4 +\|', output)


def test_folds_after_a_test_set(gestures, tmp_path):
    run(gestures, '--out', tmp_path, '--subjects', '(p[0-9]) ', '--folds', '2', '--test', '0.2')
    test = subjects_of(read(tmp_path, 'test'))
    assert len(test) == 1
    assert all(
        subjects_of(read(tmp_path, f'fold{fold}/{split}')).isdisjoint(test)
        for fold in (1, 2)
        for split in ('train', 'val')
    )


def test_without_subjects_there_is_a_warning(gestures, tmp_path, capsys):
    run(gestures, '--out', tmp_path)
    assert '--subjects' in capsys.readouterr().err
    assert len(read(tmp_path, 'train')) == 32
    assert len(read(tmp_path, 'val')) == 8


def test_groups_and_a_given_label_set(gestures, tmp_path):
    (tmp_path / 'clips' / 'head').mkdir(parents=True)
    (tmp_path / 'clips' / 'body_hand').mkdir()
    (tmp_path / 'clips' / 'head' / 'nodding').symlink_to(gestures / 'nodding')
    (tmp_path / 'clips' / 'body_hand' / 'arms_akimbo').symlink_to(gestures / 'arms_akimbo')
    run(tmp_path / 'clips', '--out', tmp_path / 'own', '--groups', '--subjects', '(p[0-9]) ')
    label_set = get_label_set(tmp_path / 'own' / 'label_set.yaml')
    assert [(action.name, action.group) for action in label_set.actions] == [
        ('arms akimbo', 'body hand'),
        ('nodding', 'head'),
    ]
    with pytest.warns(UserWarning, match='50 classes without a clip: shaking body'):
        lists = collect_lists(tmp_path / 'clips', subjects='(p[0-9]) ', groups=True, label_set='ma52')
    assert set(lists.labels) == {36, 9}
    with warnings.catch_warnings(record=True) as caught:
        collect_lists(tmp_path / 'clips')
    assert 'use --groups' in str(caught[0].message)


def test_everything_that_is_left_out_is_named(gestures, tmp_path):
    clips = shutil.copytree(gestures, tmp_path / 'clips')
    (clips / 'nodding' / 'p0 take 0.mp4').write_bytes(b'')
    (clips / 'nodding' / 'p0 take 1.mp4').write_bytes(b'no video')
    (clips / 'nodding' / 'notes.txt').touch()
    (clips / 'nodding' / '.DS_Store').touch()
    (clips / 'resting').mkdir()
    with warnings.catch_warnings(record=True) as caught:
        lists = collect_lists(clips, subjects='(p[0-9]) ')
    texts = '\n'.join(str(warning.message) for warning in caught)
    assert re.search(r'2 videos left out, .*nodding/p0 take 0\.mp4 \(an empty file\); nodding/p0 take 1\.mp4', texts)
    assert re.search(r'2 files of .*\(no ending: 1, \.txt: 1\): nodding/\.DS_Store, nodding/notes\.txt', texts)
    assert 'resting: no video' in texts
    assert len(lists.clips) == 38


def test_classes_that_cannot_be_scored_are_named(gestures, tmp_path):
    clips = shutil.copytree(gestures, tmp_path / 'clips')
    for path in (clips / 'nodding').glob('p[1-4]*'):
        path.unlink()
    with warnings.catch_warnings(record=True) as caught:
        collect_lists(clips, SplitSettings(folds='subjects'), '(p[0-9]) ')
    texts = [str(warning.message) for warning in caught]
    assert re.match(r'classes with clips of only one subject \(1\).*: nodding$', texts[0])
    assert re.match('some lists lack classes: fold1/train lacks nodding; fold2/val lacks nodding', texts[1])
    with warnings.catch_warnings(record=True) as caught:
        collect_lists(clips, subjects='(p[0-9]) ')
    assert 'val lacks nodding' in str(caught[1].message)


def test_lists_of_another_run_are_kept(gestures, tmp_path, capsys):
    options = (gestures, '--out', tmp_path, '--subjects', '(p[0-9]) ')
    run(*options)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    run(*options)
    for other in (['--seed', '3'], ['--folds', '2']):
        with pytest.raises(SystemExit, match=r'train_list_videos\.txt exists and is of another run'):
            run(*options, *other)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_numbers_as_names_of_classes(gestures, tmp_path):
    for name in '10', '2', '1':
        shutil.copytree(gestures / 'nodding', tmp_path / 'clips' / name)
    run(tmp_path / 'clips', '--out', tmp_path, '--subjects', '(p[0-9]) ')
    annotations = read(tmp_path, 'train')
    assert {annotation.filename.partition('/')[0]: annotation.label for annotation in annotations} == {
        '1': 0,
        '2': 1,
        '10': 2,
    }


def test_names_that_a_list_cannot_contain(gestures, tmp_path):
    for folder, name in (
        ('nodding', 'a\nb.mp4'),
        (' waving', 'c.mp4'),
        ('waving', b'\xff.mp4'.decode(errors='surrogateescape')),
    ):
        clips = tmp_path / f'clips of {folder}'
        for each in (folder, 'other'):
            (clips / each).mkdir(parents=True)
            for copy in name, 'd.mp4':
                shutil.copy(gestures / 'nodding' / 'p0 take 0.mp4', clips / each / copy)
        with pytest.warns(UserWarning, match='--subjects'):
            lists = collect_lists(clips)
        with pytest.raises(ValueError, match='a list cannot contain this name'):
            write_lists(lists, tmp_path / 'lists')
    assert not (tmp_path / 'lists').exists()


def test_videos_that_cannot_be_read_at_all(tmp_path):
    (tmp_path / 'nodding').mkdir()
    (tmp_path / 'nodding' / 'a.mp4').write_bytes(b'')
    with pytest.raises(ValueError, match=r'of 1 video, none .*nodding/a\.mp4 \(an empty file\)'):
        collect_lists(tmp_path)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['--folds', '1'], 'number from 2, or the word subjects, not 1'),
        (['--folds', 'people'], 'not people'),
        (['--folds', '3', '--val', '0.1'], '--val and --folds'),
        (['--folds', 'subjects'], 'needs --subjects'),
        (['--val', '0'], '--val must be between'),
        (['--val', '0.6', '--test', '0.4'], 'sum below 1'),
        (['--folds', '3', '--test', '1'], 'sum below 1'),
        (['--seed', '-1'], '--seed'),
    ],
)
def test_options_that_exclude_each_other(options, message, capsys):
    with pytest.raises(SystemExit) as stop:
        main('lists', ['clips', '--out', 'lists', *options])
    assert stop.value.code == 2
    assert message in capsys.readouterr().err
