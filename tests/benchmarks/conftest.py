import pytest
from mmengine.logging import MMLogger


@pytest.fixture(autouse=True)
def restore_log_level():
    """Restore the log level, which benchmarks change, for the following tests."""
    level = MMLogger.get_current_instance().level
    yield
    MMLogger.get_current_instance().setLevel(level)
