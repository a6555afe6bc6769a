"""Speed and memory of video decoders on the eight frames per clip that MANet uses."""

import multiprocessing
from collections.abc import Iterator, Sequence
from pathlib import Path

from mmaction.registry import DATASETS
from mmengine.registry import init_default_scope
from torch.utils.data import Dataset

from .data import compare_rates, temporary_clip_list
from .memory import read_memory
from .timing import Comparison, silence_logs

DECODERS = {
    'decord': ('Decord', 'decord'),
    'pyav': ('Decord', 'pyav'),
    'PyAVDecode': ('PyAV', None),
    'OpenCVDecode': ('OpenCV', None),
}
"""Prefix of MMAction2's transforms, and the ``decoder`` of ``ClipDataset`` that replaces them, by decoder."""


def compare_decoders(videos: Path, clips: int = 8, rounds: int = 5, many: int = 0) -> Iterator[Comparison]:
    """Compare the speed of decoders with decord and, optionally, how their memory grows.

    Args:
        videos (Path): Folder of ``*.mp4`` files.
        clips (int): Number of clips per measurement of speed, in the order of their names. Defaults to 8.
        rounds (int): Number of measurements of speed per decoder. Defaults to 5.
        many (int): Number of clips, above 100, after which memory is compared with memory after 100 clips. Defaults to
            0, which skips this comparison.

    Yields:
        Comparison: For each decoder after the first, clips decoded per second of CPU time; the baseline is decord.
        Then, for each decoder, resident memory of a process in MiB after ``many`` clips; the baseline is after 100.

    Raises:
        ImportError: If decord is not installed.
        ValueError: If the folder contains no videos, or ``many`` is between 1 and 100.
    """
    if many and many <= 100:
        raise ValueError(f'{many} clips: memory is compared with memory after 100 clips; use more than 100, or 0')
    init_default_scope('mmaction')
    silence_logs()
    with temporary_clip_list(videos, clips) as ann_file:
        yield from compare_rates(
            {name: build_dataset_with_decoder(name, ann_file, videos) for name in DECODERS}, clips, rounds
        )
        for name in DECODERS if many else ():
            with multiprocessing.get_context('spawn').Pool(1) as pool:
                before, after = pool.apply(measure_memory, (name, ann_file, videos, (100, many)))
            yield Comparison(f'{name}, memory', 'MiB', [before], [after])


def build_dataset_with_decoder(name: str, ann_file: Path, videos: Path) -> Dataset:
    """Build a dataset that uses one of :data:`DECODERS`."""
    prefix, decoder = DECODERS[name]
    pipeline = [
        dict(type=f'{prefix}Init'),
        dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8, test_mode=True),
        dict(type=f'{prefix}Decode'),
    ]
    return DATASETS.build(
        dict(
            type='ClipDataset',
            ann_file=str(ann_file),
            data_prefix=dict(video=str(videos)),
            pipeline=pipeline,
            check_names=False,
            decoder=decoder,
        )
    )


def measure_memory(name: str, ann_file: Path, videos: Path, counts: Sequence[int]) -> list[float]:
    """Decode clips in this process, and return its resident memory in MiB after each of the given counts of clips."""
    init_default_scope('mmaction')
    silence_logs()
    dataset = build_dataset_with_decoder(name, ann_file, videos)
    memory = []
    for count in range(1, max(counts) + 1):
        dataset[count % len(dataset)]
        if count in counts:
            memory.append(read_memory('VmRSS'))
    return memory
