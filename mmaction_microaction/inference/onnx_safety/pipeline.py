"""Which transforms and arguments the test pipeline in an exported file may name.

A config is code, and its pipeline may contain anything. An exported file is data, which must not run code or take much
memory. But MMEngine imports whatever a ``type`` with a dot names, and numbers such as a crop size determine the memory
of a transform. The pipeline of a file may therefore only name the transforms below, with the arguments listed, within
the limits given.
"""

import json
from math import prod

from mmaction_microaction.utils.messages import first_few
from mmaction_microaction.utils.untrusted import parse_json

MAX_STEPS = 64
"""Largest number of transforms."""
MAX_SIDE = 1024
"""Largest side in pixels of a resized or cropped frame."""
MAX_FRAMES = 1024
"""Largest number of frames of all clips of a video."""
MAX_PIXELS = 2**27
"""Largest number of pixels of all frames and crops of a video. 32 frames of ten clips with three crops of 256 x 256 are
half of it."""


def _integer(low, high):
    return lambda value: type(value) is int and low <= value <= high


def _fraction(value):
    return type(value) in (int, float) and 0 <= value <= 1


def _boolean(value):
    return type(value) is bool


def _choice(*choices):
    return lambda value: any(type(value) is type(choice) and value == choice for choice in choices)


def _identifiers(value):
    return type(value) in (list, tuple) and len(value) <= 32 and all(_identifier(item) for item in value)


def _identifier(value):
    return type(value) is str and value.isidentifier() and len(value) <= 64


_side = _integer(1, MAX_SIDE)


def _sides(value):
    return _side(value) or (type(value) in (list, tuple) and len(value) == 2 and all(map(_side, value)))


def _scale(value):
    """A factor of at most 1, or two sides; one side may be -1, which keeps the aspect ratio."""
    if type(value) is float:
        return 0 < value <= 1
    pair = type(value) in (list, tuple) and len(value) == 2
    return pair and any(map(_side, value)) and all(side == -1 or _side(side) for side in value)


_LAZY = dict(lazy=_boolean)
_CLIPS = dict(clip_len=_integer(1, MAX_FRAMES), num_clips=_integer(1, MAX_FRAMES), test_mode=_boolean)
_SAMPLING = dict(
    **_CLIPS,
    frame_interval=_integer(1, 10_000),
    temporal_jitter=_boolean,
    twice_sample=_boolean,
    out_of_bound_opt=_choice('loop', 'repeat_last'),
    keep_tail_frames=_boolean,
    target_fps=lambda value: value is None or _integer(1, 1000)(value),
)
_DISK = dict(io_backend=_choice('disk'))
_CROP = dict(crop_size=_sides)
ALLOWED = {
    'DecordInit': dict(_DISK, num_threads=_integer(1, 64)),
    'OpenCVInit': _DISK,
    'PyAVInit': _DISK,
    'SampleFrames': _SAMPLING,
    'DenseSampleFrames': dict(
        _SAMPLING, sample_range=_integer(1, 100_000), num_sample_positions=_integer(1, MAX_FRAMES)
    ),
    'UniformSample': _CLIPS,
    'DecordDecode': dict(mode=_choice('accurate', 'efficient')),
    'OpenCVDecode': {},
    'PyAVDecode': dict(multi_thread=_boolean, mode=_choice('accurate', 'efficient')),
    'Resize': dict(
        _LAZY,
        scale=_scale,
        keep_ratio=_boolean,
        interpolation=_choice('nearest', 'bilinear', 'bicubic', 'area', 'lanczos'),
    ),
    'CenterCrop': dict(_LAZY, **_CROP),
    'ThreeCrop': _CROP,
    'TenCrop': _CROP,
    'AddFlippedViews': {},
    'Flip': dict(_LAZY, flip_ratio=_fraction, direction=_choice('horizontal', 'vertical')),
    'Fuse': {},
    'SubtractMeanFrame': {},
    'FormatShape': dict(input_format=_choice('NCHW', 'NCTHW'), collapse=_boolean),
    'ResamplePoses': dict(clip_len=_integer(1, MAX_FRAMES), trim=_choice(0, 0.0)),
    'FormatGCNInput': dict(num_person=_integer(1, 16), mode=_choice('zero', 'loop')),
    'PackActionInputs': dict(collect_keys=_identifiers, meta_keys=_identifiers, algorithm_keys=_identifiers),
}
"""dict[str, dict[str, Callable]]: Allowed transforms, each with its allowed arguments and their validators."""
DETECTOR_ALLOWED = {
    **ALLOWED,
    'SampleFramesAtRate': dict(rate=lambda value: type(value) in (int, float) and 0 < value <= 1000),
    'PackDetectionInputs': {},
}
"""dict[str, dict[str, Callable]]: The same for detectors."""
_VIEWS = {'ThreeCrop': 3, 'TenCrop': 10, 'AddFlippedViews': 2}
"""Number of crops or views that a transform makes of each frame."""


