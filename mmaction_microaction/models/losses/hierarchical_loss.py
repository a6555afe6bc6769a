import torch
import torch.nn as nn
from mmaction.registry import MODELS

from .groups import check_num_classes, compute_base, get_fine_to_coarse, prepare


def hierarchical_loss(
    logits: torch.Tensor, targets: torch.Tensor, fine_to_coarse: torch.Tensor, gamma: float = 0.0
) -> torch.Tensor:
    """Compute the cross-entropy or the focal loss of groups, from the logits of their actions.

    Args:
        logits (torch.Tensor): Logits of C actions, shape (N, C).
        targets (torch.Tensor): Weights of the actions, with the sum 1 for each clip, shape (N, C).
        fine_to_coarse (torch.Tensor): Group of each action, from 0 to G - 1, shape (C,).
        gamma (float): Exponent of the focal loss. Defaults to 0, the cross-entropy.

    Returns:
        torch.Tensor: Mean over the N clips, shape ().

    Examples:
        >>> import torch
        >>> probabilities = torch.tensor([[0.5, 0.25, 0.25]])  # the first two actions are one group
        >>> loss = hierarchical_loss(probabilities.log(), torch.tensor([[1.0, 0.0, 0.0]]), torch.tensor([0, 0, 1]))
        >>> round(loss.item(), 4)  # -ln(0.5 + 0.25)
        0.2877
    """
    members = torch.arange(int(fine_to_coarse.max()) + 1, device=logits.device)[:, None] == fine_to_coarse
    log_actions = logits.log_softmax(dim=1).unsqueeze(1)
    # The sum of probabilities is computed in logarithms, so that a small one has an exact gradient.
    log_groups = log_actions.masked_fill(~members, -torch.inf).logsumexp(dim=2).clamp(max=0)
    factor = 1 if gamma == 0 else (-torch.expm1(log_groups)) ** gamma
    return -(targets @ members.to(targets).T * factor * log_groups).sum(dim=1).mean()


@MODELS.register_module()
class HierarchicalLoss(nn.Module):
    r"""Loss of the actions, plus a loss of their groups, whose probabilities are sums over their actions.

    .. math:: L = L_{base} + w \cdot \frac{1}{N} \sum_n (1 - P_n)^\gamma \, (-\log P_n), \quad
        P_n = \sum_{c \in g(y_n)} p_{nc}

    :math:`p_{nc}` is the softmax probability of action c, and :math:`g(y_n)` is the set of the actions of the true
    group, such as the body part. With :math:`\gamma = 0`, the second term is the cross-entropy of the groups. With a
    larger :math:`\gamma`, it is their focal loss (Lin et al., ICCV 2017, Eq. 4). The loss has no parameters of its own.
    A confusion within a group costs less than one between groups. An entry of the challenge of 2025
    (ruoyxue/MAC2025-MAR) uses the focal loss with :math:`\gamma = 2` and :math:`\alpha = 0.25`; :math:`\alpha` is
    ``group_weight`` here.

    One option in any config adds it to the cross-entropy::

        --cfg-options model.cls_head.loss_cls.type=HierarchicalLoss

    Clips with blended or smoothed labels count for each group by the weights of its actions. The losses are computed in
    float32 or higher, also under automatic mixed precision.

    Args:
        base (dict): Config of the loss of the actions. Defaults to ``dict(type='CrossEntropyLoss')``.
        group_weight (float): Weight w of the loss of the groups. Defaults to 1.
        gamma (float): Exponent of the focal loss, at least 1. Defaults to 0, the cross-entropy.
        label_set (str | dict, optional): Label set with groups: its name, file or content. Defaults to None: that of
            MA-52.

    Raises:
        ValueError: If the label set has no groups, or ``gamma`` is neither 0 nor at least 1.

    See Also:
        :func:`.hierarchical_loss`, the loss of the groups.
    """

    def __init__(
        self,
        base: dict = dict(type='CrossEntropyLoss'),
        group_weight: float = 1.0,
        gamma: float = 0.0,
        label_set: str | dict | None = None,
    ) -> None:
        super().__init__()
        if gamma != 0 and gamma < 1:  # Between them, the gradient of a certain prediction is infinite.
            raise ValueError(f'gamma must be 0 or at least 1, got {gamma}')
        self.base = MODELS.build(base)
        self.group_weight, self.gamma = group_weight, gamma
        self.register_buffer('fine_to_coarse', get_fine_to_coarse(label_set, type(self).__name__), persistent=False)

    def forward(self, logits: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
        """Compute the losses.

        Args:
            logits (torch.Tensor): Logits of the actions, shape (N, C).
            labels (torch.Tensor): Fine labels, shape (N,), or a weight for each action, shape (N, C).

        Returns:
            dict[str, torch.Tensor]: Losses of ``base``, such as ``loss_cls``, and ``loss_group``, each of shape ().

        Raises:
            ValueError: If the number of logits is not the number of actions of the label set.
        """
        losses = compute_base(self.base, logits, labels)
        check_num_classes(logits.size(1), self.fine_to_coarse)
        with torch.autocast(logits.device.type, enabled=False):
            logits, targets = prepare(logits, labels)
            groups = hierarchical_loss(logits, targets, self.fine_to_coarse, self.gamma)
        return {**losses, 'loss_group': self.group_weight * groups}
