"""Import of a config that lets MMAction2's ResNet-18 have one block per stage."""

from mmaction.models.backbones.resnet import ResNet

ResNet.arch_settings[18] = (ResNet.arch_settings[18][0], (1, 1, 1, 1))
