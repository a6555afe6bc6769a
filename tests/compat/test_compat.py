"""Each upstream defect is shown in a process without the package, and its absence in one with it."""

import inspect
import json
import os
import pickle
import re
import socket
from pathlib import Path
from pkgutil import resolve_name
from types import FunctionType

import numpy as np
import pytest
import torch
from helpers.processes import run_python
from helpers.support import ROOT
from mmengine.logging import HistoryBuffer

from mmaction_microaction import compat

WITH = 'import mmaction_microaction; '


def last_line(process):
    return process.stderr.strip().splitlines()[-1]


def test_mmaction_models_import_without_drn():
    assert "No module named 'mmaction.models.localizers.drn'" in last_line(run_python('import mmaction.models'))
    assert run_python(WITH + 'import mmaction.models').returncode == 0


def test_drn_itself_says_what_is_missing():
    process = run_python(WITH + 'from mmaction.registry import MODELS; from mmaction.models import DRN; DRN()')
    assert last_line(process).startswith('ImportError: DRN cannot be built: the wheel of MMAction2 1.2.0 lacks')


def test_undeclared_dependencies_are_declared():
    from importlib.metadata import requires

    declared = {requirement.split(';')[0].strip() for requirement in requires('mmaction-microaction')}
    assert 'importlib_metadata' in declared
    assert any(requirement.startswith('setuptools') and '<80.9' in requirement for requirement in declared)
    assert 'pip<27' in declared
    import importlib_metadata  # noqa: F401
    import pkg_resources  # noqa: F401


def test_scripts_run_where_mim_lacks_a_part_of_pip():
    # As from pip 27 on.
    without = (
        'import sys; sys.modules["pip._vendor.pkg_resources"] = None; sys.argv = ["test.py", "--help"]; import runpy; '
    )
    mim = run_python(without + 'import mim')
    assert "No module named 'pip._vendor.pkg_resources'" in last_line(mim) or 'import of pip._vendor' in last_line(mim)
    script = run_python(without + f'runpy.run_path({str(ROOT / "tools" / "test.py")!r}, run_name="__main__")')
    assert 'MMAction2 test' in script.stdout


@pytest.fixture
def checkpoint(tmp_path):
    """A checkpoint that holds what MMEngine's do: weights, counters, logged values and a best score."""
    history = HistoryBuffer()
    history.update(1.5)
    history.update(2)
    path = tmp_path / 'epoch_1.pth'
    message_hub = {'log_scalars': {'train/loss': history}, 'runtime_info': {'best_score': np.float64(65.59)}}
    torch.save({'state_dict': {'weight': torch.ones(2)}, 'meta': {'epoch': 1}, 'message_hub': message_hub}, path)
    return path


LOAD = 'from mmengine.runner import CheckpointLoader; c = CheckpointLoader.load_checkpoint({!r}, map_location="cpu"); '


def test_mmengine_checkpoints_load(checkpoint):
    load = LOAD.format(str(checkpoint))
    process = run_python(load)
    assert process.returncode == 1
    assert 'Weights only load failed' in process.stderr
    assert 'HistoryBuffer' in process.stderr
    process = run_python(
        WITH
        + load
        + 'history = c["message_hub"]["log_scalars"]["train/loss"];'
        + 'print([float(history.statistics(name)) for name in ("mean", "min", "max", "current")],'
        + ' c["message_hub"]["runtime_info"]["best_score"] == 65.59)'
    )
    assert process.stdout.splitlines()[-1] == '[1.75, 1.5, 2.0, 2.0] True', process.stderr


class WritesAFile:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), 'w')


class AsksForAttributes:
    """Reaches for the globals of a module through the one way by which HistoryBuffer refers to its methods."""

    def __reduce__(self):
        return getattr, (HistoryBuffer.mean, '__globals__')


