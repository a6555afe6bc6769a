import pytest
from mmengine.logging import MMLogger


@pytest.fixture(autouse=True)
def logs_again():
    """Benchmarks silence the logs of their process, in which other tests follow."""
    level = MMLogger.get_current_instance().level
    yield
    MMLogger.get_current_instance().setLevel(level)
