"""Precision in which losses and accuracies are computed."""

import torch


def at_least_float32(tensor: torch.Tensor) -> torch.Tensor:
    """Convert a tensor to float32 unless it has a higher precision.

    Args:
        tensor (torch.Tensor): Tensor of floating-point numbers.

    Returns:
        torch.Tensor: Tensor in float32 or float64.
    """
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))
