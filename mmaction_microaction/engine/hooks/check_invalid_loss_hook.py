import math

from mmaction.registry import HOOKS
from mmengine.hooks import Hook


@HOOKS.register_module()
class CheckInvalidLossHook(Hook):
    """Stop at the first loss that is not finite, and name the clips of its batch.

    The weights are lost by then, but no checkpoint holds them yet. Every iteration is checked: MMEngine takes the value
    of each loss from the device in every iteration anyway, to log it, so that there is nothing more to wait for.
    """

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        """Check the losses of an iteration.

        Raises:
            ValueError: If one is NaN or infinite.
        """
        # What MMEngine has just logged, with priority over this hook.
        losses = {name: runner.message_hub.get_scalar(f'train/{name}').current() for name in outputs if 'loss' in name}
        if all(map(math.isfinite, losses.values())):
            return
        names = [sample.metainfo.get('video_id', 'a clip without a name') for sample in data_batch['data_samples']]
        raise ValueError(
            f'The loss is not finite in epoch {runner.epoch + 1}, iteration {batch_idx + 1}: '
            f'{", ".join(f"{name} {value:g}" for name, value in losses.items())}. The batch: {", ".join(names)}. Look '
            'at these clips; if they are sound, lower the learning rate (optim_wrapper.optimizer.lr) or leave out '
            '--amp. The checkpoints are of before.'
        )
