"""MANet against stock TSM: what squeeze-and-excitation and the joint embedding cost."""

import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope

from mmaction_microaction.label_sets.ma52 import NUM_ACTIONS

from .memory import peak_memory
from .timing import Comparison, alternate

OPTIMIZER = dict(
    constructor='TSMOptimWrapperConstructor',
    paramwise_cfg=dict(fc_lr5=True),
    optimizer=dict(type='SGD', lr=1e-3, momentum=0.9, weight_decay=1e-4),
    clip_grad=dict(max_norm=20),
)


def build(network, depth, num_segments):
    """Build MANet or stock TSM, from scratch, with its optimizer.

    Args:
        network (str): ``'manet'`` or ``'tsm'``.
        depth (int): Of the ResNet.
        num_segments (int): Frames of a clip.

    Returns:
        tuple[BaseRecognizer, OptimWrapper]: Both.
    """
    init_default_scope('mmaction')
    channels = 512 if depth < 50 else 2048
    if network == 'tsm':
        backbone = dict(type='ResNetTSM', pretrained=None, pretrained2d=False)
        head = dict(type='TSMHead', num_classes=NUM_ACTIONS, dropout_ratio=0.5, average_clips='prob')
    else:
        backbone, head = dict(type='ResNetSETSM'), dict(type='MANetHead')
    backbone.update(depth=depth, num_segments=num_segments)
    head.update(in_channels=channels, num_segments=num_segments)
    model = MODELS.build(dict(type='Recognizer2D', backbone=backbone, cls_head=head))
    if network == 'manet':
        model.cls_head.label_embeddings.normal_()
    if torch.cuda.is_available():
        model.cuda()
    return model, build_optim_wrapper(model, OPTIMIZER)


def make_batch(num_segments, size, clips):
    """Make clips of noise, as a data loader would deliver them."""
    samples = [ActionDataSample().set_gt_label(number) for number in range(clips)]
    inputs = [torch.randint(0, 256, (num_segments, 3, size, size), dtype=torch.uint8) for _ in samples]
    return {'inputs': inputs, 'data_samples': samples}


def train_step(model, optimizer, batch):
    """Run forward, backward and update once."""
    model.train()
    model.train_step(batch, optimizer)


def predict(model, batch):
    """Predict the clips of a batch."""
    model.train(False)
    with torch.no_grad():
        model.test_step(batch)


def _train_twice(network, depth, num_segments, size, clips):
    """Run two steps: gradients and momenta exist from the first on."""
    model, optimizer = build(network, depth, num_segments)
    batch = make_batch(num_segments, size, clips)
    for _ in range(2):
        train_step(model, optimizer, batch)


def compare_models(depth=50, num_segments=8, size=224, clips=1, rounds=10):
    """Compare a training step, inference and the peak memory of a training step.

    Args:
        depth (int): Of the ResNet. Defaults to 50.
        num_segments (int): Frames of a clip. Defaults to 8.
        size (int): Pixels of a frame's side. Defaults to 224.
        clips (int): Batch size. Defaults to 1.
        rounds (int): How often each is timed. Defaults to 10.

    Yields:
        Comparison: Of stock TSM (baseline) with MANet, as each is done.
    """
    batch = make_batch(num_segments, size, clips)
    tsm, manet = (build(network, depth, num_segments) for network in ('tsm', 'manet'))
    yield alternate('training step', lambda: train_step(*tsm, batch), lambda: train_step(*manet, batch), rounds)
    yield alternate('inference', lambda: predict(tsm[0], batch), lambda: predict(manet[0], batch), rounds)
    memory = {
        network: [peak_memory(_train_twice, network, depth, num_segments, size, clips) for _ in range(3)]
        for network in ('tsm', 'manet')
    }
    yield Comparison('memory of training step', 'MiB', memory['tsm'], memory['manet'])
