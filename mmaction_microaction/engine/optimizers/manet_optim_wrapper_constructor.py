from mmaction.engine.optimizers import TSMOptimWrapperConstructor
from mmaction.registry import OPTIM_WRAPPER_CONSTRUCTORS


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class MANetOptimWrapperConstructor(TSMOptimWrapperConstructor):
    """TSM's groups of parameters, whose five-fold learning rate (``fc_lr5``) is MANet's projection's alone.

    MMAction2 gives the five-fold rate to the last linear layer of a network. In the released MANet that is the
    projection to the label words. A :class:`MANetHead` without one gets no five-fold rate; other heads get what TSM's
    gets.
    """

    def add_params(self, params, model, **kwargs):
        """Add the parameters of a network in groups.

        Args:
            params (list[dict]): Where the groups are added.
            model (torch.nn.Module): A recognizer with a :class:`MANetHead`, or another.
        """
        if getattr(getattr(model, 'cls_head', None), 'loss_emb', True) is None:
            self.paramwise_cfg = {**self.paramwise_cfg, 'fc_lr5': False}
        super().add_params(params, model, **kwargs)
