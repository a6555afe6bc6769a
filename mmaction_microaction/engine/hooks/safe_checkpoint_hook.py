import os

from mmaction.registry import HOOKS
from mmengine.dist import is_main_process
from mmengine.hooks import CheckpointHook
from mmengine.runner import EpochBasedTrainLoop, Runner

from mmaction_microaction.utils.files import write_whole


@HOOKS.register_module()
class SafeCheckpointHook(CheckpointHook):
    """``CheckpointHook`` whose runs can be resumed whenever they are stopped, with the same best epoch.

    MMEngine's hook removes an old checkpoint before it writes the next one, and truncates the file ``last_checkpoint``
    before it rewrites it. If the disk is full or the run is killed in between, no checkpoint is left to resume from.
    This hook removes the old checkpoint afterwards, which takes disk space for one more regular and one more best
    checkpoint than are kept.

    MMEngine saves the checkpoint of an epoch before its validation. A run that is resumed from it starts with the next
    epoch, so that the saved epoch is never validated and cannot become the best one. With this hook, a resumed run
    first validates the epoch of the checkpoint, unless the checkpoint says that this was done: the last one is written
    again after its validation.
    """

    _lacks_validation = False
    """Whether the last checkpoint was written before its epoch was validated."""

    def before_train(self, runner: Runner) -> None:
        """Restore the state of a resumed run, and validate its last epoch if that was not done yet."""
        super().before_train(runner)
        loop, epoch = runner.train_loop, runner.epoch
        if not (epoch and runner.val_loop and isinstance(loop, EpochBasedTrainLoop)):
            return
        due = epoch >= loop.val_begin and (epoch % loop.val_interval == 0 or epoch == loop.max_epochs)
        if due and runner.message_hub.runtime_info.get('validated_epoch') != epoch:
            runner.logger.info(f'Epoch {epoch} was not validated before the run was stopped; validating it now.')
            self.last_ckpt, self._lacks_validation = self._path(epoch), self.by_epoch
            runner.val_loop.run()

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float]) -> None:
        """Save the best checkpoint, and record in it and in the last one which epoch was validated."""
        runner.message_hub.update_info('validated_epoch', runner.epoch)
        super().after_val_epoch(runner, metrics)
        # MMEngine has written the last checkpoint again only if a score has improved.
        if self._lacks_validation and self.last_ckpt == self._path(runner.epoch):
            self._save_checkpoint_with_step(runner, runner.epoch, dict(epoch=runner.epoch, iter=runner.iter))

    def _save_checkpoint_with_step(self, runner, step, meta) -> None:
        self._lacks_validation = self.by_epoch and runner.message_hub.runtime_info.get('validated_epoch') != step
        outdated = None
        if self.max_keep_ckpts > 0 and step not in self.keep_ckpt_ids:
            if len(self.keep_ckpt_ids) == self.max_keep_ckpts:
                outdated = self._path(self.keep_ckpt_ids.popleft())
            self.keep_ckpt_ids.append(step)
            runner.message_hub.update_info('keep_ckpt_ids', list(self.keep_ckpt_ids))
        self.last_ckpt = self._path(step)
        runner.message_hub.update_info('last_ckpt', self.last_ckpt)
        runner.save_checkpoint(
            self.out_dir,
            self.filename_tmpl.format(step),
            self.file_client_args,
            save_optimizer=self.save_optimizer,
            save_param_scheduler=self.save_param_scheduler,
            meta=meta,
            by_epoch=self.by_epoch,
            backend_args=self.backend_args,
            **self.args,
        )
        if is_main_process():
            write_whole(os.path.join(runner.work_dir, 'last_checkpoint'), self.last_ckpt.encode())
            self._remove(outdated)

    def _save_best_checkpoint(self, runner, metrics) -> None:
        if not self.save_best:
            return
        if len(self.key_indicators) == 1:
            self._replace_best_of_one_score(runner, metrics)
        else:
            self._replace_best_of_several_scores(runner, metrics)

    def _replace_best_of_one_score(self, runner, metrics) -> None:
        outdated = self.best_ckpt_path
        self.best_ckpt_path = None  # MMEngine removes the file of this path before it writes the new one
        super()._save_best_checkpoint(runner, metrics)
        self.best_ckpt_path = self.best_ckpt_path or outdated
        self._remove_outdated_best(outdated, self.best_ckpt_path)

    def _replace_best_of_several_scores(self, runner, metrics) -> None:
        outdated = {score: self.best_ckpt_path_dict[score] for score in self.key_indicators}
        self.best_ckpt_path_dict.update(dict.fromkeys(outdated))
        super()._save_best_checkpoint(runner, metrics)
        for score, path in outdated.items():
            self.best_ckpt_path_dict[score] = self.best_ckpt_path_dict[score] or path
            self._remove_outdated_best(path, self.best_ckpt_path_dict[score])

    def _remove_outdated_best(self, outdated, current) -> None:
        # A run that was resumed into another folder keeps the best checkpoint of the first run.
        if outdated and outdated != current and os.path.dirname(outdated) == os.path.dirname(current):
            self._remove(outdated)

    def _path(self, step):
        return self.file_backend.join_path(self.out_dir, self.filename_tmpl.format(step))

    def _remove(self, path) -> None:
        if path and is_main_process() and self.file_backend.isfile(path):
            self.file_backend.remove(path)
