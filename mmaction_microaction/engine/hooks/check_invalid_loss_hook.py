import math

from mmaction.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.runner import Runner


@HOOKS.register_module()
class CheckInvalidLossHook(Hook):
    """Hook that stops training at the first loss that is not finite and names the clips of the batch.

    The weights are unusable by then, but no checkpoint contains them. Checking every iteration does not cost time,
    since MMEngine copies every loss from the device in each iteration to log it.
    """

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict | None = None, outputs: dict | None = None
    ) -> None:
        """Check the losses of an iteration.

        Raises:
            ValueError: If a loss is NaN or infinite.
        """
        # MMEngine's RuntimeInfoHook, which has a higher priority, has just logged them.
        losses = {name: runner.message_hub.get_scalar(f'train/{name}').current() for name in outputs if 'loss' in name}
        if all(map(math.isfinite, losses.values())):
            return
        names = [sample.metainfo.get('video_id', 'unnamed clip') for sample in data_batch['data_samples']]
        raise ValueError(
            f'The loss is not finite in epoch {runner.epoch + 1}, iteration {batch_idx + 1}: '
            f'{", ".join(f"{name} {value:g}" for name, value in losses.items())}. The batch: {", ".join(names)}. Check '
            'these clips; if they are intact, lower the learning rate (optim_wrapper.optimizer.lr) or train without '
            '--amp. The existing checkpoints are not affected.'
        )
