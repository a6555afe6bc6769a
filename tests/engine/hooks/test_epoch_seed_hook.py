import random
import re
from types import SimpleNamespace
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from helpers.engine_runs import make_runner
from helpers.whole_runs import start_together
from mmaction.registry import HOOKS
from mmengine.logging import MessageHub
from mmengine.runner import EpochBasedTrainLoop, IterBasedTrainLoop
from torch.utils.data import DataLoader, Dataset


class Draws(Dataset):
    """Samples drawn from the three random states that augmentations use."""

    def __len__(self):
        return 4

    def __getitem__(self, index):
        return torch.tensor([random.random(), np.random.rand(), torch.rand(()).item()], dtype=torch.float64)


def draw_epoch(epoch, seed=0, num_workers=2):
    loader = DataLoader(Draws(), None, num_workers=num_workers)
    runner = SimpleNamespace(seed=seed, epoch=epoch, train_dataloader=loader)
    HOOKS.build(dict(type='EpochSeedHook')).before_train_epoch(runner)
    return torch.stack(list(runner.train_dataloader))


@pytest.mark.parametrize('num_workers', [0, 2])
def test_random_numbers_of_an_epoch_do_not_depend_on_earlier_ones(num_workers):
    whole = [draw_epoch(index, num_workers=num_workers) for index in range(3)]
    torch.rand(7), random.random(), np.random.rand()
    assert torch.equal(draw_epoch(2, num_workers=num_workers), whole[2])


@pytest.mark.parametrize('num_workers', [0, 2])
def test_epochs_samples_and_seeds_have_different_random_numbers(num_workers):
    draws = torch.cat([draw_epoch(index, seed, num_workers) for index in range(3) for seed in (0, 10, 20)])
    assert all(len(column.unique()) == len(draws) for column in draws.T)


def make_resumed_run(loop=EpochBasedTrainLoop, **kwargs):
    usual = dict(train_loop=object.__new__(loop), train_dataloader=DataLoader(Draws()), epoch=0, iter=0)
    usual.update(message_hub=MessageHub('resumed'), param_schedulers=[])
    usual['train_loop']._max_epochs = 3
    return SimpleNamespace(**{**usual, **kwargs})


def test_refuses_persistent_workers():
    loader = DataLoader(Draws(), num_workers=1, persistent_workers=True)
    with pytest.raises(ValueError, match=r'train_dataloader\.persistent_workers=False'):
        HOOKS.build(dict(type='EpochSeedHook')).before_train(make_resumed_run(train_dataloader=loader))


def test_refuses_training_without_epochs():
    with pytest.raises(ValueError, match=r"IterBasedTrainLoop: set train_cfg\.type='EpochBasedTrainLoop'"):
        HOOKS.build(dict(type='EpochSeedHook')).before_train(make_resumed_run(IterBasedTrainLoop))


@pytest.mark.parametrize(('iterations', 'warnings'), [(8, 0), (4, 1)])
def test_a_resumed_run_of_another_batch_size_warns(iterations, warnings):
    # This loader has four iterations per epoch.
    runner = make_resumed_run(epoch=2, iter=iterations, logger=Mock())
    HOOKS.build(dict(type='EpochSeedHook')).before_train(runner)
    messages = [str(call.args[0]) for call in runner.logger.warning.call_args_list]
    assert len(messages) == warnings
    assert all(re.search('4 iterations .* 2 before', text) for text in messages)


def test_changed_batch_size_is_warned_about_once(tmp_path, monkeypatch):
    messages = []
    monkeypatch.setattr(
        'mmengine.logging.MMLogger.warning',
        lambda self, text: messages.append(text) if 'iterations per epoch' in text else 0,
    )
    for epochs, batch_size in enumerate((2, 4, 4, 1), start=1):
        runner = make_runner(tmp_path, epochs, hooks=['EpochSeedHook'], resume=True, name=f'{epochs}')
        runner._train_dataloader['batch_size'] = batch_size
        runner.train()
        assert runner.epoch == epochs
    assert [re.findall(r'has (\d) iter.*had (\d) before', text) for text in messages] == [[('1', '2')], [('4', '1')]]


def test_resumed_run_without_seed_continues_in_the_same_order(tmp_path):
    orders = []
    for name, resume in (('whole', None), ('resumed', tmp_path / 'whole' / 'epoch_1.pth')):
        kwargs = {} if resume is None else dict(load_from=str(resume), resume=True)
        kwargs['checkpoint'] = dict(type='SafeCheckpointHook', interval=1)
        runner = make_runner(tmp_path / name, epochs=4, hooks=['EpochSeedHook'], name=name, shuffle=True, **kwargs)
        runner.train()
        orders.append([parameter.item() for parameter in runner.model.parameters()])
    assert orders[0] == orders[1]


@pytest.mark.skipif(torch.cuda.is_available(), reason='two CPU processes')
@pytest.mark.parametrize('diff_rank_seed', [False, True])
def test_two_processes_draw_each_sample_once(tmp_path, diff_rank_seed):
    code = f"""
import mmaction_microaction
from helpers.engine_runs import Clips, make_runner

class Eight(Clips):
    def __len__(self):
        return 8

    def __getitem__(self, index):
        print('sample', index, flush=True)
        return super().__getitem__(index)

randomness = dict(seed=0, diff_rank_seed={diff_rank_seed})
nothing = dict(type='CheckpointHook', interval=-1, save_last=False)
options = dict(launcher='pytorch', randomness=randomness, shuffle=True, checkpoint=nothing)
make_runner('.', epochs=3, hooks=['EpochSeedHook'], dataset=Eight(), **options).train()
"""
    logs = [tmp_path / 'first', tmp_path / 'second']
    for process in start_together(code, cwd=tmp_path, logs=logs):
        process.join(300)
        assert process.exitcode == 0, logs[0].read_text()[-2000:]
    drawn = [[int(index) for index in re.findall(r'sample (\d)', log.read_text())] for log in logs]
    epochs = [sorted(drawn[0][start : start + 4] + drawn[1][start : start + 4]) for start in (0, 4, 8)]
    assert epochs == [list(range(8))] * 3
