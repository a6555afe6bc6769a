"""Parallel maps in worker processes that end with their parent process."""

import gc
import multiprocessing
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any

MEMORY = 2**30
"""Bytes of memory per worker. PyTorch and MMAction2 take half of them, and frames the rest."""
_PROC, _CGROUPS = Path('/proc'), Path('/sys/fs/cgroup')


def default_workers() -> int:
    """Return the number of workers that this process should start.

    Returns:
        int: Number of :func:`count_cpus`, but at most one worker per GiB of memory. On Windows, at most 61.
    """
    limits = [count_cpus(), *(memory // MEMORY for memory in _memories())]
    if sys.platform == 'win32':
        limits.append(61)  # Windows waits for at most 63 handles, and two are taken.
    return max(1, int(min(limits)))


def count_cpus() -> int:
    """Return the number of CPUs that this process may use, which is how many threads should compute.

    Returns:
        int: Number of CPUs by the affinity of this process and the quotas of its control groups (containers, Slurm), at
        least 1.
    """
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1
    return max(1, int(min([cpus, *_quotas()])))


def _quotas() -> Iterator[float]:
    """Yield the CPU quota of each control group of this process and of each parent group."""
    for group in _groups():
        with suppress(OSError, ValueError, ZeroDivisionError):  # "max" means no limit.
            quota, period = map(int, (group / 'cpu.max').read_text().split())
            yield quota / period
        with suppress(OSError, ValueError, ZeroDivisionError):
            quota, period = (int((group / f'cpu.cfs_{name}_us').read_text()) for name in ('quota', 'period'))
            if quota > 0:
                yield quota / period


def _memories() -> Iterator[int]:
    """Yield the available memory in bytes, and the memory limit of each control group."""
    with suppress(OSError, ValueError):
        lines = (_PROC / 'meminfo').read_text().splitlines()
        yield from (1024 * int(line.split()[1]) for line in lines if line.startswith('MemAvailable:'))
    for group in _groups():
        for name in ('memory.max', 'memory.limit_in_bytes'):
            with suppress(OSError, ValueError):
                yield int((group / name).read_text())


def _groups() -> Iterator[Path]:
    """Yield the folders of the control groups of this process and of their parents, for cgroup versions 1 and 2."""
    try:
        lines = (_PROC / 'self' / 'cgroup').read_text().splitlines()
    except OSError:  # not Linux
        return
    for line in lines:
        _, controllers, path = line.split(':', 2)
        root = _CGROUPS / controllers
        group = root / path.lstrip('/')
        while group.is_relative_to(root):
            yield group
            group = group.parent


def ordered_map(
    function: Callable,
    tasks: Sequence,
    workers: int = 1,
    spawn: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[Any]:
    """Apply a function to each task, in this process or in worker processes, and keep the order of the tasks.

    Args:
        function (Callable): Function of one task. It has to be picklable if there are several workers.
        tasks (Sequence): Tasks, one per call.
        workers (int): Number of worker processes. With 1, the function runs in this process. Defaults to 1.
        spawn (bool): Whether workers are new processes, see :func:`worker_pool`. Defaults to True.
        progress (Callable[[int, int], None], optional): Function that is called after each task with the number of
            finished tasks and the total. Defaults to None.

    Yields:
        Any: Result of each task, in the order of the tasks. Since results can be large, workers are at most four tasks
        per worker ahead of the consumer.

    Raises:
        ValueError: If a worker is killed.
    """
    for done, result in enumerate(_results(function, tasks, workers, spawn), start=1):
        yield result
        if progress:
            progress(done, len(tasks))


def _results(function: Callable, tasks: Sequence, workers: int, spawn: bool) -> Iterator[Any]:
    if workers <= 1:
        yield from map(function, tasks)
        return
    tasks = iter(tasks)
    with worker_pool(workers, spawn) as pool:
        ahead = deque(pool.submit(function, task) for task in islice(tasks, 4 * workers))
        while ahead:
            result = ahead.popleft().result()
            ahead.extend(pool.submit(function, task) for task in islice(tasks, 1))
            yield result


@contextmanager
def worker_pool(workers: int, spawn: bool = True) -> Iterator[ProcessPoolExecutor]:
    """Start a pool of worker processes that end with this process.

    Args:
        workers (int): Number of worker processes.
        spawn (bool): Whether workers are new processes, each with one thread of OpenCV, whose threads do not survive a
            fork. False is for functions that do not use OpenCV: workers start by the default of the platform, which
            may be a fork that saves importing modules again. Defaults to True.

    Yields:
        ProcessPoolExecutor: Pool of workers. An error cancels the tasks that have not started.

    Raises:
        ValueError: If a worker is killed.
    """
    context = multiprocessing.get_context('spawn' if spawn else None)
    if not spawn:
        gc.collect()  # so that no worker frees objects of this process, see _start
    with ProcessPoolExecutor(workers, context, _start, (spawn,)) as pool:
        try:
            yield pool
        except BrokenProcessPool:
            raise ValueError('A worker was killed, perhaps for lack of memory. Run again with fewer workers.') from None
        finally:
            pool.shutdown(cancel_futures=True)


def _start(spawn: bool) -> None:
    if spawn:
        import cv2  # not above: default_workers has to answer at once

        cv2.setNumThreads(1)
    else:
        # Objects of the parent must not be freed here: a decoder would wait forever for threads that a fork lacks.
        gc.freeze()
    # Without this thread, workers outlive a parent that is killed.
    threading.Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)
