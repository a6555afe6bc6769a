"""Cost of MANet's squeeze-and-excitation and joint embedding, compared with MMAction2's TSM."""

from collections.abc import Collection, Iterator

import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.optim import OptimWrapper
from mmengine.registry import init_default_scope

from mmaction_microaction.label_sets import MA52

from .memory import measure_peak_memory
from .timing import Comparison, alternate
from .ways import prepare_training

OPTIMIZER = dict(
    constructor='TSMOptimWrapperConstructor',
    paramwise_cfg=dict(fc_lr5=True),
    optimizer=dict(type='SGD', lr=1e-3, momentum=0.9, weight_decay=1e-4),
    clip_grad=dict(max_norm=20),
)


def build_model(
    network: str, depth: int, num_segments: int, ways: Collection[str] = ()
) -> tuple[torch.nn.Module, OptimWrapper]:
    """Build MANet or MMAction2's TSM with random weights, and its optimizer.

    Args:
        network (str): ``'manet'`` or ``'tsm'``.
        depth (int): Depth of the ResNet.
        num_segments (int): Number of frames per clip.
        ways (Collection[str]): Options of :func:`prepare_training`. Defaults to ``()``.

    Returns:
        tuple[torch.nn.Module, OptimWrapper]: Network and optimizer.
    """
    init_default_scope('mmaction')
    channels = 512 if depth < 50 else 2048
    if network == 'tsm':
        backbone = dict(type='ResNetTSM', pretrained=None, pretrained2d=False)
        head = dict(type='TSMHead', num_classes=len(MA52), dropout_ratio=0.5, average_clips='prob')
    else:
        backbone, head = dict(type='ResNetSETSM'), dict(type='MANetHead')
    backbone.update(depth=depth, num_segments=num_segments)
    head.update(in_channels=channels, num_segments=num_segments)
    model = MODELS.build(dict(type='Recognizer2D', backbone=backbone, cls_head=head))
    if network == 'manet':
        model.cls_head.label_embeddings.normal_()
    return model, prepare_training(model, OPTIMIZER, ways)


def make_noise_batch(num_segments: int, size: int, clips: int) -> dict[str, list]:
    """Make a batch of clips of noise in the format of a data loader."""
    samples = [ActionDataSample().set_gt_label(index % len(MA52)) for index in range(clips)]
    inputs = [torch.randint(0, 256, (num_segments, 3, size, size), dtype=torch.uint8) for _ in samples]
    return {'inputs': inputs, 'data_samples': samples}


def train_step(model: torch.nn.Module, optimizer: OptimWrapper, batch: dict[str, list]) -> None:
    """Run one step of training: forward pass, backward pass and update."""
    model.train()
    model.train_step(batch, optimizer)


def run_inference(model: torch.nn.Module, batch: dict[str, list]) -> None:
    """Run inference on a batch."""
    model.train(False)
    with torch.no_grad():
        model.test_step(batch)


def _train_twice(network, depth, num_segments, size, clips) -> None:
    """Run two steps, since gradients and momenta are allocated in the first one."""
    model, optimizer = build_model(network, depth, num_segments)
    batch = make_noise_batch(num_segments, size, clips)
    for _ in range(2):
        train_step(model, optimizer, batch)


def compare_models(
    depth: int = 50, num_segments: int = 8, size: int = 224, clips: int = 1, rounds: int = 10
) -> Iterator[Comparison]:
    """Compare the time of a training step and of inference, and the peak memory of a training step.

    Args:
        depth (int): Depth of the ResNet. Defaults to 50.
        num_segments (int): Number of frames per clip. Defaults to 8.
        size (int): Height and width of a frame in pixels. Defaults to 224.
        clips (int): Batch size. Defaults to 1.
        rounds (int): Number of measurements of time. Defaults to 10.

    Yields:
        Comparison: Time or memory of MANet; the baseline is MMAction2's TSM.
    """
    batch = make_noise_batch(num_segments, size, clips)
    tsm, manet = (build_model(network, depth, num_segments) for network in ('tsm', 'manet'))
    yield alternate('training step', lambda: train_step(*tsm, batch), lambda: train_step(*manet, batch), rounds)
    yield alternate('inference', lambda: run_inference(tsm[0], batch), lambda: run_inference(manet[0], batch), rounds)
    memory = {
        network: [measure_peak_memory(_train_twice, network, depth, num_segments, size, clips) for _ in range(3)]
        for network in ('tsm', 'manet')
    }
    yield Comparison('memory of training step', 'MiB', memory['tsm'], memory['manet'])
