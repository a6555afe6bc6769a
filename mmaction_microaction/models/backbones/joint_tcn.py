"""A temporal convolutional network on the coordinates of one person's joints."""

from collections.abc import Sequence

import torch
from mmaction.registry import MODELS
from mmengine.model import BaseModule
from torch import nn
from torch.nn import functional as F

from mmaction_microaction.structures.pose_layouts import get_layout

_HAND = ('left_wrist', 'right_wrist', 'left_index', 'right_index')
_TARGETS = (
    *('nose', 'left_ear', 'right_ear', 'left_eye', 'right_eye', 'left_mouth'),
    *('left_shoulder', 'right_shoulder', 'left_hip', 'right_hip', 'left_knee', 'right_knee'),
    *('left_wrist', 'right_wrist'),
)


class _ResidualBlock(nn.Module):
    """Two dilated convolutions over time, each after batch normalisation and ReLU."""

    def __init__(self, channels: int, dilation: int, dropout: float) -> None:
        super().__init__()
        conv = dict(kernel_size=3, padding=dilation, dilation=dilation, bias=False)
        self.branch = nn.Sequential(
            nn.BatchNorm1d(channels),
            nn.ReLU(),
            nn.Conv1d(channels, channels, **conv),
            nn.BatchNorm1d(channels),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Conv1d(channels, channels, **conv),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.branch(x)


@MODELS.register_module()
class JointTCN(BaseModule):
    """Temporal convolutional network on joints, for ``RecognizerGCN`` and ``GCNHead`` of MMAction2.

    Many micro-actions are small movements, or contacts of a hand with another part of the body. The network therefore
    sees, at each time, the coordinates of all joints relative to the shoulders, four times their deviation from their
    mean over the clip, the distances of wrists and index fingers from other joints, and which joints are detected.
    Coordinates are divided by the size of the person, so that neither the size nor the place in the frame matters.

    It has a fraction of the operations of MMAction2's graph networks, and is fast on a CPU.

    Args:
        layout (str): Name of the layout of the joints, a key of :data:`.LAYOUTS`. Defaults to ``'blazepose33'``.
        channels (int): Number of channels of the convolutions. Defaults to 192.
        dilations (Sequence[int]): Dilation of each residual block. Defaults to (1, 2, 4, 1, 2, 4).
        dropout (float): Probability of dropout in the blocks. Defaults to 0.2.
        norm_eval (bool): Whether batch norms keep their statistics in training. Defaults to False.
        frozen (bool): Whether the backbone is not trained, so that only the head learns. Defaults to False.
        init_cfg (dict, optional): Config of the initialization. Defaults to None.

    Raises:
        ValueError: If the layout is unknown or has no shoulders.
    """

    def __init__(
        self,
        layout: str = 'blazepose33',
        channels: int = 192,
        dilations: Sequence[int] = (1, 2, 4, 1, 2, 4),
        dropout: float = 0.2,
        norm_eval: bool = False,
        frozen: bool = False,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        joints = get_layout(layout).joints
        self.num_joints = len(joints)
        self._shoulders, self._hips = (
            [joints.index(f'{side}_{joint}') for side in ('left', 'right')] for joint in ('shoulder', 'hip')
        )
        self._hands = [joints.index(joint) for joint in _HAND if joint in joints]
        self._targets = [joints.index(joint) for joint in _TARGETS if joint in joints]
        num_features = 5 * len(joints) + len(self._hands) * len(self._targets)
        self.stem = nn.Sequential(nn.BatchNorm1d(num_features), nn.Conv1d(num_features, channels, 5, padding=2))
        self.blocks = nn.Sequential(*[_ResidualBlock(channels, dilation, dropout) for dilation in dilations])
        self.norm = nn.BatchNorm1d(channels)
        self.norm_eval, self.frozen = norm_eval, frozen
        if frozen:
            self.requires_grad_(False)

    def train(self, mode: bool = True) -> 'JointTCN':
        """Set the mode of training or evaluation.

        Args:
            mode (bool): Whether to train. A frozen backbone, and batch norms with ``norm_eval``, stay in evaluation.
                Defaults to True.

        Returns:
            JointTCN: The backbone.
        """
        super().train(mode and not self.frozen)
        if self.norm_eval:
            for module in self.modules():
                if isinstance(module, nn.BatchNorm1d):
                    module.eval()
        return self

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Compute the features of clips.

        Args:
            x (torch.Tensor): Coordinates and scores of joints, shape (N, M, T, V, 3), see ``FormatGCNInput``. Joints
                with the score 0 are undetected.

        Returns:
            torch.Tensor: Mean and maximum of the features over time, shape (N, M, 2 * channels, 1, 1).
        """
        num_clips, num_people = x.shape[:2]
        features = F.relu(self.norm(self.blocks(self.stem(self._describe(x.flatten(0, 1))))))
        pooled = torch.cat([features.mean(-1), features.amax(-1)], -1)
        return pooled.reshape(num_clips, num_people, -1, 1, 1)

    def _describe(self, x: torch.Tensor) -> torch.Tensor:
        """Return the features of each time, shape (N, F, T), from joints of shape (N, T, V, 3)."""
        seen = (x[..., 2] > 0).to(x.dtype)
        points = self._normalize(x[..., :2], seen).clamp(-6, 6) * seen[..., None]
        mean = points.sum(1, keepdim=True) / seen.sum(1, keepdim=True).clamp(min=1)[..., None]
        deviation = 4 * (points - mean) * seen[..., None]
        offsets = points[:, :, self._hands, None] - points[:, :, None, self._targets]
        pairs = seen[:, :, self._hands, None] * seen[:, :, None, self._targets]
        distances = (offsets.square().sum(-1).clamp(min=1e-8).sqrt() - 1) * pairs
        parts = [points.flatten(2), deviation.flatten(2), distances.flatten(2), seen]
        return torch.cat(parts, -1).transpose(1, 2)

    def _normalize(self, points: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        """Return coordinates relative to the shoulders, in units of the trunk's length.

        The trunk looks short when the person leans forward, and the shoulders look narrow when the person turns. The
        larger one determines the unit. Times without both shoulders do not count.
        """
        left, right = (points[:, :, joint] for joint in self._shoulders)
        has_shoulders = seen[:, :, self._shoulders].amin(-1)
        has_hips = seen[:, :, self._hips].amin(-1) * has_shoulders
        middle = (left + right) / 2
        trunk = (middle - points[:, :, self._hips].mean(2)).norm(dim=-1)
        width = _mean_over_time((left - right).norm(dim=-1), has_shoulders)
        length = _mean_over_time(trunk, has_hips)
        middle = _mean_over_time(middle, has_shoulders[..., None])
        # The trunk of an adult is 1.35 times as long as the shoulders are wide.
        is_rare = has_hips.sum(1) < 0.5 * has_shoulders.sum(1)
        size = torch.where(is_rare, 1.35 * width, torch.maximum(length, 1.1 * width))
        return (points - middle[:, None, None]) / size.clamp(min=1e-6)[:, None, None, None]


def _mean_over_time(values: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
    """Return the mean of values of shape (N, T, ...) over the times that count, 1 or 0; 0 if none does."""
    return (values * counts).sum(1) / counts.sum(1).clamp(min=1)
