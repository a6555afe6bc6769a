"""Decoders of videos: the eight frames of a clip that MANet sees, decoded and nothing else."""

import multiprocessing

from mmaction.registry import DATASETS
from mmengine.registry import init_default_scope

from .data import compare_rates, list_clips
from .memory import resident
from .timing import Comparison, silence_logs

DECODERS = {
    'decord': ('Decord', 'decord'),
    'pyav': ('Decord', 'pyav'),
    'PyAVDecode': ('PyAV', None),
    'OpenCVDecode': ('OpenCV', None),
}
"""Prefix of MMAction2's transforms, and the ``decoder`` of ``MA52Dataset`` that takes their place."""


def compare_decoders(videos, clips=8, rounds=5, many=0):
    """Compare decoders with decord, and follow what memory they take.

    Args:
        videos (Path): Folder of ``*.mp4``.
        clips (int): How many of them are decoded at a time, from the first of their names on. Defaults to 8.
        rounds (int): How often each is timed. Defaults to 5.
        many (int): More than 100 clips, after which memory is compared with that after 100. Defaults to 0, for not at
            all.

    Yields:
        Comparison: Clips decoded per second of CPU time, decord being the baseline; then resident memory in MiB of a
        process for each decoder, after 100 clips (baseline) and after ``many``.

    Raises:
        ImportError: If decord is not installed.
        ValueError: If there are no videos, or ``many`` is too few.
    """
    if many and many <= 100:
        raise ValueError(f'{many} clips: memory is compared with that after 100; give more, or 0')
    init_default_scope('mmaction')
    silence_logs()
    with list_clips(videos, clips) as ann_file:
        yield from compare_rates({name: build(name, ann_file, videos) for name in DECODERS}, clips, rounds)
        for name in DECODERS if many else ():
            with multiprocessing.get_context('spawn').Pool(1) as pool:
                before, after = pool.apply(follow, (name, ann_file, videos, (100, many)))
            yield Comparison(f'{name}, memory', 'MiB', [before], [after])


def build(name, ann_file, videos):
    """Build a dataset that decodes by one of :data:`DECODERS`."""
    prefix, decoder = DECODERS[name]
    pipeline = [
        dict(type=f'{prefix}Init'),
        dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8, test_mode=True),
        dict(type=f'{prefix}Decode'),
    ]
    return DATASETS.build(
        dict(
            type='MA52Dataset',
            ann_file=str(ann_file),
            data_prefix=dict(video=str(videos)),
            pipeline=pipeline,
            check_names=False,
            decoder=decoder,
        )
    )


def follow(name, ann_file, videos, numbers):
    """Decode clips one after another in this process; returns its resident memory, MiB, after each of some numbers."""
    init_default_scope('mmaction')
    silence_logs()
    dataset = build(name, ann_file, videos)
    memory = []
    for number in range(1, max(numbers) + 1):
        dataset[number % len(dataset)]
        if number in numbers:
            memory.append(resident('VmRSS'))
    return memory
