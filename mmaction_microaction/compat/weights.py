"""Changes to how MMEngine's runner loads and resumes: a run stops unless the weights fit its network."""

import functools
import logging
import re

import torch
import torch.utils.checkpoint
from mmengine.config import Config
from mmengine.logging import print_log
from mmengine.model import PretrainedInit
from mmengine.model.weight_init import update_init_info
from mmengine.registry import DefaultScope
from mmengine.runner import BaseLoop, Runner, find_latest_checkpoint

from mmaction_microaction.label_sets import LabelSet
from mmaction_microaction.label_sets.transfer import (
    describe_label_set,
    drop_other_classes,
    get_metainfo,
    have_same_names,
    is_class_tensor,
    read_label_set,
)
from mmaction_microaction.utils.checkpoints import (
    WeightMatch,
    get_shapes,
    load_weights,
    read_checkpoint,
    read_weights,
    require_fit,
)


def start_if_nothing_to_resume():
    """Start a run with ``--resume`` from ``load_from`` of the config or the options if there is no checkpoint yet.

    MMEngine logs ``Auto resumed from the latest checkpoint None.`` and trains from random weights, since MMAction2's
    script removes ``load_from`` from the config if ``--resume`` is given. This affects runs that were stopped before
    their first checkpoint, and jobs on a cluster that always use ``--resume``. With ``--resume --cfg-options
    load_from=FILE``, MMEngine would resume FILE at every start, and fail with ``KeyError: 'meta'`` if FILE contains
    weights only.
    """
    merge_from_dict = Config.merge_from_dict

    @functools.wraps(merge_from_dict)
    def merge_without_load_from(self, options, *args, **kwargs):
        if self.get('resume') and self.get('load_from', '') is None and options.get('load_from'):
            options = dict(options)
            vars(self)['_load_from'] = options.pop('load_from')
        merge_from_dict(self, options, *args, **kwargs)

    Config.merge_from_dict = merge_without_load_from
    load_or_resume = Runner.load_or_resume

    @functools.wraps(load_or_resume)
    def load_or_resume_or_start(self):
        if self._resume and self._load_from is None and find_latest_checkpoint(self.work_dir) is None:
            filename = getattr(self.cfg, 'filename', None)
            load_from = Config.fromfile(filename).get('load_from') if filename else None
            self._load_from = vars(self.cfg).get('_load_from') or load_from
            self._resume = False
        load_or_resume(self)

    Runner.load_or_resume = load_or_resume_or_start


def reject_weights_that_do_not_fit():
    """Stop tests and resumed runs whose weights do not match the network exactly.

    MMEngine and MMAction2 only warn ``The model and loaded state dict do not match exactly``, and then score a network
    with random parts. A training run may start from weights that lack layers or have additional ones; one warning
    names them. It stops if no weights fit, or if they belong to the authors' network before conversion.

    A training run may also start from a network that was trained on another label set. Its classifier and its label
    embeddings are not loaded, even if the number of classes is the same, and one warning says so. A test of such a
    network stops.

    Runs and inferencers whose default scope is that of another package, such as MMDetection's, load weights as before.
    """
    from mmaction.apis import inference as mmaction_inference
    from mmaction.models.recognizers import BaseRecognizer
    from mmengine.infer import infer as mmengine_infer

    load_any_checkpoint, load_or_resume = Runner.load_checkpoint, Runner.load_or_resume
    load_into_any_model = mmengine_infer._load_checkpoint_to_model
    initialize_any_module = PretrainedInit.__call__

    @functools.wraps(load_any_checkpoint)
    def load_checkpoint(self, filename, map_location='cpu', strict=False, revise_keys=((r'^module\.', ''),)):
        if getattr(self.default_scope, 'scope_name', None) != 'mmaction':
            return load_any_checkpoint(self, filename, map_location, strict, list(revise_keys))
        checkpoint = read_checkpoint(filename, map_location)
        transfer = None
        if self._resume:
            _require_state_of_run(checkpoint, filename)
        elif self._scores:
            _require_classes(checkpoint, filename, [self._val_loop, self._test_loop])
        elif isinstance(self._train_loop, BaseLoop):
            metainfo = get_metainfo(_datasets([self._train_loop]))
            transfer = drop_other_classes(checkpoint, filename, get_shapes(self.model), metainfo)
            checkpoint['state_dict'] = transfer.weights
        self.call_hook('after_load_checkpoint', checkpoint=checkpoint)
        fit = _load_revised(self.model, checkpoint, revise_keys)
        if transfer and transfer.dropped and fit.num_fitting:
            dropped = {name.removeprefix('module.') for name in transfer.dropped}
            fit.missing = [name for name in fit.missing if not (is_class_tensor(name) or name in dropped)]
            self.logger.warning(transfer.describe(filename, fit.num_fitting))
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
        if fit.complete:
            return
        if self._scores:
            require_fit(fit, filename, _network(self.cfg))
        _start_with_part(fit, filename, _network(self.cfg), self.logger.warning)
        if isinstance(self._train_loop, BaseLoop):
            self._fit = None, WeightMatch()  # after training, the network is scored as it is

    def score(method):
        @functools.wraps(method)
        def load_all_and_score(self):
            self._scores = True
            try:
                return method(self)
            finally:
                self._scores = False

        return load_all_and_score

    @functools.wraps(initialize_any_module)
    def initialize(self, module):
        scope = DefaultScope.get_current_instance()
        if scope is not None and scope.scope_name != 'mmaction':
            return initialize_any_module(self, module)
        weights = read_weights(self.checkpoint)
        if self.prefix is not None:
            prefix = f'{self.prefix.rstrip(".")}.'
            weights = {name[len(prefix) :]: tensor for name, tensor in weights.items() if name.startswith(prefix)}
        fit = load_weights(module, weights)
        if not fit.complete:
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

    Runner._fit, Runner._scores = (None, WeightMatch()), False
    Runner.load_checkpoint, Runner.load_or_resume = load_checkpoint, load_what_fits
    Runner.test, Runner.val = score(Runner.test), score(Runner.val)
    PretrainedInit.__call__ = initialize
    mmaction_inference.load_checkpoint = load_into_recognizer
    mmengine_infer._load_checkpoint_to_model = load_into_inferencer


