from typing import Any, Self

import torch
import torch.nn as nn
from mmaction.models.backbones import VisionTransformer
from mmaction.registry import MODELS
from mmengine.model import BaseModule, ModuleList
from torch.utils.checkpoint import checkpoint


@MODELS.register_module()
class TemporalAdapter(BaseModule):
    """AdaTAD's adapter: a small trainable network that exchanges information along the whole video.

    The tokens are projected down to C * ratio channels (linear, GELU). A depthwise convolution over time, across all
    clips of the video, followed by a linear layer is added to them. They are projected up again, times a learned scale,
    and added to the input. The projection up starts at zero, so that an untrained adapter changes nothing. The class
    was written after the description in AdaTAD (Liu et al., CVPR 2024).

    Args:
        channels (int): Number of channels C of a token.
        ratio (float): Ratio of the hidden channels to C. Defaults to 0.25.
        kernel_size (int): Odd size of the convolution over time. Defaults to 3.
    """

    def __init__(self, channels: int, ratio: float = 0.25, kernel_size: int = 3) -> None:
        super().__init__()
        hidden = int(channels * ratio)
        self.down, self.up = nn.Linear(channels, hidden), nn.Linear(hidden, channels)
        self.temporal = nn.Conv1d(hidden, hidden, kernel_size, padding=kernel_size // 2, groups=hidden)
        self.mix = nn.Linear(hidden, hidden)
        self.scale = nn.Parameter(torch.ones(1))
        self.init_weights()

    def init_weights(self) -> None:
        """Set the projection up to zero."""
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Adapt the tokens of a video.

        Args:
            x (torch.Tensor): Tokens, shape (T, H, W, C), with the steps of all clips one after the other.

        Returns:
            torch.Tensor: Adapted tokens of the same shape.
        """
        hidden = nn.functional.gelu(self.down(x))
        hidden = hidden + self.mix(_along_time(self.temporal, hidden))
        return x + self.scale * self.up(hidden)


@MODELS.register_module()
class DualPathAdapter(BaseModule):
    """Adapter with a spatial and a temporal path, after the description of the network of MMA-52's paper.

    The tokens are projected down to C * ratio channels (linear, GELU), for both paths. The spatial path applies
    depthwise 2D convolutions of 1 x 1, 3 x 3 and 1 x 1 to every step, the temporal path depthwise 1D convolutions of
    sizes 1, 3 and 1 to every position, both with GELU in between. Each path is projected up, times a learned scale, and
    added to the input. The projections up start at zero.

    The paper (Li et al., ICCV 2025) calls it a dual-path spatial-temporal adapter. Its code is not public; this class
    was written after the description of a participant of the 2026 challenge.

    Args:
        channels (int): Number of channels C of a token.
        ratio (float): Ratio of the hidden channels to C. Defaults to 0.25.
    """

    def __init__(self, channels: int, ratio: float = 0.25) -> None:
        super().__init__()
        hidden = int(channels * ratio)
        self.down = nn.Linear(channels, hidden)
        self.spatial, self.temporal = (
            nn.Sequential(
                conv(hidden, hidden, 1, groups=hidden),
                nn.GELU(),
                conv(hidden, hidden, 3, padding=1, groups=hidden),
                nn.GELU(),
                conv(hidden, hidden, 1, groups=hidden),
            )
            for conv in (nn.Conv2d, nn.Conv1d)
        )
        self.spatial_up, self.temporal_up = (nn.Linear(hidden, channels) for _ in range(2))
        self.spatial_scale, self.temporal_scale = (nn.Parameter(torch.ones(1)) for _ in range(2))
        self.init_weights()

    def init_weights(self) -> None:
        """Set the projections up to zero."""
        for layer in (self.spatial_up, self.temporal_up):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Adapt the tokens of a video.

        Args:
            x (torch.Tensor): Tokens, shape (T, H, W, C), with the steps of all clips one after the other.

        Returns:
            torch.Tensor: Adapted tokens of the same shape.
        """
        hidden = nn.functional.gelu(self.down(x))
        in_space = self.spatial(hidden.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        in_time = _along_time(self.temporal, hidden)
        return x + self.spatial_scale * self.spatial_up(in_space) + self.temporal_scale * self.temporal_up(in_time)


def _along_time(conv: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """Apply a 1D convolution along the first axis of tokens of shape (T, H, W, C)."""
    height, width = x.shape[1:3]
    sequences = x.flatten(1, 2).permute(1, 2, 0)  # (H * W, C, T)
    return conv(sequences).permute(2, 0, 1).unflatten(1, (height, width))


@MODELS.register_module()
class AdapterVisionTransformer(VisionTransformer):
    """Frozen ViT of VideoMAE with a trainable adapter behind every block.

    The batch axis of the input is the consecutive clips of *one* video, as a :class:`.MicroActionDetector` passes them.
    Attention stays within a clip; adapters see all clips of the video. Only the adapters have gradients, and frozen
    parts stay in the mode of inference.

    Use it as the backbone of a detector::

        backbone=dict(
            type='AdapterVisionTransformer',
            adapter=dict(type='TemporalAdapter'),
            init_cfg=dict(type='Pretrained', checkpoint='vit-base-p16_videomae-k400.pth', prefix='backbone.'),
        ),
        clip_len=16,

    Args:
        adapter (dict): Config of the adapter, a ``TemporalAdapter`` or ``DualPathAdapter``, without ``channels``.
            Defaults to ``dict(type='TemporalAdapter')``.
        with_cp (bool): Whether to compute blocks again in the backward pass, which saves memory. Defaults to False.
        **kwargs: Arguments of MMAction2's ``VisionTransformer``, with ``return_feat_map`` set to True.
    """

    def __init__(self, adapter: dict = dict(type='TemporalAdapter'), with_cp: bool = False, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, 'return_feat_map': True})
        self.with_cp = with_cp
        self.requires_grad_(False)
        self.adapters = ModuleList([MODELS.build(dict(channels=self.embed_dims, **adapter)) for _ in self.blocks])

    def train(self, mode: bool = True) -> Self:
        """Set the mode of the adapters. The frozen parts stay in the mode of inference."""
        super().train(False)
        self.training = mode
        self.adapters.train(mode)
        return self

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Compute the feature maps of consecutive clips of one video.

        Args:
            x (torch.Tensor): Clips, shape (N, 3, T, H, W).

        Returns:
            torch.Tensor: Feature maps, shape (N, C, T / tubelet_size, H / patch_size, W / patch_size).
        """
        grid = x.size(3) // self.patch_size, x.size(4) // self.patch_size
        x = self.patch_embed(x)[0]
        x = self.pos_drop(x + self._positions(grid))
        for block, adapter in zip(self.blocks, self.adapters):
            if self.with_cp and self.training:
                x = checkpoint(self._run_block, block, adapter, x, grid, use_reentrant=False)
            else:
                x = self._run_block(block, adapter, x, grid)
        return self.norm(x).unflatten(1, (-1, *grid)).permute(0, 4, 1, 2, 3)

    @staticmethod
    def _run_block(block: nn.Module, adapter: nn.Module, x: torch.Tensor, grid: tuple[int, int]) -> torch.Tensor:
        """Run a block on each clip, with tokens of shape (N, T * H * W, C), and its adapter on all clips together."""
        x = block(x).unflatten(1, (-1, *grid))
        return adapter(x.flatten(0, 1)).unflatten(0, x.shape[:2]).flatten(1, 3)

    def _positions(self, grid: tuple[int, int]) -> torch.Tensor:
        """Return the position embedding, resized in space if the frames have another size than in pretraining."""
        if grid == self.grid_size:
            return self.pos_embed
        table = self.pos_embed.unflatten(1, (-1, *self.grid_size))[0].permute(0, 3, 1, 2)
        resized = nn.functional.interpolate(table, grid, mode='bicubic', align_corners=False)
        return resized.permute(0, 2, 3, 1).flatten(0, 2)[None]
