"""Unreadable clips are counted over all workers, datasets and processes."""

import pickle
import shutil
from multiprocessing.reduction import ForkingPickler
from types import SimpleNamespace

import pytest
from helpers.unreadable_clips import BAD, GOOD, build
from mmaction.registry import HOOKS
from mmengine.dataset import ClassBalancedDataset
from mmengine.logging import MMLogger
from torch.utils.data import ConcatDataset, DataLoader


@pytest.mark.parametrize('persistent', [False, True])
def test_counts_per_epoch_over_all_workers(clip_folder, tmp_path, persistent):
    folder = tmp_path / 'videos'
    shutil.copytree(clip_folder, folder)
    dataset = build(folder, [*GOOD, *BAD], max_unreadable=0.9)
    loader = DataLoader(
        ClassBalancedDataset(dataset, 1e-3),
        None,
        num_workers=3,
        multiprocessing_context='fork',
        persistent_workers=persistent,
    )
    logger = MMLogger.get_instance(f'unreadable {persistent}')
    messages = []
    logger.handlers[0].emit = lambda record: messages.append(record.getMessage())
    hook = HOOKS.build(dict(type='UnreadableClipsHook'))
    for epoch in range(2):
        runner = SimpleNamespace(train_dataloader=loader, epoch=epoch)
        hook.before_train_epoch(runner)
        assert {sample['data_samples'].video_id for sample in loader} <= {*GOOD, 'empty.mp4'}
        hook.after_train_epoch(runner)
        shutil.copy(folder / GOOD[0], folder / 'empty.mp4')
    summaries = [message for message in messages if 'could not be read in epoch' in message]
    assert len(summaries) == 2
    assert '9 of the 12 clips' in summaries[0]
    assert f'in epoch 1: {", ".join(BAD)}; other clips replaced them' in summaries[0]
    assert '8 of the 12 clips' in summaries[1]
    assert 'empty.mp4' not in summaries[1]


def test_hook_counts_every_list_of_several(clip_folder, monkeypatch):
    messages = []
    monkeypatch.setattr(
        'mmaction_microaction.engine.hooks.unreadable_clips_hook.print_log', lambda text, **_: messages.append(text)
    )
    parts = [build(clip_folder, [*GOOD, name], max_unreadable=0.25) for name in ('empty.mp4', 'text.mp4')]
    runner = SimpleNamespace(train_dataloader=SimpleNamespace(dataset=ConcatDataset(parts)), epoch=0)
    hook = HOOKS.build(dict(type='UnreadableClipsHook'))
    for _ in range(2):
        hook.before_train_epoch(runner)
        assert parts[0].prepare_data(3) is parts[1].prepare_data(3) is None
        hook.after_train_epoch(runner)
    assert [message.count('1 of the 4 clips') for message in messages] == [1] * 4
    assert [name in message for name, message in zip(['empty.mp4', 'text.mp4'] * 2, messages)] == [True] * 4


def test_hook_adds_up_the_counts_of_all_processes(clip_folder, monkeypatch):
    dataset = build(clip_folder, [*GOOD, 'empty.mp4', 'text.mp4'], max_unreadable=0.2)
    dataset.prepare_data(3)
    # Unreadable clips of the other process.
    monkeypatch.setattr(
        'mmaction_microaction.engine.hooks.unreadable_clips_hook.all_gather_object', lambda own: [own, [4]]
    )
    runner = SimpleNamespace(train_dataloader=SimpleNamespace(dataset=dataset), epoch=6)
    with pytest.raises(ValueError, match=r'2 of the 5 .* epoch 7: empty\.mp4, text\.mp4\. .*max_unreadable=0'):
        HOOKS.build(dict(type='UnreadableClipsHook')).after_train_epoch(runner)


def test_spawned_workers_share_unreadable_clips(clip_folder):
    dataset = build(clip_folder, [*GOOD, 'empty.mp4'], max_unreadable=0.25)
    # A dataset is pickled for a spawned process.
    handed = pickle.loads(ForkingPickler.dumps(dataset))
    assert handed.prepare_data(3) is None
    assert dataset.unreadable.epoch_indices() == [3]
