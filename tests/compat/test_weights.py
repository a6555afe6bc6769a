"""Tests and resumed runs need all weights of a network. Training may start from some of them, with a warning."""

import itertools
import runpy
from argparse import Namespace
from unittest.mock import Mock

import pytest
import torch
from helpers.compat import WITH
from helpers.engine_runs import Line, make_runner, make_test
from helpers.processes import run_python
from helpers.support import ROOT
from helpers.whole_runs import TINY, start_together
from mmaction.apis import init_recognizer
from mmengine.config import Config
from mmengine.infer import infer
from mmengine.model import PretrainedInit
from mmengine.optim import OptimWrapper
from mmengine.registry import DefaultScope, init_default_scope
from mmengine.runner import Runner

from mmaction_microaction.models.release_checkpoint import convert_file
from mmaction_microaction.utils.checkpoints import load_weights
from mmaction_microaction.utils.paths import find_upstream_tool

SMALL = {'layer.weight': torch.full((1, 1), 7.0), 'layer.bias': torch.zeros(1)}


@pytest.fixture
def save(tmp_path):
    """Return a function that saves an object as a checkpoint and returns its path."""

    def save(content, name='weights.pth'):
        torch.save(content, tmp_path / name)
        return str(tmp_path / name)

    return save


@pytest.fixture
def warnings(monkeypatch):
    """Return a list that collects the warnings of runs."""
    messages = []
    monkeypatch.setattr('mmengine.logging.MMLogger.warning', lambda self, text: messages.append(text))
    return messages


WHOLE = {
    'whole': {'state_dict': SMALL},
    'bare': SMALL,
    'of several processes': {'state_dict': {f'module.{name}': tensor for name, tensor in SMALL.items()}},
    'averaged': {'state_dict': SMALL, 'ema_state_dict': {'steps': torch.ones(1)}, 'meta': {}},
}


@pytest.mark.parametrize('method', ['test', 'val'])
@pytest.mark.parametrize('content', WHOLE.values(), ids=WHOLE)
def test_matching_weights_are_scored(tmp_path, save, content, method):
    runner = make_test(tmp_path, load_from=save(content), name=method)
    assert getattr(runner, method)() == dict(count=4)
    assert runner.model.layer.weight.item() == 7


PARTS = {
    'missing': ({'layer.weight': SMALL['layer.weight']}, r'1 tensor missing \(layer\.bias\)\.'),
    'unknown': ({**SMALL, 'second.weight': torch.ones(1)}, r'1 tensor unknown \(second\.weight\)\.'),
    'shape': (
        {**SMALL, 'layer.weight': torch.ones(2, 1)},
        r'1 tensor of another shape \(layer\.weight \(2, 1\) instead of \(1, 1\)\)\.',
    ),
    'none': (
        {'other.weight': torch.ones(1)},
        r'2 tensors missing \(layer\.weight, layer\.bias\); 1 tensor unknown \(other\.weight\)\.',
    ),
    'empty': ({}, r'2 tensors missing \(layer\.weight, layer\.bias\)\.'),
    'released': (
        {**SMALL, 'backbone.layer1.0.fcce.0.weight': torch.ones(1)},
        r'1 tensor unknown \(backbone\.layer1\.0\.fcce\.0\.weight\)\. .*microaction convert',
    ),
}


@pytest.mark.parametrize(('weights', 'message'), PARTS.values(), ids=PARTS)
def test_mismatched_weights_end_a_test_without_scores(tmp_path, save, weights, message):
    path = save({'state_dict': weights})
    runner = make_test(tmp_path, load_from=path)
    for score in (runner.test, runner.val, runner.test):  # The second attempt fails, too.
        with pytest.raises(ValueError, match=rf'{path} .*{message}'):
            score()
    runner = make_test(tmp_path, name='by hand')
    runner.load_checkpoint(path)
    with pytest.raises(ValueError, match=message):
        runner.test()


@pytest.mark.parametrize('part', ['missing', 'unknown', 'shape'])
def test_training_loads_matching_weights_and_names_the_others(tmp_path, save, warnings, part):
    path = save({'state_dict': PARTS[part][0]})
    runner = make_test(tmp_path, load_from=path)
    before = runner.model.layer.bias.item()
    runner.load_or_resume()
    assert (runner.model.layer.weight.item() == 7) == (part != 'shape')
    assert (runner.model.layer.bias.item() == before) == (part == 'missing')
    runner.train()
    # After training, the network is scored with its current weights.
    assert runner.test() == dict(count=4)
    assert runner.val() == dict(count=4)


