from typing import Any, Self

import torch
import torch.nn as nn
from mmaction.models.backbones import ResNet, ResNetTSM
from mmaction.models.backbones.resnet_tsm import TemporalShift
from mmaction.registry import MODELS
from mmengine.logging import MMLogger

from mmaction_microaction.models.ops import excite_and_shift
from mmaction_microaction.utils.checkpoints import read_weights
from mmaction_microaction.utils.messages import first_few, format_count


class SETemporalShift(nn.Module):
    """Squeeze-and-excitation and temporal shift in front of a convolution.

    Args:
        net (nn.Conv2d): The convolution, with C input channels.
        num_segments (int): Number of frames T per clip.
        shift_div (int): Inverse of the fraction of channels that is shifted in each direction.
        se_ratio (int): Reduction ratio of the excitation, which has ``C // se_ratio`` hidden channels.
        conv_after_shift (bool): Whether to insert a 3 x 3 convolution and ReLU between the shift and ``net``.
            Defaults to False.
    """

    def __init__(
        self, net: nn.Conv2d, num_segments: int, shift_div: int, se_ratio: int, conv_after_shift: bool = False
    ) -> None:
        super().__init__()
        self.net = net
        self.num_segments = num_segments
        self.shift_div = shift_div
        channels = net.in_channels
        self.excite = nn.Sequential(
            nn.Linear(channels, channels // se_ratio, bias=False),
            nn.ReLU(),
            nn.Linear(channels // se_ratio, channels, bias=False),
            nn.Sigmoid(),
        )
        self.mix = nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU()) if conv_after_shift else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map features of shape (N * T, C, H, W) to the output of ``net``."""
        x = excite_and_shift(x, self.excite, self.num_segments, self.shift_div)
        return self.net(x if self.mix is None else self.mix(x))


@MODELS.register_module()
class ResNetSETSM(ResNetTSM):
    r"""Backbone of MANet: ResNet with squeeze-and-excitation before every temporal shift.

    In each residual block, the residual branch starts with four steps before ``conv1``: squeeze (mean over the pixels
    of a frame), excitation (linear, ReLU, linear, sigmoid), scale, and the shift of TSM (Guo et al., section IV-C and
    Eq. 1). The blocks are those that MMAction2's ``ResNetTSM`` shifts: all of them up to depth 50, every other one at
    depth 101.

    The released network contains ``action_p2_*`` convolutions in every block that it never uses; they are left out. It
    lacks the 3 x 3 convolution of Eq. 1, :math:`\hat{F} = ReLU(Conv(F''))`, which ``conv_after_shift`` adds.

    Use it as the backbone of a 2D recognizer::

        model=dict(
            type='Recognizer2D',
            backbone=dict(type='ResNetSETSM', depth=50, num_segments=8, pretrained='resnet50.pth'),
            cls_head=dict(type='MANetHead', in_channels=2048, num_segments=8),
        )

    It maps frames of shape (N * T, 3, H, W) to features of shape (N * T, C, H / 32, W / 32), rounded up. C is 512 at
    depths 18 and 34, and 2048 at depths 50 and 101.

    Args:
        depth (int): Depth of the ResNet: 18, 34, 50 or 101.
        num_segments (int): Number of frames T per clip. Defaults to 8.
        se_ratio (int, optional): Reduction ratio of squeeze-and-excitation. ``None`` disables squeeze-and-excitation,
            which is exactly TSM. Defaults to 4 (section V-B).
        shift_div (int): Inverse of the fraction of channels that is shifted in each direction. Defaults to 8.
        conv_after_shift (bool): Whether to add the 3 x 3 convolution with bias and ReLU of Eq. 1 after the shift. The
            number of channels is unchanged. The convolution is initialised to the identity, so that pretrained weights
            remain valid. Defaults to False, as in the released code.
        frozen_stages (int): Number of stages whose convolutions and batch norms are frozen, in addition to the stem; -1
            freezes nothing. Squeeze-and-excitation and the convolution of Eq. 1, which ImageNet weights lack, remain
            trainable. Defaults to -1.
        freeze_excitation (bool): Whether to also freeze squeeze-and-excitation and the convolution of Eq. 1 in frozen
            stages, for weights that contain them (``load_from`` of a trained MANet). Defaults to False.
        pretrained (str, optional): URL or path of the weights of a plain ResNet with torchvision's names. Other
            parameters keep their initialisation; the log lists the tensors that were not used. ``None`` trains from
            scratch. To start from a MANet, use ``load_from`` of the config instead. Defaults to None.
        **kwargs: Arguments of MMAction2's ``ResNet``.

    Raises:
        FileNotFoundError: If the file of weights does not exist.
        ValueError: If ``depth`` is not one of the above or does not support ``with_cp``, if ``frozen_stages`` is above
            4, if ``conv_after_shift`` is set without ``se_ratio``, or if the file of weights is damaged or does not
            contain a plain ResNet of this depth.
        ConnectionError: If the weights cannot be downloaded.
    """

    depths = (18, 34, 50, 101)

    def __init__(
        self,
        depth: int,
        num_segments: int = 8,
        se_ratio: int | None = 4,
        shift_div: int = 8,
        conv_after_shift: bool = False,
        frozen_stages: int = -1,
        freeze_excitation: bool = False,
        pretrained: str | None = None,
        **kwargs: Any,
    ) -> None:
        if depth not in self.depths:
            raise ValueError(f'depth must be one of {self.depths}, got {depth}')
        if kwargs.get('with_cp') and depth < 50:
            raise ValueError(f"with_cp needs depth 50 or 101; MMAction2's blocks of depth {depth} do not support it.")
        if frozen_stages > 4:
            raise ValueError(f'frozen_stages must be between -1 (none) and 4 (all), got {frozen_stages}')
        if conv_after_shift and se_ratio is None:
            raise ValueError('conv_after_shift (the convolution of Eq. 1) needs se_ratio, which is None')
        # Set first, since the base class calls make_temporal_shift.
        self.se_ratio, self.conv_after_shift, self.freeze_excitation = se_ratio, conv_after_shift, freeze_excitation
        super().__init__(
            depth,
            num_segments=num_segments,
            shift_div=shift_div,
            pretrained=pretrained,
            pretrained2d=pretrained is not None,
            frozen_stages=frozen_stages,
            **kwargs,
        )
        # The base class freezes stages only when training begins, which is too late for DistributedDataParallel.
        self._freeze_stages()

    def make_temporal_shift(self) -> None:
        """Add squeeze-and-excitation to every temporal shift of TSM."""
        super().make_temporal_shift()
        if self.se_ratio is None:
            return
        for name in self.res_layers:
            for block in getattr(self, name):
                shift = block.conv1.conv
                if isinstance(shift, TemporalShift):
                    block.conv1.conv = SETemporalShift(
                        shift.net, self.num_segments, self.shift_div, self.se_ratio, self.conv_after_shift
                    )

    def _freeze_stages(self) -> None:
        """Freeze stages. Modules that a plain ResNet lacks are frozen only with ``freeze_excitation``."""
        super()._freeze_stages()
        if not self.freeze_excitation:
            for stage in range(1, self.frozen_stages + 1):
                for module in _added_modules(getattr(self, f'layer{stage}')):
                    module.requires_grad_(True)

    def init_weights(self) -> None:
        """Initialise all parameters, then load the weights of ``pretrained``, if it is set."""
        pretrained, self.pretrained = self.pretrained, None
        # ResNetTSM.init_weights would pass None to the checkpoint loader and print every name that it maps.
        ResNet.init_weights(self)
        self.pretrained = pretrained
        for shift in self.modules():
            if isinstance(shift, SETemporalShift) and shift.mix is not None:
                nn.init.dirac_(shift.mix[0].weight)
                nn.init.zeros_(shift.mix[0].bias)
        if pretrained is not None:
            self._load_plain_resnet(pretrained)

    def _load_plain_resnet(self, source: str) -> None:
        """Load the weights of a plain ResNet from a URL or path, and log the tensors that were not used."""
        try:
            weights = read_weights(source)
        except ConnectionError as error:
            raise ConnectionError(
                f'{error}. Without internet access, set model.backbone.pretrained to a file, or to None to train from '
                'scratch.'
            ) from None
        ours = self.state_dict()
        matched = {
            name: weights[plain]
            for name in ours
            if (plain := _plain_name(name)) in weights and weights[plain].shape == ours[name].shape
        }
        initialized = [name for name in ours if name not in matched and not name.endswith('num_batches_tracked')]
        added = {id(parameter) for module in _added_modules(self) for parameter in module.parameters()}
        own = {name for name, parameter in self.named_parameters() if id(parameter) in added}
        missing = [_plain_name(name) for name in initialized if name not in own]
        if missing:
            raise ValueError(
                f'{source} does not contain the weights of a plain ResNet-{self.depth}: it lacks '
                f'{format_count(len(missing), "tensor")}, or has them in another shape; the first is {missing[0]}. '
                f"The names should be torchvision's; the file contains {first_few(weights, limit=3)}. For another "
                'depth, set model.backbone.pretrained to weights of that depth. To start from a checkpoint of MANet, '
                f'TSM or another network of MMAction2, use --cfg-options load_from={source} '
                'model.backbone.pretrained=None.'
            )
        self.load_state_dict(matched, strict=False)
        used = {_plain_name(name) for name in matched}
        MMLogger.get_current_instance().info(
            f'{source}: {len(used)} of {len(weights)} tensors loaded. '
            f'Not used: {", ".join(name for name in weights if name not in used) or "none"}. '
            f'Keeping their initialisation: {len(initialized)} of squeeze-and-excitation'
            f'{" and of the convolutions of Eq. 1" if self.conv_after_shift else ""}.'
        )

    def train(self, mode: bool = True) -> Self:
        """Set the mode and return the network, as ``torch.nn.Module`` does and the base class does not."""
        super().train(mode)
        return self


def _added_modules(network: nn.Module) -> list[nn.Module]:
    """Return the modules that a network has in addition to the modules of a plain ResNet."""
    shifts = [module for module in network.modules() if isinstance(module, SETemporalShift)]
    return [module for shift in shifts for module in (shift.excite, shift.mix) if module is not None]


def _plain_name(name: str) -> str:
    """Return torchvision's name of a tensor: layer1.0.conv1.conv.net.weight is layer1.0.conv1.weight there."""
    name = name.replace('.conv.net.', '.conv.')
    if '.downsample.' in name:
        return name.replace('.conv.', '.0.').replace('.bn.', '.1.')
    *prefix, layer, kind, leaf = name.split('.')
    if kind == 'bn':
        layer = layer.replace('conv', 'bn')
    return '.'.join([*prefix, layer, leaf])
