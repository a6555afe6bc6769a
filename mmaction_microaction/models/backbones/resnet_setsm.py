import torch.nn as nn
from mmaction.models.backbones import ResNet, ResNetTSM
from mmaction.models.backbones.resnet_tsm import TemporalShift
from mmaction.registry import MODELS
from mmengine.logging import MMLogger

from mmaction_microaction.compat.checkpoints import read_weights
from mmaction_microaction.models.ops import excite_and_shift
from mmaction_microaction.utils.messages import first_few


class SETemporalShift(nn.Module):
    """Squeeze-and-excitation and temporal shift in front of a convolution.

    Args:
        net (nn.Conv2d): The convolution, C input channels.
        num_segments (int): Frames T of a clip.
        shift_div (int): Inverse of the share of channels that is shifted in either direction.
        se_ratio (int): The excitation has C // se_ratio hidden channels.
        conv_after_shift (bool): Whether a 3 x 3 convolution and ReLU stand between the shift and the convolution.
            Defaults to False.
    """

    def __init__(self, net, num_segments, shift_div, se_ratio, conv_after_shift=False):
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

    def forward(self, x):
        """Map (N * T, C, H, W) to the output of the convolution."""
        x = excite_and_shift(x, self.excite, self.num_segments, self.shift_div)
        return self.net(x if self.mix is None else self.mix(x))


