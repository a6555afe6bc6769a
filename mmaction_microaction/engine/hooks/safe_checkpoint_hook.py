import os

from mmaction.registry import HOOKS
from mmengine.dist import is_main_process
from mmengine.hooks import CheckpointHook
from mmengine.runner import EpochBasedTrainLoop

from mmaction_microaction.utils.files import write_whole


@HOOKS.register_module()
class SafeCheckpointHook(CheckpointHook):
    """MMEngine's ``CheckpointHook``, but whenever a run is stopped, it can be resumed, and finds the same best epoch.

    MMEngine removes an old checkpoint before it writes its successor, and empties the file ``last_checkpoint`` before
    it writes it anew: when the disk is full, or the run is killed then, there is nothing to resume from. Here it is
    removed afterwards, which takes room for one more checkpoint of either kind than are kept.

    MMEngine writes an epoch's checkpoint before its validation, and a run that is resumed from there begins with the
    next epoch: the one before would never be validated, and could not be the best. Here it is validated first.
    """

    def before_train(self, runner):
        """Find the checkpoints of a resumed run, and validate its last epoch if the checkpoint knows no validation."""
        super().before_train(runner)
        loop, epoch = runner.train_loop, runner.epoch
        if not (epoch and runner.val_loop and isinstance(loop, EpochBasedTrainLoop)):
            return
        due = epoch >= loop.val_begin and (epoch % loop.val_interval == 0 or epoch == loop.max_epochs)
        if due and runner.message_hub.runtime_info.get('validated_epoch') != epoch:
            runner.logger.info(f'The checkpoint of epoch {epoch} knows no validation of it, which is made up for now.')
            self.last_ckpt = self._path(epoch)
            runner.val_loop.run()

    def after_val_epoch(self, runner, metrics):
        """Keep the best checkpoint, and in it and the last one, which epoch was validated."""
        runner.message_hub.update_info('validated_epoch', runner.epoch)
        super().after_val_epoch(runner, metrics)

    def _save_checkpoint_with_step(self, runner, step, meta):
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

    def _save_best_checkpoint(self, runner, metrics):
        if not self.save_best:
            return
        # MMEngine has one path in an attribute, or several, by score, in a dict.
        one = len(self.key_indicators) == 1
        paths, keys = (vars(self), ['best_ckpt_path']) if one else (self.best_ckpt_path_dict, self.key_indicators)
        before = {key: paths[key] for key in keys}
        paths.update(dict.fromkeys(keys))  # what it does not know, it does not remove
        super()._save_best_checkpoint(runner, metrics)
        for key, path in before.items():
            paths[key] = paths[key] or path
            # A run that was resumed into another folder leaves the best of the first where it is.
            if path and path != paths[key] and os.path.dirname(path) == os.path.dirname(paths[key]):
                self._remove(path)

    def _path(self, step):
        return self.file_backend.join_path(self.out_dir, self.filename_tmpl.format(step))

    def _remove(self, path):
        if path and is_main_process() and self.file_backend.isfile(path):
            self.file_backend.remove(path)
