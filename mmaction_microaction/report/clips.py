"""Single clips of a run: what they were taken for, and where their videos are."""

import os
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import numpy as np

from mmaction_microaction.evaluation.functional import most_confused_pairs


class ListedClip(NamedTuple):
    """A clip and what it was taken for."""

    name: str
    link: str | None
    """To its video; None if it is not at hand."""
    predicted: int
    """Fine label."""
    confidence: float
    """Probability of that label, 0 to 1."""


class Group(NamedTuple):
    """Clips of an action, the most confident ones of either kind."""

    label: int
    wrong: list
    right: list
    num_wrong: int
    """How many there are; the list may be shorter."""
    num_right: int


class Videos:
    """Finds the videos of clips.

    Args:
        folder (str | Path): Folder with the videos.
        names (Sequence[str]): Names of the clips, paths below the folder.

    Raises:
        ValueError: If there is no such folder, or it holds none of the clips.
    """

    def __init__(self, folder, names):
        folder = Path(folder)
        if not folder.is_dir():
            raise ValueError(f'{folder}: no such folder; name the one with the videos that were tested')
        # A name is anything that a file says; links lead into the folder only.
        inside = [name for name in names if not Path(name).is_absolute() and '..' not in Path(name).parts]
        self.paths = {name: folder / name for name in inside if (folder / name).is_file()}
        if not self.paths:
            raise ValueError(
                f'{folder} holds none of the {len(names):,} clips of the predictions, {names[0]!r} for one; '
                'name the folder with the videos that were tested'
            )

    def link(self, name, out):
        """Address a video relative to a folder.

        Args:
            name (str): The clip.
            out (str | Path): Folder of the page that holds the link.

        Returns:
            str | None: Quoted for HTML's ``href``; None if there is no such video.
        """
        path = self.paths.get(name)
        return path and quote(os.fsencode(Path(os.path.relpath(path, out)).as_posix()))


class ClipLists:
    """Lists clips of a run.

    Args:
        run (PredictedRun): The run.
        out (str | Path): Folder of the page that lists them.
        videos (Videos, optional): Where the clips are. Defaults to None: no links.
    """

    def __init__(self, run, out, videos=None):
        self.run, self.out, self.videos = run, out, videos

    def clips(self, chosen, limit):
        """List clips, the most confident first.

        Args:
            chosen (np.ndarray): Which, booleans of shape (N,).
            limit (int): How many at most.

        Returns:
            list[ListedClip]: The clips.
        """
        run = self.run
        return [
            ListedClip(
                run.name_of(i),
                self.videos and self.videos.link(run.name_of(i), self.out),
                int(run.predictions[i]),
                float(run.confidences[i]),
            )
            for i in run.most_confident(chosen)[:limit]
        ]

    def extremes(self, limit=5):
        """List the clips of the actions with the lowest and the highest F1, among those with clips.

        Args:
            limit (int): How many actions each; none is in both lists.

        Returns:
            tuple[list[Group], list[Group]]: From the worst up and from the best down; of equals the larger first.
        """
        scores = self.run.per_class
        tested = np.flatnonzero(scores.support)
        support = scores.support[tested]
        worst = tested[np.lexsort((tested, -support, scores.f1[tested]))][:limit]
        best = tested[np.lexsort((tested, -support, -scores.f1[tested]))]
        best = [label for label in best if label not in worst][:limit]
        return [self._group(int(label)) for label in worst], [self._group(int(label)) for label in best]

    def pairs(self, limit=20):
        """List the most confused pairs, each with three of its clips.

        Args:
            limit (int): How many pairs.

        Returns:
            list[tuple[ConfusedPair, list[ListedClip]]]: The pairs.
        """
        run = self.run
        return [
            (pair, self.clips((run.labels == pair.true) & (run.predictions == pair.predicted), 3))
            for pair in most_confused_pairs(run.confusion, limit)
        ]

    def _group(self, label):
        own = self.run.labels == label
        right = own & (self.run.predictions == label)
        wrong = own & ~right
        return Group(label, self.clips(wrong, 10), self.clips(right, 3), int(wrong.sum()), int(right.sum()))
