import pytest
import torch


@pytest.fixture
def in_float64():
    """Networks and random numbers in float64: in float32, two ways to the same number differ by the processor."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)
