"""What it takes to run MMAction2 1.2.0 (2023) on today's Python, PyTorch and NumPy.

One function per upstream defect, which does nothing where upstream is sound. They run once, when the package is
imported and before any component is registered. Two more defects need no code, only a dependency in ``setup.py``:

- ``ModuleNotFoundError: No module named 'importlib_metadata'``: MMAction2 imports it without declaring it.
- ``ModuleNotFoundError: No module named 'pkg_resources'``: mim, and MMEngine for every config that inherits from
  ``mmaction::``, need setuptools < 82.
"""

import functools
import logging
import os
import pickle
import re
import sys
import types
import warnings
from importlib.machinery import PathFinder
from importlib.util import find_spec
from unittest import mock
from urllib.parse import urlparse

import numpy as np
import torch
import torch.nn.functional as F
import torch.utils.checkpoint
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.dist import master_only
from mmengine.dist import utils as dist_utils
from mmengine.fileio import LocalBackend
from mmengine.hooks import EarlyStoppingHook, LoggerHook
from mmengine.logging import HistoryBuffer, print_log
from mmengine.model import MMDistributedDataParallel, PretrainedInit
from mmengine.model.weight_init import update_init_info
from mmengine.optim.optimizer import amp_optimizer_wrapper
from mmengine.runner import BaseLoop, Runner, find_latest_checkpoint
from mmengine.runner import amp as mmengine_amp
from mmengine.runner import checkpoint as mmengine_checkpoint
from torch.nn.parallel import DistributedDataParallel

from mmaction_microaction.checkpoints import Fit, load_weights, read_checkpoint, read_weights, require_fit
from mmaction_microaction.files import write_whole
from mmaction_microaction.pickle_limits import Budget, TooLarge, check_torch_file
from mmaction_microaction.pickles import Array, Dtype, make_array, make_number


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
    stop_where_weights_do_not_fit()
    stop_resumed_runs_as_early()
    leave_out_default_hooks_set_to_none()
    balance_losses_of_blended_labels()
    decay_weights_by_default()


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
    torch.serialization.add_safe_globals(
        [
            (_HistoryBuffer, 'mmengine.logging.history_buffer.HistoryBuffer'),
            (_history_buffer_statistic, 'builtins.getattr'),
            (Array, 'numpy.ndarray'),
            (Dtype, 'numpy.dtype'),
            # NumPy 1 and 2 save the same two functions under different names; either reads the other's files.
            *[(function, f'numpy.{core}.multiarray.{name}')
              for core in ('core', '_core')
              for function, name in ((make_array, '_reconstruct'), (make_number, 'scalar'))],
        ]
    )  # fmt: skip
    mmengine_checkpoint.CheckpointLoader.register_scheme(prefixes='', loader=load_from_local, force=True)
    mmengine_checkpoint.load_url = _load_from_url


class _HistoryBuffer(HistoryBuffer):
    """Becomes a ``HistoryBuffer`` once it is known that a checkpoint gives it numbers, and no other methods."""

    def __setstate__(self, state):
        arrays = [state.get(name) for name in ('_log_history', '_count_history')]
        lengths = {array.shape if isinstance(array, np.ndarray) else None for array in arrays}
        length = state.get('max_length')
        if len(lengths) != 1 or not all(shape and len(shape) == 1 for shape in lengths) or type(length) is not int:
            raise pickle.UnpicklingError('the logged values of a HistoryBuffer are no two arrays of one length')
        self._log_history, self._count_history = (array.view(np.ndarray) for array in arrays)
        self.max_length = length
        self._set_default_statistics()
        self.__class__ = HistoryBuffer


def _history_buffer_statistic(cls, name):
    """Take the place of ``getattr``, by which pickle refers to the four methods that a ``HistoryBuffer`` saves.

    The real ``getattr`` would hand a crafted checkpoint any attribute of any object.
    """
    if cls is not _HistoryBuffer or name not in ('min', 'max', 'mean', 'current'):
        raise pickle.UnpicklingError(f'a checkpoint may not ask for the attribute {name!r} of {cls!r}')
    return getattr(HistoryBuffer, name)


