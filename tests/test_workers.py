import os
import signal
import time

import pytest
from processes import run_python, start
from support import wait_until_gone

from mmaction_microaction.workers import worker_pool


def die(_):
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_worker_is_told_with_the_remedy():
    with pytest.raises(ValueError, match=r'A worker was killed, .* with fewer workers'), worker_pool(1) as pool:
        list(pool.map(die, [0]))


def test_workers_end_with_their_parent(tmp_path):
    code = """
from mmaction_microaction.workers import worker_pool
with worker_pool(1) as pool:
    pool.submit(exec, 'import time; print("running", flush=True); time.sleep(600)').result()
"""
    log = tmp_path / 'log'
    process = start(code, output=log, errors=log)
    deadline = time.monotonic() + 100
    while not (log.exists() and 'running' in log.read_text()):
        assert process.exitcode is None, log.read_text()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    wait_until_gone(process.pid)


def test_forked_workers_start_after_opencv_has_used_its_threads():
    code = """
import cv2, numpy as np
from mmaction_microaction.workers import worker_pool
cv2.setNumThreads(2)
cv2.GaussianBlur(np.zeros((4000, 4000, 3), np.uint8), (31, 31), 5)
with worker_pool(1, spawn=False) as pool:
    print(pool.submit(int, '7').result())
"""
    assert run_python(code, timeout=60).stdout.strip() == '7'
