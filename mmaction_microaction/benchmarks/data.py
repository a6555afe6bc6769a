"""Speed of loading clips from videos, with two decoders, and from a frame store."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import cv2
from mmaction.registry import DATASETS
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from torch.utils.data import DataLoader, Dataset

from mmaction_microaction.datasets.frame_store import FrameSettings
from mmaction_microaction.datasets.preparation.make_frame_store import make_frame_store
from mmaction_microaction.utils.hidden_files import is_hidden

from .batches import read_backbone_config, unwrap_dataset
from .timing import Comparison, silence_logs


@contextmanager
def temporary_clip_list(videos: Path, clips: int | None = None) -> Iterator[Path]:
    """Write an annotation list of the clips in a folder to a temporary folder, which is deleted afterwards.

    Args:
        videos (Path): Folder of ``*.mp4`` files.
        clips (int, optional): Number of clips, in the order of their names. Defaults to None, for all clips.

    Yields:
        Path: Path of the list. Other files of its folder are deleted with it.

    Raises:
        ValueError: If the folder contains no ``*.mp4`` files.
    """
    names = [path.name for path in sorted(videos.glob('*.mp4')) if not is_hidden(path, videos)][:clips]
    if not names:
        raise ValueError(f'{videos} contains no *.mp4 files')
    with TemporaryDirectory() as folder:
        ann_file = Path(folder, 'list.txt')
        ann_file.write_text(''.join(f'{name} 1\n' for name in names), encoding='utf-8')
        yield ann_file


def store_frames(ann_file: Path, videos: Path) -> Path:
    """Make a frame store of listed clips next to their list, and return its path.

    Raises:
        ValueError: If a clip cannot be read.
    """
    store = ann_file.with_name('frames')
    make_frame_store(ann_file, videos, store, FrameSettings(short_side=256, quality=90))
    return store


def compare_rates(datasets: dict[str, Dataset], clips: int, rounds: int) -> Iterator[Comparison]:
    """Compare the speed of datasets with the first of them.

    Args:
        datasets (dict[str, Dataset]): Datasets by name.
        clips (int): Number of clips per measurement.
        rounds (int): Number of measurements per dataset.

    Yields:
        Comparison: Clips loaded per second of CPU time, one comparison per dataset after the first.
    """
    rates = measure_rates(datasets, clips, rounds)
    first, *others = datasets
    for name in others:
        yield Comparison(name, '/s', rates[first], rates[name])


def measure_rates(datasets: dict[str, Dataset], clips: int, rounds: int) -> dict[str, list[float]]:
    """Measure alternately how many clips per second of CPU time each dataset loads, once per round."""
    rates = {name: [] for name in datasets}
    for index in range(rounds):
        # Later datasets may find warmer caches, so the order alternates.
        for name in datasets if index % 2 else reversed(datasets):
            rates[name].append(measure_rate(datasets[name], clips))
    return rates


def compare_loading(config: str | Path, videos: Path, clips: int = 8, rounds: int = 5) -> Iterator[Comparison]:
    """Compare three ways to load training clips: ``decoder='decord'``, ``decoder='pyav'``, and a frame store.

    Args:
        config (str | Path): Path of the config whose training pipeline is used.
        videos (Path): Folder of ``*.mp4`` files.
        clips (int): Number of clips per measurement, in the order of their names. Defaults to 8.
        rounds (int): Number of measurements per way. Defaults to 5.

    Yields:
        Comparison: Clips loaded per second of CPU time; the baseline is ``decoder='decord'``.

    Raises:
        ValueError: If the folder contains no videos, or a video cannot be read.
    """
    config = read_backbone_config(config)
    init_default_scope('mmaction')
    silence_logs()
    with temporary_clip_list(videos, clips) as ann_file:
        ways = {
            'videos': build_training_set(config, ann_file, videos, decoder='decord'),
            "decoder='pyav'": build_training_set(config, ann_file, videos, decoder='pyav'),
            'frame store': build_training_set(config, ann_file, store_frames(ann_file, videos)),
        }
        yield from compare_rates(ways, clips, rounds)


def build_training_set(
    config: Config, ann_file: Path, clips: Path, decoder: Literal['pyav', 'decord'] | None = None
) -> Dataset:
    """Build the training set of a config with other clips and, optionally, another decoder."""
    ours = dict(ann_file=str(ann_file), data_prefix=dict(video=str(clips)), check_names=False, decoder=decoder)
    return DATASETS.build({**unwrap_dataset(config.train_dataloader.dataset), **ours})


def measure_rate(dataset: Dataset, clips: int) -> float:
    """Measure how fast a data loader with one worker loads clips.

    Args:
        dataset (Dataset): The dataset, which is repeated if it has fewer clips.
        clips (int): Number of clips.

    Returns:
        float: Clips per second of the worker's CPU time, in all its threads. The first clip, which opens files, is not
        counted.
    """
    indices = [index % len(dataset) for index in range(clips + 1)]
    loader = DataLoader(
        dataset, 1, sampler=indices, num_workers=1, collate_fn=_collate_and_stamp, worker_init_fn=_start_worker
    )
    stamps = [stamp for _, stamp in loader]
    return clips / (stamps[-1] - stamps[0])


def _collate_and_stamp(samples):
    """Collate a batch in the worker, and return it with the CPU time of the worker so far."""
    return pseudo_collate(samples), time.process_time()


def _start_worker(index) -> None:
    """Disable the threads of OpenCV, as MMEngine's runner does."""
    cv2.setNumThreads(0)
