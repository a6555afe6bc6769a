"""Number of parameters and multiply-adds of a network."""

from pathlib import Path
from typing import NamedTuple

import torch
from mmaction.registry import MODELS
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from torch.utils.flop_counter import FlopCounterMode

from .batches import pack_noise, read_backbone_config


class Complexity(NamedTuple):
    """Cost of classifying one clip."""

    name: str
    """Name of the config."""
    frames: int
    """Number of frames of the clip."""
    height: int
    """Height of the frames in pixels."""
    width: int
    """Width of the frames in pixels."""
    parameters: int
    """Number of parameters of the network, including parameters that only training uses."""
    multiply_adds: int
    """Number of multiply-adds of convolutions and matrix products; other operations are negligible."""

    def __str__(self):
        size = f'{self.width} x {self.height}'
        counts = f'{self.parameters / 1e6:>9.1f} M{self.multiply_adds / 1e9:>9.1f} G'
        return f'{self.name:<34}{self.frames:>7}{size:>12}{counts}'


def measure_complexity(path: str | Path) -> Complexity:
    """Count the parameters and multiply-adds of a network for one clip of its test pipeline.

    Args:
        path (str | Path): Path of the config.

    Returns:
        Complexity: The counts and the size of the clip.

    Raises:
        ValueError: If the network does not have exactly one backbone.
    """
    config = read_backbone_config(path)
    init_default_scope('mmaction')
    config.model.backbone.pretrained = None
    model = MODELS.build(config.model).eval()
    batch = model.data_preprocessor(pseudo_collate([pack_noise(config.test_dataloader.dataset)]))

    fast_path = torch.backends.mha.get_fastpath_enabled()
    # The counter does not see the products of fused attention.
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            model(**batch, mode='predict')
    finally:
        torch.backends.mha.set_fastpath_enabled(fast_path)
    *_, height, width = batch['inputs'].shape
    return Complexity(
        name=Path(path).stem,
        frames=batch['inputs'].numel() // (3 * height * width),
        height=height,
        width=width,
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        multiply_adds=counter.get_total_flops() // 2,
    )
