"""Changes to MMEngine's distributed training."""

import functools
from unittest import mock

import torch
import torch.utils.checkpoint
from mmengine.device import get_device
from mmengine.dist import utils as dist_utils
from mmengine.model import MMDistributedDataParallel
from mmengine.runner import Runner
from torch.nn.parallel import DistributedDataParallel


def launch_on_any_device():
    """Allow MMEngine's launchers to start processes that see no GPU, with the gloo backend, or only one GPU each.

    Fixes ``RuntimeError: Found no NVIDIA driver on your system`` (with a CUDA build of PyTorch) and ``AttributeError:
    module 'torch._C' has no attribute '_cuda_setDevice'`` (with a CPU build): MMEngine calls ``torch.cuda.set_device``
    unconditionally. Also fixes ``CUDA error: invalid device ordinal`` with ``srun --gpus-per-task=1``: the only GPU
    that a process sees has index 0, regardless of the index of the process on its node.
    """

    def set_device(device):
        if torch.cuda.device_count():
            original(device % torch.cuda.device_count())

    def patch_launcher(name):
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
        patch_launcher(name)


def wrap_models_on_their_device():
    """Pass the device of the model to ``DistributedDataParallel`` instead of the index of the process.

    Fixes ``ValueError: DistributedDataParallel device_ids and output_device arguments only work with
    single-device/multiple-device GPU modules or CPU modules, but got device_ids [0]``: MMEngine passes the index of a
    GPU even if the model is on the CPU.
    """
    init = MMDistributedDataParallel.__init__

    @functools.wraps(init)
    def init_on_any_device(self, module, *args, device_ids=None, **kwargs):
        if device_ids is not None:
            device = next(module.parameters()).device
            device_ids = None if device.type == 'cpu' else [device.index]
        init(self, module, *args, device_ids=device_ids, **kwargs)

    MMDistributedDataParallel.__init__ = init_on_any_device


def wrap_models_again_before_training():
    """Wrap the model in ``DistributedDataParallel`` again before training, when its parameters are final.

    Fixes ``UserWarning: Grad strides do not match bucket view strides``, which comes with wrong gradients in the first
    step after every start, and ``RuntimeError: Expected to have finished reduction in the prior iteration before
    starting a new one`` with ``frozen_stages``. MMEngine wraps the model early. Hooks such as :class:`ChannelsLastHook`
    change the layout of parameters later, and MMAction2's backbones freeze parameters in ``train()``.
    """
    maybe_compile = Runner._maybe_compile

    @functools.wraps(maybe_compile)
    def wrap_and_maybe_compile(self, target):
        if target == 'train_step' and isinstance(self.model, DistributedDataParallel):
            module = self.model.module.train()
            self.model = None  # otherwise, the old wrapper would reduce gradients as well
            self.model = self.wrap_model(self.cfg.get('model_wrapper_cfg'), module)
        maybe_compile(self, target)

    Runner._maybe_compile = wrap_and_maybe_compile
