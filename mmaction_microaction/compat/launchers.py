"""Defects of MMEngine's distributed training."""

import functools
from unittest import mock

import torch
import torch.utils.checkpoint
from mmengine.device import get_device
from mmengine.dist import utils as dist_utils
from mmengine.model import MMDistributedDataParallel
from mmengine.runner import Runner
from torch.nn.parallel import DistributedDataParallel


def launch_anywhere():
    """Let MMEngine's launchers start processes without a GPU, with the gloo backend, and where each sees its own alone.

    Answers ``RuntimeError: Found no NVIDIA driver on your system`` (with a CUDA build of PyTorch) and ``AttributeError:
    module 'torch._C' has no attribute '_cuda_setDevice'`` (with a CPU build): MMEngine calls ``torch.cuda.set_device``
    unconditionally. Answers ``CUDA error: invalid device ordinal`` of ``srun --gpus-per-task=1``: the GPU of every
    process has index 0 then, whatever the process's own index on its node.
    """

    def set_device(device):
        if torch.cuda.device_count():
            original(device % torch.cuda.device_count())

    def launch_on_any_device(name):
        init_dist = getattr(dist_utils, name)

        @functools.wraps(init_dist)
        def init_dist_on_any_device(backend, **kwargs):
            if get_device() == 'cpu':
                backend = 'gloo'
            with mock.patch.object(torch.cuda, 'set_device', set_device):
                init_dist(backend, **kwargs)

        setattr(dist_utils, name, init_dist_on_any_device)

    original = torch.cuda.set_device
    for name in ('_init_dist_pytorch', '_init_dist_mpi', '_init_dist_slurm'):
        launch_on_any_device(name)


def wrap_models_where_they_are():
    """Hand ``DistributedDataParallel`` the device of the model, not the index of the process.

    Answers ``ValueError: DistributedDataParallel device_ids and output_device arguments only work with
    single-device/multiple-device GPU modules or CPU modules, but got device_ids [0]``: MMEngine hands it a GPU index
    for a model on the CPU, too.
    """
    init = MMDistributedDataParallel.__init__

    @functools.wraps(init)
    def init_on_any_device(self, module, *args, device_ids=None, **kwargs):
        if device_ids is not None:
            device = next(module.parameters()).device
            device_ids = None if device.type == 'cpu' else [device.index]
        init(self, module, *args, device_ids=device_ids, **kwargs)

    MMDistributedDataParallel.__init__ = init_on_any_device


def wrap_models_as_they_are_trained():
    """Have ``DistributedDataParallel`` see the parameters as they are when training begins.

    Answers ``UserWarning: Grad strides do not match bucket view strides``, with wrong gradients in the first step of
    every start, and ``RuntimeError: Expected to have finished reduction in the prior iteration before starting a new
    one`` of ``frozen_stages``: MMEngine wraps the model first. Hooks change the layout of parameters later
    (:class:`ChannelsLastHook`), and MMAction2's backbones freeze theirs when they are told to train.
    """
    maybe_compile = Runner._maybe_compile

    @functools.wraps(maybe_compile)
    def wrap_and_maybe_compile(self, target):
        if target == 'train_step' and isinstance(self.model, DistributedDataParallel):
            module = self.model.module.train()
            self.model = None  # The old wrapper would reduce gradients, too.
            self.model = self.wrap_model(self.cfg.get('model_wrapper_cfg'), module)
        maybe_compile(self, target)

    Runner._maybe_compile = wrap_and_maybe_compile