def test_training_warns_once(tmp_path, save, warnings):
    path = save({'state_dict': PARTS['missing'][0]})
    make_test(tmp_path, load_from=path).train()
    [warning] = [text for text in warnings if path in text]
    assert '1 tensor missing (layer.bias)' in warning
    assert '1 parameters' in warning


@pytest.mark.parametrize('part', ['none', 'empty', 'released'])
def test_training_does_not_start_from_weights_of_another_network(tmp_path, save, part):
    weights, message = PARTS[part]
    with pytest.raises(ValueError, match=message):
        make_test(tmp_path, load_from=save({'state_dict': weights})).train()


@pytest.mark.parametrize(('weights', 'message'), PARTS.values(), ids=PARTS)
def test_run_is_resumed_with_all_weights_or_not_at_all(tmp_path, weights, message):
    make_runner(tmp_path).train()
    path = tmp_path / 'epoch_1.pth'
    checkpoint = torch.load(path, weights_only=False)
    torch.save({**checkpoint, 'state_dict': weights}, path)
    with pytest.raises(ValueError, match=rf'{path} .*{message}'):
        make_runner(tmp_path, epochs=2, resume=True, name='resumed').train()


@pytest.fixture
def other_scope():
    """Restore the default scope of MMAction2 after runs of another one."""
    yield
    init_default_scope('mmaction')


@pytest.mark.usefixtures('other_scope')
@pytest.mark.parametrize('scope', ['mmengine', None])
def test_other_packages_load_weights_as_before(tmp_path, save, scope):
    content = {'state_dict': PARTS['unknown'][0]}
    others = dict(default_scope=scope, checkpoint=dict(type='CheckpointHook'), name=f'{scope}')
    runner = make_test(tmp_path, load_from=save(content), **others)
    assert runner.test() == dict(count=4)
    assert runner.model.layer.weight.item() == 7
    model = Line()
    infer._load_checkpoint_to_model(model, content)
    assert model.layer.weight.item() == 7


def test_two_processes_reject_weights_together(tmp_path, save):
    path = save({'state_dict': PARTS['missing'][0]})
    code = (
        'import mmaction_microaction; from helpers.engine_runs import make_test; '
        f'make_test(".", launcher="pytorch", load_from={path!r}).test()'
    )
    logs = [tmp_path / 'first', tmp_path / 'second']
    for process in start_together(code, cwd=tmp_path, logs=logs):
        process.join(300)
        assert process.exitcode == 1
    assert all('1 tensor missing (layer.bias)' in log.read_text() for log in logs)


def tiny(data, **kwargs):
    """Return the config of a small MANet on a data folder, without hooks of this package."""
    config = Config.fromfile(TINY)
    config.test_dataloader.dataset.ann_file = f'{data}/val_list_videos.txt'
    config.test_dataloader.dataset.data_prefix.video = f'{data}/videos_val'
    config.update(custom_hooks=[], log_level='ERROR', **kwargs)
    return config


@pytest.mark.usefixtures('one_block_per_stage')
@pytest.mark.parametrize('given', ['released', 'shallow', 'lacking'])
def test_manet_is_scored_if_its_weights_are_complete(tiny_ma52, tmp_path, given):
    config = tiny(tiny_ma52)
    source, converted = tmp_path / 'given.pth', tmp_path / 'converted.pth'
    weights = init_recognizer(config, device='cpu').state_dict()
    if given == 'released':
        weights = {name.replace('.excite.', '.fcce.'): tensor for name, tensor in weights.items()}
    elif given == 'shallow':
        deep = Config.fromfile(TINY)
        deep.merge_from_dict({'model.backbone.depth': 34})
        weights = init_recognizer(deep, device='cpu').state_dict()
    else:
        del weights['backbone.layer3.0.conv2.conv.weight']
    torch.save({'state_dict': weights}, source)
    if given == 'released':
        convert_file(source, converted, config=str(TINY))

    def run(checkpoint):
        return Runner.from_cfg(tiny(tiny_ma52, load_from=str(checkpoint), work_dir=str(tmp_path / 'w'))).test()

    with pytest.raises(ValueError, match='microaction convert' if given == 'released' else 'does not fit'):
        run(source)
    with pytest.raises(ValueError, match=r'given\.pth does not fit'):
        init_recognizer(config, str(source), 'cpu')
    if given == 'released':
        assert 'F1_mean' in run(converted)


