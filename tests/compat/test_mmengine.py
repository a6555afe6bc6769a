"""Each defect is reproduced in a process without the package, and is absent in a process with the package."""

import os
import pickle

import pytest
import torch
from helpers.compat import WITH, cpu_only, last_line
from helpers.processes import run_python
from helpers.support import ROOT


def test_only_the_first_process_writes_the_scores(tmp_path):
    code = (
        'import os; from unittest.mock import MagicMock; from mmengine.dist import utils; '
        'from mmengine.hooks import LoggerHook; utils.get_rank = lambda group=None: int(os.environ["RANK"]); '
        'hook, runner = LoggerHook(), MagicMock(log_dir="."); hook.json_log_path = "scores.json"; '
        'runner.log_processor.get_log_after_epoch.return_value = {"F1_mean": 1.0}, ""; '
        'hook.after_test_epoch(runner); print(os.path.exists("scores.json"))'
    )
    for name, rank, prefix, written in (
        ('stock', '1', '', 'True'),
        ('1', '1', WITH, 'False'),
        ('0', '0', WITH, 'True'),
    ):
        (tmp_path / name).mkdir()
        result = run_python(prefix + code, cwd=tmp_path / name, env=os.environ | {'RANK': rank})
        assert result.stdout.splitlines()[-1] == written, result.stderr


def test_files_are_written_completely_or_not_at_all(tmp_path):
    # A limit on the size of files has the effect of a full disk, but leaves space for the error message.
    code = (
        'import mmengine, resource; mmengine.dump([1], "p.pkl"); '
        'resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000)); mmengine.dump(list(range(9999)), "p.pkl")'
    )
    process = run_python(code, cwd=tmp_path)
    assert 'File too large' in last_line(process)
    with pytest.raises((EOFError, pickle.UnpicklingError)):
        pickle.loads((tmp_path / 'p.pkl').read_bytes())
    process = run_python(WITH + code, cwd=tmp_path)
    assert last_line(process).startswith('OSError: [Errno 27] File too large')
    assert 'p.pkl' in last_line(process)
    assert pickle.loads((tmp_path / 'p.pkl').read_bytes()) == [1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ['p.pkl']


@cpu_only
def test_mixed_precision_trains_on_the_cpu():
    code = (
        'import torch; from mmengine.optim import AmpOptimWrapper; layer = torch.nn.Linear(1, 1, bias=False); '
        'layer.weight.data.fill_(1.0); '
        'optimizer = AmpOptimWrapper(optimizer=torch.optim.SGD(layer.parameters(), lr=0.5), clip_grad=dict(max_norm=9))'
        '\nwith optimizer.optim_context(layer): loss = layer(torch.tensor([[3.0]])).square().sum()'
        '\nprint(loss.dtype); '
        'optimizer.update_params(loss); optimizer.load_state_dict(optimizer.state_dict()); print(layer.weight.item())'
    )
    assert 'is only available training on gpu' in last_line(run_python(code))
    # The gradient of 9 w ** 2 is 18, clipped to 9.
    dtype, weight = run_python(WITH + code).stdout.split()
    assert dtype == 'torch.bfloat16'
    assert float(weight) == pytest.approx(1 - 0.5 * 9)


def test_mixed_precision_uses_apples_gpus():
    # MMEngine detects this device on a Mac. Only the settings are tested, since tests have no such GPU.
    apple = 'from mmengine.device import utils; utils.DEVICE = "mps"; '
    code = (
        'import torch; from mmengine.optim import AmpOptimWrapper; layer = torch.nn.Linear(1, 1); '
        'optimizer = AmpOptimWrapper(optimizer=torch.optim.SGD(layer.parameters(), lr=0.5))\n'
        'with optimizer.optim_context(layer): print(torch.is_autocast_enabled("mps"), torch.get_autocast_dtype("mps"))'
    )
    if not torch.cuda.is_available():
        assert 'is only available training on gpu' in last_line(run_python(apple + code))
    assert run_python(apple + WITH + code).stdout.splitlines()[-1] == 'True torch.bfloat16'


@pytest.mark.slow
def test_compiled_runs_train(tmp_path):
    # aot_eager traces like the default backend, but needs no C++ compiler.
    code = (
        'import sys; sys.path.insert(0, {tests!r}); import mmaction.engine; from helpers import engine_runs; '
        'from mmengine.config import ConfigDict; '
        'optimizer = ConfigDict(optimizer=dict(type="SGD", lr=0.01), paramwise_cfg=dict(bias_lr_mult=2)); '
        'runner = engine_runs.make_runner({work_dir!r}, optim_wrapper=optimizer, cfg=dict(compile={compile}), '
        'checkpoint=dict(type="CheckpointHook")); runner.train(); print("done")'
    ).format(tests=str(ROOT / 'tests'), work_dir=str(tmp_path), compile='dict(backend="aot_eager")')
    assert "'UserDefinedDictVariable' object has no attribute 'items'" in run_python(code).stderr
    # test_process_numbers.py tests that a compiled run learns the same weights.
    assert run_python(WITH + code).stdout.splitlines()[-1] == 'done'


def test_configs_are_formatted_once():
    # The processes of tests do not format configs.
    formatting = (
        'from mmengine.config import Config, config; from yapf.yapflib import yapf_api; '
        'config.FormatCode = yapf_api.FormatCode; '
    )
    code = (
        'from unittest.mock import patch; config = Config(dict(a=1))\n'
        'with patch.object(yapf_api, "FormatTree", wraps=yapf_api.FormatTree) as format: '
        'texts = [config.pretty_text for _ in range(3)]; config.a = 2; texts.append(config.pretty_text)\n'
        'print(format.call_count, texts)'
    )
    texts = "['a = 1\\n', 'a = 1\\n', 'a = 1\\n', 'a = 2\\n']"
    assert run_python(formatting + code).stdout.splitlines()[-1] == f'4 {texts}'
    assert run_python(formatting + WITH + code).stdout.splitlines()[-1] == f'2 {texts}'


def test_any_default_hook_can_be_left_out():
    code = (
        'from types import SimpleNamespace; from mmengine.runner import Runner; names = []; '
        'add = lambda hook: names.append(hook["type"] if isinstance(hook, dict) else 0); '
        'runner = SimpleNamespace(register_hook=add); '
        'Runner.register_default_hooks(runner, dict(sync_buffers=None, timer=None)); print(names)'
    )
    assert last_line(run_python(code)) == 'AssertionError'
    kept = "'RuntimeInfoHook', 'DistSamplerSeedHook', 'LoggerHook', 'ParamSchedulerHook', 'CheckpointHook', 0]"
    assert run_python(WITH + code).stdout.splitlines()[-1] == f'[{kept}'
