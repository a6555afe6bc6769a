"""How the cost of lists and metrics grows with the number of clips."""

import multiprocessing
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from mmaction.registry import DATASETS, METRICS
from mmengine.registry import init_default_scope

from mmaction_microaction.label_sets.ma52 import FINE_TO_COARSE, NUM_ACTIONS

from .memory import peak_memory, private
from .timing import Comparison, alternate, silence_logs

SIZES = (22_422, 200_000, 2_000_000)
"""All clips of MA-52, and what larger sets may have."""
STOCK = dict(dataset=dict(type='VideoDataset'), metric=dict(type='AccMetric'))
OURS = dict(dataset=dict(type='MA52Dataset', check_videos=False), metric=dict(type='MicroActionMetric'))
BATCH = 1000


def compare_growth(sizes=SIZES, rounds=3):
    """Compare reading a list, its memory, and scoring predictions with MMAction2's ``VideoDataset`` and ``AccMetric``.

    The videos themselves are not looked for; ours checks every line, and computes F1 scores besides the accuracies.

    Args:
        sizes (Sequence[int]): Numbers of clips.
        rounds (int): How often each is timed; memory is measured once. Defaults to 3.

    Yields:
        Comparison: Of MMAction2 (baseline) with ours, as each is done.
    """
    with TemporaryDirectory() as folder:
        for size in sizes:
            path = Path(folder, f'{size}.txt')
            write_list(path, size)
            yield alternate(f'{size:,}: list', partial(read_list, STOCK, path), partial(read_list, OURS, path), rounds)
            yield alternate(f'{size:,}: metric', partial(score, STOCK, size), partial(score, OURS, size), rounds)
            for what, measure in (
                ('list, memory', partial(peak_memory, read_list)),
                ('list, a worker', private_memory_of_a_worker),
                ('metric, memory', partial(peak_memory, score)),
            ):
                argument = size if what.startswith('metric') else path
                yield Comparison(f'{size:,}: {what}', 'MiB', [measure(STOCK, argument)], [measure(OURS, argument)])


def write_list(path, size):
    """Write a list of clips whose names fit their labels."""
    with open(path, 'w', encoding='utf-8') as file:
        for number in range(size):
            label = number % NUM_ACTIONS
            file.write(f'{number % 9999:04d}_{FINE_TO_COARSE[label]:02d}_{number:07d}.mp4 {label}\n')


def read_list(components, path):
    """Build a dataset of a list.

    Returns:
        Dataset: The dataset.
    """
    init_default_scope('mmaction')
    silence_logs()
    return DATASETS.build(dict(components['dataset'], ann_file=str(path), pipeline=[], data_prefix=dict(video='')))


def score(components, size):
    """Give a metric as many predictions, batch by batch, and compute it."""
    init_default_scope('mmaction')
    silence_logs()
    metric = METRICS.build(components['metric'])
    generator = torch.Generator().manual_seed(0)
    scores = torch.rand(BATCH, NUM_ACTIONS, generator=generator).softmax(dim=1)
    labels = torch.randint(NUM_ACTIONS, (BATCH, 1), generator=generator)
    samples = [dict(pred_score=row, gt_label=label) for row, label in zip(scores, labels)]
    for start in range(0, size, BATCH):
        metric.process(None, samples[: size - start])
    metric.evaluate(size)


def private_memory_of_a_worker(components, path):
    """Measure by how much a worker's own memory grows while it asks for every clip once.

    Args:
        components (dict): :data:`STOCK` or :data:`OURS`.
        path (Path): The list.

    Returns:
        float: MiB.
    """
    dataset = read_list(components, path)
    receiver, sender = multiprocessing.Pipe(duplex=False)
    # As data loaders start their workers on Linux.
    process = multiprocessing.get_context('fork').Process(target=_ask_for_all, args=(sender, dataset))
    process.start()
    sender.close()
    result = receiver.recv()
    process.join()
    return result


def _ask_for_all(connection, dataset):
    dataset.get_data_info(0)
    before = private()
    for number in range(len(dataset)):
        dataset.get_data_info(number)
    connection.send(private() - before)