def load_from_local(filename, map_location=None):
    """Load a checkpoint file without running code from it.

    Args:
        filename (str): Path of the checkpoint, in which ``~`` is the home folder.
        map_location (str, optional): As in :func:`torch.load`.

    Raises:
        FileNotFoundError: If there is no such file.
        pickle.UnpicklingError: If the file holds anything besides what MMEngine saves, or would take far more memory
            than it has bytes.
        RuntimeError: If the file is damaged.
    """
    filename = os.path.expanduser(filename)
    _check_memory(filename)
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


def _check_memory(filename):
    """Refuse a checkpoint of which little would become much; of another kind of file, PyTorch says what is wrong."""
    with open(filename, 'rb') as file:
        if not file.read(4).startswith((b'PK\x03\x04', b'\x80')):
            return
        file.seek(0)
        size = os.path.getsize(filename)
        try:
            check_torch_file(file, size, Budget(size))
        except TooLarge as error:
            raise pickle.UnpicklingError(
                f'{filename} is refused, since loading it could take all memory: {error}. Download or save it anew.'
            ) from None
        except Exception as error:  # a damaged file can fail in any way
            raise RuntimeError(f'{filename} is damaged ({type(error).__name__}: {error})') from None


def _load_from_url(url, model_dir=None, map_location=None, progress=True):
    """Take the place of ``torch.hub.load_state_dict_from_url``, which loads whatever it has downloaded."""
    folder = model_dir or os.path.join(torch.hub.get_dir(), 'checkpoints')
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, os.path.basename(urlparse(url).path))
    if not os.path.exists(path):
        print(f'Downloading: "{url}" to {path}', flush=True)
        torch.hub.download_url_to_file(url, path, progress=progress)
    return load_from_local(path, map_location)


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
    """Let ``pretrained=None`` alone start any backbone from random weights.

    Answers ``TypeError: expected string or bytes-like object, got 'NoneType'`` of TSM, TIN, MobileNetV2 and Video Swin,
    ``AttributeError: 'list' object has no attribute 'get'`` of MobileOne and ``AssertionError: please specify clip
    pretraied checkpoint`` of UniFormerV2: unless another option is set as well, they look for weights to load.
    """
    from mmaction.models import backbones

    def load_only_what_is_named(cls, option):
        init = cls.__init__

        @functools.wraps(init)
        def init_and_check(self, *args, **kwargs):
            init(self, *args, **kwargs)
            # MobileOne, which mmpretrain defines, has its weights named in init_cfg alone.
            in_init_cfg = isinstance(self.init_cfg, dict) and self.init_cfg.get('type') == 'Pretrained'
            if getattr(self, 'pretrained', None) is None and not in_init_cfg:
                setattr(self, option, False)

        cls.__init__ = init_and_check

    options = dict(
        ResNetTSM='pretrained2d',
        MobileNetV2TSM='pretrained2d',
        MobileOneTSM='pretrained2d',  # only with mmpretrain
        SwinTransformer3D='pretrained2d',
        UniFormerV2='clip_pretrained',
    )
    for name, option in options.items():
        if hasattr(backbones, name):
            load_only_what_is_named(getattr(backbones, name), option)


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
    """Let ``--amp`` train on the CPU and on Apple's GPUs, in bfloat16, whose range needs no scaling of the loss.

    Answers ``AssertionError: ``AmpOptimizerWrapper`` is only available training on gpu, npu, mlu or musa`` and, on
    Apple's GPUs, ``ValueError: User specified autocast device_type must be cuda or cpu, but got mps``.
    """
    if get_device() not in ('cpu', 'mps'):
        return
    amp_optimizer_wrapper.is_cuda_available = lambda: True
    amp_optimizer_wrapper.GradScaler = functools.partial(torch.amp.GradScaler, 'cpu', enabled=False)
    if get_device() == 'mps':

        def autocast(device_type=None, enabled=True, dtype=None, cache_enabled=None):
            dtype = dtype or torch.bfloat16
            return torch.autocast(device_type or 'mps', enabled=enabled, dtype=dtype, cache_enabled=cache_enabled)

        mmengine_amp.autocast = autocast


