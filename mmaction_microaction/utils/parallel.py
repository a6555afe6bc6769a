"""Maps functions over tasks in pools of processes that end with this one."""

import gc
import multiprocessing
import os
import sys
import threading
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path

MEMORY = 2**30
"""Bytes that a worker takes: half of it PyTorch and MMAction2, which it imports, the rest for pictures."""
_PROC, _CGROUPS = Path('/proc'), Path('/sys/fs/cgroup')


def default_workers():
    """Tell how many workers this process should start.

    Returns:
        int: At least one. No more than there are CPUs that this process may use, by its affinity and the quotas of its
        control groups (containers, Slurm), nor than have a gibibyte of memory each, nor than 61 on Windows.
    """
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1
    limits = [cpus, *_quotas(), *(memory // MEMORY for memory in _memories())]
    if sys.platform == 'win32':
        limits.append(61)  # the most that it waits for
    return max(1, int(min(limits)))


def _quotas():
    """CPUs that each control group of this process, and each above it, may use at a time."""
    for group in _groups():
        with suppress(OSError, ValueError, ZeroDivisionError):  # "max" is no limit
            quota, period = map(int, (group / 'cpu.max').read_text().split())
            yield quota / period
        with suppress(OSError, ValueError, ZeroDivisionError):
            quota, period = (int((group / f'cpu.cfs_{name}_us').read_text()) for name in ('quota', 'period'))
            if quota > 0:
                yield quota / period


def _memories():
    """Bytes that may be used: those that are free, and the limits of the control groups."""
    with suppress(OSError, ValueError):
        lines = (_PROC / 'meminfo').read_text().splitlines()
        yield from (1024 * int(line.split()[1]) for line in lines if line.startswith('MemAvailable:'))
    for group in _groups():
        for name in ('memory.max', 'memory.limit_in_bytes'):
            with suppress(OSError, ValueError):
                yield int((group / name).read_text())


def _groups():
    """Folders of the control groups of this process and of those above them, of either version of the system."""
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


def ordered_map(function, tasks, workers=1, spawn=True, progress=None):
    """Apply a function to tasks, in this process or in several.

    Args:
        function (Callable): Takes a task; has to be picklable if there are several workers.
        tasks (Sequence): The tasks.
        workers (int): Number of processes; 1 stands for this process. Defaults to 1.
        spawn (bool): See :func:`worker_pool`. Defaults to True.
        progress (Callable[[int, int], None], optional): Called with the number of tasks done and their total, after
            each task.

    Yields:
        object: Results in the order of the tasks. Workers are only a few tasks ahead of what has been taken, since
        results can be large.

    Raises:
        ValueError: If a worker is killed.
    """
    for done, result in enumerate(_results(function, tasks, workers, spawn), start=1):
        yield result
        if progress:
            progress(done, len(tasks))


def _results(function, tasks, workers, spawn):
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
def worker_pool(workers, spawn=True):
    """Start a pool of processes that end with this one.

    Args:
        workers (int): How many.
        spawn (bool): Start them anew, each with one thread of OpenCV, whose threads do not survive a fork. False is for
            work without OpenCV: they start as the platform does, on Linux by a fork, in which modules need not be
            imported again. Defaults to True.

    Yields:
        ProcessPoolExecutor: The pool; what waits in it is dropped after an error.

    Raises:
        ValueError: If a worker is killed.
    """
    context = multiprocessing.get_context('spawn' if spawn else None)
    if not spawn:
        gc.collect()  # before a worker does, see _start
    with ProcessPoolExecutor(workers, context, _start, (spawn,)) as pool:
        try:
            yield pool
        except BrokenProcessPool:
            raise ValueError('A worker was killed, for memory perhaps. Run again, with fewer workers.') from None
        finally:
            pool.shutdown(cancel_futures=True)


def _start(spawn):
    if spawn:
        import cv2  # not above: default_workers has to answer at once

        cv2.setNumThreads(1)
    else:
        # What a fork has left of the parent is not collected: a decoder would wait for its threads for ever.
        gc.freeze()
    # A pool's workers outlive a parent that was killed.
    threading.Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent():
    multiprocessing.parent_process().join()
    os._exit(1)