def _load_revised(model, checkpoint, revise_keys=((r'^module\.', ''),)):
    """Load the weights of a checkpoint after replacing patterns in their names, and return the :class:`WeightMatch`."""
    weights = checkpoint.get('state_dict', checkpoint)
    for pattern, replacement in revise_keys:
        weights = {re.sub(pattern, replacement, name): tensor for name, tensor in weights.items()}
    return load_weights(model, weights)


def _start_with_part(fit, filename, network, warn):
    """Warn that training starts from a part of the weights, or raise an error if that must be a mistake."""
    if fit.is_released or not fit.num_fitting:
        require_fit(fit, filename, network)
    warn(
        f'{filename} does not fit {network}: {fit}. Training starts with the {fit.num_fitting:,} '
        'parameters that fit; the other parameters of the network keep their initialisation.'
    )


def _datasets(loops):
    """Return the datasets of loops that were built. They may be wrappers, whose ``metainfo`` is the wrapped one's."""
    return [loop.dataloader.dataset for loop in loops if hasattr(getattr(loop, 'dataloader', None), 'dataset')]


def _require_classes(checkpoint, filename, loops):
    """Raise an error if the clips of a test have other classes than the network was trained on."""
    metainfo = get_metainfo(_datasets(loop for loop in loops if isinstance(loop, BaseLoop)))
    source = read_label_set(checkpoint, filename)
    if source is None or 'label_set' not in metainfo:
        return
    target = LabelSet.from_dict(metainfo['label_set'])
    if not have_same_names(source, target):
        raise ValueError(
            f'{filename} was trained on {describe_label_set(source)}, but the clips of this test are labelled with '
            f'{describe_label_set(target)}. Test it with the label set that it was trained on: label_set of the '
            'dataset. To train on the other one, start from these weights with load_from.'
        )


def _network(cfg):
    return f'the network of {getattr(cfg, "filename", None) or "this run"}'


def _require_state_of_run(checkpoint, filename):
    """Raise an error if a checkpoint to resume contains weights only."""
    meta = checkpoint.get('meta') or {}
    if not ({'epoch', 'iter'} <= set(meta) and 'message_hub' in checkpoint):
        raise ValueError(
            f'{filename} cannot be resumed, since it contains weights but not the state of a run. To start a run from '
            f'these weights, use --cfg-options load_from={filename}, without a file after --resume.'
        )


def _require_parameters_of_run(checkpoint, filename, optim_wrapper):
    """Raise an error if the run to resume trained other parameters, for instance with other ``frozen_stages``."""
    before = checkpoint.get('optimizer') or {}
    now = getattr(optim_wrapper, 'optimizer', None)
    if 'param_groups' not in before or not isinstance(now, torch.optim.Optimizer):  # none, or several
        return
    before, now = ([len(group['params']) for group in groups] for groups in (before['param_groups'], now.param_groups))
    if before != now:
        before, now = (f'{sum(sizes)} tensors ({", ".join(map(str, sizes))})' for sizes in (before, now))
        _refuse_optimizer(
            filename,
            f'trained {before}, but this run trains {now} (sizes of groups in parentheses), for instance because '
            'frozen_stages or paramwise_cfg differ',
        )


def _require_optimizer_of_run(filename, optim_wrapper):
    """Raise an error if the optimizer lacks settings after its state was loaded from the checkpoint."""
    optimizer = getattr(optim_wrapper, 'optimizer', None)
    if isinstance(optimizer, torch.optim.Optimizer):
        lacking = set(optimizer.defaults).difference(*optimizer.param_groups)
        if lacking:
            kind = type(optimizer).__name__
            _refuse_optimizer(
                filename, f'used another optimizer than {kind}: the checkpoint has no {", ".join(sorted(lacking))}'
            )


def _refuse_optimizer(filename, reason):
    raise ValueError(
        f'{filename} cannot be resumed with these options: its run {reason}. Use the options that the run was started '
        'with, or start another run from its weights: --cfg-options load_from=CHECKPOINT, without --resume and with '
        'another --work-dir.'
    )