def test_a_branch_starts_from_the_part_of_a_checkpoint(save, monkeypatch):
    messages = []
    monkeypatch.setattr('mmaction_microaction.compat.weights.print_log', lambda text, **_: messages.append(text))

    def initialise(prefix, **more):
        weights = {'backbone.weight': torch.full((1, 1), 7.0), 'backbone.bias': torch.zeros(1), **more}
        branch = torch.nn.Linear(1, 1)
        PretrainedInit(save({'state_dict': weights}), prefix)(branch)
        return branch.weight.item()

    assert initialise('backbone.', **{'module.cls_head.bias': torch.ones(1)}) == 7
    assert initialise('backbone', **{'cls_head.bias': torch.ones(1)}) == 7
    assert initialise(None, **{'weight': torch.full((1, 1), 8.0), 'bias': torch.zeros(1)}) == 8
    assert [('2 tensors unknown (backbone.weight' in text) for text in messages] == [True]
    messages.clear()
    assert initialise('backbone.', **{'backbone.second.bias': torch.ones(1)}) == 7
    assert ['1 tensor unknown (second.bias' in text for text in messages] == [True]
    with pytest.raises(ValueError, match=r'1 tensor unknown \(layer1\.fcce\.0\.weight\)\. .*microaction convert'):
        initialise('backbone.', **{'backbone.layer1.fcce.0.weight': torch.ones(1)})
    with pytest.raises(ValueError, match=r' Linear .*2 tensors missing \(weight, bias'):
        initialise('neck.')


def test_modules_of_other_packages_are_initialised_as_before(save):
    checkpoint = save({'state_dict': {'weight': torch.full((1, 1), 7.0), 'other.x': torch.zeros(1)}})
    branch = torch.nn.Linear(1, 1)
    with DefaultScope.overwrite_default_scope('mmdet'):
        PretrainedInit(checkpoint)(branch)
        PretrainedInit(checkpoint, 'other.')(torch.nn.BatchNorm1d(1))  # MMEngine only warns if nothing fits
    assert branch.weight.item() == 7
    with DefaultScope.overwrite_default_scope('mmaction'), pytest.raises(ValueError, match='does not fit'):
        PretrainedInit(checkpoint, 'neck.')(branch)


def test_branch_translates_older_weight_names(save):
    def translate(weights, prefix, *_):
        weights['weight'], weights['bias'] = weights.pop('w'), weights.pop('b')

    branch = torch.nn.Linear(1, 1)
    branch._register_load_state_dict_pre_hook(translate)
    PretrainedInit(save({'w': torch.full((1, 1), 7.0), 'b': torch.zeros(1), 'fc.bias': torch.zeros(1)}))(branch)
    assert branch.weight.item() == 7


class Net(torch.nn.Module):
    """Network with a backbone and an optional head."""

    def __init__(self, head=None):
        super().__init__()
        self.backbone = torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.BatchNorm1d(1))
        if head:
            self.cls_head = head


def test_heads_are_optional_for_features_and_counters_always():
    whole = Net(torch.nn.Linear(1, 2)).state_dict()
    for head in (None, torch.nn.Identity()):
        assert load_weights(Net(head), whole).complete
    assert load_weights(Net(torch.nn.Linear(1, 3)), whole).reshaped == [
        'cls_head.weight (2, 1) instead of (3, 1)',
        'cls_head.bias (2,) instead of (3,)',
    ]
    del whole['backbone.1.num_batches_tracked']
    assert load_weights(Net(torch.nn.Linear(1, 2)), whole).complete
    del whole['backbone.1.running_mean']
    assert load_weights(Net(torch.nn.Linear(1, 2)), whole).missing == ['backbone.1.running_mean']


def start_script(work_dir, resume, in_file=None, **options):
    """Build a runner with the settings of MMAction2's training script."""
    config = work_dir.parent / f'{work_dir.name}.py'
    config.write_text(f'load_from = {in_file!r}\n')
    script = runpy.run_path(str(find_upstream_tool('train.py')))
    arguments = Namespace(resume=resume, work_dir=str(work_dir), config=str(config), cfg_options=options or None)
    defaults = dict.fromkeys(['no_validate', 'amp', 'auto_scale_lr', 'diff_rank_seed', 'deterministic'], False)
    vars(arguments).update(launcher='none', seed=None, **defaults)
    cfg = script['merge_args'](Config.fromfile(config), arguments)
    name = f'{next(_run_indices)}'
    return make_runner(work_dir, epochs=2, cfg=cfg, resume=cfg.get('resume', False), load_from=cfg.load_from, name=name,
                       hooks=['CheckTrainListHook'])  # fmt: skip


