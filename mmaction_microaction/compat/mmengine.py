"""Defects of MMEngine."""

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
    """Have the JSON of a test's metrics written by the first process only.

    Answers a file of two texts, ``json.decoder.JSONDecodeError: Extra data``, now and then: every process of a
    distributed test writes the same file.
    """
    LoggerHook.after_test_epoch = master_only(LoggerHook.after_test_epoch)


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