@pytest.mark.parametrize('legacy', [False, True], ids=['zip', 'legacy'])
def test_malicious_checkpoint_is_refused_and_not_run(tmp_path, legacy):
    path, victim = tmp_path / 'evil.pth', tmp_path / 'written'
    torch.save({'state_dict': {}, 'meta': WritesAFile(victim)}, path, _use_new_zipfile_serialization=not legacy)
    # The file is a real attack: loaded without care, it writes.
    torch.load(path, weights_only=False)
    assert victim.exists()
    victim.unlink()

    process = run_python(WITH + LOAD.format(str(path)))
    assert process.returncode == 1
    assert not victim.exists()
    message = process.stderr[process.stderr.index('UnpicklingError') :]
    assert f'{path} is refused, since loading it could run code' in message
    assert 'io.open' in message or '_io.open' in message


def test_checkpoint_may_not_ask_for_attributes(tmp_path):
    path = tmp_path / 'evil.pth'
    torch.save({'meta': AsksForAttributes()}, path)
    assert '__builtins__' in torch.load(path, weights_only=False)['meta']
    process = run_python(WITH + LOAD.format(str(path)))
    assert process.returncode == 1
    assert "may not ask for the attribute '__globals__'" in process.stderr


def test_downloaded_weights_are_loaded_without_running_code(tmp_path):
    # MMEngine's loader of URLs, fed a file: URL; PyTorch's own default for downloads is the unsafe one.
    path, victim = tmp_path / 'evil.pth', tmp_path / 'written'
    torch.save(WritesAFile(victim), path)
    code = f'from mmengine.runner import checkpoint; checkpoint.load_from_http({path.as_uri()!r}, model_dir={{!r}})'
    run_python('import mmengine; ' + code.format(str(tmp_path / 'a')))
    assert victim.exists()
    victim.unlink()
    process = run_python(WITH + code.format(str(tmp_path / 'b')))
    assert process.returncode == 1
    assert not victim.exists()


def test_missing_checkpoint_is_named():
    assert "No such file or directory: 'no.pth'" in last_line(run_python(WITH + LOAD.format('no.pth')))


@pytest.fixture
def one_process_group():
    """Environment of a launcher that starts a single process."""
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        port = sock.getsockname()[1]
    rank = {'RANK': '0', 'LOCAL_RANK': '0', 'WORLD_SIZE': '1', 'MASTER_ADDR': '127.0.0.1', 'MASTER_PORT': str(port)}
    return {**os.environ, **rank}


cpu_only = pytest.mark.skipif(torch.cuda.is_available(), reason='the defect shows only without CUDA')


# What the launchers tell the second process of a node, which is the only one here.
LAUNCHERS = {
    'pytorch': {'RANK': '0', 'LOCAL_RANK': '1', 'WORLD_SIZE': '1'},
    'slurm': {'SLURM_PROCID': '0', 'SLURM_LOCALID': '1', 'SLURM_NTASKS': '1', 'SLURM_NODELIST': 'localhost'},
    'mpi': {f'OMPI_COMM_WORLD_{name}': value for name, value in (('RANK', '0'), ('LOCAL_RANK', '1'), ('SIZE', '1'))},
}


@cpu_only
@pytest.mark.parametrize('launcher', LAUNCHERS)
def test_launchers_start_on_the_cpu(one_process_group, launcher):
    code = f'from mmengine.dist import init_dist, get_backend; init_dist({launcher!r}); print(get_backend())'
    environment = one_process_group | LAUNCHERS[launcher]
    without = run_python(code, env=environment).stderr
    # Of PyTorch's CPU build; of its CUDA builds; of these in a forked process.
    reasons = "'_cuda_setDevice'", 'Found no NVIDIA driver', 'Cannot re-initialize CUDA'
    assert any(reason in without for reason in reasons), without
    assert run_python(WITH + code, env=environment).stdout.splitlines()[-1] == 'gloo'


