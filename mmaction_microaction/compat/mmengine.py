"""Changes to MMEngine."""

import functools
import os

import torch
import torch.utils.checkpoint
from mmengine.device import get_device
from mmengine.dist import master_only
from mmengine.fileio import LocalBackend
from mmengine.hooks import EarlyStoppingHook, LoggerHook
from mmengine.optim.optimizer import amp_optimizer_wrapper
from mmengine.runner import Runner
from mmengine.runner import amp as mmengine_amp

from mmaction_microaction.utils.files import write_whole


def write_test_scores_once():
    """Write the JSON file of a test's metrics in the first process only.

    Fixes an occasional ``json.decoder.JSONDecodeError: Extra data`` in a reader of this file: every process of a
    distributed test writes to it.
    """
    LoggerHook.after_test_epoch = master_only(LoggerHook.after_test_epoch)


def write_files_whole():
    """Write checkpoints, dumped predictions and scores atomically: a file is either complete or unchanged.

    Prevents ``RuntimeError: PytorchStreamReader failed reading zip archive: failed finding central directory`` in a run
    with ``--resume``, if the disk was full or the run was killed while the last checkpoint was rewritten with the best
    score.
    """

    def put(self, obj, filepath):
        os.makedirs(os.path.dirname(filepath) or '.', exist_ok=True)
        write_whole(filepath, obj)

    def put_text(self, obj, filepath, encoding='utf-8'):
        self.put(obj.encode(encoding), filepath)

    LocalBackend.put, LocalBackend.put_text = put, put_text


def allow_amp_without_cuda():
    """Allow ``--amp`` on the CPU and on Apple's GPUs, in bfloat16, whose range needs no scaling of the loss.

    Fixes ``AssertionError: ``AmpOptimizerWrapper`` is only available training on gpu, npu, mlu or musa`` and, on
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


def compile_without_optimizer():
    """Exclude the backward pass and the optimizer from ``compile=True``, so that compiled networks can be trained.

    Fixes ``InternalTorchDynamoError: AttributeError: 'UserDefinedDictVariable' object has no attribute 'items'``: the
    parameter groups of an optimizer from a config are ``ConfigDict`` objects. Even with plain dicts, the optimizer
    would be recompiled for every learning rate.
    """
    maybe_compile = Runner._maybe_compile

    @functools.wraps(maybe_compile)
    def maybe_compile_without_optimizer(self, target):
        if self.cfg.get('compile'):
            self.optim_wrapper.update_params = torch.compiler.disable(self.optim_wrapper.update_params)
        maybe_compile(self, target)

    Runner._maybe_compile = maybe_compile_without_optimizer


def format_configs_once():
    """Format the text of a config only if it has changed.

    Formatting takes up to a second. MMEngine formats the same config about six times when a run starts, for log,
    loggers and files, and again for every checkpoint.
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


def resume_early_stopping():
    """Save the state of ``EarlyStoppingHook``, so that a resumed run ends in the same epoch as an uninterrupted one.

    MMEngine saves neither the best score nor the number of validations since then, so that a resumed run would continue
    for another ``patience`` validations.
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
    def after_val_epoch_and_save(self, runner, metrics):
        after_val_epoch(self, runner, metrics)
        runner.message_hub.update_info(key(self), (float(self.best_score), self.wait_count))

    EarlyStoppingHook.before_train, EarlyStoppingHook.after_val_epoch = before_train, after_val_epoch_and_save
    # Higher than the priority of CheckpointHook, so that the checkpoint contains the state.
    EarlyStoppingHook.priority = 'LOW'


def skip_default_hooks_set_to_none():
    """Allow ``default_hooks.NAME=None`` for any hook, not only for the six that MMEngine registers itself.

    Fixes an ``AssertionError`` without a message, from ``assert hook is not None``.
    """
    register_default_hooks = Runner.register_default_hooks
    # MMEngine registers these itself, and accepts None for them.
    own = {'runtime_info', 'timer', 'sampler_seed', 'logger', 'param_scheduler', 'checkpoint'}

    @functools.wraps(register_default_hooks)
    def register_hooks_that_are_set(self, hooks=None):
        hooks = {name: hook for name, hook in (hooks or {}).items() if hook is not None or name in own}
        register_default_hooks(self, hooks)

    Runner.register_default_hooks = register_hooks_that_are_set
