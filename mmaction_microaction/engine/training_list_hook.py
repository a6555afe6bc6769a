from mmaction.registry import HOOKS
from mmengine.hooks import Hook


@HOOKS.register_module()
class TrainingListHook(Hook):
    """Refuse to resume a run with another list of training clips than it was begun with.

    Checkpoints carry what identifies the list, ``clips`` of the dataset's ``metainfo``. MMEngine would go on with a
    warning that the metainfo differs.
    """

    def after_load_checkpoint(self, runner, checkpoint):
        """Compare the lists, if this is a checkpoint to resume from and says which clips it was trained on.

        Raises:
            ValueError: If they differ.
        """
        if not runner._resume:
            return
        dataset = runner.train_dataloader.dataset
        before, now = ((meta or {}).get('clips') for meta in (checkpoint['meta'].get('dataset_meta'), dataset.metainfo))
        if before and now and before['sha256'] != now['sha256']:
            raise ValueError(
                f'This run was begun with {before["number"]:,} clips of {before["list"]} (names and labels have '
                f'SHA-256 {before["sha256"][:8]}…), but {now["list"]} now has {now["number"]:,} '
                f'({now["sha256"][:8]}…): restore the list to resume. To go on with the new one, start another run '
                'from the weights: --cfg-options load_from=CHECKPOINT, without --resume and with another --work-dir.'
            )
