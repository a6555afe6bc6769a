from mmaction.registry import HOOKS
from mmengine.dist import all_gather_object
from mmengine.hooks import Hook
from mmengine.logging import print_log

from mmaction_microaction.utils.messages import first_few

from .leaf_datasets import leaf_datasets


@HOOKS.register_module()
class UnreadableClipsHook(Hook):
    """Log after every training epoch which clips could not be read, and stop when they are too many.

    :class:`MA52Dataset` replaces them and logs each when it first meets it. It also stops the run itself, but knows
    only what its own process has read.
    """

    def before_train_epoch(self, runner):
        """Begin to count anew, before the workers of the data loader are started."""
        for dataset in leaf_datasets(runner.train_dataloader.dataset):
            if hasattr(dataset, 'unreadable'):
                dataset.unreadable.begin_epoch()

    def after_train_epoch(self, runner):
        """Log the clips of the epoch.

        Raises:
            ValueError: If in all processes together they are more than ``max_unreadable`` of a dataset allows.
        """
        for dataset in leaf_datasets(runner.train_dataloader.dataset):
            if hasattr(dataset, 'unreadable'):
                _summarise(dataset, runner.epoch + 1)


def _summarise(dataset, epoch):
    """Log which clips of a dataset could not be read in an epoch; a ValueError if they are too many."""
    numbers = sorted(set().union(*all_gather_object(dataset.unreadable.of_epoch())))
    if not numbers:
        return
    names = [dataset.get_data_info(number)['video_id'] for number in numbers]
    summary = (
        f'{len(names):,} of the {len(dataset):,} clips of {dataset.ann_file} could not be read in epoch {epoch}: '
        f'{first_few(names, limit=20)}'
    )
    if len(names) > dataset.num_unreadable_allowed:
        raise ValueError(
            f'{summary}. That is more than max_unreadable={dataset.max_unreadable} of the dataset allows: replace them.'
        )
    print_log(f'{summary}; others took their places.', logger='current')
