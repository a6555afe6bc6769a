"""Batches of noise that have passed through the pipeline of a config."""

from pathlib import Path

import numpy as np
import torch
from mmaction.registry import TRANSFORMS
from mmengine.config import Config, ConfigDict

from mmaction_microaction.datasets.transforms import is_decoder, is_opener
from mmaction_microaction.label_sets import MA52

HEIGHT, WIDTH = 1296, 1080
"""Size in pixels of most of MA-52's videos."""
SAMPLING = ('SampleFrames', 'UniformSample')
"""Transforms that choose frames."""


def read_backbone_config(path: str | Path) -> Config:
    """Read the config of a network with one backbone, or raise a ValueError if it is another network."""
    config = Config.fromfile(path)
    if 'backbone' not in config.get('model', {}):
        raise ValueError(
            f'{path}: only networks with one backbone, which recognise the action of a clip, can be measured'
        )
    return config


def unwrap_dataset(dataset: ConfigDict) -> ConfigDict:
    """Return the config of the dataset inside wrappers such as ``ClassBalancedDataset``."""
    while 'dataset' in dataset:
        dataset = dataset.dataset
    return dataset


def pack_noise(dataset: ConfigDict, num_classes: int = len(MA52)) -> dict:
    """Run the pipeline of a dataset on noise instead of a video.

    Args:
        dataset (ConfigDict): Config of the dataset.
        num_classes (int): Number of labels of a ``MA52ProDataset``. Defaults to the number of MA-52's actions.

    Returns:
        dict: The packed sample.
    """
    sampling = next(step for step in dataset.pipeline if step['type'] in SAMPLING)
    clip_len, num_clips = sampling['clip_len'], sampling.get('num_clips', 1)
    frame = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    results = dict(
        imgs=[frame] * (clip_len * num_clips),
        clip_len=clip_len,
        num_clips=num_clips,
        original_shape=(HEIGHT, WIDTH),
        img_shape=(HEIGHT, WIDTH),
        modality='RGB',
        label=0,
    )
    if dataset.type == 'MA52ProDataset':
        results.update(label=torch.zeros(num_classes), emotion=0, face_file=None)
    for step in dataset.pipeline:
        if not (is_opener(step) or is_decoder(step) or step['type'] in SAMPLING):
            results = TRANSFORMS.build(step)(results)
    return results
