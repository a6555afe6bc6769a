import re

import pytest
from helpers.support import ROOT

from mmaction_microaction.benchmarks import compare_loading

CONFIG = ROOT / 'configs' / 'manet_r50_8x1_ma52.py'


def test_every_option_loads_the_clips(tiny_ma52):
    """Only runs all options. The tool itself measures which one is faster."""
    comparisons = list(compare_loading(CONFIG, tiny_ma52 / 'videos_train', clips=2, rounds=2))
    assert [comparison.title for comparison in comparisons] == ["decoder='pyav'", 'frame store']
    for comparison in comparisons:
        assert len(comparison.baseline) == len(comparison.ours) == 2
        assert min(comparison.baseline + comparison.ours) > 0
    assert re.fullmatch(
        r'frame store +[\d.]+ /s +[\d.]+ /s +[\d.]+x +\([\d.]+ to [\d.]+, 2 rounds\)', str(comparisons[1])
    )


def test_folder_without_videos_is_reported(tmp_path):
    with pytest.raises(ValueError, match=r'no \*\.mp4'):
        next(compare_loading(CONFIG, tmp_path))
