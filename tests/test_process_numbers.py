"""Runs in several processes and compiled runs learn the same weights and can be resumed."""

import pytest
import torch
from helpers.whole_runs import TINY_32PX, on_clips, run_training

pytestmark = [pytest.mark.slow, pytest.mark.skipif(torch.cuda.is_available(), reason='two CPU processes')]

# Batch statistics and dropout differ between processes. Without them, several processes compute the same as one.
# Four clips, since clips are repeated if their number cannot be divided by the number of processes.
OPTIONS = [
    'model.backbone.norm_eval=True',
    'model.cls_head.dropout_ratio=0',
    'train_dataloader.dataset.indices=4',
    'optim_wrapper.clip_grad.max_norm=0.5',
    'train_cfg.val_interval=2',
    'default_hooks.checkpoint.save_best=None',
]


# Both hooks change or copy the model after it is built. With this momentum, the average follows the weights.
CONFIG = f"""
_base_ = {str(TINY_32PX)!r}
custom_imports = dict(imports=['mmaction_microaction', 'helpers.short_resnets'], allow_failed_imports=False)
default_hooks = dict(channels_last=dict(type='ChannelsLastHook'), ema=dict(type='EMAHook', momentum=0.5))
"""


@pytest.fixture(scope='module')
def train(tiny_ma52, tmp_path_factory):
    """Return a function that trains on four clips in a number of processes."""
    folder = tmp_path_factory.mktemp('processes')
    config = folder / 'hooks.py'
    config.write_text(CONFIG)

    def train(processes, name, *args, epochs=2, options=()):
        size = f'train_dataloader.batch_size={4 // processes}'
        options = on_clips(tiny_ma52, *OPTIONS, *options, size, f'train_cfg.max_epochs={epochs}')
        args = ['--seed', 0, '--work-dir', name, *args, *options]
        output = run_training(config, *args, cwd=folder, processes=processes)
        return output, folder / name

    return train


def read_weights(path, averaged):
    # EMAHook stores the averaged weights as state_dict and the trained weights as ema_state_dict.
    checkpoint = torch.load(path, weights_only=False)
    return checkpoint['state_dict' if averaged else 'ema_state_dict']


def check_close(work_dir, reference, name):
    for averaged in (True, False):
        ours, expected = (read_weights(folder / name, averaged) for folder in (work_dir, reference))
        for key in expected:
            torch.testing.assert_close(ours[key], expected[key], rtol=1e-4, atol=1e-6)


@pytest.fixture(scope='module')
def alone(train):
    work_dir = train(1, 'one')[1]
    first, second = (read_weights(work_dir / f'epoch_{epoch}.pth', True)['cls_head.fc_cls.weight'] for epoch in (1, 2))
    assert (first - second).abs().max() > 1e-4
    return work_dir


def test_two_processes_learn_the_same_weights_as_one(train, alone):
    output, together = train(2, 'two', epochs=1)
    assert 'Distributed launcher: pytorch' in output
    assert 'Grad strides' not in output
    check_close(together, alone, 'epoch_1.pth')
    output, _ = train(1, 'two', '--resume', together / 'epoch_1.pth')
    assert 'resumed epoch: 1' in output
    check_close(together, alone, 'epoch_2.pth')


def test_two_processes_resume_the_run_of_one(train, alone):
    output, together = train(2, 'one then two', '--resume', alone / 'epoch_1.pth')
    assert 'resumed epoch: 1' in output
    check_close(together, alone, 'epoch_2.pth')


def test_compiled_run_learns_the_same_weights(train, alone):
    # aot_eager traces like the default backend, but compiles no C++, which takes minutes.
    output, compiled = train(1, 'compiled', options=['compile.backend=aot_eager'])
    assert 'Model has been "compiled"' in output
    check_close(compiled, alone, 'epoch_2.pth')
