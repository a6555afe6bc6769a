"""Weights fit or the run stops: loading and resuming of MMEngine's runner."""

import functools
import logging
import re

import torch
import torch.utils.checkpoint
from mmengine.config import Config
from mmengine.logging import print_log
from mmengine.model import PretrainedInit
from mmengine.model.weight_init import update_init_info
from mmengine.runner import BaseLoop, Runner, find_latest_checkpoint

from mmaction_microaction.compat.checkpoints import Fit, load_weights, read_checkpoint, read_weights, require_fit


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
