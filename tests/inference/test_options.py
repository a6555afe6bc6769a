import numpy as np
import pytest

from mmaction_microaction.inference.options import complete_options

GIVEN = dict(batch_size=8, longest_clip=8, window=None, step=None, switch_cost=0.5, min_score=None, min_duration=0)


@pytest.mark.parametrize(
    ('is_detector', 'longest_window', 'given', 'expected'),
    [
        (False, np.inf, {}, (1.5, 0.5, 0)),
        (True, np.inf, {}, (15, 10, 0.3)),
        (True, 6, {}, (6, 4, 0.3)),  # an exported file that reads 6 s
        (True, np.inf, dict(window=3), (3, 2, 0.3)),
        (False, np.inf, dict(window=0.5, step=0.25, min_score=0.1), (0.5, 0.25, 0.1)),
    ],
)
def test_defaults_depend_on_the_network(is_detector, longest_window, given, expected):
    options = complete_options(is_detector, longest_window, **{**GIVEN, **given})
    assert (options.window, options.step, options.min_score) == pytest.approx(expected)
    assert (options.batch_size, options.longest_clip, options.switch_cost, options.min_duration) == (8, 8, 0.5, 0)


def test_a_window_longer_than_an_exported_file_reads_is_rejected():
    with pytest.raises(ValueError, match=r'^window is 7, but must be at most 6 s'):
        complete_options(True, 6, **{**GIVEN, 'window': 7})
