import multiprocessing

import numpy as np
import pytest
from helpers.support import ROOT

from mmaction_microaction.benchmarks import follow_memory
from mmaction_microaction.benchmarks.memory import measure_peak_memory

TINY = ROOT / 'tests' / 'data' / 'manet_r18_tiny.py'


def test_peak_is_the_memory_of_the_function():
    # 2 ** 25 floats of 8 bytes.
    assert measure_peak_memory(np.ones, 2**25) == pytest.approx(256, abs=40)


def test_failed_process_is_reported(monkeypatch):
    # A fork, unlike a new process, need not import PyTorch.
    fork = multiprocessing.get_context('fork')
    monkeypatch.setattr(multiprocessing, 'get_context', lambda method: fork)
    with pytest.raises(RuntimeError, match='exit code 1'):
        measure_peak_memory(np.ones, 'many')


@pytest.mark.usefixtures('one_block_per_stage')
def test_memory_of_a_run_is_reported_for_every_process(tiny_ma52):
    rows = []
    follow_memory(TINY, tiny_ma52 / 'videos_train', rows.append, iterations=7, every=3)
    assert [row.iteration for row in rows] == [3, 6]
    for row in rows:
        assert row.main > 100
        assert len(row.workers) == 2
        assert min(row.workers) > 50
    assert str(rows[0]._replace(main=1845.3, workers=[476.2, 477.0])).split() == ['3', '1845', '476', '477']


def test_folder_without_videos_is_reported(tmp_path):
    with pytest.raises(ValueError, match=r'no \*\.mp4'):
        follow_memory(TINY, tmp_path, print)
