import pytest
from helpers.small_runs import small_runner
from mmengine.runner import BaseLoop

pytestmark = pytest.mark.usefixtures('tiny_resnets')
SAFETY = ['EpochSeedHook', 'CheckTrainListHook', 'CheckInvalidLossHook', 'UnreadableClipsHook']


def hooks(runner):
    return [type(hook).__name__ for hook in runner.hooks]


def test_custom_hooks_keep_the_default_hooks(tiny_ma52, tmp_path):
    options = {'custom_hooks': [dict(type='EMAHook')], 'default_hooks.checkpoint': dict(interval=2)}
    names = hooks(small_runner(tiny_ma52, tmp_path, options))
    order = ['DistSamplerSeedHook', *SAFETY, 'EMAHook', 'LoggerHook', 'SafeCheckpointHook']
    assert [name for name in names if name in order] == order
    assert names.count('CheckSetupHook') == 1


def test_a_hook_is_removed_by_name(tiny_ma52, tmp_path):
    options = {'default_hooks.epoch_seed': None, 'default_hooks.check_setup': None, 'default_hooks.timer': None}
    names = hooks(small_runner(tiny_ma52, tmp_path, options))
    assert not {'EpochSeedHook', 'CheckSetupHook', 'IterTimerHook'} & set(names)
    assert set(SAFETY[1:]) <= set(names)


@pytest.mark.parametrize('verb', ['train', 'val', 'test'])
@pytest.mark.parametrize('num_clips', [8, 80])
def test_mismatched_num_clips_is_rejected_before_the_first_step(tiny_ma52, tmp_path, verb, num_clips):
    # --cfg-options may change only the network or only a pipeline.
    options = {f'{verb}_dataloader.dataset.pipeline.1.num_clips': num_clips}
    if num_clips == 8:
        options.update({'model.backbone.num_segments': 16, 'model.cls_head.num_segments': 16})
    runner = small_runner(tiny_ma52, tmp_path, options)
    with pytest.raises(ValueError, match=rf'{verb}_dataloader.*num_clips={num_clips}.*num_segments='):
        getattr(runner, verb)()


def test_error_names_both_missing_embeddings_and_pretrained_weights(tiny_ma52, tmp_path):
    options = {'model.cls_head.label_embeddings': 'no.npy', 'model.backbone.pretrained': 'http://127.0.0.1:9/r18.pth'}
    runner = small_runner(tiny_ma52, tmp_path, options)
    with pytest.raises(FileNotFoundError, match=r'no\.npy.*model\.backbone\.pretrained=http://127\.0\.0\.1:9/r18\.pth'):
        runner.train()


def test_label_embeddings_are_read_before_the_first_step(tiny_ma52, tmp_path):
    # Initial weights are loaded first, since they may contain a table. A test needs no table.
    options = {'model.cls_head.label_embeddings': 'no.npy'}
    runner = small_runner(tiny_ma52, tmp_path, options)
    runner._load_from = 'weights.pth'
    runner.load_or_resume = lambda: None
    with pytest.raises(FileNotFoundError, match=r'no\.npy'):
        runner.train()
    assert runner.iter == 0
    assert 0 <= small_runner(tiny_ma52, tmp_path, options).test()['F1_mean'] <= 100


def test_missing_hooks_are_named(tiny_ma52, tmp_path, caplog):
    options = {f'default_hooks.{name}': None for name in ('check_train_list', 'check_invalid_loss', 'unreadable_clips')}
    runner = small_runner(tiny_ma52, tmp_path, options)
    runner._hooks = [hook for hook in runner.hooks if type(hook).__name__ != 'EpochSeedHook']
    runner.train_loop._max_epochs = 0
    runner.logger.addHandler(caplog.handler)
    runner.train()
    warning = next(record.getMessage() for record in caplog.records if record.levelname == 'WARNING')
    assert "default_hooks=dict(epoch_seed=dict(type='EpochSeedHook'))" in warning


class Loop(BaseLoop):
    """Loop of another package, with several data loaders or none."""

    def __init__(self, runner):
        self._runner = runner

    def run(self):
        return dict(ran=1)


def test_loops_without_data_loader_are_not_checked(tiny_ma52, tmp_path):
    runner = small_runner(tiny_ma52, tmp_path, {})
    runner._test_loop = Loop(runner)
    assert runner.test() == dict(ran=1)
