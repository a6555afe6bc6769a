"""What it takes to run MMAction2 1.2.0 (2023) on today's Python, PyTorch and NumPy.

One function per upstream defect, which does nothing where upstream is sound. They run once, when the package is
imported and before any component is registered. Two more defects need no code, only a dependency in ``setup.py``:

- ``ModuleNotFoundError: No module named 'importlib_metadata'``: MMAction2 imports it without declaring it.
- ``ModuleNotFoundError: No module named 'pkg_resources'``: mim, and MMEngine for every config that inherits from
  ``mmaction::``, need setuptools < 82.
"""

import functools
import os
import pickle
import sys
import types
import warnings
from importlib.machinery import PathFinder
from importlib.util import find_spec
from unittest import mock

import numpy as np
import torch
import torch.utils.checkpoint
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.dist import master_only
from mmengine.dist import utils as dist_utils
from mmengine.fileio import LocalBackend
from mmengine.hooks import LoggerHook
from mmengine.logging import HistoryBuffer
from mmengine.model import MMDistributedDataParallel
from mmengine.optim.optimizer import amp_optimizer_wrapper
from mmengine.runner import Runner, find_latest_checkpoint
from mmengine.runner import checkpoint as mmengine_checkpoint
from torch.nn.parallel import DistributedDataParallel

from mmaction_microaction.files import write_whole


def apply_all():
    """Work round every defect below."""
    silence_mmcv_lite()
    provide_missing_drn()
    load_checkpoints_safely()
    launch_anywhere()
    wrap_models_where_they_are()
    wrap_models_as_they_are_trained()
    write_test_scores_once()
    shift_hue_without_overflow()
    start_from_scratch()
    run_tin_without_compiled_mmcv()
    write_files_whole()
    mix_precision_on_the_cpu()
    count_hits_in_bfloat16()
    checkpoint_activations_explicitly()
    compile_without_the_optimizer()
    format_configs_once()
    start_where_there_is_nothing_to_resume()


def silence_mmcv_lite():
    """Keep ``mmcv-lite`` from warning at every start of a compiled operator that no network here uses.

    Answers ``UserWarning: Fail to import MultiScaleDeformableAttention from mmcv.ops.multi_scale_deform_attn, You
    should install mmcv rather than mmcv-lite if you need this module``.
    """
    warnings.filterwarnings('ignore', message='Fail to import ``MultiScaleDeformableAttention``')


def provide_missing_drn():
    """Let ``mmaction.models`` be imported although its wheel lacks the folder of the DRN localizer.

    Answers ``ModuleNotFoundError: No module named 'mmaction.models.localizers.drn'`` (mmaction2 issue 2714). DRN itself
    remains unavailable and says so when it is built.
    """
    name = 'mmaction.models.localizers.drn'
    # find_spec(name) would import mmaction.models, which is what fails: look into the folder instead.
    localizers = [f'{folder}/models/localizers' for folder in find_spec('mmaction').submodule_search_locations]
    if name in sys.modules or PathFinder.find_spec(name, localizers):
        return

    class DRN(torch.nn.Module):
        """Stands in for the localizer that the wheel lacks."""

        def __init__(self, *args, **kwargs):
            raise ImportError(
                'DRN cannot be built: the wheel of MMAction2 1.2.0 lacks mmaction/models/localizers/drn. '
                'To use this localizer, install MMAction2 from its sources.'
            )

    package, module = types.ModuleType(name), types.ModuleType(f'{name}.drn')
    package.__path__ = []
    package.drn, module.DRN = module, DRN
    sys.modules.update({package.__name__: package, module.__name__: module})


def load_checkpoints_safely():
    """Load MMEngine's checkpoints with ``weights_only=True``, and refuse any other object by name.

    Answers ``_pickle.UnpicklingError: Weights only load failed … Unsupported global: GLOBAL
    mmengine.logging.history_buffer.HistoryBuffer`` of ``mim test`` and ``--resume`` (PyTorch 2.6 and later). Besides
    tensors and plain containers, MMEngine saves the logged values: ``HistoryBuffer`` objects over NumPy arrays of
    numbers, and single NumPy numbers such as the best score.
    """
    reconstruct, scalar = np.zeros(1).__reduce__()[0], np.float64().__reduce__()[0]
    torch.serialization.add_safe_globals(
        [
            HistoryBuffer,
            (_history_buffer_statistic, 'builtins.getattr'),
            np.ndarray,
            np.dtype,
            type(np.dtype('float64')),
            type(np.dtype('int64')),
            # NumPy 1 and 2 save the same two functions under different names; either reads the other's files.
            *[(function, f'numpy.{core}.multiarray.{name}')
              for core in ('core', '_core')
              for function, name in ((reconstruct, '_reconstruct'), (scalar, 'scalar'))],
        ]
    )  # fmt: skip
    mmengine_checkpoint.CheckpointLoader.register_scheme(prefixes='', loader=load_from_local, force=True)
    mmengine_checkpoint.load_url = functools.partial(mmengine_checkpoint.load_url, weights_only=True)


