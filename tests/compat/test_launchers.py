"""Each defect is reproduced in a process without the package, and is absent in a process with the package."""

import os
import socket

import pytest
from helpers.compat import WITH, cpu_only
from helpers.processes import run_python
from helpers.support import ROOT


@pytest.fixture
def one_process_group():
    """Environment variables of a launcher that starts a single process."""
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        port = sock.getsockname()[1]
    rank = {'RANK': '0', 'LOCAL_RANK': '0', 'WORLD_SIZE': '1', 'MASTER_ADDR': '127.0.0.1', 'MASTER_PORT': str(port)}
    return {**os.environ, **rank}


# Environment variables of the second process of a node. No other process runs in this test.
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
    # Messages of PyTorch's CPU build, of its CUDA builds, and of the CUDA builds in a forked process.
    reasons = "'_cuda_setDevice'", 'Found no NVIDIA driver', 'Cannot re-initialize CUDA'
    assert any(reason in without for reason in reasons), without
    assert run_python(WITH + code, env=environment).stdout.splitlines()[-1] == 'gloo'


def test_each_process_uses_a_visible_gpu(one_process_group):
    """The second process of a node uses GPU 1, or GPU 0 if it sees only one (--gpus-per-task=1). No GPU is needed."""
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


@cpu_only
@pytest.mark.parametrize('change', ['layout', 'frozen'])
def test_models_are_wrapped_after_layout_changes_and_freezing(one_process_group, tmp_path, change):
    """The layout is changed by a hook. Parameters are frozen by ``train()``, as in MMAction2's backbones."""
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
        '        frames = torch.arange(6.0).view(1, 1, 3, 2) + torch.stack(list(inputs)).view(-1, 1, 1, 1)\n'
        '        return dict(loss=self.layer(self.first(frames.double())).square().mean())\n'
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
