"""Small untrained networks of any label set, whose scores differ from clip to clip."""

import torch
from mmaction.apis import init_recognizer
from mmaction.models.backbones import resnet as resnet2d
from mmaction.models.backbones.resnet import ResNet
from mmaction.models.backbones.resnet3d import ResNet3d
from mmengine.config import Config
from mmengine.runner import save_checkpoint

from helpers.support import ROOT

BASE = ROOT / 'configs/synthetic/manet_r18_8x1_synthetic.py'


def shorten_resnets(monkeypatch):
    """Let MMAction2's ResNets of depth 18 and 50 have one block per stage, which keeps the width of all features."""
    for resnet in (ResNet, ResNet3d):
        for depth in (18, 50):
            block, _ = resnet.arch_settings[depth]
            monkeypatch.setitem(resnet.arch_settings, depth, (block, (1, 1, 1, 1)))


def narrow_resnets(monkeypatch):
    """Let all stages of MMAction2's 2D ResNets be as wide as the first: 64 features at depth 18, 256 at depth 50."""
    make_res_layer = resnet2d.make_res_layer

    def make_narrow_layer(block, inplanes, planes, *args, **kwargs):
        return make_res_layer(block, min(inplanes, 64 * block.expansion), 64, *args, **kwargs)

    monkeypatch.setattr(resnet2d, 'make_res_layer', make_narrow_layer)
    width = property(lambda network: 64 * network.block.expansion, lambda network, value: None)
    monkeypatch.setattr(ResNet, 'feat_dim', width, raising=False)


def resnet18_width():
    """Return the number of features of a ResNet-18, which :func:`narrow_resnets` changes."""
    return 64 if hasattr(ResNet, 'feat_dim') else 512


def write_network(folder, num_classes, label_set=None, name='network', test_set=None):
    """Write a config and a checkpoint of a small MANet, and return their paths.

    Args:
        folder (Path): Folder of both files.
        num_classes (int): Number of classes.
        label_set (LabelSet, optional): Label set in the checkpoint, as MMEngine saves it.
        name (str): Stem of both files.
        test_set (dict, optional): Changes of the test dataset in the config.
    """
    config, checkpoint = folder / f'{name}.py', folder / f'{name}.pth'
    head = dict(num_classes=num_classes, in_channels=resnet18_width(), label_embeddings=None, loss_emb=None)
    config.write_text(
        f'_base_ = {str(BASE)!r}\nmodel = dict(cls_head={head!r})\ntest_dataloader = dict(dataset={test_set or {}!r})\n'
    )
    torch.manual_seed(0)
    model = init_recognizer(Config.fromfile(config), device='cpu')
    torch.nn.init.normal_(model.cls_head.fc_cls.weight, std=3)
    content = dict(state_dict=model.state_dict(), meta=dict(epoch=1, dataset_meta={}))
    if label_set is not None:
        content['meta']['dataset_meta'] = dict(label_set=label_set.to_dict(), classes=label_set.names)
    save_checkpoint(content, str(checkpoint))
    return config, checkpoint