def _history_buffer_statistic(cls, name):
    """Take the place of ``getattr``, by which pickle refers to the four methods that a ``HistoryBuffer`` saves.

    The real ``getattr`` would hand a crafted checkpoint any attribute of any object.
    """
    if cls is not HistoryBuffer or name not in ('min', 'max', 'mean', 'current'):
        raise pickle.UnpicklingError(f'a checkpoint may not ask for the attribute {name!r} of {cls!r}')
    return getattr(HistoryBuffer, name)


def load_from_local(filename, map_location=None):
    """Load a checkpoint file without running code from it.

    Args:
        filename (str): Path of the checkpoint, in which ``~`` is the home folder.
        map_location (str, optional): As in :func:`torch.load`.

    Raises:
        FileNotFoundError: If there is no such file.
        pickle.UnpicklingError: If the file holds anything besides what MMEngine saves.
    """
    filename = os.path.expanduser(filename)
    try:
        return torch.load(filename, map_location=map_location, weights_only=True)
    except pickle.UnpicklingError as error:
        try:
            culprits = ', '.join(torch.serialization.get_unsafe_globals_in_checkpoint(filename))
        except Exception:  # not a zip archive: PyTorch cannot list what it holds
            culprits = ''
        raise pickle.UnpicklingError(
            f'{filename} is refused, since loading it could run code: besides weights and logged values it holds '
            f'{culprits or "other objects"}. If you trust its origin, save its weights alone: '
            "torch.save({'state_dict': torch.load(FILE, weights_only=False)['state_dict']}, NEW_FILE). "
            f'PyTorch says: {str(error).splitlines()[-1].strip() if culprits else error}'
        ) from None


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


def write_test_scores_once():
    """Have the JSON of a test's metrics written by the first process only.

    Answers a file of two texts, ``json.decoder.JSONDecodeError: Extra data``, now and then: every process of a
    distributed test writes the same file.
    """
    LoggerHook.after_test_epoch = master_only(LoggerHook.after_test_epoch)


def shift_hue_without_overflow():
    """Let ``ColorJitter`` shift the hue on NumPy 2.

    Answers ``OverflowError: Python integer -23 out of bounds for uint8``: NumPy 2 no longer widens a ``uint8`` array
    that a larger or negative Python integer is added to.
    """
    if np.lib.NumpyVersion(np.__version__) < '2.0.0':
        return

    import cv2
    from mmaction.datasets.transforms.processing import ColorJitter

    def adjust_hue(img, factor):
        hsv = cv2.cvtColor(np.clip(img, 0, 255).astype(np.uint8), cv2.COLOR_RGB2HSV)
        # OpenCV keeps the hue of an 8-bit image in units of 2 degrees; MMAction2 scales the factor by 255 all the same.
        hsv[..., 0] = (hsv[..., 0].astype(int) + int(factor * 255)) % 180
        return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB).astype(np.float32)

    ColorJitter.adjust_hue = staticmethod(adjust_hue)


def start_from_scratch():
    """Let ``pretrained=None`` alone start TSM, TIN and Video Swin from random weights, as it does the other networks.

    Answers ``TypeError: expected string or bytes-like object, got 'NoneType'``: unless ``pretrained2d=False`` is set as
    well, they take None for the name of a file.
    """
    from mmaction.models.backbones import ResNetTSM, SwinTransformer3D

    def load_only_what_is_named(cls):
        init = cls.__init__

        @functools.wraps(init)
        def init_and_check(self, *args, **kwargs):
            init(self, *args, **kwargs)
            self.pretrained2d = self.pretrained2d and self.pretrained is not None

        cls.__init__ = init_and_check

    load_only_what_is_named(ResNetTSM)
    load_only_what_is_named(SwinTransformer3D)


def run_tin_without_compiled_mmcv():
    """Let TIN run where mmcv's compiled operator is missing: with ``mmcv-lite``, and on the CPU in any case.

    Answers ``ImportError: Failed to import `tin_shift` from `mmcv.ops`. You will be unable to use TIN.``
    """
    from mmaction.models.backbones import resnet_tin

    linear_sampler = resnet_tin.linear_sampler

    @functools.wraps(linear_sampler)
    def linear_sampler_on_any_device(data, offset):
        # Only now: the package's models are registered after this module has run.
        from mmaction_microaction.models.ops import sample_frames_at

        if data.is_cuda and find_spec('mmcv._ext'):
            return linear_sampler(data, offset)
        return sample_frames_at(data, offset)

    resnet_tin.linear_sampler = linear_sampler_on_any_device


