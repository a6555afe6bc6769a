"""Computes a sequence of features from the frames of a video, with any backbone of MMAction2."""

import torch
import torch.nn.functional as F
from mmaction.models.backbones import ResNetTIN


def free_num_segments(backbone: torch.nn.Module, num_frames: int) -> None:
    """Make a backbone of single frames with a temporal shift treat all frames as one clip.

    The weights of ``ResNetSETSM`` and ``ResNetTSM`` do not depend on the number of frames per clip.

    Args:
        backbone (torch.nn.Module): The backbone. Without a temporal shift, it is not changed.
        num_frames (int): Number of frames of the video.

    Raises:
        ValueError: If the backbone is a TIN, whose weights depend on the number of frames.
    """
    if isinstance(backbone, ResNetTIN):
        raise ValueError(
            'the weights of ResNetTIN depend on its number of frames, so it cannot read whole videos: use ResNetTSM or '
            'ResNetSETSM as the backbone'
        )
    for module in backbone.modules():
        if isinstance(getattr(module, 'num_segments', None), int):
            module.num_segments = num_frames


def extract_features(
    backbone: torch.nn.Module, frames: torch.Tensor, clip_len: int | None = None, feature_stride: int = 1
) -> torch.Tensor:
    """Compute the features of a whole video; a 2D backbone keeps its number of frames as ``num_segments``.

    A 2D backbone (``clip_len=None``) sees all frames as one clip. Its ``num_segments`` is not restored, since the
    backward pass reads it again if activations are checkpointed. A 3D backbone sees the video as consecutive clips of
    ``clip_len`` frames, which are the batch of one call. The last frame is repeated until the clips are full. Feature
    maps are averaged over space, joined in time, and resized in time: averaged where there are more than needed,
    interpolated linearly where there are fewer. The feature maps of several pathways, as of SlowFast, are concatenated.

    Args:
        backbone (torch.nn.Module): The backbone.
        frames (torch.Tensor): Normalised frames, shape (T, 3, H, W).
        clip_len (int, optional): Number of frames of a clip of a 3D backbone. Defaults to None: a 2D backbone.
        feature_stride (int): Frames per step of the features. It divides ``clip_len``. Defaults to 1.

    Returns:
        torch.Tensor: Features, shape (C, T / feature_stride), where the number of steps is rounded up.
    """
    num_frames = frames.size(0)
    num_steps = -(-num_frames // feature_stride)
    multiple = feature_stride if clip_len is None else clip_len
    padding = -num_frames % multiple
    if padding:
        frames = torch.cat([frames, frames[-1:].expand(padding, -1, -1, -1)])
    if clip_len is None:
        free_num_segments(backbone, frames.size(0))
        maps = backbone(frames)
    else:
        maps = backbone(frames.unflatten(0, (-1, clip_len)).transpose(1, 2))
    maps = maps if isinstance(maps, (tuple, list)) else [maps]
    sequences = [_resize(_join(part, clip_len is None), frames.size(0) // feature_stride) for part in maps]
    return torch.cat(sequences)[:, :num_steps]


def _join(maps: torch.Tensor, is_2d: bool) -> torch.Tensor:
    """Average feature maps of frames or clips over space, and join them to a sequence of shape (C, T')."""
    if maps.dim() == 2:  # (clips, C), from a backbone that averages over its clip
        return maps.T
    if is_2d:  # (frames, C, H, W)
        return maps.mean(dim=(2, 3)).T
    return maps.mean(dim=(3, 4)).transpose(0, 1).flatten(1)  # (clips, C, T', H, W)


def _resize(sequence: torch.Tensor, num_steps: int) -> torch.Tensor:
    """Resize a sequence of shape (C, T') to a number of steps."""
    length = sequence.size(1)
    if length % num_steps == 0:
        return sequence if length == num_steps else F.avg_pool1d(sequence, length // num_steps)
    return F.interpolate(sequence[None], num_steps, mode='linear', align_corners=False)[0]


def check_clip_len(clip_len: int | None, feature_stride: int) -> None:
    """Check that clips are a whole number of steps.

    Args:
        clip_len (int, optional): Number of frames of a clip of a 3D backbone. None for a 2D backbone.
        feature_stride (int): Frames per step of the features.

    Raises:
        ValueError: If a number is not positive, or ``feature_stride`` does not divide ``clip_len``.
    """
    if feature_stride < 1 or (clip_len is not None and (clip_len < 1 or clip_len % feature_stride)):
        raise ValueError(
            f'feature_stride={feature_stride} must be at least 1 and divide clip_len={clip_len}, so that a clip is a '
            'whole number of steps'
        )
