"""Which steps of a pipeline open and decode a video, and how to replace them."""

import logging
import os
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from mmaction.datasets.transforms import (
    ArrayDecode,
    DecordDecode,
    DecordInit,
    ImageDecode,
    OpenCVDecode,
    OpenCVInit,
    PIMSDecode,
    PIMSInit,
    PoseDecode,
    PyAVDecode,
    PyAVInit,
    RandomRescale,
    RawFrameDecode,
    Resize,
)
from mmaction.registry import TRANSFORMS
from mmengine.logging import print_log

from .frame_store_decoding import FrameStoreDecode, FrameStoreInit
from .joints import ResamplePoses
from .poses import DecodeRGBPose
from .sparse_pyav import SparsePyAVDecode, SparsePyAVInit

_VIDEO_OPENERS = (DecordInit, OpenCVInit, PIMSInit, PyAVInit, SparsePyAVInit)
_VIDEO_DECODERS = (DecordDecode, OpenCVDecode, PIMSDecode, PyAVDecode, SparsePyAVDecode)
OPENERS = (*_VIDEO_OPENERS, FrameStoreInit)
"""Transforms that open a video, or find a clip in a frame store."""
DECODERS = (*_VIDEO_DECODERS, FrameStoreDecode, DecodeRGBPose, RawFrameDecode, ImageDecode, ArrayDecode)
"""Transforms that decode the sampled frames. Images and arrays need no opener, and ``DecodeRGBPose`` has its own."""
CHOICES = {
    'pyav': ('PyAV', SparsePyAVInit, SparsePyAVDecode),
    'decord': ('decord', DecordInit, DecordDecode),
}
"""Name for the log, opener and decoder of each value that a dataset's ``decoder`` may have."""


def is_opener(step: dict | Callable) -> bool:
    """Return whether a step of a pipeline opens a video.

    Args:
        step (dict | Callable): Config of a transform, or the transform itself.

    Returns:
        bool: Whether its class is one of :data:`OPENERS` or derived from one. ``MMDecode`` opens a video and decodes
        it, and counts as a decoder only.

    Examples:
        >>> is_opener(dict(type='DecordInit')), is_opener(dict(type='DecordDecode'))
        (True, False)
    """
    return _is_one_of(step, OPENERS) and not is_decoder(step)


def is_decoder(step: dict | Callable) -> bool:
    """Return whether a step of a pipeline decodes the sampled frames.

    Args:
        step (dict | Callable): Config of a transform, or the transform itself.

    Returns:
        bool: Whether its class is one of :data:`DECODERS` or derived from one.

    Examples:
        >>> is_decoder(dict(type='DecordInit')), is_decoder(dict(type='DecordDecode'))
        (False, True)
    """
    return _is_one_of(step, DECODERS)


def selects_poses(step: dict | Callable) -> bool:
    """Return whether a step of a pipeline selects the keypoints of the sampled frames.

    Args:
        step (dict | Callable): Config of a transform, or the transform itself.

    Returns:
        bool: Whether its class is ``PoseDecode``, ``MMDecode``, :class:`ResamplePoses` or :class:`DecodeRGBPose`, or
        derived from one.

    Examples:
        >>> selects_poses(dict(type='PoseDecode')), selects_poses(dict(type='DecordDecode'))
        (True, False)
    """
    return _is_one_of(step, (PoseDecode, ResamplePoses, DecodeRGBPose))


def _is_one_of(step, classes):
    """Return whether the class of a transform, or of its config, is one of some classes or derived from one."""
    kind = step['type'] if isinstance(step, dict) else type(step)
    if isinstance(kind, str):  # perhaps with a scope, such as mmaction.DecordInit
        kind = TRANSFORMS.module_dict.get(kind.rpartition('.')[2])
    return isinstance(kind, type) and issubclass(kind, classes)


