from typing import Literal

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmcv.cnn.bricks import DropPath
from mmengine.model import BaseModule


class ChannelNorm(nn.LayerNorm):
    """Layer norm over the channels of sequences of shape (N, C, T)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalise every step of sequences of shape (N, C, T)."""
        return super().forward(x.transpose(1, 2)).transpose(1, 2)


class MaskedConv(nn.Conv1d):
    """Convolution with zero padding over sequences of shape (N, C, T) whose steps after the end of a video are zero.

    Each step of the output stays centred on step ``stride * t`` of the input, and T becomes T / stride, rounded up.

    Args:
        in_channels (int): Number of channels of the input.
        out_channels (int): Number of channels of the output.
        kernel_size (int): Odd size of the kernel.
        stride (int): Steps of the input per step of the output. Defaults to 1.
        groups (int): Number of groups of channels. Defaults to 1.
        bias (bool): Whether to add a bias. Defaults to True.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        groups: int = 1,
        bias: bool = True,
    ) -> None:
        padding = kernel_size // 2
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, groups=groups, bias=bias)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Convolve sequences of shape (N, C, T) and clear the steps that are false in the mask of the output."""
        return super().forward(x) * mask.to(x.dtype)


def stride_mask(mask: torch.Tensor, stride: int) -> torch.Tensor:
    """Return the mask of every ``stride``-th step, of a mask of shape (N, 1, T)."""
    # mask[..., ::stride] has the same values. Its length is another formula than that of a convolution, though, and
    # torch.export cannot prove that both are equal for any T.
    return F.max_pool2d(mask.float().unsqueeze(2), 1, (1, stride)).squeeze(2) > 0


