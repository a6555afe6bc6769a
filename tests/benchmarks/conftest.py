import pickle

import pytest
from mmengine.logging import MMLogger

from mmaction_microaction.benchmarks import demo, growth, train
from mmaction_microaction.benchmarks.memory import read_memory


@pytest.fixture(autouse=True)
def restore_log_level():
    """Restore the log level, which benchmarks change, for the following tests."""
    level = MMLogger.get_current_instance().level
    yield
    MMLogger.get_current_instance().setLevel(level)


@pytest.fixture
def memory_of_this_process(monkeypatch):
    """Measure memory in this process. The start of another one takes seconds, and test_memory.py tests it."""

    def measure(function, *args):
        function, args = pickle.loads(pickle.dumps((function, args)))
        function(*args)
        return read_memory('VmHWM')

    for module in (demo, growth, train):
        monkeypatch.setattr(module, 'measure_peak_memory', measure)