def count_hits_in_bfloat16():
    """Let heads compute loss and accuracy of logits in bfloat16.

    Answers ``TypeError: Got unsupported ScalarType BFloat16``: the accuracy is computed in NumPy, which lacks it.
    """
    from mmaction.models.heads import BaseHead

    loss_by_feat = BaseHead.loss_by_feat

    @functools.wraps(loss_by_feat)
    def loss_by_float_feat(self, cls_scores, data_samples):
        # Logits in float64 stay as precise as they are.
        wide_enough = torch.promote_types(cls_scores.dtype, torch.float32)
        return loss_by_feat(self, cls_scores.to(wide_enough), data_samples)

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
    """Let ``--resume`` begin with the weights that the config or the options load, while there is nothing to resume.

    Answers ``Auto resumed from the latest checkpoint None.``, after which a run trains from random weights: for
    ``--resume``, MMAction2's script takes ``load_from`` out of the config. A run that was stopped before its first
    checkpoint is resumed like this, and every run on a cluster that starts with ``--resume`` in case it is not the
    first time. With ``--resume --cfg-options load_from=FILE``, MMEngine would resume FILE itself, at every start, and
    fail with ``KeyError: 'meta'`` where FILE holds weights alone.
    """
    merge_from_dict = Config.merge_from_dict

    @functools.wraps(merge_from_dict)
    def merge_but_resume_the_latest(self, options, *args, **kwargs):
        if self.get('resume') and self.get('load_from', '') is None and options.get('load_from'):
            options = dict(options)
            vars(self)['_load_from'] = options.pop('load_from')
        merge_from_dict(self, options, *args, **kwargs)

    Config.merge_from_dict = merge_but_resume_the_latest
    load_or_resume = Runner.load_or_resume

    @functools.wraps(load_or_resume)
    def load_resume_or_start(self):
        if self._resume and self._load_from is None and find_latest_checkpoint(self.work_dir) is None:
            filename = getattr(self.cfg, 'filename', None)
            in_file = Config.fromfile(filename).get('load_from') if filename else None
            self._load_from = vars(self.cfg).get('_load_from') or in_file
            self._resume = False
        load_or_resume(self)

    Runner.load_or_resume = load_resume_or_start


def stop_where_weights_do_not_fit():
    """Keep tests and resumed runs from going on with weights that are not those of the network.

    Answers ``The model and loaded state dict do not match exactly``, after which MMEngine and MMAction2 score a network
    a part of which is random. A run that starts from weights may leave out or add layers, as for other classes; one
    warning names them. Weights none of which fit, and those of the authors' network before their conversion, end it.
    Runs and inferencers of other packages, such as MMDetection's, load weights as before.
    """
    from mmaction.apis import inference as mmaction_inference
    from mmaction.models.recognizers import BaseRecognizer
    from mmengine.infer import infer as mmengine_infer

    load_any_checkpoint, load_or_resume = Runner.load_checkpoint, Runner.load_or_resume
    load_into_any_model = mmengine_infer._load_checkpoint_to_model

    @functools.wraps(load_any_checkpoint)
    def load_checkpoint(self, filename, map_location='cpu', strict=False, revise_keys=((r'^module\.', ''),)):
        if getattr(self.default_scope, 'scope_name', None) != 'mmaction':
            return load_any_checkpoint(self, filename, map_location, strict, list(revise_keys))
        checkpoint = read_checkpoint(filename, map_location)
        if self._resume:
            _require_state_of_run(checkpoint, filename)
        self.call_hook('after_load_checkpoint', checkpoint=checkpoint)
        fit = _load_revised(self.model, checkpoint, revise_keys)
        self._fit = filename, fit
        self._has_loaded = True
        if strict or self._resume:
            require_fit(fit, filename, _network(self.cfg))
        if self._resume:
            _require_parameters_of_run(checkpoint, filename, self.optim_wrapper)
        self.logger.info(f'Load checkpoint from {filename}')
        return checkpoint

    @functools.wraps(load_or_resume)
    def load_what_fits(self):
        load_or_resume(self)
        filename, fit = self._fit
        if filename and self._resume:
            _require_optimizer_of_run(filename, self.optim_wrapper)
        if fit.whole:
            return
        if self._scores:
            require_fit(fit, filename, _network(self.cfg))
        _start_with_part(fit, filename, _network(self.cfg), self.logger.warning)
        if isinstance(self._train_loop, BaseLoop):
            self._fit = None, Fit()  # trained, they are scored as they are

    def score(method):
        @functools.wraps(method)
        def load_all_and_score(self):
            self._scores = True
            try:
                return method(self)
            finally:
                self._scores = False

        return load_all_and_score

    def initialise(self, module):
        weights = read_weights(self.checkpoint)
        if self.prefix is not None:
            prefix = f'{self.prefix.rstrip(".")}.'
            weights = {name[len(prefix) :]: tensor for name, tensor in weights.items() if name.startswith(prefix)}
        fit = load_weights(module, weights)
        if not fit.whole:
            warn = functools.partial(print_log, logger='current', level=logging.WARNING)
            _start_with_part(fit, self.checkpoint, f'the {type(module).__name__} of the config', warn)
        if hasattr(module, '_params_init_info'):
            update_init_info(module, init_info=self._get_init_info())

    def load_into_recognizer(model, filename, map_location=None):
        require_fit(_load_revised(model, read_checkpoint(filename, map_location or 'cpu')), filename, 'the network')

    def load_into_inferencer(model, checkpoint):
        if not isinstance(model, BaseRecognizer):
            return load_into_any_model(model, checkpoint)
        require_fit(_load_revised(model, checkpoint), 'the checkpoint', 'the network')

    Runner._fit, Runner._scores = (None, Fit()), False
    Runner.load_checkpoint, Runner.load_or_resume = load_checkpoint, load_what_fits
    Runner.test, Runner.val = score(Runner.test), score(Runner.val)
    PretrainedInit.__call__ = initialise
    mmaction_inference.load_checkpoint = load_into_recognizer
    mmengine_infer._load_checkpoint_to_model = load_into_inferencer


