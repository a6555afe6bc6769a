import functools
import logging
import os

import torch
from mmaction.registry import HOOKS
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import BaseLoop, Runner

from mmaction_microaction.models.check_pipeline import check_pipeline

from .frozen_backbones import check_frozen_backbones
from .label_set_checks import check_classes, check_monitored_metrics, list_metric_names
from .leaf_datasets import leaf_datasets

SAFETY_HOOKS = {
    'epoch_seed': 'EpochSeedHook',
    'check_train_list': 'CheckTrainListHook',
    'check_invalid_loss': 'CheckInvalidLossHook',
    'unreadable_clips': 'UnreadableClipsHook',
}
"""Hooks that ``configs/_base_/ma52.py`` adds to ``default_hooks``, by key."""


@HOOKS.register_module()
class CheckSetupHook(Hook):
    """Hook that reports mistakes in the setup of a run before its first step.

    - If the pipelines of train, val and test do not produce the clips that the network expects, the run stops (see
      ``check_pipeline``).
    - If the datasets have different label sets, or the network has another number of classes, the run stops.
    - If ``save_best`` of the checkpoint hook, or ``monitor`` of ``EarlyStoppingHook``, is not a metric that the
      validation reports, the run stops. A label set without groups has ``fine/F1_mean`` instead of ``F1_mean``.
    - If the table of label embeddings is missing or has another size, the run stops before pretrained weights are
      downloaded.
    - If training would start with a backbone that is frozen at random weights, the run stops (see
      ``check_frozen_backbones``).
    - If a run on a dataset of this package lacks hooks that guard it, a warning names them.

    Importing the package adds the hook to every run under the name ``check_setup``. Remove it with
    ``default_hooks.check_setup=None``.
    """

    priority = 'VERY_HIGH'

    def before_run(self, runner: Runner) -> None:
        """Check the pipelines, the label sets, the monitored metrics and the file of label embeddings.

        Raises:
            FileNotFoundError: If the run trains from scratch and the table of label embeddings does not exist.
            ValueError: If a pipeline or a label set does not match the network, label sets differ, a metric cannot be
                computed, a monitored metric is not reported, or the table is unusable.
        """
        loops = {name: getattr(runner, f'_{name}_loop') for name in ('train', 'val', 'test')}
        loops = {name: loop for name, loop in loops.items() if isinstance(loop, BaseLoop)}
        for name, loop in loops.items():
            for dataset in _datasets(loop):
                pipeline = getattr(getattr(dataset, 'pipeline', None), 'transforms', [])
                check_pipeline(runner.model, pipeline, f'{name}_dataloader')
        check_classes(runner.model, {name: _datasets(loop) for name, loop in loops.items()})
        reported = {name: list_metric_names(_metrics(loop)) for name, loop in loops.items()}
        if 'train' in loops:
            check_monitored_metrics(runner.hooks, reported.get('val', []))
        if 'train' in loops and not runner._load_from and not runner._resume:
            _check_label_embeddings(runner.model)

    def before_train(self, runner: Runner) -> None:
        """Read the label embeddings, unless a checkpoint contained them, and warn about missing hooks.

        Raises:
            ValueError: If a backbone is frozen at random weights.
        """
        if not runner._has_loaded:  # load_from, or a checkpoint to resume
            check_frozen_backbones(runner.model)
        for module in _with_label_embeddings(runner.model):
            module.ensure_embeddings()
        chosen = runner.cfg.get('default_hooks') or {}
        present = {type(hook).__name__ for hook in runner.hooks}
        missing = [
            f'{name}=dict(type={kind!r})'
            for name, kind in SAFETY_HOOKS.items()
            if kind not in present and not (name in chosen and chosen[name] is None)
        ]
        guarded = any(hasattr(dataset, 'unreadable') for dataset in _datasets(runner.train_loop))
        if missing and guarded and is_main_process():
            print_log(
                f'This run lacks hooks that guard it: add default_hooks=dict({", ".join(missing)}), or inherit '
                'default_hooks=_base_.hooks from configs/_base_/ma52.py. To leave a hook out on purpose, set it to '
                'None.',
                logger='current',
                level=logging.WARNING,
            )


def _datasets(loop):
    """Return the datasets of a loop. Loops of other packages without exactly one data loader have none."""
    loader = getattr(loop, 'dataloader', None)
    return list(leaf_datasets(loader.dataset)) if hasattr(loader, 'dataset') else []


def _metrics(loop):
    """Return the metrics of a loop. Training loops have none."""
    return getattr(getattr(loop, 'evaluator', None), 'metrics', [])


def _with_label_embeddings(model):
    return [module for module in model.modules() if hasattr(module, 'ensure_embeddings')]


def _check_label_embeddings(model) -> None:
    """Raise an error if there is no usable table; the message also lists the downloads that the run will need."""
    for module in _with_label_embeddings(model):
        try:
            module.read_embeddings()
        except FileNotFoundError as error:
            cache = os.path.join(torch.hub.get_dir(), 'checkpoints')
            downloads = [
                f'model.{name}.pretrained={source}'
                for name, part in model.named_modules()
                if '://' in str(source := getattr(part, 'pretrained', None))
                and not os.path.isfile(os.path.join(cache, os.path.basename(source)))
            ]
            if not downloads:
                raise
            raise FileNotFoundError(
                f'{error} The run will also download {", ".join(downloads)}. Without internet access, copy the file '
                f'to {cache}, set the option to its path, or set it to None to train from scratch.'
            ) from None


def add_to_every_run() -> None:
    """Add a :class:`CheckSetupHook` to every runner, in addition to the hooks of its config."""
    register_default_hooks = Runner.register_default_hooks

    @functools.wraps(register_default_hooks)
    def register_with_check(self, hooks=None) -> None:
        register_default_hooks(self, {'check_setup': CheckSetupHook(), **(hooks or {})})

    Runner.register_default_hooks = register_with_check