@MODELS.register_module()
class ResNetSETSM(ResNetTSM):
    r"""Backbone of MANet: ResNet with squeeze-and-excitation before every temporal shift.

    In each residual block, on the residual branch before ``conv1``: squeeze (mean over the pixels of a frame), two
    linear layers with ReLU and sigmoid between and after, scale, and the shift of TSM (Guo et al., section IV-C and
    Eq. 1). Blocks are chosen as in MMAction2's ``ResNetTSM``: all of them up to depth 50, every other one at depth 101.
    The released network also carries ``action_p2_*`` convolutions in every block that it never uses; they are left out.
    It lacks the 3 x 3 convolution of Eq. 1, :math:`\hat{F} = ReLU(Conv(F''))`, which ``conv_after_shift`` adds.

    Args:
        depth (int): 18, 34, 50 or 101.
        num_segments (int): Frames T of a clip. Defaults to 8.
        se_ratio (int, optional): Ratio of the channels to those of the hidden layer. ``None`` leaves
            squeeze-and-excitation out, which is TSM exactly. Defaults to 4 (section V-B).
        shift_div (int): Inverse of the share of channels that is shifted in either direction. Defaults to 8.
        conv_after_shift (bool): Whether a 3 x 3 convolution with bias and ReLU follow the shift, as in Eq. 1; the
            number of channels stays. It is initialised to change nothing: behind a ReLU and an excitation it passes on
            what it is given, so that pretrained weights keep their meaning. Defaults to False, the release.
        frozen_stages (int): Stages whose convolutions and batch norms, with those of the stem, do not learn; -1 for
            none. Squeeze-and-excitation and the convolution of Eq. 1, which ImageNet's weights lack, go on learning.
            Defaults to -1.
        freeze_excitation (bool): Whether they do not learn in frozen stages either, for weights that bring them:
            ``load_from`` of a trained MANet. Defaults to False.
        pretrained (str, optional): URL or file of the weights of a plain ResNet, named as in torchvision. What they
            lack keeps its initialisation; the log says what was not used. ``None`` trains from scratch. The weights of
            a MANet are loaded by ``load_from`` of the config instead. Defaults to None.
        **kwargs: Of MMAction2's ``ResNet``.

    Raises:
        FileNotFoundError: If there is no such file of weights.
        ValueError: If ``depth`` is not one of the above or does not go with ``with_cp``, ``frozen_stages`` is above 4,
            ``conv_after_shift`` is set without ``se_ratio``, or the file of weights is damaged or not of a plain ResNet
            of this depth.
        ConnectionError: If the weights cannot be downloaded.
    """

    depths = (18, 34, 50, 101)

    def __init__(
        self,
        depth,
        num_segments=8,
        se_ratio=4,
        shift_div=8,
        conv_after_shift=False,
        frozen_stages=-1,
        freeze_excitation=False,
        pretrained=None,
        **kwargs,
    ):
        if depth not in self.depths:
            raise ValueError(f'depth must be one of {self.depths}, got {depth}')
        if kwargs.get('with_cp') and depth < 50:
            raise ValueError(f"with_cp needs the blocks of depth 50 or 101; MMAction2's of depth {depth} lack it.")
        if frozen_stages > 4:
            raise ValueError(f'frozen_stages must be from -1, none, to 4, all; got {frozen_stages}')
        if conv_after_shift and se_ratio is None:
            raise ValueError('conv_after_shift, the convolution of Eq. 1, needs se_ratio, which is None')
        # The base class calls make_temporal_shift, which needs the first two.
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
        # The base class does so only when training begins: too late for DistributedDataParallel.
        self._freeze_stages()

    def make_temporal_shift(self):
        """Put squeeze-and-excitation wherever TSM shifts."""
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

    def _freeze_stages(self):
        """Freeze stages but, unless ``freeze_excitation``, not what a plain ResNet does not have."""
        super()._freeze_stages()
        if not self.freeze_excitation:
            for stage in range(1, self.frozen_stages + 1):
                for module in _added_modules(getattr(self, f'layer{stage}')):
                    module.requires_grad_(True)

    def init_weights(self):
        """Initialise all parameters, then load the plain ResNet's weights if ``pretrained`` names some."""
        pretrained, self.pretrained = self.pretrained, None
        # Not ResNetTSM's: it would hand None to the checkpoint loader and print every name it maps.
        ResNet.init_weights(self)
        self.pretrained = pretrained
        for shift in self.modules():
            if isinstance(shift, SETemporalShift) and shift.mix is not None:
                nn.init.dirac_(shift.mix[0].weight)
                nn.init.zeros_(shift.mix[0].bias)
        if pretrained is not None:
            self._load_plain_resnet(pretrained)

    def _load_plain_resnet(self, source):
        """Load torchvision's weights and report what did not match.

        Args:
            source (str): URL or file.
        """
        try:
            weights = read_weights(source)
        except ConnectionError as error:
            raise ConnectionError(
                f'{error}. Without internet, set model.backbone.pretrained to a file, or to None to train from scratch.'
            ) from None
        ours = self.state_dict()
        matched = {
            name: weights[plain]
            for name in ours
            if (plain := _plain_name(name)) in weights and weights[plain].shape == ours[name].shape
        }
        initialised = [name for name in ours if name not in matched and not name.endswith('num_batches_tracked')]
        added = {id(parameter) for module in _added_modules(self) for parameter in module.parameters()}
        own = {name for name, parameter in self.named_parameters() if id(parameter) in added}
        missing = [_plain_name(name) for name in initialised if name not in own]
        if missing:
            raise ValueError(
                f'{source} holds no weights of a plain ResNet-{self.depth}: {len(missing)} are missing or of another '
                f"shape, the first of them {missing[0]}. Names should be torchvision's; it holds "
                f'{first_few(weights, limit=3)}. Another depth needs other weights in model.backbone.pretrained. A '
                'checkpoint of MANet, TSM or another network of MMAction2 is for load_from: --cfg-options '
                f'load_from={source} model.backbone.pretrained=None.'
            )
        self.load_state_dict(matched, strict=False)
        used = {_plain_name(name) for name in matched}
        MMLogger.get_current_instance().info(
            f'{source}: {len(used)} of {len(weights)} tensors loaded. '
            f'Not used: {", ".join(name for name in weights if name not in used) or "none"}. '
            f'Keeping their initialisation: {len(initialised)} of squeeze-and-excitation'
            f'{" and of the convolutions of Eq. 1" if self.conv_after_shift else ""}.'
        )

    def train(self, mode=True):
        """Set the mode and, unlike the base class, return the network, as ``torch.nn.Module`` does."""
        super().train(mode)
        return self


def _added_modules(network):
    """Return what a network has besides a plain ResNet, list[nn.Module]."""
    shifts = [module for module in network.modules() if isinstance(module, SETemporalShift)]
    return [module for shift in shifts for module in (shift.excite, shift.mix) if module is not None]


def _plain_name(name):
    """Map a name of this network to torchvision's: layer1.0.conv1.conv.net.weight to layer1.0.conv1.weight."""
    name = name.replace('.conv.net.', '.conv.')
    if '.downsample.' in name:
        return name.replace('.conv.', '.0.').replace('.bn.', '.1.')
    *prefix, layer, kind, leaf = name.split('.')
    if kind == 'bn':
        layer = layer.replace('conv', 'bn')
    return '.'.join([*prefix, layer, leaf])
