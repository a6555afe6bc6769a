"""Temporal shift of TIN in plain PyTorch: every group of channels of every clip has its own offset."""

import torch


def shift_groups(frames: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
    """Shift groups of channels along time by whole frames, and fill with zeros.

    ``out[n, t + shift[n, g], c] = frames[n, t, c]`` for the channels ``c`` of group ``g``. This is the operator
    ``tin_shift`` of compiled ``mmcv.ops``, which supports CUDA only.

    Args:
        frames (torch.Tensor): Features, shape (N, T, C, HW).
        shift (torch.Tensor): Integer offsets in frames, shape (N, G), where G divides C.

    Returns:
        torch.Tensor: Shifted features, shape (N, T, C, HW), differentiable with respect to ``frames``.

    Raises:
        ValueError: If the shapes do not match.
    """
    num_clips, num_frames, channels, _ = frames.shape
    if shift.dim() != 2 or shift.size(0) != num_clips or channels % shift.size(1):
        raise ValueError(
            f'expected shifts of shape ({num_clips}, G), where G divides {channels} channels, got shape '
            f'{tuple(shift.shape)}'
        )
    groups = frames.unflatten(2, (shift.size(1), -1))
    source = torch.arange(num_frames, device=frames.device)[:, None] - shift.long()[:, None, :]
    inside = (source >= 0) & (source < num_frames)
    index = source.clamp(0, num_frames - 1)[..., None, None].expand_as(groups)
    return torch.where(inside[..., None, None], groups.gather(1, index), 0).flatten(2, 3)


def shift_groups_by_fractions(frames: torch.Tensor, offset: torch.Tensor) -> torch.Tensor:
    """Shift groups of channels along time by fractions of frames, with linear interpolation.

    This is the temporal interlacing of TIN (Shao et al., AAAI 2020), which ``linear_sampler`` of MMAction2's
    ``ResNetTIN`` computes. It is differentiable with respect to both arguments.

    Args:
        frames (torch.Tensor): Features, shape (N, T, C, H, W).
        offset (torch.Tensor): Offsets in frames, shape (N, G), where G divides C.

    Returns:
        torch.Tensor: Shifted features, shape (N, T, C, H, W).
    """
    whole = offset.floor()
    fraction = (offset - whole).repeat_interleave(frames.size(2) // offset.size(1), dim=1)[:, None, :, None]
    pixels = frames.flatten(3)
    earlier, later = shift_groups(pixels, whole.int()), shift_groups(pixels, whole.int() + 1)
    return ((1 - fraction) * earlier + fraction * later).view(frames.shape)
