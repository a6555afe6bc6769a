"""Two processes with half of a batch each compute the gradient of the whole batch."""

import pytest
import torch
from helpers.detection import compute_gradients, compute_mean_gradients, make_videos
from helpers.processes import run_ranks

pytestmark = pytest.mark.slow


def test_gradients_are_those_of_the_whole_batch(tmp_path):
    path = tmp_path / 'gradients.pth'
    run_ranks(compute_mean_gradients, str(path), str(tmp_path))
    for mean, whole in zip(torch.load(path), compute_gradients(make_videos(4, 4))):
        torch.testing.assert_close(mean, whole, rtol=1e-5, atol=1e-9)  # targets are float32
