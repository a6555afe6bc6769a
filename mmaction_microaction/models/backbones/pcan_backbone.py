from typing import Any

import torch
from mmaction.models.backbones import RGBPoseConv3D
from mmaction.registry import MODELS

from .modality_exchange import ModalityExchange


@MODELS.register_module()
class PCANBackbone(RGBPoseConv3D):
    """Backbone of PCAN: MMAction2's RGBPoseConv3D with two exchanges between its branches.

    The branches meet twice, after ``layer2`` and ``layer3`` of the RGB branch. At each meeting, a
    :class:`.ModalityExchange` scales the features of both. RGBPoseConv3D then appends to each branch the lateral
    features of the other, which are computed from the features before the exchange, as in the released code.

    Shapes, with N clips of T RGB frames and 4 T pose frames, at depth 50, 224 x 224 pixels and heat maps of 56 x 56:

    - ``imgs``: (N, 3, T, 224, 224)
    - ``heatmap_imgs``: (N, joints, 4 T, 56, 56)
    - output: (N, 2048, T, 7, 7) and (N, 512, 4 T, 7, 7)

    Args:
        exchange (bool): Whether the branches have exchanges. Without them, the network is RGBPoseConv3D. Defaults to
            True.
        num_heads (int): Number of attention heads of an exchange. Defaults to 8.
        dropout (float): Dropout probability of the attention weights of an exchange. Defaults to 0.1.
        **kwargs: Arguments of MMAction2's ``RGBPoseConv3D``.

    Raises:
        ValueError: If a branch of a network with exchanges is detached or dropped, or has no lateral connections.
    """

    def __init__(self, exchange: bool = True, num_heads: int = 8, dropout: float = 0.1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.exchange = exchange
        if not exchange:
            return
        if self.rgb_detach or self.pose_detach or self.rgb_drop_path or self.pose_drop_path:
            raise ValueError('rgb_detach, pose_detach, rgb_drop_path and pose_drop_path require exchange=False')
        rgb, pose = self.rgb_path, self.pose_path
        if len(rgb.lateral_connections) != 2 or len(pose.lateral_connections) != 2:
            raise ValueError('each branch needs two lateral connections: set lateral and lateral_activate')
        for stage in (2, 3):
            rgb_channels = rgb.base_channels * 2 ** (stage - 1) * rgb.block.expansion
            pose_channels = pose.base_channels * 2 ** (stage - 2) * pose.block.expansion
            # Hidden width of the release: 128 and 256, the numbers of channels of the pose branch.
            module = ModalityExchange(
                rgb_channels, pose_channels, pose_channels, self.speed_ratio, num_heads=num_heads, dropout=dropout
            )
            self.add_module(f'exchange{stage}', module)

    def forward(self, imgs: torch.Tensor, heatmap_imgs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Compute the features of both branches.

        Args:
            imgs (torch.Tensor): Normalised RGB frames, shape (N, 3, T, H, W).
            heatmap_imgs (torch.Tensor): Heat maps of the joints, shape (N, joints, speed_ratio * T, H / 4, W / 4).

        Returns:
            tuple[torch.Tensor, torch.Tensor]: RGB and pose features, see the class.
        """
        if not self.exchange:
            return super().forward(imgs, heatmap_imgs)
        rgb, pose = self.rgb_path, self.pose_path
        x_rgb = rgb.layer2(rgb.layer1(rgb.maxpool(rgb.conv1(imgs))))
        x_pose = pose.layer1(pose.maxpool(pose.conv1(heatmap_imgs)))
        x_rgb, x_pose = self._meet(x_rgb, x_pose, 2)
        x_rgb, x_pose = rgb.layer3(x_rgb), pose.layer2(x_pose)
        x_rgb, x_pose = self._meet(x_rgb, x_pose, 3)
        return rgb.layer4(x_rgb), pose.layer3(x_pose)

    def _meet(self, x_rgb: torch.Tensor, x_pose: torch.Tensor, stage: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Scale the features of both branches, and append the lateral features of the other branch."""
        to_rgb = getattr(self.rgb_path, f'layer{stage}_lateral')(x_pose)
        to_pose = getattr(self.pose_path, f'layer{stage - 1}_lateral')(x_rgb)
        x_rgb, x_pose = getattr(self, f'exchange{stage}')(x_rgb, x_pose)
        return torch.cat((x_rgb, to_rgb), dim=1), torch.cat((x_pose, to_pose), dim=1)
