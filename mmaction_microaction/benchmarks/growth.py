"""Cost of annotation lists and metrics as a function of the number of clips."""

import multiprocessing
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from mmaction.registry import DATASETS, METRICS
from mmengine.registry import init_default_scope
from torch.utils.data import Dataset

from mmaction_microaction.label_sets import MA52

from .memory import measure_peak_memory, read_private_memory
from .timing import Comparison, alternate, silence_logs

SIZES = (22_422, 200_000, 2_000_000)
"""Numbers of clips: all of MA-52, and two larger datasets."""
STOCK = dict(dataset=dict(type='VideoDataset'), metric=dict(type='AccMetric'))
OURS = dict(dataset=dict(type='ClipDataset', check_videos=False), metric=dict(type='MicroActionMetric'))
BATCH = 1000


def compare_growth(sizes: Sequence[int] = SIZES, rounds: int = 3) -> Iterator[Comparison]:
    """Compare reading a list and scoring predictions with MMAction2's ``VideoDataset`` and ``AccMetric``.

    The existence of the videos is not checked. Unlike MMAction2's, our dataset checks every line, and our metric
    computes F1 scores in addition to accuracies.

    Args:
        sizes (Sequence[int]): Numbers of clips. Defaults to :data:`SIZES`.
        rounds (int): Number of measurements of time; memory is measured once. Defaults to 3.

    Yields:
        Comparison: Time or memory of one task; the baseline is MMAction2.
    """
    with TemporaryDirectory() as folder:
        for size in sizes:
            path = Path(folder, f'{size}.txt')
            write_list(path, size)
            yield alternate(
                f'{size:,}: list',
                partial(build_dataset_of_list, STOCK, path),
                partial(build_dataset_of_list, OURS, path),
                rounds,
            )
            yield alternate(
                f'{size:,}: metric', partial(compute_metric, STOCK, size), partial(compute_metric, OURS, size), rounds
            )
            for title, measure in (
                ('list, memory', partial(measure_peak_memory, build_dataset_of_list)),
                ('list, a worker', measure_worker_memory),
                ('metric, memory', partial(measure_peak_memory, compute_metric)),
            ):
                argument = size if title.startswith('metric') else path
                yield Comparison(f'{size:,}: {title}', 'MiB', [measure(STOCK, argument)], [measure(OURS, argument)])


def write_list(path: Path, size: int) -> None:
    """Write a list of clips whose names match their labels."""
    with open(path, 'w', encoding='utf-8') as file:
        for index in range(size):
            label = index % len(MA52)
            file.write(f'{index % 9999:04d}_{MA52.fine_to_coarse[label]:02d}_{index:07d}.mp4 {label}\n')


def build_dataset_of_list(components: dict[str, dict], path: Path) -> Dataset:
    """Build the dataset of :data:`STOCK` or :data:`OURS` from a list."""
    init_default_scope('mmaction')
    silence_logs()
    return DATASETS.build(dict(components['dataset'], ann_file=str(path), pipeline=[], data_prefix=dict(video='')))


def compute_metric(components: dict[str, dict], size: int) -> None:
    """Compute the metric of :data:`STOCK` or :data:`OURS` from random predictions, batch by batch."""
    init_default_scope('mmaction')
    silence_logs()
    metric = METRICS.build(components['metric'])
    generator = torch.Generator().manual_seed(0)
    scores = torch.rand(BATCH, len(MA52), generator=generator).softmax(dim=1)
    labels = torch.randint(len(MA52), (BATCH, 1), generator=generator)
    samples = [dict(pred_score=row, gt_label=label) for row, label in zip(scores, labels)]
    for start in range(0, size, BATCH):
        metric.process(None, samples[: size - start])
    metric.evaluate(size)


def measure_worker_memory(components: dict[str, dict], path: Path) -> float:
    """Measure by how much the private memory of a data loader's worker grows while it reads every entry of a list once.

    Args:
        components (dict[str, dict]): :data:`STOCK` or :data:`OURS`.
        path (Path): Path of the list.

    Returns:
        float: Growth of memory in MiB.
    """
    dataset = build_dataset_of_list(components, path)
    receiver, sender = multiprocessing.Pipe(duplex=False)
    # Data loaders fork their workers on Linux.
    process = multiprocessing.get_context('fork').Process(target=_read_all, args=(sender, dataset))
    process.start()
    sender.close()
    result = receiver.recv()
    process.join()
    return result


def _read_all(connection, dataset) -> None:
    dataset.get_data_info(0)
    before = read_private_memory()
    for index in range(len(dataset)):
        dataset.get_data_info(index)
    connection.send(read_private_memory() - before)
