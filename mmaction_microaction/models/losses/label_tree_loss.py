import torch
import torch.nn as nn
from mmaction.registry import MODELS


@MODELS.register_module()
class LabelTreeLoss(nn.Module):
    r"""Negative log-likelihood of the true path in the tree of groups and classes (HRN, CVPR 2022).

    A state of the tree is a group alone, or a class together with its group. With the logits g of the groups and f of
    the classes, :math:`a = \sigma(g)`, :math:`b = \sigma(f)` and :math:`u_k = a_{group(k)} + b_k`:

    .. math:: L = \log \Big( \sum_j e^{a_j} + \sum_k e^{u_k} \Big) - u_y

    averaged over the samples. Chen et al., "Label Relation Graphs Enhanced Hierarchical Residual Network for
    Hierarchical Multi-Granularity Classification"; PCAN uses it as its hierarchy loss. Since the logits pass through a
    sigmoid, the loss cannot fall to 0: for MA-52 it lies above 2.28.

    Args:
        loss_weight (float): Factor of the loss. Defaults to 1.

    Examples:
        >>> fine_to_coarse = torch.tensor([0, 0, 1])  # three classes in two groups
        >>> loss = LabelTreeLoss()(torch.zeros(1, 3), torch.zeros(1, 2), torch.tensor([2]), fine_to_coarse)
        >>> # All five states have a value of 0.5 per level.
        >>> expected = torch.tensor([0.5, 0.5, 1.0, 1.0, 1.0]).logsumexp(dim=0) - 1.0
        >>> torch.testing.assert_close(loss, expected)
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(
        self, scores: torch.Tensor, coarse_scores: torch.Tensor, labels: torch.Tensor, fine_to_coarse: torch.Tensor
    ) -> torch.Tensor:
        """Compute the loss.

        Args:
            scores (torch.Tensor): Logits of the classes, shape (N, C).
            coarse_scores (torch.Tensor): Logits of the groups, shape (N, G).
            labels (torch.Tensor): True classes, shape (N,).
            fine_to_coarse (torch.Tensor): Group of each class, shape (C,).

        Returns:
            torch.Tensor: Mean over the samples, shape ().
        """
        groups = coarse_scores.sigmoid()
        classes = groups[:, fine_to_coarse] + scores.sigmoid()
        likelihood = classes.gather(1, labels[:, None]).squeeze(1)
        return self.loss_weight * (torch.cat([groups, classes], dim=1).logsumexp(dim=1) - likelihood).mean()
