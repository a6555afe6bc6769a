import torch
import torch.nn as nn
import torch.nn.functional as F


class CrossAttention(nn.Module):
    """Multi-head attention of one sequence of tokens to another, without residual connection and normalisation.

    Args:
        channels (int): Number of channels C of both sequences.
        num_heads (int): Number of heads, a divisor of C. Defaults to 8.
        dropout (float): Dropout probability of the attention weights. Defaults to 0.1.

    Examples:
        >>> CrossAttention(16)(torch.zeros(2, 8, 16), torch.zeros(2, 5, 16)).shape
        torch.Size([2, 8, 16])
    """

    def __init__(self, channels: int, num_heads: int = 8, dropout: float = 0.1) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.dropout = dropout
        self.q_proj = nn.Linear(channels, channels)
        self.k_proj = nn.Linear(channels, channels)
        self.v_proj = nn.Linear(channels, channels)
        self.out_proj = nn.Linear(channels, channels)

    def forward(self, queries: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
        """Attend from the queries to the tokens.

        Args:
            queries (torch.Tensor): Sequence that asks, shape (N, T, C).
            tokens (torch.Tensor): Sequence that provides keys and values, shape (N, S, C).

        Returns:
            torch.Tensor: Attended tokens, shape (N, T, C).
        """
        q, k, v = (
            layer(sequence).unflatten(-1, (self.num_heads, -1)).transpose(1, 2)
            for layer, sequence in ((self.q_proj, queries), (self.k_proj, tokens), (self.v_proj, tokens))
        )
        attended = F.scaled_dot_product_attention(q, k, v, dropout_p=self.dropout if self.training else 0.0)
        return self.out_proj(attended.transpose(1, 2).flatten(2))


class ModalityExchange(nn.Module):
    r"""Exchange between the RGB branch and the pose branch of PCAN: each is scaled by a gate that has seen the other.

    Both branches are reduced to one token per RGB frame: a convolution without activation, followed by the maximum over
    the pixels. The RGB tokens attend to the pose tokens, and then the pose tokens to the new RGB tokens. Each result is
    expanded to a gate per channel and frame:

    .. math:: x \leftarrow x \cdot (1 + gate)

    The gate is unbounded and does not start at 0. The exchange is part of the released code of PCAN, and comes from its
    authors' entry of the MiGA challenge 2024 (arXiv 2408.03097).

    Args:
        rgb_channels (int): Number of channels of the RGB features.
        pose_channels (int): Number of channels of the pose features.
        hidden_channels (int): Number of channels of the tokens, a multiple of ``num_heads``.
        speed_ratio (int): Number of pose frames per RGB frame. Defaults to 4.
        num_heads (int): Number of attention heads. Defaults to 8.
        dropout (float): Dropout probability of the attention weights. Defaults to 0.1.

    Raises:
        ValueError: If ``hidden_channels`` is not a multiple of ``num_heads``.

    Examples:
        >>> exchange = ModalityExchange(rgb_channels=32, pose_channels=8, hidden_channels=16)
        >>> rgb, pose = exchange(torch.rand(2, 32, 3, 4, 4), torch.rand(2, 8, 12, 4, 4))
        >>> rgb.shape, pose.shape
        (torch.Size([2, 32, 3, 4, 4]), torch.Size([2, 8, 12, 4, 4]))
    """

    def __init__(
        self,
        rgb_channels: int,
        pose_channels: int,
        hidden_channels: int,
        speed_ratio: int = 4,
        num_heads: int = 8,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        if hidden_channels % num_heads:
            raise ValueError(f'hidden_channels must be a multiple of the {num_heads} heads, got {hidden_channels}')
        self.speed_ratio = speed_ratio
        window = dict(kernel_size=(speed_ratio, 1, 1), stride=(speed_ratio, 1, 1))
        self.rgb_tokens = nn.Conv3d(rgb_channels, hidden_channels, kernel_size=1)
        self.pose_tokens = nn.Conv3d(pose_channels, hidden_channels, **window)
        self.rgb_attention = CrossAttention(hidden_channels, num_heads, dropout)
        self.pose_attention = CrossAttention(hidden_channels, num_heads, dropout)
        self.rgb_gate = nn.Conv3d(hidden_channels, rgb_channels, kernel_size=1)
        self.pose_gate = nn.ConvTranspose3d(hidden_channels, pose_channels, **window)

    def forward(self, rgb: torch.Tensor, pose: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Scale the features of both branches.

        Args:
            rgb (torch.Tensor): RGB features, shape (N, rgb_channels, T, H, W).
            pose (torch.Tensor): Pose features, shape (N, pose_channels, speed_ratio * T, H', W').

        Returns:
            tuple[torch.Tensor, torch.Tensor]: RGB and pose features, of the same shapes.

        Raises:
            ValueError: If the pose features do not have ``speed_ratio`` times as many frames as the RGB features.
        """
        if pose.size(2) != self.speed_ratio * rgb.size(2):
            raise ValueError(
                f'{rgb.size(2)} RGB frames and {pose.size(2)} pose frames: clip_len of the sampling must have '
                f'{self.speed_ratio} pose frames per RGB frame'
            )
        rgb_tokens = self._pool(self.rgb_tokens(rgb))
        pose_tokens = self._pool(self.pose_tokens(pose))
        rgb_tokens = self.rgb_attention(rgb_tokens, pose_tokens)
        pose_tokens = self.pose_attention(pose_tokens, rgb_tokens)
        return (
            rgb * (1 + self.rgb_gate(self._spread(rgb_tokens))),
            pose * (1 + self.pose_gate(self._spread(pose_tokens))),
        )

    @staticmethod
    def _pool(features: torch.Tensor) -> torch.Tensor:
        """Take the maximum over the pixels: (N, C, T, H, W) to (N, T, C)."""
        return F.adaptive_max_pool3d(features, (None, 1, 1)).flatten(2).transpose(1, 2)

    @staticmethod
    def _spread(tokens: torch.Tensor) -> torch.Tensor:
        """Reshape tokens to one pixel per frame: (N, T, C) to (N, C, T, 1, 1)."""
        return tokens.transpose(1, 2)[..., None, None]
