import torch
import torch.nn as nn
from mmaction.registry import MODELS

from mmaction_microaction.utils.precision import at_least_float32

# Lengths below it are treated as equal to it, so that the gradient of an interval without length fits float16.
_SHORTEST = 1e-4


@MODELS.register_module()
class SegmentDIoULoss(nn.Module):
    r"""Distance-IoU loss of intervals in time (Zheng et al., AAAI 2020, Eq. 7, in one dimension), summed.

    .. math:: L = \sum 1 - IoU + \frac{\rho^2}{c^2}

    :math:`\rho` is the distance of the centres, and c is the length of the shortest interval that encloses both.
    Unlike 1 - IoU, the loss has a gradient for intervals that do not overlap. Both intervals contain the point that
    they are measured from, so that each is given by its distances to the left and to the right.

    The loss is computed in float32 or higher, also under automatic mixed precision.

    Args:
        loss_weight (float): Factor of the loss. Defaults to 1.

    Examples:
        >>> import torch
        >>> # [0, 4] and [1, 7], measured from 2: the IoU is 3 / 7, the centres are 2 and 4, both lie in [0, 7].
        >>> loss = SegmentDIoULoss()(torch.tensor([[2.0, 2.0]]), torch.tensor([[1.0, 5.0]]))
        >>> round(loss.item(), 4), round(1 - 3 / 7 + (2 / 7) ** 2, 4)
        (0.6531, 0.6531)
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(self, distances: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Compute the loss.

        Args:
            distances (torch.Tensor): Predicted distances to start and end, at least 0, shape (N, 2).
            targets (torch.Tensor): True distances, shape (N, 2).

        Returns:
            torch.Tensor: The sum over the N intervals, shape ().
        """
        with torch.autocast(distances.device.type, enabled=False):
            distances = at_least_float32(distances)
            targets = targets.to(distances)
            intersection = torch.minimum(distances, targets).sum(dim=-1)
            union = (distances + targets).sum(dim=-1) - intersection
            enclosing = torch.maximum(distances, targets).sum(dim=-1)
            (left, right), (true_left, true_right) = distances.unbind(dim=-1), targets.unbind(dim=-1)
            between_centers = (right - left - true_right + true_left) / 2
            iou = intersection / union.clamp(min=_SHORTEST)
            penalty = (between_centers / enclosing.clamp(min=_SHORTEST)).square()
            return self.loss_weight * (1 - iou + penalty).sum()
