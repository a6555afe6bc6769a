"""Channel excitation and temporal shift, fused into one operator."""

from typing import Any

import torch


def excite_and_shift(x: torch.Tensor, excite: torch.nn.Module, num_segments: int, shift_div: int = 8) -> torch.Tensor:
    """Scale the channels of every frame by a function of their spatial means, then shift some of them along time.

    Of the C scaled channels of a frame, the first ``C // shift_div`` are taken from the next frame, the following
    ``C // shift_div`` from the previous frame, and the others from the frame itself. Values from beyond the ends of the
    clip are zero. This is squeeze-and-excitation (Hu et al., CVPR 2018) followed by the shift of TSM (Lin et al., ICCV
    2019), as in Eq. 1 of MANet (Guo et al., section IV-C).

    :func:`plain_excite_and_shift` computes the same with stock operators. In a training step, it makes about ten copies
    of ``x``. This function makes three (one forward, two backward), and saves no other tensor of this size than ``x``
    for the backward pass. The plain version is used automatically while a graph is captured (``torch.compile``,
    ``torch.export``, ONNX) and under the transforms of ``torch.func``, such as ``vmap``.

    Args:
        x (torch.Tensor): Features, shape (N * T, C, H, W).
        excite (torch.nn.Module): Module that maps the spatial means, shape (N * T, C), to factors of the same shape.
        num_segments (int): Number of frames T per clip.
        shift_div (int): Inverse of the fraction of channels that is shifted in each direction. Defaults to 8.

    Returns:
        torch.Tensor: Features, shape (N * T, C, H, W), in the memory format of ``x``. They can be differentiated once.

    Raises:
        ValueError: If the number of frames is not a multiple of ``num_segments``.
    """
    if torch.compiler.is_compiling() or torch.jit.is_tracing() or torch._C._are_functorch_transforms_active():
        return plain_excite_and_shift(x, excite, num_segments, shift_div)
    if x.size(0) % num_segments:
        raise ValueError(
            f'{x.size(0)} frames are not a whole number of clips of {num_segments}: num_clips of SampleFrames must be '
            'equal to num_segments of backbone and head.'
        )
    return _ExciteAndShift.apply(x, excite, num_segments, x.size(1) // shift_div, *excite.parameters())


def plain_excite_and_shift(
    x: torch.Tensor, excite: torch.nn.Module, num_segments: int, shift_div: int = 8
) -> torch.Tensor:
    """Compute :func:`excite_and_shift` with stock operators: same arguments, same result, more memory traffic.

    No tensor of features has an axis of its own for the clips. Runtimes such as OpenVINO would change the layout of the
    features in each block for an operator on five axes. Whole frames are rolled instead, and what rolls across the end
    of a clip is set to zero, not multiplied by it: a clip with infinite features does not change its neighbours.
    """
    fold = x.size(1) // shift_div
    from_next, from_previous, unmoved = (x * excite(x.mean(dim=(2, 3)))[:, :, None, None]).split(
        [fold, fold, x.size(1) - 2 * fold], dim=1
    )
    is_first, is_last = (_is_frame(index, x, num_segments) for index in (0, num_segments - 1))
    # Tensor.roll would be exported as an index modulo the number of frames, which no runtime simplifies.
    from_next = torch.cat([from_next[1:], from_next[:1]]).masked_fill(is_last, 0)
    from_previous = torch.cat([from_previous[-1:], from_previous[:-1]]).masked_fill(is_first, 0)
    return torch.cat([from_next, from_previous, unmoved], dim=1)


def _is_frame(index: int, x: torch.Tensor, num_segments: int) -> torch.Tensor:
    """Return whether each frame has an index in its clip, shape (N * T, 1, 1, 1)."""
    frames = torch.arange(num_segments, device=x.device) == index
    return frames.repeat(x.size(0) // num_segments)[:, None, None, None]


def _moves(fold: int) -> tuple[tuple[tuple, tuple], ...]:
    """Return an index to read from and an index to write to, on (N, T, C, …), for each of the three channel groups."""
    clips, all_frames, first, last = slice(None), slice(None), slice(None, -1), slice(1, None)
    from_next, from_previous, unmoved = slice(0, fold), slice(fold, 2 * fold), slice(2 * fold, None)
    return (
        ((clips, last, from_next), (clips, first, from_next)),
        ((clips, first, from_previous), (clips, last, from_previous)),
        ((clips, all_frames, unmoved), (clips, all_frames, unmoved)),
    )


class _ExciteAndShift(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: torch.Tensor,
        excite: torch.nn.Module,
        num_segments: int,
        fold: int,
        *parameters: torch.nn.Parameter,
    ) -> torch.Tensor:
        # The excitation is small: autograd records its graph, which the backward pass differentiates.
        with torch.set_grad_enabled(any(ctx.needs_input_grad)):
            means = x.detach().mean(dim=(2, 3)).requires_grad_(ctx.needs_input_grad[0])
            scale = excite(means)
        ctx.save_for_backward(x)
        ctx.means, ctx.scale, ctx.parameters = means, scale, parameters
        ctx.num_segments, ctx.fold = num_segments, fold

        out = torch.empty_like(x)
        source, target = x.unflatten(0, (-1, num_segments)), out.unflatten(0, (-1, num_segments))
        factor = _like_frames(scale, source)
        for read, write in _moves(fold):
            torch.mul(source[read], factor[read], out=target[write])
        target[:, -1, :fold].zero_()
        target[:, 0, fold : 2 * fold].zero_()
        return out

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad_out: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        (x,) = ctx.saved_tensors
        buffer = torch.empty_like(x)
        source, grad, target = (tensor.unflatten(0, (-1, ctx.num_segments)) for tensor in (x, grad_out, buffer))

        # First, the gradient of the scaled features times x. Its sum over the pixels is the gradient of the factors.
        # Features that were shifted out of the clip have a gradient of zero.
        target[:, 0, : ctx.fold].zero_()
        target[:, -1, ctx.fold : 2 * ctx.fold].zero_()
        for read, write in _moves(ctx.fold):
            torch.mul(grad[write], source[read], out=target[read])
        grad_scale = buffer.sum(dim=(2, 3)).to(ctx.scale.dtype)
        inputs = [ctx.means, *ctx.parameters]
        wanted = [tensor for tensor in inputs if tensor.requires_grad]
        grads = dict(zip(map(id, wanted), torch.autograd.grad(ctx.scale, wanted, grad_scale, retain_graph=True)))
        grad_x = None
        if ctx.needs_input_grad[0]:
            # Then the gradient of x, through the product and through the spatial mean, into the same memory.
            grad_x = buffer
            through_means = _like_frames(grads[id(ctx.means)] / (x.size(2) * x.size(3)), source)
            factor = _like_frames(ctx.scale.detach(), source)
            target[:, 0, : ctx.fold] = through_means[:, 0, : ctx.fold]
            target[:, -1, ctx.fold : 2 * ctx.fold] = through_means[:, -1, ctx.fold : 2 * ctx.fold]
            for read, write in _moves(ctx.fold):
                torch.addcmul(through_means[read], grad[write], factor[read], out=target[read])
        return grad_x, None, None, None, *(grads.get(id(parameter)) for parameter in ctx.parameters)


def _like_frames(values: torch.Tensor, frames: torch.Tensor) -> torch.Tensor:
    """View values of shape (N * T, C) as (N, T, C, 1, 1), with the dtype of the frames."""
    return values.to(frames.dtype).view(*frames.shape[:3], 1, 1)
