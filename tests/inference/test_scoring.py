import numpy as np
import pytest
from helpers.poses import make_poses

from mmaction_microaction.inference.scoring import WindowScorer
from mmaction_microaction.inference.windows import Window, WindowPipeline
from mmaction_microaction.video.reader import Frame

WINDOWS = [Window(first, first + 3, first / 30, 4 / 30) for first in range(0, 20, 4)]


def frames(levels):
    """Yield frames of certain grey levels."""
    for index, level in enumerate(levels):
        yield Frame(index, index / 30, lambda level=level: np.full((8, 8, 3), level, np.uint8))


def test_windows_are_scored_in_batches(brightness_recognizer):
    score = WindowScorer(brightness_recognizer, WindowPipeline(brightness_recognizer.pipeline))
    found = list(score(frames(np.repeat([10, 20, 30, 40, 50], 4)), WINDOWS, 30, batch_size=2))
    assert [window for window, _ in found] == WINDOWS
    assert [int(scores.argmax()) for _, scores in found] == [1, 2, 3, 4, 5]
    assert brightness_recognizer.batches == [2, 2, 1]


def test_windows_without_a_frame_are_skipped(brightness_recognizer):
    score = WindowScorer(brightness_recognizer, WindowPipeline(brightness_recognizer.pipeline))
    found = list(score(frames([10] * 11), WINDOWS, 30, batch_size=1))
    assert [window for window, _ in found] == WINDOWS[:2]


def test_windows_without_poses_are_skipped_and_others_are_seen_in_the_layout_of_the_network(brightness_recognizer):
    seen = []

    class Pipeline(WindowPipeline):
        def pack(self, num_frames, images, fps=30.0, poses=None):
            seen.append(poses.layout)
            return super().pack(num_frames, images, fps)

    score = WindowScorer(brightness_recognizer, Pipeline(brightness_recognizer.pipeline), 'ma52_28')
    poses = make_poses('a', 4, (8, 8), num_joints=33)
    assert poses.layout == 'blazepose33'
    found = list(score(frames([10] * 20), WINDOWS, 30, 8, 'a.mp4', lambda window: poses if window.start else None))
    assert [window for window, _ in found] == WINDOWS[1:]
    assert seen == ['ma52_28'] * 4


def test_scores_that_are_no_probabilities_are_rejected(brightness_recognizer):
    class Doubled(type(brightness_recognizer)):
        def __call__(self, inputs):
            return 2 * super().__call__(inputs)

    score = WindowScorer(Doubled(), WindowPipeline(brightness_recognizer.pipeline))
    with pytest.raises(ValueError, match=r'0\.0 s'):
        list(score(frames([10] * 20), WINDOWS, 30, batch_size=1))
