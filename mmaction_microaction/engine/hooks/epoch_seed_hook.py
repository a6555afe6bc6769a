from functools import partial

from mmaction.registry import HOOKS
from mmengine.dataset.utils import worker_init_fn as seed_worker
from mmengine.dist import broadcast_object_list, get_rank
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, Runner, set_random_seed


@HOOKS.register_module()
class EpochSeedHook(Hook):
    """Hook that seeds every training epoch from the run's seed and the index of the epoch.

    MMEngine's checkpoints do not contain random states, so a resumed run would draw other augmentations and dropout
    masks than an uninterrupted one. With this hook, both end with the same weights. Data loader workers must be
    restarted in every epoch, since the random state of a running worker cannot be set.
    """

    def before_train(self, runner: Runner) -> None:
        """Check that the run can be resumed exactly. Warn if the batch size has changed or the schedule has ended.

        Raises:
            ValueError: If ``persistent_workers`` is set, or the training loop is not based on epochs.
        """
        if not isinstance(runner.train_loop, EpochBasedTrainLoop):
            raise ValueError(
                f'EpochSeedHook cannot seed the epochs of a {type(runner.train_loop).__name__}: set '
                "train_cfg.type='EpochBasedTrainLoop', or remove the hook with default_hooks.epoch_seed=None if the "
                'run need not be resumed exactly.'
            )
        if runner.train_dataloader.persistent_workers:
            raise ValueError(
                'EpochSeedHook cannot seed persistent workers: set train_dataloader.persistent_workers=False, or '
                'remove the hook with default_hooks.epoch_seed=None if the run need not be resumed exactly.'
            )
        # Checkpoints of earlier versions lack iters_per_epoch; the mean over the epochs replaces it.
        before = runner.message_hub.runtime_info.get('iters_per_epoch', runner.iter / max(runner.epoch, 1))
        now = len(runner.train_dataloader)
        runner.message_hub.update_info('iters_per_epoch', now)
        if runner.epoch and now != before:
            runner.logger.warning(
                f'This run has {now:,} iterations per epoch, but had {before:,.0f} before it was resumed: the batch '
                'size or the number of processes has changed. Learning rate and schedule come from the checkpoint, '
                'regardless of auto_scale_lr. Keep processes x batch_size constant so that they remain suitable.'
            )
        if runner.epoch:
            _warn_of_ended_schedule(runner)

    def before_train_epoch(self, runner: Runner) -> None:
        """Seed this process and the workers of the epoch before they start."""
        # MMEngine adds the indices of processes and workers to the seed, which are far below this prime.
        seed = (runner.seed + 1_000_003 * runner.epoch) % 2**31
        set_random_seed(seed, diff_rank_seed=True)
        loader = runner.train_dataloader
        # The sampler of a resumed run was built before the seed was read from the checkpoint. All processes need the
        # same sampler seed, or some clips would be drawn twice and others never; with --diff-rank-seed, theirs differ.
        seeds = [runner.seed]
        broadcast_object_list(seeds)
        loader.sampler.seed = seeds[0]
        loader.worker_init_fn = partial(seed_worker, num_workers=loader.num_workers, rank=get_rank(), seed=seed)


def _warn_of_ended_schedule(runner) -> None:
    """Warn if the run is longer than its schedule, which ``--resume`` reads from the checkpoint."""
    schedulers = runner.param_schedulers or []
    if isinstance(schedulers, dict):
        schedulers = [scheduler for several in schedulers.values() for scheduler in several]
    per_epoch = len(runner.train_dataloader)
    ends = [scheduler.end if scheduler.by_epoch else scheduler.end / per_epoch for scheduler in schedulers]
    last = runner.train_loop.max_epochs
    if ends and max(ends) < last:
        runner.logger.warning(
            f'The schedule of the learning rate ends with epoch {max(ends):g}, but the run continues to epoch {last} '
            'with a constant learning rate. --resume uses the schedule of the checkpoint, not param_scheduler. '
            'For another schedule, start another run from the weights: --cfg-options load_from=CHECKPOINT, without '
            '--resume and with another --work-dir.'
        )