def _load_revised(model, checkpoint, revise_keys=((r'^module\.', ''),)):
    """Load the weights of a checkpoint, under names in which patterns are replaced; gives how they fit."""
    weights = checkpoint.get('state_dict', checkpoint)
    for pattern, replacement in revise_keys:
        weights = {re.sub(pattern, replacement, name): tensor for name, tensor in weights.items()}
    return load_weights(model, weights)


def _start_with_part(fit, filename, network, warn):
    """Warn of a training that starts from a part of a file's weights, or refuse it where that must be a mistake."""
    if fit.released or not fit.fitting:
        require_fit(fit, filename, network)
    warn(
        f'{filename} does not fit {network}: of the tensors, {fit}. Training starts with the {fit.fitting:,} '
        'parameters that fit; the others of the network keep their initialisation.'
    )


def _network(cfg):
    return f'the network of {getattr(cfg, "filename", None) or "this run"}'


def _require_state_of_run(checkpoint, filename):
    """Refuse to resume what holds weights alone."""
    meta = checkpoint.get('meta') or {}
    if not ({'epoch', 'iter'} <= set(meta) and 'message_hub' in checkpoint):
        raise ValueError(
            f'{filename} holds weights, but not the state of a run, and cannot be resumed. To start a run from these '
            f'weights, use --cfg-options load_from={filename} without a file after --resume.'
        )


def _require_parameters_of_run(checkpoint, filename, optim_wrapper):
    """Refuse to resume a run that trained other parameters, as with other ``frozen_stages``."""
    before = checkpoint.get('optimizer') or {}
    now = getattr(optim_wrapper, 'optimizer', None)
    if 'param_groups' not in before or not isinstance(now, torch.optim.Optimizer):  # none, or several
        return
    before, now = ([len(group['params']) for group in groups] for groups in (before['param_groups'], now.param_groups))
    if before != now:
        before, now = (f'{sum(sizes)} tensors ({", ".join(map(str, sizes))})' for sizes in (before, now))
        _refuse_optimizer(
            filename,
            f'trained {before}, by groups, and this run trains {now}, as with other frozen_stages or paramwise_cfg',
        )


def _require_optimizer_of_run(filename, optim_wrapper):
    """Refuse what lacks settings after it has taken those of the checkpoint."""
    optimizer = getattr(optim_wrapper, 'optimizer', None)
    if isinstance(optimizer, torch.optim.Optimizer):
        lacking = set(optimizer.defaults).difference(*optimizer.param_groups)
        if lacking:
            kind = type(optimizer).__name__
            _refuse_optimizer(filename, f'had another optimizer than {kind}: it has no {", ".join(sorted(lacking))}')


