"""What pools of processes need besides the standard library's."""

import multiprocessing
import os
import threading

KILLED = 'A worker was killed, for memory perhaps. Run again, with fewer workers.'


def end_with_parent():
    """Let this worker end when its parent is gone: a pool's workers outlive a parent that was killed."""
    threading.Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent():
    multiprocessing.parent_process().join()
    os._exit(1)