_run_indices = itertools.count()


@pytest.mark.parametrize('where', ['file', 'options', 'both'])
@pytest.mark.parametrize('kind', ['weights', 'whole'])
def test_resume_takes_precedence_over_load_from(tmp_path, save, where, kind):
    make_runner(tmp_path / 'other', name='other').train()
    content = torch.load(tmp_path / 'other' / 'epoch_1.pth', weights_only=False)
    path = save({**content, 'state_dict': SMALL} if kind == 'whole' else {'state_dict': SMALL})
    given = dict(in_file='nowhere.pth' if where == 'both' else path if where == 'file' else None)
    if where != 'file':
        given['load_from'] = path
    # At first, there is no checkpoint to resume from.
    runner = start_script(tmp_path / 'run', 'auto', **given)
    runner.load_or_resume()
    assert runner.model.layer.weight.item() == 7
    assert (runner._resume, runner.epoch) == (False, 0)
    runner.train()
    # Now there is a checkpoint.
    runner = start_script(tmp_path / 'run', 'auto', **given)
    runner._train_loop = runner.build_train_loop(runner._train_loop)
    runner.optim_wrapper = runner.build_optim_wrapper(runner.optim_wrapper)
    runner.load_or_resume()
    assert runner.epoch == 2
    assert runner.model.layer.weight.item() != 7


def test_the_file_passed_to_resume_is_resumed(tmp_path):
    make_runner(tmp_path / 'other', name='other').train()
    make_runner(tmp_path / 'run', epochs=2, name='run').train()
    runner = start_script(tmp_path / 'run', str(tmp_path / 'other' / 'epoch_1.pth'))
    runner.call_hook = Mock()
    runner._train_loop = runner.build_train_loop(runner._train_loop)
    runner.load_or_resume()
    assert runner.epoch == 1


@pytest.mark.parametrize('content', [{'state_dict': SMALL}, SMALL, {'state_dict': SMALL, 'meta': {'epoch': 3}}])
def test_weights_alone_cannot_be_resumed(tmp_path, save, content):
    path = save(content)
    runner = start_script(tmp_path / 'run', path)
    with pytest.raises(ValueError, match=rf'{path} cannot be resumed.*load_from={path}'):
        runner.train()


OTHER_RUNS = {
    'frozen': (None, True, r' 2 tensors \(2\), .* 1 tensors \(1\)'),
    'kind': (dict(optimizer=dict(type='AdamW', lr=0.01)), False, r' AdamW.* betas, eps'),
}


@pytest.mark.parametrize(('optimizer', 'frozen', 'message'), OTHER_RUNS.values(), ids=OTHER_RUNS)
def test_a_run_is_resumed_with_its_optimizer(tmp_path, optimizer, frozen, message):
    make_runner(tmp_path, name='first').train()
    runner = make_runner(tmp_path, epochs=2, resume=True, name='second', optim_wrapper=optimizer)
    if frozen:
        runner.optim_wrapper = OptimWrapper(torch.optim.SGD([runner.model.layer.weight], 0.01))
    with pytest.raises(ValueError, match=rf'epoch_1\.pth cannot be resumed.*{message}.*load_from='):
        runner.train()


def test_run_without_checkpoint_starts_from_the_weights_of_its_config(tmp_path):
    torch.save(dict(state_dict={'layer.weight': torch.full((1, 1), 7.0)}), tmp_path / 'weights.pth')
    (tmp_path / 'config.py').write_text(f'load_from = {str(tmp_path / "weights.pth")!r}')
    code = (
        'import sys; sys.path.insert(0, {tests!r}); import mmaction.engine; from helpers import engine_runs; '
        'from mmengine.config import Config\n'
        # MMAction2's script sets this for --resume.
        'config = Config.fromfile({config!r}); config.resume, config.load_from = True, None\n'
        'options = dict(cfg=config, resume=True, checkpoint=dict(type="CheckpointHook"))\n'
        'runner = engine_runs.make_runner({work_dir!r}, **options)\n'
        'runner.load_or_resume(); print("weight", runner.model.layer.weight.item(), runner._resume)'
    ).format(tests=str(ROOT / 'tests'), config=str(tmp_path / 'config.py'), work_dir=str(tmp_path / 'run'))
    assert 'weight 7.0' not in run_python(code).stdout
    assert run_python(WITH + code).stdout.splitlines()[-1] == 'weight 7.0 False'
