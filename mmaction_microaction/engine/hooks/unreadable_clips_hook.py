from mmaction.registry import HOOKS
from mmengine.dist import all_gather_object
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import Runner

from mmaction_microaction.utils.messages import first_few

from .leaf_datasets import leaf_datasets


@HOOKS.register_module()
class UnreadableClipsHook(Hook):
    """Hook that logs the unreadable clips of every training epoch and stops the run if there are too many.

    :class:`ClipDataset` replaces unreadable clips and logs each clip once. It also stops the run, but counts only
    the clips of its own process. This hook counts the clips of all processes.
    """

    def before_train_epoch(self, runner: Runner) -> None:
        """Reset the counts before the workers of the data loader start."""
        for dataset in leaf_datasets(runner.train_dataloader.dataset):
            if hasattr(dataset, 'unreadable'):
                dataset.unreadable.begin_epoch()

    def after_train_epoch(self, runner: Runner) -> None:
        """Log the unreadable clips of the epoch.

        Raises:
            ValueError: If all processes together exceed ``max_unreadable`` of a dataset.
        """
        for dataset in leaf_datasets(runner.train_dataloader.dataset):
            if hasattr(dataset, 'unreadable'):
                _summarize(dataset, runner.epoch + 1)


def _summarize(dataset, epoch) -> None:
    """Log the unreadable clips of a dataset in an epoch, or raise a ValueError if there are too many."""
    indices = sorted(set().union(*all_gather_object(dataset.unreadable.epoch_indices())))
    if not indices:
        return
    names = [dataset.get_data_info(index)['video_id'] for index in indices]
    summary = (
        f'{len(names):,} of the {len(dataset):,} clips of {dataset.ann_file} could not be read in epoch {epoch}: '
        f'{first_few(names, limit=20)}'
    )
    if len(names) > dataset.num_unreadable_allowed:
        raise ValueError(
            f"{summary}. This exceeds the dataset's limit max_unreadable={dataset.max_unreadable}: replace these clips."
        )
    print_log(f'{summary}; other clips replaced them.', logger='current')
