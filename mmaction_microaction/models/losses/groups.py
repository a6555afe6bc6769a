"""Labels, groups and losses of the actions, as the losses with groups need them."""

import torch
import torch.nn as nn
import torch.nn.functional as F

from mmaction_microaction.label_sets import get_label_set
from mmaction_microaction.utils.precision import at_least_float32


def get_fine_to_coarse(label_set: str | dict | None, name: str) -> torch.Tensor:
    """Return the group of each action of a label set.

    Args:
        label_set (str | dict | None): Label set, see :class:`.HierarchicalLoss`.
        name (str): Class that needs the groups, for the error message.

    Returns:
        torch.Tensor: Coarse labels, shape (C,), int64.

    Raises:
        ValueError: If the label set has no groups.
    """
    label_set = get_label_set(label_set)
    if not label_set.has_groups:
        raise ValueError(
            f'{name} needs groups, which the label set {label_set.name} does not have; set label_set to one with groups'
        )
    return torch.from_numpy(label_set.fine_to_coarse.copy()).long()


def compute_base(base: nn.Module, logits: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
    """Compute the loss of the actions, and name it ``loss_cls`` if it is a single tensor."""
    losses = base(logits, labels)
    return losses if isinstance(losses, dict) else {'loss_cls': losses}


def check_num_classes(num_classes: int, fine_to_coarse: torch.Tensor) -> None:
    """Raise a ValueError if a network does not have one class for each action whose group is known."""
    if num_classes != len(fine_to_coarse):
        raise ValueError(
            f'the label set of the loss has {len(fine_to_coarse)} actions, but the network has {num_classes} '
            'classes; set label_set of the loss to that of the dataset'
        )


def prepare(logits: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return logits in float32 or higher, and labels as weights of the actions, both of shape (N, C)."""
    logits = at_least_float32(logits)
    if labels.dim() == 1:
        labels = F.one_hot(labels, logits.size(1))
    return logits, labels.to(logits)
