import functools
import logging
import os

import torch
from mmaction.registry import HOOKS
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import BaseLoop, Runner

from mmaction_microaction.models.frames_of_clips import check_frames

from .leaf_datasets import leaf_datasets

SAFETY_HOOKS = {
    'epoch_seed': 'EpochSeedHook',
    'training_list': 'CheckTrainListHook',
    'invalid_loss': 'CheckInvalidLossHook',
    'unreadable_clips': 'UnreadableClipsHook',
}
"""What ``configs/_base_/ma52.py`` has every run take as ``default_hooks``, by name."""


@HOOKS.register_module()
class CheckSetupHook(Hook):
    """Find out before the first step what would go wrong later.

    - Pipelines of train, val and test whose clips are not those of the network, see ``check_frames``.
    - A table of label embeddings that is missing, before pretrained weights are downloaded.
    - A training set of this package without the hooks that guard a run: a warning names them.

    Importing the package gives it to every run, under the name ``check_setup``; ``default_hooks.check_setup=None``
    leaves it out.
    """

    priority = 'VERY_HIGH'

    def before_run(self, runner):
        """Check what needs no weights.

        Raises:
            FileNotFoundError, ValueError: If the run could not work.
        """
        loops = {name: getattr(runner, f'_{name}_loop') for name in ('train', 'val', 'test')}
        loops = {name: loop for name, loop in loops.items() if isinstance(loop, BaseLoop)}
        for name, loop in loops.items():
            for dataset in _datasets(loop):
                pipeline = getattr(getattr(dataset, 'pipeline', None), 'transforms', [])
                check_frames(runner.model, pipeline, f'{name}_dataloader')
        if 'train' in loops and not runner._load_from and not runner._resume:
            _check_label_embeddings(runner.model)

    def before_train(self, runner):
        """Read the label embeddings, unless the weights have brought them, and name the hooks that are missing."""
        for module in _with_label_embeddings(runner.model):
            module.settle_embeddings()
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
                f'This run goes without hooks that guard it: default_hooks=dict({", ".join(missing)}) has them, as '
                'default_hooks=_base_.hooks of configs/_base_/ma52.py does. A None in place of one says that it is '
                'left out on purpose.',
                logger='current',
                level=logging.WARNING,
            )


def _datasets(loop):
    """Those that a loop reads: none, if it is another package's loop without a data loader, or with several."""
    loader = getattr(loop, 'dataloader', None)
    return leaf_datasets(loader.dataset) if hasattr(loader, 'dataset') else []


def _with_label_embeddings(model):
    return [module for module in model.modules() if hasattr(module, 'settle_embeddings')]


def _check_label_embeddings(model):
    """Raise if there is no usable table, and say then which downloads are to come as well."""
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
                f'{error} The run will also download {", ".join(downloads)}: without internet, put the file into '
                f'{cache} or name it, or set it to None to train from scratch.'
            ) from None


def add_to_every_run():
    """Have every runner take a :class:`CheckSetupHook`, whatever its config says about hooks besides it."""
    register_default_hooks = Runner.register_default_hooks

    @functools.wraps(register_default_hooks)
    def register_with_check(self, hooks=None):
        register_default_hooks(self, {'check_setup': CheckSetupHook(), **(hooks or {})})

    Runner.register_default_hooks = register_with_check