def _refuse_optimizer(filename, reason):
    raise ValueError(
        f'{filename} cannot be resumed with these options: its run {reason}. Give the options that it was begun with; '
        'or start another run from its weights: --cfg-options load_from=CHECKPOINT, without --resume and with another '
        '--work-dir.'
    )


def stop_resumed_runs_as_early():
    """Let ``EarlyStoppingHook`` go on counting in a resumed run, so that it ends with the same epoch as a whole one.

    MMEngine saves neither the best score nor the number of validations since: a run that is resumed would train for
    ``patience`` more of them.
    """
    after_val_epoch = EarlyStoppingHook.after_val_epoch

    def key(self):
        return f'early stopping by {self.monitor}'

    def before_train(self, runner):
        self.best_score, self.wait_count = runner.message_hub.runtime_info.get(
            key(self), (self.best_score, self.wait_count)
        )
        threshold = self.stopping_threshold
        reached = threshold is not None and self.rule_map[self.rule](self.best_score, threshold)
        if reached or self.wait_count >= self.patience:
            runner.train_loop.stop_training = True

    @functools.wraps(after_val_epoch)
    def after_val_epoch_note(self, runner, metrics):
        after_val_epoch(self, runner, metrics)
        runner.message_hub.update_info(key(self), (float(self.best_score), self.wait_count))

    EarlyStoppingHook.before_train, EarlyStoppingHook.after_val_epoch = before_train, after_val_epoch_note
    # Before the checkpoint is written, not after.
    EarlyStoppingHook.priority = 'LOW'


def leave_out_default_hooks_set_to_none():
    """Let ``default_hooks.NAME=None`` leave out any hook, not only the six that MMEngine knows by name.

    Answers a bare ``AssertionError``, from ``assert hook is not None``.
    """
    register_default_hooks = Runner.register_default_hooks
    # What MMEngine registers by itself, and leaves out by itself.
    own = {'runtime_info', 'timer', 'sampler_seed', 'logger', 'param_scheduler', 'checkpoint'}

    @functools.wraps(register_default_hooks)
    def register_those_that_are_set(self, hooks=None):
        hooks = {name: hook for name, hook in (hooks or {}).items() if hook is not None or name in own}
        register_default_hooks(self, hooks)

    Runner.register_default_hooks = register_those_that_are_set


def balance_losses_of_blended_labels():
    """Let ``CBFocalLoss`` take blended labels, as Mixup, CutMix and label smoothing give them.

    Answers ``RuntimeError: one_hot is only applicable to index tensor of type LongTensor``. A blended label costs what
    its labels cost, each by its share: with mixup (Zhang et al., ICLR 2018), the loss of the one times lambda plus that
    of the other times 1 - lambda.
    """
    from mmaction.models.losses import CBFocalLoss

    forward = CBFocalLoss._forward

    @functools.wraps(forward)
    def forward_any_label(self, cls_score, label, **kwargs):
        if label.shape != cls_score.shape:
            return forward(self, cls_score, label, **kwargs)
        log_p, log_q = F.logsigmoid(cls_score), F.logsigmoid(-cls_score)
        if_label = -((self.gamma * log_q).exp() * log_p)
        if_not = -((self.gamma * log_p).exp() * log_q)
        # Of each sample, the loss for each label that it could have.
        losses = if_not.sum(dim=1, keepdim=True) - if_not + if_label
        weights = torch.as_tensor(self.weights, dtype=losses.dtype, device=losses.device)
        return (label * weights * losses).sum() / label.sum()

    CBFocalLoss._forward = forward_any_label


def decay_weights_by_default():
    """Let TSM's optimizer constructor, and with it MANet's, take an optimizer that names no ``weight_decay``.

    Answers ``TypeError: unsupported operand type(s) for *: 'float' and 'NoneType'``, in the first step: the groups of
    parameters are given None as their decay, in place of the optimizer's default.
    """
    from mmaction.engine.optimizers import TSMOptimWrapperConstructor

    add_params = TSMOptimWrapperConstructor.add_params

    @functools.wraps(add_params)
    def add_params_without_none(self, params, model, **kwargs):
        add_params(self, params, model, **kwargs)
        for group in params:
            if group['weight_decay'] is None:
                del group['weight_decay']

    TSMOptimWrapperConstructor.add_params = add_params_without_none
