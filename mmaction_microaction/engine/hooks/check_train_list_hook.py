from mmaction.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.runner import Runner

from .leaf_datasets import leaf_datasets


@HOOKS.register_module()
class CheckTrainListHook(Hook):
    """Hook that refuses to resume a run with another list of training clips.

    Checkpoints contain ``ann_fingerprint`` of the training sets, to which the current lists are compared.
    """

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Store the fingerprints of the training lists in the checkpoint."""
        checkpoint['meta']['training_lists'] = _fingerprints(runner)

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Compare the training lists when a run is resumed. Checkpoints without fingerprints are accepted.

        Raises:
            ValueError: If the lists differ.
        """
        if not runner._resume:
            return
        before, now = checkpoint.get('meta', {}).get('training_lists'), _fingerprints(runner)
        if before and [clips['sha256'] for clips in before] != [clips['sha256'] for clips in now]:
            raise ValueError(
                f'This run was started with {_describe(before)}, but would be resumed with {_describe(now)}; the '
                'SHA-256 is computed from the entries of a list. Restore the list to resume. To train on the new list, '
                'start another run from the weights: --cfg-options load_from=CHECKPOINT, without --resume and with '
                'another --work-dir.'
            )


def _fingerprints(runner):
    datasets = leaf_datasets(runner.train_dataloader.dataset)
    return [dataset.ann_fingerprint for dataset in datasets if hasattr(dataset, 'ann_fingerprint')]


def _describe(fingerprints):
    return ' and '.join(
        f'{clips["num_clips"]:,} clips of {clips["ann_file"]} (SHA-256 {clips["sha256"][:8]}…)'
        for clips in fingerprints
    )
