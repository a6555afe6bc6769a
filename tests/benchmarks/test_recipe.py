import pytest

from mmaction_microaction.benchmarks import estimate_recipe


def test_hours_by_hand():
    # An epoch of 1,125 steps of 0.08 s lasts 90 s; a validation of 5,586 clips at 558.6 clips/s lasts 10 s.
    estimate = estimate_recipe(0.08, 10, 558.6, {'videos': 5, 'frame store': 50}, cores=4)
    assert estimate.clips_per_second == 125
    assert estimate.workers == {'videos': 25, 'frame store': 3}
    assert estimate.hours == pytest.approx(80 * 100 / 3600)
    # Four cores load 20 clips per second from videos, and 200 from the frame store: enough for training alone.
    assert estimate.hours_here['videos'] == pytest.approx(80 * (11250 + 5586) / 20 / 3600)
    assert estimate.hours_here['frame store'] == pytest.approx(80 * (90 + 5586 / 200) / 3600)


def test_the_last_batch_of_an_epoch_is_a_step():
    # 352 batches of 32 hold 11,250 clips, the last one only 18.
    assert estimate_recipe(1, 32, 1e9, {}, cores=1).hours == pytest.approx(80 * 352 / 3600)