def test_each_process_takes_a_gpu_that_it_sees(one_process_group):
    """The second process of a node, where each sees one GPU (--gpus-per-task=1) or all, which are only counted here."""
    code = (
        'import torch; from mmengine import device; from mmengine.dist import init_dist\n'
        'device.get_device = lambda: "cuda"; torch.cuda.set_device = lambda index: print("GPU", index, "of", gpus)\n'
        'torch.cuda.device_count = lambda: gpus; torch.distributed.init_process_group = lambda backend: None\n'
        'import mmaction_microaction\n'
        f'for launcher in {list(LAUNCHERS)}:\n'
        '    for gpus in (1, 2, 8): print(launcher); init_dist(launcher, backend="nccl")'
    )
    environment = one_process_group | LAUNCHERS['slurm'] | LAUNCHERS['mpi'] | LAUNCHERS['pytorch']
    process = run_python(code, env=environment)
    lines = [f'{name}\nGPU {index} of {gpus}\n' for name in LAUNCHERS for gpus, index in ((1, 0), (2, 1), (8, 1))]
    assert process.stdout.endswith(''.join(lines)), process.stderr


@cpu_only
def test_ddp_wraps_models_on_the_cpu(one_process_group):
    code = (
        'import torch; from mmengine.model import MMDistributedDataParallel as DDP; '
        'torch.distributed.init_process_group("gloo"); model = DDP(torch.nn.Linear(1, 1, bias=False), device_ids=[0]); '
        'model(torch.tensor([[3.0]])).backward(); print(model.module.weight.grad.item())'
    )
    assert 'device_ids and output_device arguments only work with' in run_python(code, env=one_process_group).stderr
    assert run_python(WITH + code, env=one_process_group).stdout.splitlines()[-1] == '3.0'


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


# Neither mmaction.datasets nor mmaction.models can be imported at all without a stand-in for DRN.
WITHOUT_DRN = (
    'import sys, types, warnings; warnings.simplefilter("ignore"); '
    'sys.modules.update({"mmaction.models.localizers.drn": types.ModuleType("drn"), '
    '"mmaction.models.localizers.drn.drn": types.SimpleNamespace(DRN=None)}); '
)


def test_color_jitter_shifts_hue_both_ways():
    code = (
        'import json, numpy as np; from mmaction.datasets.transforms import ColorJitter; '
        'img = np.full((1, 1, 3), (255, 0, 0), np.float32); '
        'print(json.dumps([ColorJitter.adjust_hue(img, f).ravel().tolist() for f in (-40 / 255, 60 / 255, 0.0)]))'
    )
    without = run_python(WITHOUT_DRN + code)
    assert 'OverflowError: Python integer' in last_line(without)
    # Red turned by -80 degrees is at 280: (170, 0, 255); by 120 it is pure green.
    assert json.loads(run_python(WITH + code).stdout.splitlines()[-1]) == [[170, 0, 255], [0, 255, 0], [255, 0, 0]]


def test_pretrained_none_starts_from_scratch():
    uniformer = 'width=64, layers=1, heads=1, n_layers=1, return_list=[0], n_dim=64, n_head=1, t_size=4'
    backbones = {
        'type="ResNetTSM", depth=18': "expected string or bytes-like object, got 'NoneType'",
        'type="ResNetTIN", depth=50': "expected string or bytes-like object, got 'NoneType'",
        'type="MobileNetV2TSM"': "expected string or bytes-like object, got 'NoneType'",
        'type="SwinTransformer3D", arch="tiny"': "expected string or bytes-like object, got 'NoneType'",
        f'type="UniFormerV2", input_resolution=32, {uniformer}': 'please specify clip pretraied checkpoint',
        'type="ResNet", depth=18': '',
        'type="TANet", depth=50, num_segments=8': '',
        'type="C2D", depth=50': '',
        'type="MobileNetV2"': '',
    }
    code = (
        'import logging, sys; from mmengine.registry import init_default_scope; init_default_scope("mmaction"); '
        'import mmaction.models; from mmaction.registry import MODELS\n'
        'from mmengine.logging import MMLogger; MMLogger.get_instance("mmengine", log_level="ERROR")\n'
        f'for backbone in [{", ".join(f"dict({backbone})" for backbone in backbones)}]:\n'
        '    try: MODELS.build(dict(backbone, pretrained=None)).init_weights(); print("error:")\n'
        '    except Exception as error: print("error:", error)'
    )

    def errors(prefix):
        lines = run_python(prefix + code).stdout.splitlines()
        return [line.removeprefix('error:').strip() for line in lines if line.startswith('error:')]

    assert errors(WITHOUT_DRN) == list(backbones.values())
    assert errors(WITH) == [''] * len(backbones)


