"""What pools of processes need besides the standard library's."""

import multiprocessing
import os
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

import cv2


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
    with ProcessPoolExecutor(workers, context, _start, (spawn,)) as pool:
        try:
            yield pool
        except BrokenProcessPool:
            raise ValueError('A worker was killed, for memory perhaps. Run again, with fewer workers.') from None
        finally:
            pool.shutdown(cancel_futures=True)


def _start(spawn):
    if spawn:
        cv2.setNumThreads(1)
    # A pool's workers outlive a parent that was killed.
    threading.Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent():
    multiprocessing.parent_process().join()
    os._exit(1)
