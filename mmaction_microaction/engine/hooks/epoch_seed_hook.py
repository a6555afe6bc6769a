from functools import partial

from mmaction.registry import HOOKS
from mmengine.dataset.utils import worker_init_fn as seed_worker
from mmengine.dist import broadcast_object_list, get_rank
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, set_random_seed


@HOOKS.register_module()
class EpochSeedHook(Hook):
    """Seed every training epoch from the run's seed and the number of the epoch.

    Checkpoints of MMEngine hold no random state, so a resumed run would draw other augmentations and dropout masks than
    one that was never interrupted. With this hook both end in the same weights. Workers must be started anew in every
    epoch, since nothing reaches the random state of a running one.
    """

    def before_train(self, runner):
        """Refuse what cannot be resumed exactly; warn of a resumed run whose batch is another, or schedule at its end.

        Raises:
            ValueError: If ``persistent_workers`` is set, or training does not go by epochs.
        """
        if not isinstance(runner.train_loop, EpochBasedTrainLoop):
            raise ValueError(
                f'EpochSeedHook knows no epochs in a {type(runner.train_loop).__name__}: set '
                "train_cfg.type='EpochBasedTrainLoop'; or leave the hook out, default_hooks.epoch_seed=None, for runs "
                'that need not be resumed exactly.'
            )
        if runner.train_dataloader.persistent_workers:
            raise ValueError(
                'EpochSeedHook cannot seed workers that outlive the epoch: set '
                'train_dataloader.persistent_workers=False; or leave the hook out, default_hooks.epoch_seed=None, for '
                'runs that need not be resumed exactly.'
            )
        # Checkpoints of earlier versions do not say it; there it is the mean of all epochs.
        before = runner.message_hub.runtime_info.get('iters_per_epoch', runner.iter / max(runner.epoch, 1))
        now = len(runner.train_dataloader)
        runner.message_hub.update_info('iters_per_epoch', now)
        if runner.epoch and now != before:
            runner.logger.warning(
                f'This run has {now:,} iterations an epoch, and {before:,.0f} before it was resumed: another batch '
                'size, or number of processes. Learning rate and schedule go on as the checkpoint has them, whatever '
                'auto_scale_lr says; to keep what they were made for, keep processes x batch_size.'
            )
        if runner.epoch:
            _warn_of_ended_schedule(runner)

    def before_train_epoch(self, runner):
        """Seed this process and the workers that it is about to start."""
        # A prime far above any number of processes and workers, which MMEngine adds to the seed.
        seed = (runner.seed + 1_000_003 * runner.epoch) % 2**31
        set_random_seed(seed, diff_rank_seed=True)
        loader = runner.train_dataloader
        # The sampler of a resumed run was built before the checkpoint has told the seed. All processes need the same,
        # or some clips would be drawn twice and others never; with --diff-rank-seed they have seeds of their own.
        seeds = [runner.seed]
        broadcast_object_list(seeds)
        loader.sampler.seed = seeds[0]
        loader.worker_init_fn = partial(seed_worker, num_workers=loader.num_workers, rank=get_rank(), seed=seed)


def _warn_of_ended_schedule(runner):
    """Warn of epochs after the end of the schedule, which ``--resume`` takes from the checkpoint."""
    schedulers = runner.param_schedulers or []
    if isinstance(schedulers, dict):
        schedulers = [scheduler for several in schedulers.values() for scheduler in several]
    per_epoch = len(runner.train_dataloader)
    ends = [scheduler.end if scheduler.by_epoch else scheduler.end / per_epoch for scheduler in schedulers]
    last = runner.train_loop.max_epochs
    if ends and max(ends) < last:
        runner.logger.warning(
            f'The schedule of the learning rate ends with epoch {max(ends):g}, and the run goes on to epoch {last}: '
            f'from there, the learning rate stays as it is. --resume keeps the schedule of the checkpoint, whatever '
            'param_scheduler says. For another schedule, start a run from the weights: --cfg-options '
            'load_from=CHECKPOINT, without --resume and with another --work-dir.'
        )
