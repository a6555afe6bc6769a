"""Settings and configs of networks that learn own categories."""

import copy
import json
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from mmengine.config import Config

from mmaction_microaction.engine.hooks.check_setup_hook import SAFETY_HOOKS
from mmaction_microaction.inference.crops import Crop, format_crop
from mmaction_microaction.inference.detector import describes_detector
from mmaction_microaction.inference.loading import SHIPPED_NETWORK
from mmaction_microaction.inference.onnx_safety.pipeline import load_pipeline
from mmaction_microaction.inference.recognizer import read_config
from mmaction_microaction.inference.shipped_weights import write_shipped_weights
from mmaction_microaction.inference.windows import WindowPipeline
from mmaction_microaction.label_sets import LabelSet
from mmaction_microaction.structures.annotations import read_annotations
from mmaction_microaction.utils.paths import find_shipped

SHIPPED_CONFIG = 'configs/own/jointtcn_48_own.py'
"""Config with which the network of the package learns categories, a path in the repository."""
NUM_STEPS = 200
"""Steps that a training has at least, unless the number of epochs is given."""
EPOCHS = (5, 40)
"""Smallest and largest number of epochs, unless it is given."""
SIDES = {'left', 'right'}
"""Words in names of categories that a mirrored clip would contradict."""
DATASETS = {'ClipDataset', 'MA52Dataset', 'VideoDataset', 'PoseClipDataset'}
"""Types of datasets of clips with one action each."""
METRIC = 'fine/F1_macro'
"""Metric that chooses the best epoch."""


class TrainSettings(NamedTuple):
    """Settings of a training."""

    config: str | None = None
    """Config of the network. None for the network of the package, with its weights."""
    checkpoint: str | None = None
    """Weights to start from. None for the initial weights of the config."""
    epochs: int | None = None
    """Number of epochs. None for as many as 200 steps need, from 5 to 40."""
    freeze: bool = False
    """Whether only the classifier is trained, and not the backbone."""
    flip: bool = True
    """Whether clips are mirrored at random if the config does that."""
    batch_size: int | None = None
    """Number of clips in a step. None for that of the config."""
    lr: float | None = None
    """Learning rate. None for that of the config."""
    workers: int = 0
    """Number of processes that read clips."""
    seed: int = 0
    """Random seed."""


def check_network(settings: TrainSettings) -> Config:
    """Read the config of a network, and check that it can learn categories.

    Args:
        settings (TrainSettings): Settings with the paths of config and weights.

    Returns:
        Config: The config.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If the network is exported, a detector, sees both frames and joints, or cannot be exported.
    """
    path = settings.config or str(find_shipped(SHIPPED_CONFIG))
    if path.endswith('.onnx'):
        raise ValueError(f'{path} is an exported network, which cannot be trained; pass its config and checkpoint')
    if settings.checkpoint is not None and not Path(settings.checkpoint).is_file():
        raise FileNotFoundError(f'{settings.checkpoint}: no such checkpoint')
    config = read_config(path)
    if describes_detector(config):
        raise ValueError(f'{path} describes a detector, which learns from whole videos; use a recognizer of clips')
    loaders = [config.get(f'{part}_dataloader') for part in ('train', 'test')]
    kinds = {_leaf(loader.dataset).get('type') for loader in loaders if loader}
    if 'cls_head' not in (config.get('model') or {}) or None in loaders or not kinds <= DATASETS:
        raise ValueError(
            f'{path} describes no recognizer of clips, which has a cls_head and datasets of the type ClipDataset or '
            'PoseClipDataset'
        )
    pipeline = _leaf(config.test_dataloader.dataset).pipeline
    if WindowPipeline(pipeline).reads_frames and 'PoseClipDataset' in kinds:
        raise ValueError(
            f'{path} describes a network of frames and poses, which cannot be exported to one file; use one of either'
        )
    try:
        load_pipeline(json.dumps(pipeline))
    except (TypeError, ValueError) as error:
        raise ValueError(f'{path} describes a network that cannot be exported to one file: {error}') from None
    if settings.freeze and not re.search('ResNet|JointTCN', str(config.model.get('backbone', {}).get('type'))):
        raise ValueError(f'{path}: --freeze knows ResNets and JointTCN only; leave it out')
    return config


def needs_poses(config: Config) -> bool:
    """Return whether a network sees the joints of people instead of frames.

    Args:
        config (Config): Config that :func:`check_network` returned.

    Returns:
        bool: True for joints, False for frames.
    """
    return _leaf(config.test_dataloader.dataset).type == 'PoseClipDataset'


