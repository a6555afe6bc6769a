from collections.abc import Sequence

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmaction.registry import MODELS

from mmaction_microaction.utils.precision import at_least_float32


@MODELS.register_module()
class SigmoidFocalLoss(nn.Module):
    r"""Focal loss of independent classes (Lin et al., ICCV 2017, Eq. 5), summed.

    .. math:: L = -\sum w_c \, \alpha_t (1 - p_t)^\gamma \log p_t

    :math:`p_t` is the predicted probability of the target, and :math:`\alpha_t` is :math:`\alpha` where the target is 1
    and :math:`1 - \alpha` where it is 0. With a soft target y (``label_smoothing``), the two terms are weighted by y
    and 1 - y. The weight :math:`w_c` of a class applies to its positive term only, so that a rare class is not pushed
    down by the same factor. It is 1 without ``class_weight``.

    The loss is computed in float32 or higher, also under automatic mixed precision.

    Args:
        alpha (float): Weight of positive targets, between 0 and 1. Defaults to 0.25.
        gamma (float): Exponent that reduces the loss of well-classified targets. Defaults to 2.
        class_weight (Sequence[float], optional): Weight of each class's positive targets, C numbers. Defaults to None.
        label_smoothing (float): Amount e that replaces the targets 0 and 1 by e / 2 and 1 - e / 2. Defaults to 0.
        loss_weight (float): Factor of the loss. Defaults to 1.

    Raises:
        ValueError: If ``alpha`` or ``label_smoothing`` is not between 0 and 1, or a weight is not positive.
    """

    def __init__(
        self,
        alpha: float = 0.25,
        gamma: float = 2.0,
        class_weight: Sequence[float] | None = None,
        label_smoothing: float = 0.0,
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__()
        if not (0 < alpha < 1 and 0 <= label_smoothing < 1):
            raise ValueError(f'alpha={alpha} and label_smoothing={label_smoothing} must be between 0 and 1')
        self.alpha, self.gamma = alpha, gamma
        self.label_smoothing, self.loss_weight = label_smoothing, loss_weight
        weight = None if class_weight is None else torch.tensor(class_weight, dtype=torch.get_default_dtype())
        if weight is not None and not bool((weight > 0).all()):
            raise ValueError(f'class_weight must be positive, got {list(class_weight)}')
        self.register_buffer('class_weight', weight, persistent=False)

    def forward(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Compute the loss.

        Args:
            logits (torch.Tensor): Logits, shape (..., C).
            targets (torch.Tensor): 1 for the classes that are present and 0 for the others, shape (..., C).

        Returns:
            torch.Tensor: The sum over all elements, shape ().

        Raises:
            ValueError: If ``class_weight`` has another number of classes than the logits.
        """
        with torch.autocast(logits.device.type, enabled=False):
            logits = at_least_float32(logits)
            targets = targets.to(logits)
            targets = targets * (1 - self.label_smoothing) + self.label_smoothing / 2
            probabilities = logits.sigmoid()
            positive = self.alpha * (1 - probabilities) ** self.gamma * -F.logsigmoid(logits)
            negative = (1 - self.alpha) * probabilities**self.gamma * -F.logsigmoid(-logits)
            if self.class_weight is not None:
                if len(self.class_weight) != logits.size(-1):
                    raise ValueError(
                        f'class_weight has {len(self.class_weight)} numbers, the network has {logits.size(-1)} classes'
                    )
                positive = positive * self.class_weight.to(logits)
            return self.loss_weight * (targets * positive + (1 - targets) * negative).sum()
