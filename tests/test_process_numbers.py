"""Neither the number of processes nor compilation changes what is learned, or whether a run can be continued."""

import pytest
import torch
from helpers.whole_runs import TINY, on_clips, run_training

pytestmark = [pytest.mark.slow, pytest.mark.skipif(torch.cuda.is_available(), reason='two CPU processes')]

# Batch statistics and dropout are each process's own: without them, the numbers are those of the whole batch. Four
# clips, since an epoch that does not divide by the processes repeats some.
OPTIONS = [
    'model.backbone.norm_eval=True',
    'model.cls_head.dropout_ratio=0',
    'train_dataloader.dataset.indices=4',
    'optim_wrapper.clip_grad.max_norm=0.5',
]


# What changes, or copies, the model after it is built; the momentum lets the average keep up.
CONFIG = f"""
_base_ = {str(TINY)!r}
default_hooks = dict(channels_last=dict(type='ChannelsLastHook'), ema=dict(type='EMAHook', momentum=0.5))
"""


@pytest.fixture(scope='module')
def train(tiny_ma52, tmp_path_factory):
    """Train two epochs of four clips, in as many processes as asked for."""
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


def weights(path, averaged):
    checkpoint = torch.load(path, weights_only=False)
    return checkpoint['state_dict' if averaged else 'ema_state_dict']


def check_close(work_dir, reference, name):
    for averaged in (True, False):
        ours, expected = (weights(folder / name, averaged) for folder in (work_dir, reference))
        for key in expected:
            torch.testing.assert_close(ours[key], expected[key], rtol=1e-4, atol=1e-6)


@pytest.fixture(scope='module')
def alone(train):
    work_dir = train(1, 'one')[1]
    first, second = (weights(work_dir / f'epoch_{number}.pth', True)['cls_head.fc_cls.weight'] for number in (1, 2))
    assert (first - second).abs().max() > 1e-4
    return work_dir


def test_two_processes_learn_what_one_does_and_one_goes_on(train, alone):
    output, together = train(2, 'two', epochs=1)
    assert 'Distributed launcher: pytorch' in output
    assert 'Grad strides' not in output
    check_close(together, alone, 'epoch_1.pth')
    output, _ = train(1, 'two', '--resume', together / 'epoch_1.pth')
    assert 'resumed epoch: 1' in output
    check_close(together, alone, 'epoch_2.pth')


def test_two_processes_go_on_where_one_stopped(train, alone):
    output, together = train(2, 'one then two', '--resume', alone / 'epoch_1.pth')
    assert 'resumed epoch: 1' in output
    check_close(together, alone, 'epoch_2.pth')


def test_a_compiled_run_learns_the_same(train, alone):
    # Traced as by default, but not turned into C++, which takes minutes.
    output, compiled = train(1, 'compiled', options=['compile.backend=aot_eager'])
    assert 'Model has been "compiled"' in output
    check_close(compiled, alone, 'epoch_2.pth')
