"""Shift of groups of channels along time, each clip by its own number of frames."""

import torch


def tin_shift(frames, shift):
    """Move every group of channels of every clip along time, and fill up with zeros.

    ``out[n, t + shift[n, g], c] = frames[n, t, c]`` for the channels ``c`` of group ``g``: the operator of the same
    name in compiled ``mmcv.ops``, which is for CUDA only, in plain PyTorch for every device.

    Args:
        frames (torch.Tensor): Shape (N, T, C, HW).
        shift (torch.Tensor): Integers of shape (N, G), in frames; C is a multiple of G.

    Returns:
        torch.Tensor: Shape (N, T, C, HW), differentiable with respect to ``frames``.

    Raises:
        ValueError: If the shapes do not fit.
    """
    num_clips, num_frames, channels, _ = frames.shape
    if shift.dim() != 2 or shift.size(0) != num_clips or channels % shift.size(1):
        raise ValueError(
            f'expected one shift for each of {num_clips} clips and of the groups of {channels} channels, got shape '
            f'{tuple(shift.shape)}'
        )
    groups = frames.unflatten(2, (shift.size(1), -1))
    source = torch.arange(num_frames, device=frames.device)[:, None] - shift.long()[:, None, :]
    inside = (source >= 0) & (source < num_frames)
    index = source.clamp(0, num_frames - 1)[..., None, None].expand_as(groups)
    return torch.where(inside[..., None, None], groups.gather(1, index), 0).flatten(2, 3)


def sample_frames_at(frames, offset):
    """Move every group of channels of every clip by a fraction of frames, by linear interpolation.

    The temporal interlacing of TIN (Shao et al., AAAI 2020): what ``linear_sampler`` of MMAction2's ``ResNetTIN``
    computes. Its gradient reaches the offsets too.

    Args:
        frames (torch.Tensor): Shape (N, T, C, H, W).
        offset (torch.Tensor): Shape (N, G), in frames; C is a multiple of G.

    Returns:
        torch.Tensor: Shape (N, T, C, H, W).
    """
    whole = offset.floor()
    part = (offset - whole).repeat_interleave(frames.size(2) // offset.size(1), dim=1)[:, None, :, None]
    pixels = frames.flatten(3)
    moved = (1 - part) * tin_shift(pixels, whole.int()) + part * tin_shift(pixels, whole.int() + 1)
    return moved.view(frames.shape)
