"""Check that a pipeline samples as many frames per clip as the network expects."""

from collections.abc import Callable
from typing import Any

import torch
from mmaction.models.recognizers import Recognizer2D, Recognizer3D
from mmengine.model import is_model_wrapper


def check_pipeline(model: torch.nn.Module, pipeline: list[dict | Callable], source: str) -> None:
    """Check that a pipeline produces the clips that a network expects.

    TSM, TIN, MANet and MAENet work on single frames and group every ``num_segments`` of them into a clip. If a pipeline
    samples another number of frames, the frames are grouped wrongly without any error, as long as the number divides:
    one clip of 16 frames is treated as two clips of 8.

    Args:
        model (torch.nn.Module): The network.
        pipeline (list[dict | Callable]): Transforms, as configs or built.
        source (str): Name of the pipeline in error messages, such as ``'train_dataloader'``.

    Raises:
        ValueError: If the parts of the network differ in ``num_segments``, if the pipeline samples clips of another
            length, or if its ``FormatShape`` does not match the kind of recognizer (2D or 3D).
    """
    network = model.module if is_model_wrapper(model) else model
    input_format = next(filter(None, (_get(step, 'input_format') for step in pipeline)), None)
    for kind, expected, other in ((Recognizer2D, 'NCHW', 'NCTHW'), (Recognizer3D, 'NCTHW', 'NCHW')):
        if isinstance(network, kind) and input_format == other:
            raise ValueError(
                f'The pipeline of {source} has FormatShape(input_format={other!r}), but a {kind.__name__} expects '
                f'{expected!r}: 2D networks take single frames, 3D networks take clips.'
            )
    if input_format != 'NCHW':
        return
    # Only the parts that a config names (backbone, cls_head, action_backbone, …); their layers copy its value.
    segments = {
        name: module.num_segments
        for name, module in network.named_children()
        if isinstance(getattr(module, 'num_segments', None), int)
    }
    sampling = next((step for step in pipeline if _get(step, 'clip_len') is not None), None)
    if not segments or sampling is None:
        return
    settings = ', '.join(f'model.{name}.num_segments={value}' for name, value in segments.items())
    if len(set(segments.values())) > 1:
        raise ValueError(
            f'The parts of the network expect different numbers of frames per clip: {settings}. Set the same '
            'num_segments in all of them.'
        )
    (num_segments,) = set(segments.values())
    clip_len, num_clips = _get(sampling, 'clip_len'), _get(sampling, 'num_clips') or 1
    if num_segments in (clip_len, clip_len * num_clips):
        return
    kind = sampling['type'] if isinstance(sampling, dict) else type(sampling).__name__
    raise ValueError(
        f'The pipeline of {source} samples clips of another number of frames than the network expects: {kind} has '
        f'clip_len={clip_len} and num_clips={num_clips}, the network has {settings}. Set num_clips={num_segments} and '
        'clip_len=1 in the pipelines of train, val and test, or change num_segments of the network. To test several '
        'clips per video, use twice_sample=True of SampleFrames, num_sample_positions of DenseSampleFrames, ThreeCrop '
        'or TenCrop.'
    )


def _get(step: dict | Callable, name: str) -> Any:
    """Return an argument of a transform, or None if the transform does not have it or does not set it."""
    return step.get(name) if isinstance(step, dict) else getattr(step, name, None)