def write_files_whole():
    """Let MMEngine write checkpoints, dumped predictions and scores so that each is either complete or as before.

    Answers ``RuntimeError: PytorchStreamReader failed reading zip archive: failed finding central directory`` of a
    ``--resume`` after the disk was full, or the run killed, while the last checkpoint was written a second time, with
    the best score in it.
    """

    def put(self, obj, filepath):
        os.makedirs(os.path.dirname(filepath) or '.', exist_ok=True)
        write_whole(filepath, obj)

    def put_text(self, obj, filepath, encoding='utf-8'):
        self.put(obj.encode(encoding), filepath)

    LocalBackend.put, LocalBackend.put_text = put, put_text


def mix_precision_on_the_cpu():
    """Let ``--amp`` train on the CPU, in bfloat16, whose range needs no scaling of the loss.

    Answers ``AssertionError: ``AmpOptimizerWrapper`` is only available training on gpu, npu, mlu or musa``.
    """
    if get_device() == 'cpu':
        amp_optimizer_wrapper.is_cuda_available = lambda: True
        amp_optimizer_wrapper.GradScaler = functools.partial(torch.amp.GradScaler, 'cpu', enabled=False)


def count_hits_in_bfloat16():
    """Let heads compute loss and accuracy of logits in bfloat16.

    Answers ``TypeError: Got unsupported ScalarType BFloat16``: the accuracy is computed in NumPy, which lacks it.
    """
    from mmaction.models.heads import BaseHead

    loss_by_feat = BaseHead.loss_by_feat

    @functools.wraps(loss_by_feat)
    def loss_by_float_feat(self, cls_scores, data_samples):
        return loss_by_feat(self, cls_scores.float(), data_samples)

    BaseHead.loss_by_feat = loss_by_float_feat


def checkpoint_activations_explicitly():
    """Keep ``with_cp=True`` from warning, and from failing in a later PyTorch, for the lack of an argument.

    Answers ``UserWarning: torch.utils.checkpoint: the use_reentrant parameter should be passed explicitly``.
    """
    from mmaction.models.backbones import resnet, resnet3d

    # Not the other way: it computes a block twice more instead of once where a function like MANet's
    # excite_and_shift differentiates within its own backward pass.
    checkpoint = functools.partial(torch.utils.checkpoint.checkpoint, use_reentrant=True)
    for module in (resnet, resnet3d):
        module.cp = types.SimpleNamespace(checkpoint=checkpoint)


def compile_without_the_optimizer():
    """Let ``compile=True`` train: backward pass and optimizer, which MMEngine would compile too, stay as they are.

    Answers ``InternalTorchDynamoError: AttributeError: 'UserDefinedDictVariable' object has no attribute 'items'``: the
    optimizer of a config has groups of parameters that are MMEngine's ``ConfigDict``. If they were plain, it would be
    compiled anew for every learning rate.
    """
    maybe_compile = Runner._maybe_compile

    @functools.wraps(maybe_compile)
    def maybe_compile_but_the_optimizer(self, target):
        if self.cfg.get('compile'):
            self.optim_wrapper.update_params = torch.compiler.disable(self.optim_wrapper.update_params)
        maybe_compile(self, target)

    Runner._maybe_compile = maybe_compile_but_the_optimizer


def format_configs_once():
    """Format a config's text only when it has changed, which takes up to a second each time.

    MMEngine has yapf format it half a dozen times when a run starts, for log, loggers and files, and again with every
    checkpoint.
    """
    from mmengine.config import config

    format_code, last = config.FormatCode, {}

    @functools.wraps(format_code)
    def format_once(text, **style):
        key = (text, repr(style))
        if key not in last:
            last.clear()
            last[key] = format_code(text, **style)
        return last[key]

    config.FormatCode = format_once


def start_where_there_is_nothing_to_resume():
    """Let ``--resume`` begin with the weights that the config loads, while there is no checkpoint to resume.

    Answers ``Auto resumed from the latest checkpoint None.``, after which a run trains from random weights: for
    ``--resume``, MMAction2's script takes ``load_from`` out of the config. A run that was stopped before its first
    checkpoint is resumed like this, and every run on a cluster that starts with ``--resume`` in case it is not the
    first time.
    """
    load_or_resume = Runner.load_or_resume

    @functools.wraps(load_or_resume)
    def load_resume_or_start(self):
        if self._resume and self._load_from is None and find_latest_checkpoint(self.work_dir) is None:
            filename = getattr(self.cfg, 'filename', None)
            self._load_from = Config.fromfile(filename).get('load_from') if filename else None
            self._resume = False
        load_or_resume(self)

    Runner.load_or_resume = load_resume_or_start