def test_tin_runs_without_compiled_mmcv():
    code = (
        'import torch; from mmaction.models.backbones import resnet_tin; '
        'x = torch.arange(1.0, 4.0).view(1, 3, 1, 1, 1); '
        'print(resnet_tin.linear_sampler(x, torch.tensor([[0.5]])).flatten().tolist())'
    )
    assert 'Failed to import `tin_shift` from `mmcv.ops`' in last_line(run_python(WITHOUT_DRN + code))
    # Frames 1, 2, 3, moved by half a frame.
    assert run_python(WITH + code).stdout.splitlines()[-1] == '[0.5, 1.5, 2.5]'


def test_files_are_written_whole_or_not_at_all(tmp_path):
    # A limit on the size of files does what a full disk does, but leaves room for the error.
    code = (
        'import mmengine, resource; mmengine.dump([1], "p.pkl"); '
        'resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000)); mmengine.dump(list(range(9999)), "p.pkl")'
    )
    process = run_python(code, cwd=tmp_path)
    assert 'File too large' in last_line(process)
    with pytest.raises((EOFError, pickle.UnpicklingError)):
        pickle.loads((tmp_path / 'p.pkl').read_bytes())
    process = run_python(WITH + code, cwd=tmp_path)
    assert last_line(process) == "OSError: [Errno 27] File too large; the file is as before: 'p.pkl'"
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


def test_mixed_precision_is_that_of_apples_gpus_there():
    # What MMEngine finds on a Mac; there is no such GPU here to compute on.
    apple = 'from mmengine.device import utils; utils.DEVICE = "mps"; '
    code = (
        'import torch; from mmengine.optim import AmpOptimWrapper; layer = torch.nn.Linear(1, 1); '
        'optimizer = AmpOptimWrapper(optimizer=torch.optim.SGD(layer.parameters(), lr=0.5))\n'
        'with optimizer.optim_context(layer): print(torch.is_autocast_enabled("mps"), torch.get_autocast_dtype("mps"))'
    )
    if not torch.cuda.is_available():
        assert 'is only available training on gpu' in last_line(run_python(apple + code))
    assert run_python(apple + WITH + code).stdout.splitlines()[-1] == 'True torch.bfloat16'


def test_activations_are_checkpointed_without_a_warning():
    code = (
        'import torch; from mmaction.models.backbones.resnet import Bottleneck; '
        'block = Bottleneck(8, 2, with_cp=True, conv_cfg=dict(type="Conv2d"), norm_cfg=dict(type="BN"), '
        'act_cfg=dict(type="ReLU")); '
        'block(torch.ones(1, 8, 2, 2, requires_grad=True)).sum().backward(); print("done")'
    )
    without = run_python(WITHOUT_DRN.replace('warnings.simplefilter("ignore")', 'pass') + code)
    assert 'the use_reentrant parameter should be passed explicitly' in without.stderr
    process = run_python(WITH + code)
    assert process.stdout.splitlines()[-1] == 'done'
    assert 'use_reentrant' not in process.stderr


def test_heads_score_logits_in_bfloat16_and_keep_the_precision_of_float64():
    code = (
        'import torch; from mmengine.registry import init_default_scope; init_default_scope("mmaction"); '
        'import mmaction.models; from mmaction.registry import MODELS; '
        'from mmaction.structures import ActionDataSample; '
        'head = MODELS.build(dict(type="TSNHead", num_classes=2, in_channels=2)); '
        'types = torch.bfloat16, torch.float64; '
        'losses = [head.loss_by_feat(torch.zeros(1, 2, dtype=type), [ActionDataSample().set_gt_label(1)])["loss_cls"]'
        ' for type in types]; '
        'print(*[loss.dtype for loss in losses], round(losses[0].item(), 4), losses[1].item())'
    )
    assert 'Got unsupported ScalarType BFloat16' in last_line(run_python(WITHOUT_DRN + code))
    # ln 2, which bfloat16 would round to 0.6914, and float32 to 0.6931471824645996.
    *types, single, double = run_python(WITH + code).stdout.splitlines()[-1].split()
    assert types == ['torch.float32', 'torch.float64']
    assert single == '0.6931'
    assert float(double) == pytest.approx(0.6931471805599453, rel=1e-15)


