"""Batches without data: noise in place of videos, through the pipeline of a config."""

import numpy as np
import torch
from mmaction.registry import TRANSFORMS
from mmengine.config import Config

from mmaction_microaction.datasets.transforms import is_decoder, is_opener
from mmaction_microaction.label_sets.ma52 import NUM_ACTIONS

HEIGHT, WIDTH = 1296, 1080
"""Of most of MA-52's videos."""


def read_config(path):
    """Read a config of a network that recognises the action of a clip; a ValueError if it is of another."""
    config = Config.fromfile(path)
    if 'backbone' not in config.get('model', {}):
        raise ValueError(f'{path}: only networks with one backbone, which recognise the action of a clip, are measured')
    return config


def innermost(dataset):
    """Return what ``ClassBalancedDataset`` and its like wrap, both being configs."""
    while 'dataset' in dataset:
        dataset = dataset.dataset
    return dataset


def pack_noise(dataset, num_classes=NUM_ACTIONS):
    """Run a dataset's pipeline on noise instead of a video.

    Args:
        dataset (ConfigDict): The dataset.
        num_classes (int): Labels of a ``MA52ProDataset``. Defaults to 52.

    Returns:
        dict: The packed sample.
    """
    sampling = next(step for step in dataset.pipeline if step['type'] == 'SampleFrames')
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
        if not (is_opener(step) or is_decoder(step) or step['type'] == 'SampleFrames'):
            results = TRANSFORMS.build(step)(results)
    return results
