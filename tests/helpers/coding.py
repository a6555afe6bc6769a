"""Scores and networks for tests of coding."""

import numpy as np

from mmaction_microaction.coding.scores_file import RecordingScores
from mmaction_microaction.label_sets import LabelSet

TWO = LabelSet.from_dict({'name': 'two', 'actions': ['nodding', 'waving']})


def make_scores(name, people=('',), rows=((0.9, 0.1), (0.9, 0.1), (0.2, 0.3), (0.2, 0.55)), label_set=TWO):
    """Return scores of windows of one second, side by side, that are the same for each person."""
    starts = np.tile(np.arange(len(rows), dtype=float), len(people))
    scores = np.tile(np.array(rows, float), (len(people), 1))
    person = np.repeat(np.array(people, str), len(rows))
    return RecordingScores(
        name,
        person,
        starts,
        starts + 1,
        scores,
        label_set=label_set,
        duration=float(len(rows)),
        people=people,
        fps=25.0,
    )


class FakeNetwork:
    """Recognises recordings by their names, and remembers which. A file that contains ``broken`` fails."""

    def __init__(self, people=('left', 'right')):
        self.people, self.seen, self.loads, self.warnings = people, [], 0, []

    def load(self):
        self.loads += 1
        return self

    def __call__(self, recording, progress):
        progress(1, 2)
        self.seen.append(recording.name)
        if b'broken' in recording.media[0].read_bytes():
            raise ValueError(f'{recording.media[0].name} cannot be read')
        scores = make_scores(recording.name, self.people)
        scores.warnings = list(self.warnings)
        return scores
