"""Loading clips: decoding videos as MMAction2 does, decoding less of them, and reading from a frame store."""

import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
from mmaction.registry import DATASETS
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from torch.utils.data import DataLoader

from mmaction_microaction.datasets.frame_store import FrameSettings
from mmaction_microaction.datasets.preparation.frame_store import make_frame_store

from .batches import innermost, read_config
from .timing import Comparison, silence_logs


@contextmanager
def list_clips(videos, clips=None):
    """Write an annotation list of a folder's clips, and delete it and what lies beside it afterwards.

    Args:
        videos (Path): Folder of ``*.mp4``.
        clips (int, optional): How many, from the first of their names on. Defaults to None: all.

    Yields:
        Path: The list, alone in its folder.

    Raises:
        ValueError: If there are no videos.
    """
    names = [path.name for path in sorted(videos.glob('*.mp4'))][:clips]
    if not names:
        raise ValueError(f'{videos} holds no *.mp4 to load.')
    with TemporaryDirectory() as folder:
        ann_file = Path(folder, 'list.txt')
        ann_file.write_text(''.join(f'{name} 1\n' for name in names), encoding='utf-8')
        yield ann_file


def store_frames(ann_file, videos):
    """Make a frame store of listed clips, beside their list; returns its path. A ValueError if some cannot be read."""
    store = ann_file.with_name('frames')
    make_frame_store(ann_file, videos, store, FrameSettings(short_side=256, quality=90))
    return store


def compare_rates(datasets, clips, rounds):
    """Compare datasets with the first of them.

    Args:
        datasets (dict[str, Dataset]): By what they are called.
        clips (int): How many are loaded at a time.
        rounds (int): How often each is timed.

    Yields:
        Comparison: Clips loaded per second of CPU time, when all rounds are done.
    """
    rates = {name: [] for name in datasets}
    for number in range(rounds):
        # Whoever runs second may find warmer caches: take turns at that, too.
        for name in datasets if number % 2 else reversed(datasets):
            rates[name].append(measure_rate(datasets[name], clips))
    first, *others = datasets
    for name in others:
        yield Comparison(name, '/s', rates[first], rates[name])


def compare_loading(config, videos, clips=8, rounds=5):
    """Compare the training pipeline of a config on videos with ``decoder='pyav'``, and on a frame store made from them.

    Args:
        config (str | Path): The config.
        videos (Path): Folder of ``*.mp4``.
        clips (int): How many of them are loaded at a time, from the first of their names on. Defaults to 8.
        rounds (int): How often each is timed. Defaults to 5.

    Yields:
        Comparison: Clips loaded per second of CPU time, the videos being the baseline.

    Raises:
        ValueError: If there are no videos, or some cannot be read.
    """
    config = read_config(config)
    init_default_scope('mmaction')
    silence_logs()
    with list_clips(videos, clips) as ann_file:
        ways = {
            'videos': build(config, ann_file, videos, decoder='decord'),
            "decoder='pyav'": build(config, ann_file, videos, decoder='pyav'),
            'frame store': build(config, ann_file, store_frames(ann_file, videos)),
        }
        yield from compare_rates(ways, clips, rounds)


def build(config, ann_file, clips, decoder=None):
    """Build a config's training set, but of other clips and perhaps with another decoder."""
    ours = dict(ann_file=str(ann_file), data_prefix=dict(video=str(clips)), check_names=False, decoder=decoder)
    return DATASETS.build({**innermost(config.train_dataloader.dataset), **ours})


def measure_rate(dataset, clips):
    """Load clips through a data loader with one worker.

    Args:
        dataset (Dataset): Where they come from; is repeated if it holds fewer.
        clips (int): How many.

    Returns:
        float: Clips per second of the worker's CPU time, in all its threads; the first, which opens files, is left out.
    """
    indices = [number % len(dataset) for number in range(clips + 1)]
    loader = DataLoader(
        dataset, 1, sampler=indices, num_workers=1, collate_fn=_collate_and_stamp, worker_init_fn=_start_worker
    )
    stamps = [stamp for _, stamp in loader]
    return clips / (stamps[-1] - stamps[0])


def _collate_and_stamp(samples):
    """Make a batch in the worker, and tell how much CPU time the worker has used by then."""
    return pseudo_collate(samples), time.process_time()


def _start_worker(number):
    """Let OpenCV use no threads of its own, as MMEngine's runner does."""
    cv2.setNumThreads(0)