@pytest.mark.slow
def test_compiled_runs_train(tmp_path):
    # aot_eager traces as the default does, but needs no C++ compiler.
    code = (
        'import sys; sys.path.insert(0, {tests!r}); import mmaction.engine; from helpers import engine_runs; '
        'from mmengine.config import ConfigDict; '
        'optimizer = ConfigDict(optimizer=dict(type="SGD", lr=0.01), paramwise_cfg=dict(bias_lr_mult=2)); '
        'runner = engine_runs.make_runner({work_dir!r}, optim_wrapper=optimizer, cfg=dict(compile={compile}), '
        'checkpoint=dict(type="CheckpointHook")); runner.train(); print("done")'
    ).format(tests=str(ROOT / 'tests'), work_dir=str(tmp_path), compile='dict(backend="aot_eager")')
    assert "'UserDefinedDictVariable' object has no attribute 'items'" in run_python(code).stderr
    # That it learns the same is in test_process_numbers.py.
    assert run_python(WITH + code).stdout.splitlines()[-1] == 'done'


def test_configs_are_formatted_once():
    code = (
        'from unittest.mock import patch; from mmengine.config import Config; from yapf.yapflib import yapf_api; '
        'config = Config(dict(a=1))\n'
        'with patch.object(yapf_api, "FormatTree", wraps=yapf_api.FormatTree) as format: '
        'texts = [config.pretty_text for _ in range(3)]; config.a = 2; texts.append(config.pretty_text)\n'
        'print(format.call_count, texts)'
    )
    texts = "['a = 1\\n', 'a = 1\\n', 'a = 1\\n', 'a = 2\\n']"
    assert run_python(code).stdout.splitlines()[-1] == f'4 {texts}'
    assert run_python(WITH + code).stdout.splitlines()[-1] == f'2 {texts}'


def test_a_run_with_nothing_to_resume_begins_with_the_weights_of_its_config(tmp_path):
    torch.save(dict(state_dict={'layer.weight': torch.full((1, 1), 7.0)}), tmp_path / 'weights.pth')
    (tmp_path / 'config.py').write_text(f'load_from = {str(tmp_path / "weights.pth")!r}')
    code = (
        'import sys; sys.path.insert(0, {tests!r}); import mmaction.engine; from helpers import engine_runs; '
        'from mmengine.config import Config\n'
        # As MMAction2's script does for --resume.
        'config = Config.fromfile({config!r}); config.resume, config.load_from = True, None\n'
        'options = dict(cfg=config, resume=True, checkpoint=dict(type="CheckpointHook"))\n'
        'runner = engine_runs.make_runner({work_dir!r}, **options)\n'
        'runner.load_or_resume(); print("weight", runner.model.layer.weight.item(), runner._resume)'
    ).format(tests=str(ROOT / 'tests'), config=str(tmp_path / 'config.py'), work_dir=str(tmp_path / 'run'))
    assert 'weight 7.0' not in run_python(code).stdout
    assert run_python(WITH + code).stdout.splitlines()[-1] == 'weight 7.0 False'


def test_the_functions_that_importing_replaces_are_listed():
    table = (ROOT / 'docs' / 'safety.md').read_text().partition('## What importing')[2]
    rows = [line.split('|')[1] for line in table.splitlines() if line.startswith('| `mm')]
    names = [name for row in rows for name in re.findall(r'`(mm[\w.]+)`', row)]
    for name in names:
        found = resolve_name(name)
        # LoggerHook's is MMEngine's own within its decorator; the last is replaced where there is no GPU.
        if isinstance(found, FunctionType) and not name.endswith(('after_test_epoch', 'is_cuda_available')):
            files = [found.__code__.co_filename]
            while hasattr(found, '__wrapped__'):  # replaced more than once
                found = found.__wrapped__
                files.append(found.__code__.co_filename)
            assert any(Path(file).parent == Path(compat.__file__).parent for file in files), name
    # Each workaround but the filter of a warning, which replaces nothing, is named by what it replaces.
    steps = re.findall(r'^    (\w+)\.(\w+)\(\)$', inspect.getsource(compat.apply_all), re.MULTILINE)
    assert len(steps) > 20
    replaced = [
        inspect.getsource(getattr(getattr(compat, module), step))
        for module, step in steps
        if step != 'silence_mmcv_lite'
    ]
    assert all(any(name.rpartition('.')[2] in source for name in [*names, 'DRN', 'add_safe_globals', 'adjust_hue'])
               for source in replaced)  # fmt: skip


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


