"""Training, test and reports of a label set of 200 actions in 12 groups, from folders of clips."""

import re

import numpy as np
import pytest
import yaml
from helpers.label_sets import TWO_HUNDRED
from helpers.processes import run_tool
from helpers.support import write_clip
from helpers.whole_runs import TINY_32PX, run_test, run_training, scores
from mmengine.runner import CheckpointLoader

from mmaction_microaction.label_sets import LabelSet, find_label_set, get_label_set
from mmaction_microaction.structures.predictions import read_predictions

pytestmark = pytest.mark.slow


def run(name, *args, status=0):
    """Run a tool, and return its output or its errors."""
    process = run_tool(name, *args)
    assert process.returncode == status, process.stderr
    return process.stderr if status else process.stdout


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """Write two clips of each action, in folders of groups and actions, and the label set."""
    root = tmp_path_factory.mktemp('invented')
    for action in TWO_HUNDRED.actions:
        place = root / 'videos' / action.group / action.name
        place.mkdir(parents=True)
        for person in range(2):
            write_clip(place / f'p{person}.mp4', num_frames=8, size=(48, 40), seed=2 * action.index + person)
    (root / 'invented.yaml').write_text(yaml.safe_dump(TWO_HUNDRED.to_dict()))
    return root


@pytest.fixture(scope='module')
def lists(folder):
    """Make lists whose train and val people differ, and return the output."""
    return run(
        'make_lists.py', folder / 'videos', '--out', folder, '--groups', '--subjects', '/(p[0-9])', '--val', '0.5',
        '--label-set', folder / 'invented.yaml',
    )  # fmt: skip


@pytest.fixture(scope='module')
def trained(folder, lists):
    """Train on a few clips for an epoch, test on all, and return the options of the config."""
    options = ['--cfg-options', 'model.cls_head.num_classes=200', 'model.cls_head.loss_emb=None']
    for loader, split in (('train', 'train'), ('val', 'val'), ('test', 'val')):
        options += [
            f'{loader}_dataloader.dataset.ann_file={folder}/{split}_list_videos.txt',
            f'{loader}_dataloader.dataset.data_prefix.video={folder}/videos',
            f'{loader}_dataloader.dataset.label_set={folder}/label_set.yaml',
        ]
    few = [f'{loader}_dataloader.dataset.indices=8' for loader in ('train', 'val')]
    run_training(TINY_32PX, '--work-dir', 'w', *options, 'train_cfg.max_epochs=1', *few, cwd=folder)
    run_test(TINY_32PX, 'w/epoch_1.pth', '--work-dir', 'w', '--dump', 'p.pkl', *options, cwd=folder)
    return options


def test_lists_have_the_label_set_and_keep_people_apart(folder, lists):
    assert get_label_set(folder / 'label_set.yaml') == TWO_HUNDRED
    train, val = ((folder / f'{split}_list_videos.txt').read_text().splitlines() for split in ('train', 'val'))
    assert len(train) == len(val) == 200
    assert {re.search(r'/(p\d)', line)[1] for line in train}.isdisjoint(re.search(r'/(p\d)', line)[1] for line in val)
    assert '400' in lists


def test_checkpoint_dump_and_scores_have_the_label_set(folder, trained):
    meta = CheckpointLoader.load_checkpoint(str(folder / 'w/epoch_1.pth'), map_location='cpu')['meta']
    assert find_label_set(meta['dataset_meta'], 200, 'w') == TWO_HUNDRED
    predictions = read_predictions(folder / 'p.pkl')
    assert predictions.label_set == TWO_HUNDRED
    result = scores(folder / 'w')
    groups = TWO_HUNDRED.fine_to_coarse
    right = groups[predictions.scores.argmax(axis=1)] == groups[predictions.labels]
    np.testing.assert_allclose(result['coarse/top1'], 100 * right.mean())
    assert 'F1_mean' in result


def test_reports_name_its_actions_and_groups(folder, trained):
    # test_own_classes.py makes a report with clips.
    run('analyze.py', folder / 'p.pkl', '--out', folder / 'report')
    report = (folder / 'report' / 'report.html').read_text()
    assert 'Confusion of the 12 families' in report or 'families' in report or 'family' in report
    assert all(action.name in report for action in TWO_HUNDRED.actions)
    assert 'body part' not in report
    table = run('leaderboard.py', folder / 'w')
    assert 'Invented 200' in table
    assert 'Guo et al.' not in table


def test_features_are_drawn_with_its_groups(folder, trained):
    head = ['model.cls_head._delete_=True', 'model.cls_head.type=FeatureHead', 'model.cls_head.average_clips=score']
    dump = ['test_evaluator._delete_=True', 'test_evaluator.type=DumpResults', 'test_evaluator.out_file_path=f.pkl']
    options = [option for option in trained if 'cls_head' not in option]
    every_fourth = (folder / 'val_list_videos.txt').read_text().splitlines(keepends=True)[::4]
    (folder / 'few.txt').write_text(''.join(every_fourth))
    few = [f'test_dataloader.dataset.ann_file={folder}/few.txt', 'test_dataloader.batch_size=1']
    run_test(TINY_32PX, 'w/epoch_1.pth', '--work-dir', 'f', *options, *head, *dump, *few, cwd=folder)
    run(
        'plot_features.py', folder / 'f.pkl', '--ann-file', folder / 'few.txt', '--out', folder / 'f.png',
        '--label-set', folder / 'label_set.yaml',
    )  # fmt: skip
    assert (folder / 'f.png').stat().st_size > 20_000


def test_label_embeddings_of_its_words(folder):
    words = sorted({word for action in TWO_HUNDRED.actions for word in action.words if not word.isdecimal()})
    vectors = np.random.default_rng(0).normal(size=(len(words), 5))
    lines = [f'{word} {" ".join(map(str, vector))}' for word, vector in zip(words, vectors.round(3).tolist())]
    (folder / 'vectors.txt').write_text('\n'.join(lines) + '\n')
    output = run(
        'build_label_embeddings.py',
        folder / 'vectors.txt',
        '--label-set',
        folder / 'invented.yaml',
        '--out',
        folder / 'e.npy',
    )
    table = np.load(folder / 'e.npy')
    assert table.shape == (200, 5)
    slow, movement = (vectors.round(3)[words.index(word)] for word in ('slow', 'movement'))
    np.testing.assert_allclose(table[0], (slow + movement) / 2, atol=1e-6)
    assert '199' in output  # words without a vector are named


def test_another_label_set_of_as_many_actions_is_refused(folder, trained):
    other = {**TWO_HUNDRED.to_dict(), 'name': 'other'}
    other['actions'] = other['actions'][::-1]
    (folder / 'other.yaml').write_text(yaml.safe_dump(LabelSet.from_dict(other).to_dict()))
    error = run('analyze.py', folder / 'p.pkl', '--out', folder / 'no', '--label-set', folder / 'other.yaml', status=1)
    assert re.search(r'p\.pkl .*invented.*other', error)
