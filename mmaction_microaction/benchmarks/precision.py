"""Rounding errors of MANet's forward and backward pass in several precisions, against float64 on the CPU."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from mmaction.structures import ActionDataSample

LOSS_SCALE = 2.0**10
"""Factor of the loss in the backward pass, so that small gradients do not vanish in float16, as in ``--amp``."""


class Pass(NamedTuple):
    """Results of a forward and backward pass, in float64 on the CPU."""

    scores: torch.Tensor
    """Logits of the clips, shape (N, C)."""
    gradients: dict[str, torch.Tensor]
    """Gradient of each parameter by name."""


class Difference(NamedTuple):
    """Differences of a pass from the reference."""

    scores: float
    """Largest difference of a logit, relative to the largest absolute logit."""
    gradient_norms: float
    """Largest relative difference of the norms of a parameter's gradients."""
    gradients: float
    """Norm of the difference of the gradients of all parameters, relative to the norm of the gradients."""


def make_comparable(model: torch.nn.Module) -> None:
    """Change a network with random weights so that its gradients show rounding errors and nothing else.

    Dropout is disabled, and each residual branch is scaled by a tenth. Without this scale, rounding errors grow from
    block to block: float32 changes the gradients of MANet by 3 %, bfloat16 by 130 %.

    Args:
        model (torch.nn.Module): A ``Recognizer2D`` with a ResNet and a :class:`MANetHead`.
    """
    model.cls_head.dropout.p = 0.0
    for name in model.backbone.res_layers:
        for block in getattr(model.backbone, name):
            torch.nn.init.constant_(getattr(block, 'conv3', block.conv2).bn.weight, 0.1)


def run_pass(
    model: torch.nn.Module,
    inputs: torch.Tensor,
    data_samples: list[ActionDataSample],
    device: str,
    dtype: torch.dtype,
    tf32: bool = False,
) -> Pass:
    """Run a forward pass and a backward pass of the training loss.

    Args:
        model (torch.nn.Module): A ``Recognizer2D`` without dropout, see :func:`make_comparable`. It is moved to the
            device, and uses the statistics of the batch.
        inputs (torch.Tensor): Normalised clips, shape (N, T, 3, H, W).
        data_samples (list[ActionDataSample]): Samples with the labels of the clips.
        device (str): ``'cuda'`` or ``'cpu'``.
        dtype (torch.dtype): Precision: float64, float32, or float16 or bfloat16 with float32 weights, as in ``--amp``.
        tf32 (bool): Whether float32 products may be computed in TensorFloat-32 on GPUs. Defaults to False.

    Returns:
        Pass: Logits and gradients.
    """
    half = dtype in (torch.float16, torch.bfloat16)
    model.train().to(device, torch.float32 if half else dtype)
    model.zero_grad(set_to_none=True)
    inputs = inputs.to(device, next(model.parameters()).dtype)
    data_samples = [sample.to(device) for sample in data_samples]
    with _tf32(tf32):
        with torch.autocast(device, dtype, enabled=half):
            feats, _ = model.extract_feat(inputs)
            scores = model.cls_head(feats)
            losses = model.cls_head.loss(feats, data_samples)
        loss = sum(value for name, value in losses.items() if 'loss' in name)
        (loss * LOSS_SCALE).backward()
    gradients = {name: parameter.grad.to('cpu', torch.float64) for name, parameter in model.named_parameters()}
    return Pass(scores.detach().to('cpu', torch.float64), {name: grad / LOSS_SCALE for name, grad in gradients.items()})


def compare_passes(reference: Pass, other: Pass) -> Difference:
    """Compare two passes of the same network and clips.

    Args:
        reference (Pass): The pass in float64.
        other (Pass): The pass in another precision.

    Returns:
        Difference: Relative differences; NaN or infinite if the other pass has such values.
    """
    norms = {name: gradient.norm() for name, gradient in reference.gradients.items()}
    changes = [(other.gradients[name].norm() - norm).abs() / norm for name, norm in norms.items()]
    squares = [(other.gradients[name] - gradient).square().sum() for name, gradient in reference.gradients.items()]
    total = torch.stack([*norms.values()]).square().sum()
    return Difference(
        float((other.scores - reference.scores).abs().max() / reference.scores.abs().max()),
        float(torch.stack(changes).max()),
        float((torch.stack(squares).sum() / total).sqrt()),
    )


@contextmanager
def _tf32(allowed: bool) -> Iterator[None]:
    """Allow or forbid TensorFloat-32 in matrix products and convolutions."""
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = allowed
    try:
        yield
    finally:
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before
