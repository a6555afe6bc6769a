"""What pools of processes need besides the standard library's."""

import multiprocessing
import os
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

import cv2

KILLED = 'A worker was killed, for memory perhaps. Run again, with fewer workers.'


@contextmanager
def spawned(workers):
    """Start a pool of processes in which OpenCV uses one thread each.

    Args:
        workers (int): How many.

    Yields:
        ProcessPoolExecutor: The pool; what waits in it is dropped after an error.

    Raises:
        ValueError: If a worker is killed.
    """
    # Spawned rather than forked: OpenCV's threads do not survive a fork.
    with ProcessPoolExecutor(workers, multiprocessing.get_context('spawn'), _start) as pool:
        try:
            yield pool
        except BrokenProcessPool:
            raise ValueError(KILLED) from None
        finally:
            pool.shutdown(cancel_futures=True)


def _start():
    cv2.setNumThreads(1)
    end_with_parent()


def end_with_parent():
    """Let this worker end when its parent is gone: a pool's workers outlive a parent that was killed."""
    threading.Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent():
    multiprocessing.parent_process().join()
    os._exit(1)
