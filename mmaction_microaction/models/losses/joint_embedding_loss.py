from typing import Literal

import torch
from mmaction.models.losses.base import BaseWeightedLoss
from mmaction.registry import MODELS


@MODELS.register_module()
class JointEmbeddingLoss(BaseWeightedLoss):
    r"""Squared distance between a video's projection and the word vector of its label.

    .. math:: L_{emb} = \alpha \, \lVert X_q - X_z \rVert^2

    as in Eq. 2 and 3 of MANet (Guo et al., section IV-C). The paper sums over the D dimensions, with
    :math:`\alpha = 5`. The released code, which produced the published numbers, averages over them, with
    :math:`\alpha = 50`. Both average over the batch.

    Use it in the head of a config, here with the settings of the paper::

        cls_head=dict(type='MANetHead', loss_emb=dict(type='JointEmbeddingLoss', loss_weight=5, over_dims='sum'))

    Shapes of the arguments of ``forward``:

    - ``projections``: :math:`X_z`, (N, D), output of ``MANetHead.project``.
    - ``targets``: :math:`X_q`, (N, D), word vectors of the labels.

    The loss has shape ().

    Args:
        loss_weight (float): :math:`\alpha`. Defaults to 50, as in the released code.
        over_dims (Literal['mean', 'sum']): Reduction of the squared differences over the D dimensions, ``'mean'`` or
            ``'sum'``. Defaults to ``'mean'``, as in the released code.

    Raises:
        ValueError: If ``over_dims`` is neither ``'mean'`` nor ``'sum'``.
    """

    def __init__(self, loss_weight: float = 50.0, over_dims: Literal['mean', 'sum'] = 'mean') -> None:
        super().__init__(loss_weight=loss_weight)
        if over_dims not in ('mean', 'sum'):
            raise ValueError(f"over_dims must be 'mean' or 'sum', got {over_dims!r}")
        self.over_dims = over_dims

    def _forward(self, projections: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Compute the unweighted loss, shape (), from two tensors of shape (N, D)."""
        squares = (projections - targets).square()
        return squares.mean() if self.over_dims == 'mean' else squares.sum(dim=1).mean()
