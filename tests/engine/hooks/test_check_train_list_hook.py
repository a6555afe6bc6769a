import pytest
import torch
from helpers.engine_runs import Clips, make_runner
from mmaction.registry import DATASETS

from mmaction_microaction.engine.hooks.leaf_datasets import leaf_datasets

HOOKS = ['CheckTrainListHook']


class OtherClips(Clips):
    ann_fingerprint = dict(ann_file='other.txt', num_clips=5, sha256='1' * 64)


def test_refuses_to_resume_with_another_list(tmp_path):
    make_runner(tmp_path, hooks=HOOKS).train()
    runner = make_runner(tmp_path, epochs=2, hooks=HOOKS, dataset=OtherClips(), resume=True, name='resumed')
    with pytest.raises(
        ValueError,
        match=r'4 clips of train\.txt \(SHA-256 00000000….* 5 clips of other\.txt \(SHA-256 11111111….*load_from',
    ):
        runner.train()


def test_all_training_lists_are_compared(tmp_path):
    make_runner(tmp_path, hooks=HOOKS, dataset=torch.utils.data.ConcatDataset([Clips(), Clips()])).train()
    dataset = torch.utils.data.ConcatDataset([Clips(), OtherClips()])
    runner = make_runner(tmp_path, epochs=2, hooks=HOOKS, dataset=dataset, resume=True, name='resumed')
    with pytest.raises(ValueError, match=r'4 clips of train\.txt .* 4 clips .* 4 .* 5 clips of other\.txt'):
        runner.train()


def test_train_and_val_can_be_concatenated_for_training(tiny_ma52, tiny_pro):
    def concatenate(kind, *lists):
        datasets = [dict(type=kind, pipeline=[], check_videos=False, ann_file=str(path)) for path in lists]
        return DATASETS.build(dict(type='ConcatDataset', datasets=datasets))

    dataset = concatenate('ClipDataset', *(tiny_ma52 / f'{split}_list_videos.txt' for split in ('train', 'val')))
    assert len(dataset) == 12
    assert [part.ann_fingerprint['num_clips'] for part in leaf_datasets(dataset)] == [7, 5]
    dataset = concatenate('MA52ProDataset', *(tiny_pro / f'{split}.jsonl' for split in ('train', 'val')))
    assert [part.ann_fingerprint['num_clips'] for part in leaf_datasets(dataset)] == [5, 5]


def test_same_list_is_needed_only_for_resuming(tmp_path):
    make_runner(tmp_path / 'a', hooks=HOOKS).train()
    resumed = make_runner(tmp_path / 'a', epochs=2, hooks=HOOKS, resume=True, name='resumed')
    resumed.train()
    assert resumed.epoch == 2
    weights = str(tmp_path / 'a' / 'epoch_2.pth')
    other = make_runner(tmp_path / 'b', hooks=HOOKS, dataset=OtherClips(), load_from=weights)
    other.train()
    assert other.epoch == 1


def test_lists_are_compared_by_names_and_labels_only(tmp_path):
    def fingerprint(name, content):
        (tmp_path / name).write_bytes(content)
        dataset = dict(type='ClipDataset', ann_file=str(tmp_path / name), pipeline=[], check_videos=False)
        return DATASETS.build(dataset).ann_fingerprint

    clips = fingerprint('a.txt', b'a.mp4 1\nb.mp4 2\n')
    assert (clips['ann_file'], clips['num_clips']) == (str(tmp_path / 'a.txt'), 2)
    assert fingerprint('b.txt', b'a.mp4 1\r\nb.mp4 2')['sha256'] == clips['sha256']
    for changed in (b'a.mp4 1\nb.mp4 3\n', b'a.mp4 1\nc.mp4 2\n', b'b.mp4 2\na.mp4 1\n', b'a.mp4 1\n'):
        assert fingerprint('c.txt', changed)['sha256'] != clips['sha256']
