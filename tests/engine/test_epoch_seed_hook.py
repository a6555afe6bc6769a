import random
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from engine_runs import make_runner
from mmaction.registry import HOOKS
from torch.utils.data import DataLoader, Dataset


class Draws(Dataset):
    """Every sample is a draw from each of the three random states that augmentations use."""

    def __len__(self):
        return 4

    def __getitem__(self, index):
        return torch.tensor([random.random(), np.random.rand(), torch.rand(()).item()], dtype=torch.float64)


def epoch(number, seed=0, num_workers=2):
    loader = DataLoader(Draws(), None, num_workers=num_workers)
    runner = SimpleNamespace(seed=seed, epoch=number, train_dataloader=loader)
    HOOKS.build(dict(type='EpochSeedHook')).before_train_epoch(runner)
    return torch.stack(list(runner.train_dataloader))


@pytest.mark.parametrize('num_workers', [0, 2])
def test_an_epoch_draws_the_same_whatever_came_before(num_workers):
    whole = [epoch(number, num_workers=num_workers) for number in range(3)]
    torch.rand(7), random.random(), np.random.rand()
    assert torch.equal(epoch(2, num_workers=num_workers), whole[2])


@pytest.mark.parametrize('num_workers', [0, 2])
def test_epochs_samples_and_seeds_draw_differently(num_workers):
    draws = torch.cat([epoch(number, seed, num_workers) for number in range(3) for seed in (0, 10, 20)])
    assert all(len(column.unique()) == len(draws) for column in draws.T)


def test_refuses_workers_that_outlive_the_epoch():
    loader = DataLoader(Draws(), num_workers=1, persistent_workers=True)
    with pytest.raises(ValueError, match=r'train_dataloader\.persistent_workers=False'):
        HOOKS.build(dict(type='EpochSeedHook')).before_train(SimpleNamespace(train_dataloader=loader))


def test_a_resumed_run_without_a_seed_of_its_own_goes_on_in_the_same_order(tmp_path):
    orders = []
    for name, resume in (('whole', None), ('resumed', tmp_path / 'whole' / 'epoch_1.pth')):
        kwargs = {} if resume is None else dict(load_from=str(resume), resume=True)
        kwargs['checkpoint'] = dict(type='KeepingCheckpointHook', interval=1)
        runner = make_runner(tmp_path / name, epochs=4, hooks=['EpochSeedHook'], name=name, shuffle=True, **kwargs)
        runner.train()
        orders.append([parameter.item() for parameter in runner.model.parameters()])
    assert orders[0] == orders[1]
