"""Clips that the report shows with their frames."""

from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib.figure import Figure

from mmaction_microaction.visualization import plot_prediction_strip, read_frames

from .clips import VideoFolder
from .predicted_run import PredictedRun


def draw_strips(
    run: PredictedRun,
    videos: VideoFolder,
    other: PredictedRun | None = None,
    names: Sequence[str] | None = None,
    max_wrong: int = 4,
    max_correct: int = 2,
) -> Iterator[tuple[str, str, Figure]]:
    """Draw the clips with the most confident wrong predictions, and some with correct ones.

    No two clips have the same true action. In a comparison, the prediction of the other run is wrong for the clips
    whose own prediction is correct.

    Args:
        run (PredictedRun): Run whose clips are drawn.
        videos (VideoFolder): Videos of the clips. Clips without a video are skipped.
        other (PredictedRun, optional): Run that is compared with the first.
        names (Sequence[str] | None): Name of the run, or names of both.
        max_wrong (int): Maximum number of clips with a wrong prediction. Defaults to 4.
        max_correct (int): Maximum number of clips with a correct prediction. Defaults to 2.

    Yields:
        tuple[str, str, Figure]: Name, caption, figure.
    """
    wrong = run.predictions != run.labels
    correct = ~wrong
    if other:
        other_indices = _match_clips(run, other)
        correct &= other.predictions[other_indices] != other.labels[other_indices]
    has_video = np.array([name in videos.paths for name in run.names])
    for kind, mask, limit, caption in (
        ('mistaken', wrong, max_wrong, 'Mistaken with high confidence'),
        ('recognised', correct, max_correct, f'Recognised{f" by {names[0]}, not by {names[1]}" if other else ""}'),
    ):
        indices = run.most_confident(mask & has_video)
        # The first clip of each action; otherwise one frequent confusion might fill all figures.
        first = np.sort(np.unique(run.labels[indices], return_index=True)[1])[:limit]
        for number, index in enumerate(indices[first], start=1):
            scores = [run.scores[index]] + ([other.scores[other_indices[index]]] if other else [])
            name = run.names[index]
            frames = read_frames(videos.paths[name])
            figure = plot_prediction_strip(
                frames, int(run.labels[index]), list(zip(names, scores)), name, label_set=run.label_set
            )
            yield f'{kind}_{number}', f'{caption}: {name}.', figure


def _match_clips(run: PredictedRun, other: PredictedRun) -> np.ndarray:
    """Return the index in the other run of each clip of a run."""
    if not other.names:
        return np.arange(len(run))
    indices = {name: index for index, name in enumerate(other.names)}
    return np.array([indices[name] for name in run.names])
