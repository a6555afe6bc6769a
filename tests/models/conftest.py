import pytest
import torch


@pytest.fixture
def in_float64():
    """Set float64 as default, since rounding errors in float32 depend on the processor."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)