class LocalAttention(nn.Module):
    """Self-attention within a window around every step, after a depthwise convolution (ActionFormer, section 3.2).

    Args:
        channels (int): Number of channels C.
        num_heads (int): Number of heads.
        window_size (int): Odd number of steps that a step attends to.
        stride (int): Steps of the input per step of the output.
        dropout (float): Dropout probability of the output.
    """

    def __init__(self, channels: int, num_heads: int, window_size: int, stride: int, dropout: float) -> None:
        super().__init__()
        self.num_heads, self.window_size, self.stride = num_heads, window_size, stride
        names = ('query', 'key', 'value')
        self.convs = nn.ModuleDict(
            {name: MaskedConv(channels, channels, 3, stride, groups=channels, bias=False) for name in names}
        )
        self.norms = nn.ModuleDict({name: ChannelNorm(channels) for name in names})
        self.projections = nn.ModuleDict({name: nn.Conv1d(channels, channels, 1) for name in names})
        self.out = nn.Conv1d(channels, channels, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Map sequences of shape (N, C, T) and their mask (N, 1, T) to sequences of T / stride steps."""
        mask = stride_mask(mask, self.stride)
        query, key, value = (
            self.projections[name](self.norms[name](self.convs[name](x, mask)))
            .unflatten(1, (self.num_heads, -1))
            .transpose(2, 3)
            for name in ('query', 'key', 'value')
        )
        steps = torch.arange(query.size(2), device=x.device)
        near = (steps[:, None] - steps).abs() <= self.window_size // 2
        # A step after the end of a video sees itself, since a softmax over nothing would be NaN. Its output is cleared.
        visible = near & (mask.unsqueeze(1) | (steps[:, None] == steps))
        attended = F.scaled_dot_product_attention(query, key, value, attn_mask=visible)
        return self.dropout(self.out(attended.transpose(2, 3).flatten(1, 2))) * mask.to(x.dtype)


class MaxPooling(nn.Module):
    """Maximum over three neighbouring steps, in place of attention (TemporalMaxer, section 3).

    Args:
        stride (int): Steps of the input per step of the output.
    """

    def __init__(self, stride: int) -> None:
        super().__init__()
        self.stride = stride

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Map sequences of shape (N, C, T) and their mask (N, 1, T) to sequences of T / stride steps."""
        lowest = torch.finfo(x.dtype).min
        # max_pool1d would fix the number of steps of an exported graph.
        x = F.max_pool2d(x.masked_fill(~mask, lowest).unsqueeze(2), (1, 3), (1, self.stride), (0, 1)).squeeze(2)
        return x.masked_fill(~stride_mask(mask, self.stride), 0)


class PyramidLayer(nn.Module):
    """A layer of the pyramid: attention or pooling over time, then two layers per step, both with a shortcut.

    Args:
        channels (int): Number of channels C.
        mixer (Literal['attention', 'maxpool']): How steps exchange information.
        num_heads (int): Number of heads of the attention.
        window_size (int): Odd number of steps that a step attends to.
        stride (int): Steps of the input per step of the output, 1 or 2.
        dropout (float): Dropout probability.
        drop_path (float): Probability of leaving out a branch in training.
    """

    def __init__(
        self,
        channels: int,
        mixer: Literal['attention', 'maxpool'],
        num_heads: int,
        window_size: int,
        stride: int,
        dropout: float,
        drop_path: float,
    ) -> None:
        super().__init__()
        self.stride = stride
        self.attention = None
        if mixer == 'attention':
            self.norm1 = ChannelNorm(channels)
            self.attention = LocalAttention(channels, num_heads, window_size, stride, dropout)
        self.pooling = MaxPooling(stride)
        self.norm2 = ChannelNorm(channels)
        self.mlp = nn.Sequential(
            nn.Conv1d(channels, 4 * channels, 1),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Conv1d(4 * channels, channels, 1),
            nn.Dropout(dropout),
        )
        self.drop_path = DropPath(drop_path) if drop_path else nn.Identity()

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Map sequences of shape (N, C, T) and their mask (N, 1, T) to those of the next level."""
        shortcut = x if self.stride == 1 and self.attention is not None else self.pooling(x, mask)
        if self.attention is not None:
            shortcut = shortcut + self.drop_path(self.attention(self.norm1(x) * mask.to(x.dtype), mask))
        mask = stride_mask(mask, self.stride)
        x = shortcut + self.drop_path(self.mlp(self.norm2(shortcut))) * mask.to(x.dtype)
        return x, mask


@MODELS.register_module()
class TemporalPyramid(BaseModule):
    """Pyramid of sequences in time, each with half of the steps of the one before.

    The neck embeds the features of every step with convolutions, refines them, and halves their number of steps once
    per further level. Level l has T / 2^l steps, rounded up. Step t of level l is centred on step t * 2^l of the input.
    The structure follows ActionFormer (Zhang et al., ECCV 2022, section 3.2): self-attention in a window of neighbours
    after depthwise convolutions, and strided convolutions between levels. With ``mixer='maxpool'``, maxima over three
    steps replace the attention, as in TemporalMaxer (Tang et al., 2023), which is faster on a CPU.

    A video of a batch may be shorter than the others. Its padding influences no step of the video.

    Use it as the neck of a detector::

        neck=dict(type='TemporalPyramid', in_channels=2048, channels=256, num_levels=6)

    Args:
        in_channels (int): Number of channels of the features.
        channels (int): Number of channels of the pyramid. Defaults to 256.
        num_levels (int): Number of levels. Defaults to 6, with strides 1 to 32.
        num_stem_layers (int): Number of layers before the first level. Defaults to 2.
        mixer (Literal['attention', 'maxpool']): How steps exchange information. Defaults to ``'attention'``.
        num_heads (int): Number of heads of the attention. Defaults to 4.
        window_size (int): Odd number of steps that a step attends to. Defaults to 19.
        dropout (float): Dropout probability. Defaults to 0.
        drop_path (float): Probability of leaving out a branch of a layer in training. Defaults to 0.1.
        init_cfg (dict, optional): Config of the initialisation. Defaults to None.

    Raises:
        ValueError: If ``mixer`` has another value, ``window_size`` is even, or the heads do not divide the channels.
    """

    def __init__(
        self,
        in_channels: int,
        channels: int = 256,
        num_levels: int = 6,
        num_stem_layers: int = 2,
        mixer: Literal['attention', 'maxpool'] = 'attention',
        num_heads: int = 4,
        window_size: int = 19,
        dropout: float = 0.0,
        drop_path: float = 0.1,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        if mixer not in ('attention', 'maxpool'):
            raise ValueError(f"mixer must be 'attention' or 'maxpool', got {mixer!r}")
        if window_size % 2 == 0 or channels % num_heads:
            raise ValueError(
                f'window_size={window_size} must be odd, and num_heads={num_heads} must divide channels={channels}'
            )
        self.in_channels, self.num_levels = in_channels, num_levels
        self.embeddings = nn.ModuleList([MaskedConv(size, channels, 3, bias=False) for size in (in_channels, channels)])
        self.embedding_norms = nn.ModuleList([ChannelNorm(channels) for _ in self.embeddings])
        strides = [1] * num_stem_layers + [2] * (num_levels - 1)
        self.layers = nn.ModuleList(
            [PyramidLayer(channels, mixer, num_heads, window_size, s, dropout, drop_path) for s in strides]
        )
        self.level_norms = nn.ModuleList([ChannelNorm(channels) for _ in range(num_levels)])

    def forward(self, features: torch.Tensor, mask: torch.Tensor) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
        """Compute the pyramid.

        Args:
            features (torch.Tensor): Features, shape (N, C, T).
            mask (torch.Tensor): Booleans that are false after the end of a video, shape (N, 1, T).

        Returns:
            tuple[list[torch.Tensor], list[torch.Tensor]]: Sequences of shape (N, channels, T_l) and masks of shape
            (N, 1, T_l) of the levels.

        Raises:
            ValueError: If the features have another number of channels.
        """
        if features.size(1) != self.in_channels:
            raise ValueError(
                f'the features have {features.size(1)} channels, the neck expects {self.in_channels}: set '
                f'model.neck.in_channels={features.size(1)}'
            )
        x = features * mask.to(features.dtype)
        for conv, norm in zip(self.embeddings, self.embedding_norms):
            x = F.relu(norm(conv(x, mask))) * mask.to(x.dtype)
        levels, masks = [], []
        num_stem_layers = len(self.layers) - self.num_levels + 1
        for index in range(len(self.layers) + 1):
            if index >= num_stem_layers:
                norm = self.level_norms[index - num_stem_layers]
                levels.append(norm(x) * mask.to(x.dtype))
                masks.append(mask)
            if index < len(self.layers):
                x, mask = self.layers[index](x, mask)
        return levels, masks
