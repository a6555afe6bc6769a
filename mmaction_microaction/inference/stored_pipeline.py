"""The test pipeline that an exported file carries: which transforms it may name, with which arguments.

A pipeline of a config is code and may hold anything. An exported file is data: MMEngine imports whatever a ``type``
with a dot names, and a number decides how much memory a transform takes. So a file may only name the transforms below,
each with the arguments listed, within the limits given.
"""

import json
from math import prod

from mmaction_microaction.utils.messages import first_few
from mmaction_microaction.utils.untrusted import parse_json

MAX_STEPS = 64
MAX_SIDE = 1024
"""Pixels, of a frame that is resized or cropped."""
MAX_FRAMES = 1024
"""Frames of all clips of a video."""
MAX_PIXELS = 2**27
"""Pixels of all frames and crops of a video: 32 frames of ten clips, three crops each, are half of it at 256 x 256."""


def _whole(low, high):
    return lambda value: type(value) is int and low <= value <= high


def _fraction(value):
    return type(value) in (int, float) and 0 <= value <= 1


def _flag(value):
    return type(value) is bool


def _one_of(*choices):
    return lambda value: any(type(value) is type(choice) and value == choice for choice in choices)


def _names(value):
    return type(value) in (list, tuple) and len(value) <= 32 and all(_name(item) for item in value)


def _name(value):
    return type(value) is str and value.isidentifier() and len(value) <= 64


_side = _whole(1, MAX_SIDE)


def _sides(value):
    return _side(value) or (type(value) in (list, tuple) and len(value) == 2 and all(map(_side, value)))


def _scale(value):
    """A factor that does not enlarge, or two sides, of which -1 says that any length will do."""
    if type(value) is float:
        return 0 < value <= 1
    pair = type(value) in (list, tuple) and len(value) == 2
    return pair and any(map(_side, value)) and all(side == -1 or _side(side) for side in value)


_LAZY = dict(lazy=_flag)
_CLIPS = dict(clip_len=_whole(1, MAX_FRAMES), num_clips=_whole(1, MAX_FRAMES), test_mode=_flag)
_SAMPLING = dict(
    **_CLIPS,
    frame_interval=_whole(1, 10_000),
    temporal_jitter=_flag,
    twice_sample=_flag,
    out_of_bound_opt=_one_of('loop', 'repeat_last'),
    keep_tail_frames=_flag,
    target_fps=lambda value: value is None or _whole(1, 1000)(value),
)
_DISK = dict(io_backend=_one_of('disk'))
_CROP = dict(crop_size=_sides)
ALLOWED = {
    'DecordInit': dict(_DISK, num_threads=_whole(1, 64)),
    'OpenCVInit': _DISK,
    'PyAVInit': _DISK,
    'SampleFrames': _SAMPLING,
    'DenseSampleFrames': dict(_SAMPLING, sample_range=_whole(1, 100_000), num_sample_positions=_whole(1, MAX_FRAMES)),
    'UniformSample': _CLIPS,
    'DecordDecode': dict(mode=_one_of('accurate', 'efficient')),
    'OpenCVDecode': {},
    'PyAVDecode': dict(multi_thread=_flag, mode=_one_of('accurate', 'efficient')),
    'Resize': dict(
        _LAZY,
        scale=_scale,
        keep_ratio=_flag,
        interpolation=_one_of('nearest', 'bilinear', 'bicubic', 'area', 'lanczos'),
    ),
    'CenterCrop': dict(_LAZY, **_CROP),
    'ThreeCrop': _CROP,
    'TenCrop': _CROP,
    'Flip': dict(_LAZY, flip_ratio=_fraction, direction=_one_of('horizontal', 'vertical')),
    'Fuse': {},
    'SubtractMeanFrame': {},
    'FormatShape': dict(input_format=_one_of('NCHW', 'NCTHW'), collapse=_flag),
    'PackActionInputs': dict(collect_keys=_names, meta_keys=_names, algorithm_keys=_names),
}
"""dict[str, dict[str, Callable]]: By type, the arguments that a file may give, and what checks the value of each."""
_VIEWS = {'ThreeCrop': 3, 'TenCrop': 10}


def load_pipeline(text):
    """Read a pipeline from JSON, and refuse one that names anything but :data:`ALLOWED`.

    Args:
        text (str): JSON: a list of objects, each with ``type`` and arguments.

    Returns:
        list[dict]: The pipeline, whose transforms can be built.

    Raises:
        ValueError: If the text is no such list, or a transform or an argument is not allowed. The message names it.
    """
    steps = parse_json(text)
    if not isinstance(steps, list) or not 1 <= len(steps) <= MAX_STEPS:
        raise ValueError(f'a pipeline is a list of 1 to {MAX_STEPS} transforms, got {_short(steps)}')
    refused = list(dict.fromkeys(_types_that_are_refused(steps)))
    if refused:
        raise ValueError(
            f'the pipeline asks for {first_few(refused)}; a file may ask for '
            f'these transforms only: {", ".join(ALLOWED)}'
        )
    for step in steps:
        _check_arguments(step)
    _check_size(steps)
    return [{key: tuple(value) if type(value) is list else value for key, value in step.items()} for step in steps]


def _types_that_are_refused(steps):
    """Yield every type, at any depth, that is not allowed where it stands."""
    for step in steps:
        name = step.get('type') if isinstance(step, dict) else None
        if type(name) is not str or name not in ALLOWED:
            yield _short(step if name is None else name)
    waiting = [value for step in steps for value in (step.values() if isinstance(step, dict) else [step])]
    while waiting:  # no recursion: a file may nest as deep as it likes
        value = waiting.pop()
        if isinstance(value, dict):
            if 'type' in value:
                yield _short(value['type'])
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _check_arguments(step):
    """Raise a ValueError that names the first argument that is not allowed, or out of range."""
    allowed = ALLOWED[step['type']]
    for key, value in step.items():
        if key == 'type' or (key == '_scope_' and value == 'mmaction'):  # MMEngine's note on an inherited config
            continue
        if key not in allowed:
            raise ValueError(f'the pipeline gives {step["type"]} the argument {key:.100}, which a file may not give')
        if not allowed[key](value):
            raise ValueError(f'the pipeline gives {step["type"]} {key}={_short(value)}, which a file may not give')


def _check_size(steps):
    """Raise a ValueError if the network's input would be larger than that of any network here."""
    frames = views = area = 1
    for step in steps:
        kind = step['type']
        if 'Sample' in kind:
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
            f'the pipeline makes {frames:,} frames of {area:,} pixels, {views} crops each; a file may ask for '
            f'{MAX_FRAMES:,} frames and {MAX_PIXELS:,} pixels in all'
        )


def _short(value):
    """Write a value of a file on one short line."""
    try:
        text = value if type(value) is str else json.dumps(value)
    except RecursionError:
        text = 'nested lists'
    return text if len(text) <= 100 else f'{text[:100]}…'
