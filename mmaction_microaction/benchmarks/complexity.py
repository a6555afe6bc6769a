"""Size and arithmetic of a config's network."""

from pathlib import Path
from typing import NamedTuple

import torch
from mmaction.registry import MODELS
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from torch.utils.flop_counter import FlopCounterMode

from .batches import pack_noise, read_config


class Complexity(NamedTuple):
    """What a network takes to classify a clip once."""

    name: str
    """Of the config."""
    frames: int
    """Frames of the clip."""
    height: int
    width: int
    parameters: int
    """Of the whole network, also what only training uses."""
    multiply_adds: int
    """Of convolutions and matrix products; the rest hardly counts."""

    def __str__(self):
        size = f'{self.width} x {self.height}'
        counts = f'{self.parameters / 1e6:>9.1f} M{self.multiply_adds / 1e9:>9.1f} G'
        return f'{self.name:<34}{self.frames:>7}{size:>12}{counts}'


def measure_complexity(path):
    """Count parameters and multiply-adds of a config's network on one clip, as its test pipeline delivers it.

    Args:
        path (str | Path): The config.

    Returns:
        Complexity: The counts.

    Raises:
        ValueError: If the network is none of a single backbone.
    """
    config = read_config(path)
    init_default_scope('mmaction')
    config.model.backbone.pretrained = None
    model = MODELS.build(config.model).eval()
    batch = model.data_preprocessor(pseudo_collate([pack_noise(config.test_dataloader.dataset)]))

    fast = torch.backends.mha.get_fastpath_enabled()
    # The fused attention of inference hides its products from the counter.
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            model(**batch, mode='predict')
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
    *_, height, width = batch['inputs'].shape
    return Complexity(
        name=Path(path).stem,
        frames=batch['inputs'].numel() // (3 * height * width),
        height=height,
        width=width,
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        multiply_adds=counter.get_total_flops() // 2,
    )
