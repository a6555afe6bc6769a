import numpy as np
import pytest

from mmaction_microaction.label_sets import MA52
from mmaction_microaction.structures.detection_annotations import AnnotatedVideo, Instance, read_detection_annotations
from mmaction_microaction.structures.detection_statistics import summarize_detections


def test_counts_by_hand():
    # Nodding (9) twice at once, then shaking legs (24), which begins at the frame at which the second one ends.
    video = AnnotatedVideo('a', 90, 30.0, (Instance(0, 30, 9), Instance(15, 45, 9), Instance(45, 60, 24)))
    statistics = summarize_detections([video, AnnotatedVideo('b', 30, 30.0, ())])
    assert (statistics.videos, statistics.seconds, statistics.num_pairs) == (2, 4, 1)
    assert statistics.durations.tolist() == [1, 1, 0.5]
    assert statistics.overlapping.tolist() == [True, True, False]
    assert statistics.cooccurrences[9, 9] == statistics.cooccurrences.sum() == 1
    # Of 120 frames, 60 have none, 45 have one and 15 have two.
    assert statistics.simultaneous.tolist() == [0.5, 0.375, 0.125]
    with pytest.raises(ValueError, match='no action'):
        summarize_detections([AnnotatedVideo('b', 30, 30.0, ())])


@pytest.mark.real_data
def test_equals_the_counts_of_the_real_tables(shared):
    """The numbers are those of the README beside the tables, counted by other code."""
    statistics = summarize_detections(read_detection_annotations(shared / 'mma52' / 'train.csv'))
    assert statistics.num_pairs == 9231
    assert np.trace(statistics.cooccurrences) == 42
    assert statistics.overlapping.mean() == pytest.approx(0.864, abs=5e-4)
    assert (100 * statistics.simultaneous).round(1).tolist() == [15.8, 51.9, 28.0, 4.2, 0.1]
    heads, upper_limbs = (np.flatnonzero(part == MA52.fine_to_coarse) for part in (1, 2))
    assert statistics.cooccurrences[np.ix_(heads, upper_limbs)].sum() == 2909
