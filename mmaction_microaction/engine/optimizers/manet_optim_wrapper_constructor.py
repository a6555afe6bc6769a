import torch
from mmaction.engine.optimizers import TSMOptimWrapperConstructor
from mmaction.registry import OPTIM_WRAPPER_CONSTRUCTORS


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class MANetOptimWrapperConstructor(TSMOptimWrapperConstructor):
    """TSM's optimizer constructor, with the five-fold learning rate (``fc_lr5``) applied to MANet's projection only.

    MMAction2 multiplies the learning rate of the last linear layer of a network by five. In the released MANet, this is
    the last layer of the projection. A :class:`MANetHead` without projection has no layer with this learning rate.
    Other heads are treated as by TSM's constructor.

    Use it in a config::

        optim_wrapper=dict(constructor='MANetOptimWrapperConstructor', paramwise_cfg=dict(fc_lr5=True))
    """

    def add_params(self, params: list[dict], model: torch.nn.Module, **kwargs) -> None:
        """Add the groups of parameters of a network to a list.

        Args:
            params (list[dict]): List that the groups are added to.
            model (torch.nn.Module): The recognizer.
        """
        if getattr(getattr(model, 'cls_head', None), 'loss_emb', True) is None:
            self.paramwise_cfg = {**self.paramwise_cfg, 'fc_lr5': False}
        super().add_params(params, model, **kwargs)