@cpu_only
@pytest.mark.parametrize('change', ['layout', 'frozen'])
def test_models_are_wrapped_as_they_are_trained(one_process_group, tmp_path, change):
    """A hook converts the parameters; ``train()`` freezes some, as in MMAction2's backbones."""
    code = (
        'import sys, warnings; sys.path.insert(0, {tests!r}); import torch, mmaction.engine\n'
        'from helpers import engine_runs\n'
        'from mmengine.hooks import Hook\n'
        'torch.manual_seed(0)\n'
        'class Net(engine_runs.Line):\n'
        '    def __init__(self, broken):\n'
        '        super().__init__()\n'
        '        self.first, self.layer = torch.nn.Conv2d(1, 2, 2), torch.nn.Conv2d(2, 3, (2, 1))\n'
        '        self.double()\n'
        '    def forward(self, inputs, data_samples, mode):\n'
        '        pictures = torch.arange(6.0).view(1, 1, 3, 2) + torch.stack(list(inputs)).view(-1, 1, 1, 1)\n'
        '        return dict(loss=self.layer(self.first(pictures.double())).square().mean())\n'
        '    def train(self, mode=True):\n'
        '        self.first.requires_grad_({change!r} != "frozen")\n'
        '        return super().train(mode)\n'
        'class ToChannelsLast(Hook):\n'
        '    def before_run(self, runner):\n'
        '        if {change!r} == "layout":\n'
        '            for weight in runner.model.parameters():\n'
        '                if weight.dim() == 4: weight.data = weight.data.to(memory_format=torch.channels_last)\n'
        'engine_runs.Line = Net\n'
        'runner = engine_runs.make_runner({work_dir!r}, launcher={launcher!r}, checkpoint=ToChannelsLast())\n'
        'runner.train(); print("weights", [w.sum().item() for w in runner.model.parameters()])'
    )
    alone, wrapped = (
        code.format(tests=str(ROOT / 'tests'), work_dir=str(tmp_path / name), launcher=name, change=change)
        for name in ('none', 'pytorch')
    )
    stock = 'from mmengine.runner import Runner; stock = Runner._maybe_compile; {}Runner._maybe_compile = stock\n'
    process = run_python(stock.format(WITH) + wrapped, env=one_process_group)
    symptom = {'layout': 'Grad strides do not match', 'frozen': 'Expected to have finished reduction'}[change]
    assert symptom in process.stderr
    process = run_python(WITH + wrapped, env=one_process_group)
    assert 'Grad strides' not in process.stderr
    expected = run_python(WITH + alone).stdout.splitlines()[-1]
    assert process.stdout.splitlines()[-1] == expected


def test_tsms_optimizer_decays_as_it_does_by_default():
    code = (
        'import torch, mmaction.engine; from mmengine.optim import build_optim_wrapper; '
        'model = torch.nn.Sequential(torch.nn.Conv2d(1, 1, 1), torch.nn.Flatten(), torch.nn.Linear(1, 1)); '
        'config = dict(constructor="mmaction.TSMOptimWrapperConstructor", paramwise_cfg=dict(fc_lr5=True)); '
        'wrapper = build_optim_wrapper(model, dict(**config, optimizer=dict(type="AdamW", lr=0.1))); '
        'wrapper.update_params(model(torch.ones(1, 1, 1, 1)).sum()); '
        'print([group["weight_decay"] for group in wrapper.optimizer.param_groups])'
    )
    assert last_line(run_python(code)).startswith('TypeError')
    assert run_python(WITH + code).stdout.splitlines()[-1] == '[0.01, 0, 0.01, 0, 0, 0.01, 0]'
