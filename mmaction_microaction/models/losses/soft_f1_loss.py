import torch
import torch.nn as nn
import torch.nn.functional as F
from mmaction.registry import MODELS

from .groups import check_num_classes, compute_base, get_fine_to_coarse, prepare


def soft_f1(probabilities: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    r"""Compute macro and micro F1 of a batch, with probabilities in place of counts.

    .. math:: TP_c = \sum_n p_{nc} y_{nc}, \quad F1_c = \frac{2 \, TP_c}{\sum_n p_{nc} + \sum_n y_{nc}}, \quad
        F1_{macro} = \frac{1}{|B|} \sum_{c \in B} F1_c, \quad
        F1_{micro} = \frac{2 \sum_c TP_c}{\sum_{nc} p_{nc} + \sum_{nc} y_{nc}}

    B contains the classes of the batch. A class without clips in the batch has :math:`F1_c = 0` for all probabilities,
    so it would only scale the gradient. A class is in the batch if one clip gives it a weight of at least 1 / C, which
    label smoothing alone does not.

    Args:
        probabilities (torch.Tensor): Probabilities of C classes, shape (N, C).
        targets (torch.Tensor): Weights y of the classes, with the sum 1 for each clip, shape (N, C).

    Returns:
        tuple[torch.Tensor, torch.Tensor]: Macro F1 and micro F1, 0 to 1, each of shape ().

    Examples:
        >>> import torch
        >>> probabilities = torch.tensor([[0.8, 0.2, 0.0], [0.4, 0.6, 0.0]])
        >>> macro, micro = soft_f1(probabilities, torch.eye(3)[:2])
        >>> round(macro.item(), 4)  # (2 * 0.8 / (1.2 + 1) + 2 * 0.6 / (0.8 + 1)) / 2
        0.697
        >>> round(micro.item(), 4)  # 2 * (0.8 + 0.6) / (2 + 2)
        0.7
    """
    matches, totals = (probabilities * targets).sum(dim=0), (probabilities + targets).sum(dim=0)
    present = (targets >= 1 / targets.size(1)).any(dim=0)
    return (2 * matches[present] / totals[present]).mean(), 2 * matches.sum() / totals.sum()


@MODELS.register_module()
class SoftF1Loss(nn.Module):
    r"""Loss of the actions, plus one minus the soft F1 scores of a batch, for actions and for groups.

    .. math:: L = L_{base} + w_f \, (2 - F1^f_{macro} - F1^f_{micro}) + w_g \, (2 - F1^g_{macro} - F1^g_{micro})

    These are the four scores of F1_mean, the metric of the challenges. :func:`.soft_f1` has their formulas. The
    probability of a group, such as a body part, is the sum of the softmax probabilities of its actions. The winner of
    the challenge of 2024 (qklee-lz/ACMMM2024-MAC) has the terms of the actions with the weight 1, beside heads for the
    groups. Its macro F1 is the mean over all classes, also those that are not in the batch. An entry of 2025
    (ruoyxue/MAC2025-MAR) has :math:`w_f = 0.5` and :math:`w_g = 1.5`.

    One option in any config adds it to the cross-entropy; with ``base``, it is added to another loss::

        --cfg-options model.cls_head.loss_cls.type=SoftF1Loss
        model=dict(cls_head=dict(loss_cls=dict(type='SoftF1Loss', base=dict(type='HierarchicalLoss'))))

    The scores are those of the batch of one process, so small batches make them noisy. The losses are
    computed in float32 or higher, also under automatic mixed precision.

    Args:
        base (dict): Config of the loss of the actions. Defaults to ``dict(type='CrossEntropyLoss')``.
        fine_weight (float): Weight of the terms of the actions. Defaults to 1.
        group_weight (float): Weight of the terms of the groups. With 0, no label set is needed. Defaults to 1.
        label_set (str | dict, optional): Label set with groups: its name, file or content. Defaults to None: that of
            MA-52.

    Raises:
        ValueError: If the label set has no groups, and ``group_weight`` is not 0.

    See Also:
        :func:`.soft_f1`, the scores of a batch.
    """

    def __init__(
        self,
        base: dict = dict(type='CrossEntropyLoss'),
        fine_weight: float = 1.0,
        group_weight: float = 1.0,
        label_set: str | dict | None = None,
    ) -> None:
        super().__init__()
        self.base = MODELS.build(base)
        self.fine_weight, self.group_weight = fine_weight, group_weight
        table = get_fine_to_coarse(label_set, f'{type(self).__name__} with a group_weight') if group_weight else None
        self.register_buffer('fine_to_coarse', table, persistent=False)

    def forward(self, logits: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
        """Compute the losses.

        Args:
            logits (torch.Tensor): Logits of the actions, shape (N, C).
            labels (torch.Tensor): Fine labels, shape (N,), or a weight for each action, shape (N, C).

        Returns:
            dict[str, torch.Tensor]: Losses of ``base``, such as ``loss_cls``, ``loss_f1`` and, unless ``group_weight``
            is 0, ``loss_group_f1``, each of shape ().

        Raises:
            ValueError: If the number of logits is not the number of actions of the label set.
        """
        losses = dict(compute_base(self.base, logits, labels))
        with torch.autocast(logits.device.type, enabled=False):
            logits, targets = prepare(logits, labels)
            probabilities = logits.softmax(dim=1)
            losses['loss_f1'] = self.fine_weight * (2 - sum(soft_f1(probabilities, targets)))
            if self.fine_to_coarse is not None:
                check_num_classes(logits.size(1), self.fine_to_coarse)
                members = F.one_hot(self.fine_to_coarse).to(logits)
                groups = soft_f1(probabilities @ members, targets @ members)
                losses['loss_group_f1'] = self.group_weight * (2 - sum(groups))
        return losses
