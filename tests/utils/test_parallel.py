import gc
import multiprocessing
import os
import re
import runpy
import signal
import sys
import time

import pytest
from helpers.processes import run_python, start
from helpers.support import ROOT, wait_until_gone

from mmaction_microaction.utils import parallel
from mmaction_microaction.utils.parallel import default_workers, ordered_map, worker_pool

GIB = 2**30


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """Return a function that replaces the CPUs, the free memory and the control groups of this process."""
    monkeypatch.setattr(parallel, '_PROC', tmp_path / 'proc')
    monkeypatch.setattr(parallel, '_CGROUPS', tmp_path / 'cgroup')

    def pretend(cpus, free=900 * GIB, groups='', files=()):
        monkeypatch.setattr(os, 'sched_getaffinity', lambda _: set(range(cpus)), raising=False)
        (tmp_path / 'proc' / 'self').mkdir(parents=True, exist_ok=True)
        (tmp_path / 'proc' / 'meminfo').write_text(f'MemTotal: 9 kB\nMemAvailable: {free // 1024} kB\n')
        (tmp_path / 'proc' / 'self' / 'cgroup').write_text(groups)
        for name, text in dict(files).items():
            (tmp_path / 'cgroup' / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / 'cgroup' / name).write_text(text)

    return pretend


UNIFIED, OLD = '0::/job/step\n', '4:memory:/job\n2:cpu,cpuacct:/job\n1:name=systemd:/\n'


@pytest.mark.parametrize(
    ('expected', 'settings'),
    [
        (64, dict(cpus=64)),
        (3, dict(cpus=64, free=3 * GIB + 5)),
        (1, dict(cpus=64, free=GIB // 2)),
        (4, dict(cpus=64, groups=UNIFIED, files={'job/step/cpu.max': 'max 9000', 'job/cpu.max': '450000 100000\n'})),
        (1, dict(cpus=64, groups=UNIFIED, files={'cpu.max': '50000 100000\n'})),
        (2, dict(cpus=2, groups=UNIFIED, files={'job/cpu.max': '450000 100000\n', 'job/step/memory.max': 'max\n'})),
        (8, dict(cpus=64, groups=UNIFIED, files={'job/memory.max': f'{8 * GIB}\n'})),
        (6, dict(cpus=64, groups=OLD, files={
            'cpu,cpuacct/job/cpu.cfs_quota_us': '600000', 'cpu,cpuacct/job/cpu.cfs_period_us': '100000',
            'memory/memory.limit_in_bytes': '9223372036854771712'})),
        (64, dict(cpus=64, groups=OLD, files={
            'cpu,cpuacct/job/cpu.cfs_quota_us': '-1', 'cpu,cpuacct/job/cpu.cfs_period_us': '100000'})),
        (5, dict(cpus=64, groups=OLD, files={'memory/job/memory.limit_in_bytes': str(5 * GIB)})),
    ],
)  # fmt: skip
def test_number_of_workers_is_limited_by_cpus_and_memory(machine, expected, settings):
    machine(**settings)
    assert default_workers() == expected


def test_number_of_workers_on_other_systems(machine, monkeypatch):
    machine(cpus=64)
    monkeypatch.setattr(sys, 'platform', 'win32')
    assert default_workers() == 61
    monkeypatch.delattr(os, 'sched_getaffinity')
    monkeypatch.setattr(parallel, '_PROC', parallel._PROC / 'missing')
    monkeypatch.setattr(os, 'cpu_count', lambda: 8)
    assert default_workers() == 8


@pytest.mark.parametrize(
    'tool',
    ['extract_faces', 'make_frame_store', 'make_synthetic_ma52', 'make_synthetic_ma52_pro', 'prepare_ma52'],
)
def test_tools_have_the_default_number_of_workers(monkeypatch, capsys, tool):
    monkeypatch.setattr(parallel, 'default_workers', lambda: 37)
    monkeypatch.setattr(sys, 'argv', [f'{tool}.py', '--help'])
    with pytest.raises(SystemExit):
        runpy.run_path(str(ROOT / 'tools' / f'{tool}.py'), run_name='__main__')
    assert re.search(r'--workers WORKERS +processes\D+37', capsys.readouterr().out)


def die(_):
    os.kill(os.getpid(), signal.SIGKILL)


def test_error_of_killed_worker_names_the_remedy():
    with pytest.raises(ValueError, match=r'A worker was killed, .* with fewer workers'), worker_pool(1, False) as pool:
        list(pool.map(die, [0]))


@pytest.mark.parametrize('workers', [1, 2])
def test_results_are_in_the_order_of_the_tasks(workers):
    calls = []
    results = ordered_map(abs, [-3, 2, -1], workers, spawn=False, progress=lambda *call: calls.append(call))
    assert next(results) == 3
    assert calls == []
    assert list(results) == [2, 1]
    assert calls == [(1, 3), (2, 3), (3, 3)]


def test_workers_end_with_their_parent(tmp_path):
    code = """
from mmaction_microaction.utils.parallel import default_workers, worker_pool
with worker_pool(1, spawn=False) as pool:
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
from mmaction_microaction.utils.parallel import default_workers, worker_pool
cv2.setNumThreads(2)
cv2.GaussianBlur(np.zeros((4000, 4000, 3), np.uint8), (31, 31), 5)
with worker_pool(1, spawn=False) as pool:
    print(pool.submit(int, '7').result())
"""
    assert run_python(code, timeout=60).stdout.strip() == '7'


@pytest.mark.skipif(multiprocessing.get_start_method() != 'fork', reason='workers are not forked on this system')
def test_forked_worker_does_not_free_objects_of_its_parent(tmp_path):
    """When objects of the parent are freed, they may wait for threads that a worker does not have."""

    class Held:
        def __init__(self):
            self.itself = self

        def __del__(self):
            (tmp_path / str(os.getpid())).touch()

    Held()
    with worker_pool(1, spawn=False) as pool:
        Held()
        pool.submit(gc.collect).result()
    gc.collect()
    assert [path.name for path in tmp_path.iterdir()] == [str(os.getpid())]