def write_config(
    settings: TrainSettings,
    label_set_file: Path,
    label_set: LabelSet,
    clips: Path,
    crop: Crop,
    poses: Path,
    train_list: Path,
    val_list: Path | None,
    chooses_best: bool,
    work_dir: Path,
    out: Path,
) -> Config:
    """Write the config of a training, which ``mim train mmaction`` can repeat.

    Data, optimizer and pipelines are those of the network's config. New are the label set, the lists, the number of
    classes, the repetition of rare classes, and a schedule of a warm-up and a cosine. The joint embedding of MANet,
    which needs word vectors, is left out. The weights of the network of the package are written beside the config.

    Args:
        settings (TrainSettings): Settings.
        label_set_file (Path): File of the label set.
        label_set (LabelSet): Its content.
        clips (Path): Folder of the clips.
        crop (Crop): How the clips were cropped, which checkpoints and exported files will say.
        poses (Path): File with the poses in the clips, which only networks of joints read.
        train_list (Path): List of the clips to train on.
        val_list (Path | None): List of the held-out clips. None if there are none.
        chooses_best (bool): Whether the held-out clips choose the best epoch. Otherwise, the last one is used.
        work_dir (Path): Folder of logs and checkpoints, where the runner also writes the settings of its last start.
        out (Path): Path of the config, in another folder.

    Returns:
        Config: The config.
    """
    config = copy.deepcopy(check_network(settings))
    head = config.model.cls_head
    head.num_classes = len(label_set)
    if head.type == 'MANetHead':
        head.update(label_embeddings=None, loss_emb=None)
    if settings.checkpoint is not None and 'pretrained' in config.model.get('backbone', {}):
        config.model.backbone.pretrained = None
    if settings.freeze:
        _freeze(config.model.backbone)
    annotations = read_annotations(train_list, label_set=label_set)
    data = dict(
        data_prefix=dict(video=str(clips)), label_set=str(label_set_file), metainfo=dict(crop=format_crop(crop))
    )
    if needs_poses(config):
        layout = _leaf(config.test_dataloader.dataset).get('layout')
        data.update(type='PoseClipDataset', pose_file=str(poses), **({'layout': layout} if layout else {}))
    else:
        data.update(type='ClipDataset', decoder='pyav')
    train_pipeline = list(_leaf(config.train_dataloader.dataset).pipeline)
    if not settings.flip or _has_sides(label_set):
        train_pipeline = [step for step in train_pipeline if step['type'] != 'Flip']
    batch_size = settings.batch_size or config.train_dataloader.batch_size
    test_pipeline = _leaf(config.test_dataloader.dataset).pipeline
    counts = [sum(each.label == label for each in annotations) for label in {each.label for each in annotations}]
    loader = dict(num_workers=settings.workers, persistent_workers=False)
    config.train_dataloader = dict(
        **loader,
        batch_size=batch_size,
        sampler=dict(type='DefaultSampler', shuffle=True),
        # A class with less than half as many clips as the largest one is repeated: twice down to an eighth of its
        # clips, three times down to an eighteenth, and so on.
        dataset=dict(
            type='ClassBalancedDataset',
            oversample_thr=max(counts) / len(annotations) / 2,
            dataset=dict(ann_file=str(train_list), pipeline=train_pipeline, **data),
        ),
    )
    # Without held-out clips, the train list takes their place in a loader that only the export reads.
    held_out = dict(ann_file=str(val_list or train_list), pipeline=test_pipeline, test_mode=True, **data)
    config.test_dataloader = dict(
        **loader, batch_size=batch_size, sampler=dict(type='DefaultSampler', shuffle=False), dataset=held_out
    )
    config.test_evaluator, config.test_cfg = [dict(type='MicroActionMetric')], dict(type='TestLoop')
    epochs = settings.epochs or count_epochs(annotations, batch_size)
    interval = max(epochs // 10, 1)
    has_val = val_list is not None and chooses_best
    config.val_dataloader = config.test_dataloader if has_val else None
    config.val_evaluator = config.test_evaluator if has_val else None
    config.val_cfg = dict(type='ValLoop') if has_val else None
    config.train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=epochs, val_interval=interval)
    warm_up = max(epochs // 10, 1)
    config.param_scheduler = [
        dict(type='LinearLR', start_factor=0.1, begin=0, end=warm_up, by_epoch=True, convert_to_iter_based=True)
    ]
    if epochs > warm_up:
        config.param_scheduler.append(
            dict(
                type='CosineAnnealingLR', T_max=epochs - warm_up, begin=warm_up, end=epochs, by_epoch=True,
                convert_to_iter_based=True,
            )
        )  # fmt: skip
    if settings.lr is not None:
        config.optim_wrapper.optimizer.lr = settings.lr
    config.setdefault('default_hooks', {})
    config.default_hooks.update({name: dict(type=kind) for name, kind in SAFETY_HOOKS.items()})
    best = dict(save_best=METRIC, rule='greater') if has_val else {}
    config.default_hooks.checkpoint = dict(type='SafeCheckpointHook', interval=1, max_keep_ckpts=1, **best)
    config.visualizer = dict(type='ActionVisualizer', vis_backends=[dict(type='LocalVisBackend')])
    config.custom_imports = dict(imports=['mmaction_microaction'], allow_failed_imports=False)
    checkpoint = settings.checkpoint
    if settings.config is None:
        checkpoint = str(out.with_name(f'{SHIPPED_NETWORK.stem}.pth'))
        write_shipped_weights(checkpoint)
    config.update(
        default_scope='mmaction', load_from=checkpoint, resume=False, work_dir=str(work_dir),
        randomness=dict(seed=settings.seed),
    )  # fmt: skip
    config.dump(str(out))
    return Config.fromfile(str(out))


def count_epochs(clips: Sequence, batch_size: int) -> int:
    """Return the default number of epochs.

    Examples:
        >>> count_epochs(range(100), batch_size=10), count_epochs(range(10), 10), count_epochs(range(9000), 10)
        (20, 40, 5)
    """
    steps = math.ceil(len(clips) / batch_size)
    return min(max(math.ceil(NUM_STEPS / steps), EPOCHS[0]), EPOCHS[1])


def _freeze(backbone: dict) -> None:
    """Change the config of a backbone so that it is not trained."""
    if backbone.type == 'JointTCN':
        backbone.frozen = True
        return
    backbone.frozen_stages = 4
    if backbone.type == 'ResNetSETSM':
        backbone.freeze_excitation = True


def _has_sides(label_set: LabelSet) -> bool:
    return any(SIDES & set(re.findall(r'[^\W\d_]+', name.casefold())) for name in label_set.names)


def _leaf(dataset: dict) -> dict:
    """Return the config of the dataset within wrappers such as RepeatDataset."""
    while 'dataset' in dataset:
        dataset = dataset['dataset']
    return dataset
