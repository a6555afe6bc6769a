import torch
import torch.nn as nn
import torch.nn.functional as F
from mmaction.registry import MODELS


@MODELS.register_module()
class PrototypeDiversityLoss(nn.Module):
    r"""Frobenius norm of the matrix of cosines between class prototypes (PCAN, AAAI 2025).

    .. math:: D = \lVert [\cos(P_j, P_k)]_{jk} \rVert_F

    It is :math:`\sqrt C` for C orthogonal prototypes, and C for equal ones. In the released code it is computed from
    prototypes that are cut off from the features, so that it is logged but has no effect on training. Here it is
    computed from the updated prototypes, so that it reaches the samples that updated them.

    Args:
        loss_weight (float): Factor of the loss. Defaults to 0.2.
        has_gradient (bool): Whether the loss trains the network. False is the behaviour of the released code. Defaults
            to True.

    Examples:
        >>> PrototypeDiversityLoss(loss_weight=1)(torch.eye(4)).item()
        2.0
    """

    def __init__(self, loss_weight: float = 0.2, has_gradient: bool = True) -> None:
        super().__init__()
        self.loss_weight = loss_weight
        self.has_gradient = has_gradient

    def forward(self, prototypes: torch.Tensor) -> torch.Tensor:
        """Compute the loss.

        Args:
            prototypes (torch.Tensor): Prototypes P, shape (C, D).

        Returns:
            torch.Tensor: The norm, shape ().
        """
        directions = F.normalize(prototypes if self.has_gradient else prototypes.detach(), dim=-1)
        return self.loss_weight * torch.linalg.matrix_norm(directions @ directions.T)