def load_pipeline(text: str, detector_frames: int | None = None) -> list[dict]:
    """Parse a pipeline from JSON, and reject transforms and arguments that are not in :data:`ALLOWED`.

    Args:
        text (str): JSON list of objects, each with a ``type`` and arguments.
        detector_frames (int, optional): Number of frames that a detector reads at once, whose pipeline may contain
            :data:`DETECTOR_ALLOWED`. Defaults to None: the pipeline of a recognizer.

    Returns:
        list[dict]: The pipeline, whose transforms are safe to build.

    Raises:
        ValueError: If the text is not such a list, or a transform or an argument is not allowed. The message names it.
    """
    steps = parse_json(text)
    if not isinstance(steps, list) or not 1 <= len(steps) <= MAX_STEPS:
        raise ValueError(f'the pipeline is not a list of 1 to {MAX_STEPS} transforms: {_short(steps)}')
    allowed = ALLOWED if detector_frames is None else DETECTOR_ALLOWED
    refused = list(dict.fromkeys(_refused_types(steps, allowed)))
    if refused:
        raise ValueError(
            f'the pipeline contains {first_few(refused)}; a file may contain '
            f'these transforms only: {", ".join(allowed)}'
        )
    for step in steps:
        _check_arguments(step, allowed[step['type']])
    _check_size(steps, detector_frames or 1)
    return [{key: tuple(value) if type(value) is list else value for key, value in step.items()} for step in steps]


def _refused_types(steps, allowed):
    """Yield every type, at any depth, that is not allowed there."""
    for step in steps:
        name = step.get('type') if isinstance(step, dict) else None
        if type(name) is not str or name not in allowed:
            yield _short(step if name is None else name)
    stack = [value for step in steps for value in (step.values() if isinstance(step, dict) else [step])]
    while stack:  # no recursion, since a file may nest very deep
        value = stack.pop()
        if isinstance(value, dict):
            if 'type' in value:
                yield _short(value['type'])
            stack.extend(value.values())
        elif isinstance(value, list):
            stack.extend(value)


def _check_arguments(step, allowed) -> None:
    """Raise a ValueError that names the first argument that is not allowed or out of range."""
    for key, value in step.items():
        if key == 'type' or (key == '_scope_' and value == 'mmaction'):  # MMEngine adds it to inherited configs
            continue
        if key not in allowed:
            raise ValueError(f'the pipeline has {step["type"]} with the argument {key:.100}, which is not allowed')
        if not allowed[key](value):
            raise ValueError(f'the pipeline has {step["type"]} with {key}={_short(value)}, which is not allowed')


def _check_size(steps, frames) -> None:
    """Raise a ValueError if the input of the network would exceed the limits."""
    views = area = 1
    for step in steps:
        kind = step['type']
        if 'ample' in kind:
            positions = step.get('num_sample_positions', 10) if kind == 'DenseSampleFrames' else 1
            frames *= step.get('clip_len', 1) * step.get('num_clips', 1) * positions * (1 + step.get('twice_sample', 0))
        views *= _VIEWS.get(kind, 1)
        for size in (step.get('scale'), step.get('crop_size')):
            if type(size) is int:
                size = size, size
            if type(size) is list:
                area = max(area, prod(max(size) if side == -1 else side for side in size))
            elif type(size) is tuple:
                area = max(area, prod(size))
    if frames > MAX_FRAMES or frames * views * area > MAX_PIXELS:
        raise ValueError(
            f'the pipeline produces {frames:,} frames of {area:,} pixels with {views} crops each; allowed are '
            f'{MAX_FRAMES:,} frames and {MAX_PIXELS:,} pixels in all'
        )


def _short(value):
    """Format a value on one short line."""
    try:
        text = value if type(value) is str else json.dumps(value)
    except RecursionError:
        text = 'nested lists'
    return text if len(text) <= 100 else f'{text[:100]}…'
