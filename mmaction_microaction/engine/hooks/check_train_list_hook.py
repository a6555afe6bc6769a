from mmaction.registry import HOOKS
from mmengine.hooks import Hook

from .leaf_datasets import leaf_datasets


@HOOKS.register_module()
class CheckTrainListHook(Hook):
    """Refuse to resume a run with another list of training clips than it was begun with.

    Checkpoints carry what identifies the lists, ``ann_fingerprint`` of the datasets.
    """

    def before_save_checkpoint(self, runner, checkpoint):
        """Put what identifies the lists into the checkpoint."""
        checkpoint['meta']['training_lists'] = _lists(runner)

    def after_load_checkpoint(self, runner, checkpoint):
        """Compare the lists, if this is a checkpoint to resume from and says which clips it was trained on.

        Raises:
            ValueError: If they differ.
        """
        if not runner._resume:
            return
        before, now = checkpoint.get('meta', {}).get('training_lists'), _lists(runner)
        if before and [clips['sha256'] for clips in before] != [clips['sha256'] for clips in now]:
            raise ValueError(
                f'This run was begun with {_describe(before)}, and is to go on with {_describe(now)}; the SHA-256 is '
                'of what the lists say. Restore the list to resume. To go on with the new one, start another run from '
                'the weights: --cfg-options load_from=CHECKPOINT, without --resume and with another --work-dir.'
            )


def _lists(runner):
    datasets = leaf_datasets(runner.train_dataloader.dataset)
    return [dataset.ann_fingerprint for dataset in datasets if hasattr(dataset, 'ann_fingerprint')]


def _describe(lists):
    return ' and '.join(
        f'{clips["number"]:,} clips of {clips["list"]} (SHA-256 {clips["sha256"][:8]}…)' for clips in lists
    )
