"""Lists of single clips of a run, with their predictions and links to their videos."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import numpy as np

from mmaction_microaction.evaluation.functional import ConfusedPair, most_confused_pairs
from mmaction_microaction.utils.messages import format_count

from .predicted_run import PredictedRun


class ListedClip(NamedTuple):
    """A clip and its prediction."""

    name: str
    """Name of the clip."""
    link: str | None
    """Link to the video of the clip; None if there is no such video."""
    predicted: int
    """Predicted fine label."""
    confidence: float
    """Probability of the predicted label, 0 to 1."""


class ActionClips(NamedTuple):
    """The most confident predictions for the clips of an action."""

    label: int
    """Fine label of the action."""
    wrong: list[ListedClip]
    """Clips with a wrong prediction."""
    correct: list[ListedClip]
    """Clips with a correct prediction."""
    num_wrong: int
    """Number of all clips with a wrong prediction."""
    num_correct: int
    """Number of all clips with a correct prediction."""


class VideoFolder:
    """A folder with videos of the tested clips.

    Args:
        folder (str | Path): Path of the folder.
        names (Sequence[str]): Names of the clips, as paths below the folder.

    Raises:
        ValueError: If there is no such folder, or if it contains none of the clips.
    """

    def __init__(self, folder: str | Path, names: Sequence[str]) -> None:
        folder = Path(folder)
        if not folder.is_dir():
            raise ValueError(f'{folder}: no such folder; pass the folder with the tested videos')
        # The names are from a file of unknown origin; links must not lead out of the folder.
        inside = [name for name in names if not Path(name).is_absolute() and '..' not in Path(name).parts]
        self.paths = {name: folder / name for name in inside if (folder / name).is_file()}
        if not self.paths:
            raise ValueError(
                f'{folder} contains no clip of the predictions ({format_count(len(names), "clip")}, such as '
                f'{names[0]!r}); pass the folder with the tested videos'
            )

    def link(self, name: str, out: str | Path) -> str | None:
        """Return a relative link to a video.

        Args:
            name (str): Name of the clip.
            out (str | Path): Folder of the page that contains the link.

        Returns:
            str | None: Link, quoted for HTML's ``href``; None if there is no such video.
        """
        path = self.paths.get(name)
        return path and quote(os.fsencode(Path(os.path.relpath(path, out)).as_posix()))


class RunClips:
    """Lists of clips of a run, for a page.

    Args:
        run (PredictedRun): Run whose clips are listed.
        out (str | Path): Folder of the page.
        videos (VideoFolder, optional): Videos that the clips link to. Defaults to None: no links.
    """

    def __init__(self, run: PredictedRun, out: str | Path, videos: VideoFolder | None = None) -> None:
        self.run, self.out, self.videos = run, out, videos

    def clips(self, mask: np.ndarray, limit: int) -> list[ListedClip]:
        """List the most confident predictions for some clips.

        Args:
            mask (np.ndarray): Whether each clip is considered, booleans of shape (N,).
            limit (int): Maximum number of clips.

        Returns:
            list[ListedClip]: Clips by descending confidence.
        """
        run = self.run
        return [
            ListedClip(
                run.name_of(index),
                self.videos and self.videos.link(run.name_of(index), self.out),
                int(run.predictions[index]),
                float(run.confidences[index]),
            )
            for index in run.most_confident(mask)[:limit]
        ]

    def extremes(self, limit: int = 5) -> tuple[list[ActionClips], list[ActionClips]]:
        """List clips of the actions with the lowest and with the highest F1.

        Actions without clips are left out. Among actions with equal F1, those with more clips come first.

        Args:
            limit (int): Maximum number of actions in each list. Defaults to 5.

        Returns:
            tuple[list[ActionClips], list[ActionClips]]: The worst actions by ascending F1, and the best actions by
            descending F1. No action is in both lists.
        """
        scores = self.run.per_class
        tested = np.flatnonzero(scores.support)
        support = scores.support[tested]
        worst = tested[np.lexsort((tested, -support, scores.f1[tested]))][:limit]
        best = tested[np.lexsort((tested, -support, -scores.f1[tested]))]
        best = [label for label in best if label not in worst][:limit]
        return [self._of_action(int(label)) for label in worst], [self._of_action(int(label)) for label in best]

    def pairs(self, limit: int = 20) -> list[tuple[ConfusedPair, list[ListedClip]]]:
        """List the most confused pairs of actions, each with up to three of its clips.

        Args:
            limit (int): Maximum number of pairs. Defaults to 20.

        Returns:
            list[tuple[ConfusedPair, list[ListedClip]]]: Pairs and their clips.
        """
        run = self.run
        return [
            (pair, self.clips((run.labels == pair.true) & (run.predictions == pair.predicted), 3))
            for pair in most_confused_pairs(run.confusion, limit)
        ]

    def _of_action(self, label: int) -> ActionClips:
        is_label = self.run.labels == label
        correct = is_label & (self.run.predictions == label)
        wrong = is_label & ~correct
        return ActionClips(label, self.clips(wrong, 10), self.clips(correct, 3), int(wrong.sum()), int(correct.sum()))
