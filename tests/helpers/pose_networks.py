"""Small untrained networks that see poses."""

import torch
from mmaction.apis import init_recognizer
from mmengine.config import Config
from mmengine.runner import save_checkpoint

from helpers.support import ROOT

BASE = ROOT / 'configs/_base_/ma52_pose.py'
POSE_BACKBONE = (
    "dict(type='ResNet3dSlowOnly', depth=18, pretrained=None, in_channels={channels}, base_channels=8, num_stages=3, "
    'out_indices=(2,), stage_blocks=(1, 1, 1), conv1_stride_s=1, pool1_stride_s=1, inflate=(0, 1, 1), '
    'spatial_strides=(2, 2, 2), temporal_strides=(1, 1, 2), dilations=(1, 1, 1))'
)
HEAD = "dict(type='I3DHead', num_classes=52, in_channels=32, dropout_ratio=0, average_clips='prob')"
NORMALIZE = "dict(type='ActionDataPreprocessor', mean=[120] * 3, std=[60] * 3, format_shape='NCTHW')"
PATHWAY = 'depth=18, base_channels=4, conv1_kernel=(1, 7, 7), lateral=False, with_pool2=False'
MODELS = {
    'pose': f"dict(type='Recognizer3D', backbone={POSE_BACKBONE.format(channels=28)}, cls_head={HEAD})",
    'rgb': (
        f"dict(type='Recognizer3D', backbone={POSE_BACKBONE.format(channels=3)}, cls_head={HEAD}, "
        f'data_preprocessor={NORMALIZE})'
    ),
    'joints': (
        "dict(type='RecognizerGCN', backbone=dict(type='JointTCN', layout='ma52_28', channels=8, dilations=(1, 2)), "
        "cls_head=dict(type='GCNHead', num_classes=52, in_channels=16))"
    ),
    'rgbpose': (
        "dict(type='MMRecognizer3D', backbone=dict(type='RGBPoseConv3D', speed_ratio=4, channel_ratio=1, "
        f'rgb_pathway=dict({PATHWAY}, num_stages=4, stage_blocks=(1, 1, 1, 1), inflate=(0, 0, 1, 1)), '
        f'pose_pathway=dict({PATHWAY}, num_stages=3, stage_blocks=(1, 1, 1), in_channels=28, out_indices=(2,), '
        'inflate=(0, 1, 1), spatial_strides=(2, 2, 2), temporal_strides=(1, 1, 1), dilations=(1, 1, 1))), '
        "cls_head=dict(type='{head}', num_classes=52, in_channels=[32, 16], average_clips='prob'), "
        "data_preprocessor=dict(type='MultiModalDataPreprocessor', preprocessors=dict("
        f"imgs={NORMALIZE}, heatmap_imgs=dict(type='ActionDataPreprocessor'))))"
    ),
}
"""Models of heat maps, of frames around a person, of coordinates, and of frames and poses, as text of a config."""


def write_pose_network(folder, kind, head='RGBPoseFusionHead'):
    """Write a config and a checkpoint of a small network, and return their paths.

    Args:
        folder (Path): Folder of both files.
        kind (str): Key of :data:`MODELS`, and start of the names of the pipelines in ma52_pose.py.
        head (str): Head of the network of frames and poses.
    """
    config, checkpoint = folder / f'{kind}.py', folder / f'{kind}.pth'
    loaders = [
        f"{loader}_dataloader = dict(batch_size=2, num_workers=0, sampler=dict(type='DefaultSampler', "
        f'shuffle=False), dataset=dict(_base_.pose_{split}_set, pipeline=_base_.{kind}_{split}_pipeline'
        f'{"" if loader == "train" else ", test_mode=True"}))\n'
        for loader, split in (('train', 'train'), ('val', 'val'), ('test', 'val'))
    ]
    config.write_text(
        f"_base_ = ['mmaction::_base_/default_runtime.py', {str(BASE)!r}]\n"
        f'model = {MODELS[kind].format(head=head)}\n'
        f'{"".join(loaders)}'
        "train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=1)\n"
        "val_cfg, test_cfg = dict(type='ValLoop'), dict(type='TestLoop')\n"
        'val_evaluator = test_evaluator = _base_.metric\n'
        'default_hooks = _base_.hooks\n'
        "optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.01))\n"
    )
    torch.manual_seed(0)
    model = init_recognizer(Config.fromfile(config), device='cpu')
    for module in model.cls_head.modules():
        if isinstance(module, torch.nn.Linear):
            torch.nn.init.normal_(module.weight, std=3)
    save_checkpoint(dict(state_dict=model.state_dict()), str(checkpoint))
    return config, checkpoint


def read_pose_run(config, data, work_dir):
    """Return the config of a run on a data folder like ``tiny_ma52``. The test split is val."""
    run = Config.fromfile(config)
    for loader, split in (('train', 'train'), ('val', 'val'), ('test', 'val')):
        dataset = run[f'{loader}_dataloader'].dataset
        dataset.update(ann_file=f'{data}/{split}_list_videos.txt', pose_file=f'{data}/poses_{split}.pkl')
        dataset.data_prefix.video = f'{data}/videos_{split}'
    run.update(work_dir=str(work_dir), log_level='WARNING')
    return run