def replace_decoding(
    transforms: Sequence[Callable], opener: Callable, decoder: Callable, name: str
) -> Sequence[Callable]:
    """Replace the transforms of a pipeline that open and decode videos, also in ``DecodeRGBPose``, and log it.

    Args:
        transforms (Sequence[Callable]): Transforms of the pipeline.
        opener (Callable): Transform that opens a clip.
        decoder (Callable): Transform that decodes its sampled frames.
        name (str): Name of the new decoder, for the log.

    Returns:
        Sequence[Callable]: Transforms of the new pipeline.
    """
    # Subclasses stay: PyAVDecodeMotionVector, for instance, returns motion vectors instead of frames.
    new_by_type = {**dict.fromkeys(_VIDEO_OPENERS, opener), **dict.fromkeys(_VIDEO_DECODERS, decoder)}
    replaced = [transform for transform in transforms if type(transform) in new_by_type]
    if any(type(transform) is not type(new_by_type[type(transform)]) for transform in replaced):
        old = '/'.join(type(transform).__name__ for transform in replaced)
        print_log(f'decoder: {name} (instead of {old})', logger='current')
    return [
        DecodeRGBPose(replace_decoding(transform.source, opener, decoder, name))
        if isinstance(transform, DecodeRGBPose)
        else new_by_type.get(type(transform), transform)
        for transform in transforms
    ]


def choose_decoder(
    transforms: Sequence[Callable], decoder: Literal['pyav', 'decord'] | None = None
) -> Sequence[Callable]:
    """Select PyAV or decord, which decode the same frames, for a pipeline.

    Args:
        transforms (Sequence[Callable]): Transforms of the pipeline.
        decoder (Literal['pyav', 'decord'], optional): ``'pyav'`` or ``'decord'``. Defaults to None, which keeps the
            pipeline's own decoder. If that is decord and decord is not installed, PyAV is used: decord has no wheels
            for Arm and macOS.

    Returns:
        Sequence[Callable]: Transforms of the new pipeline.

    Raises:
        ImportError: If ``decoder`` is ``'decord'`` and decord is not installed.
        ValueError: If ``decoder`` has another value.
    """
    if decoder not in (None, *CHOICES):
        raise ValueError(f"decoder={decoder!r}: set {' or '.join(map(repr, CHOICES))}, or None for the pipeline's own.")
    has_decord = find_spec('decord') is not None
    if decoder == 'decord' and not has_decord:
        raise ImportError("decoder='decord': decord is not installed. Install it, or set decoder='pyav'.")
    if decoder is None:
        if has_decord or not any(type(transform) is DecordInit for transform in transforms):
            return transforms
        return replace_decoding(transforms, SparsePyAVInit(), SparsePyAVDecode(), 'PyAV, since decord is not installed')
    name, opener_class, decoder_class = CHOICES[decoder]
    return replace_decoding(transforms, opener_class(), decoder_class(), name)


def read_from_store(transforms: Sequence[Callable], path: str | Path) -> Sequence[Callable]:
    """Make a pipeline read from a frame store instead of videos.

    Args:
        transforms (Sequence[Callable]): Transforms of the pipeline.
        path (str | Path): Path of the frame store.

    Returns:
        Sequence[Callable]: Transforms of the new pipeline.
    """
    opener = FrameStoreInit(path)
    stored = opener.store.settings.short_side
    needed = max(map(_short_side, transforms), default=0)
    if needed > stored:
        print_log(
            f'{path}: the pipeline enlarges frames of short side {stored} to {needed}; make the store with '
            f'--size {needed} to keep the detail of the videos.',
            logger='current',
            level=logging.WARNING,
        )
    return replace_decoding(transforms, opener, FrameStoreDecode(), f'frame store {path}')


def choose_source(
    transforms: Sequence[Callable], path: str | Path, decoder: Literal['pyav', 'decord'] | None
) -> Sequence[Callable]:
    """Make a pipeline read from a frame store, or from videos with a decoder.

    Args:
        transforms (Sequence[Callable]): Transforms of the pipeline.
        path (str | Path): Path of the frame store, or of the folder of the videos.
        decoder (Literal['pyav', 'decord'] | None): Decoder of the videos, see :func:`choose_decoder`.

    Returns:
        Sequence[Callable]: Transforms of the new pipeline.
    """
    return read_from_store(transforms, path) if os.path.isfile(path) else choose_decoder(transforms, decoder)


def _short_side(transform):
    """Return the short side to which a transform resizes frames in proportion; 0 for any other transform."""
    if isinstance(transform, RandomRescale):
        return max(transform.scale_range)
    if isinstance(transform, Resize) and transform.keep_ratio and not isinstance(transform.scale, float):
        return min(transform.scale)
    return 0
