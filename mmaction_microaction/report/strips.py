"""Which clips the report shows with their frames."""

import numpy as np

from mmaction_microaction.visualization import plot_prediction_strip, read_frames


def draw_strips(run, videos, other=None, names=None, wrong=4, right=2):
    """Draw the clips that were mistaken with the highest confidence, and some that were recognised.

    No two have the same true action. In a comparison, those recognised are ones that the other run mistook.

    Args:
        run (PredictedRun): The run.
        videos (Videos): The videos; clips that are not there are passed over.
        other (PredictedRun, optional): What it is compared with.
        names (Sequence[str]): Of the run, or of both.
        wrong, right (int): How many of either kind at most.

    Yields:
        tuple[str, str, matplotlib.figure.Figure]: Name, caption, figure.
    """
    mistaken = run.predictions != run.labels
    recognised = ~mistaken
    if other:
        partners = _find_partners(run, other)
        recognised &= other.predictions[partners] != other.labels[partners]
    at_hand = np.array([name in videos.paths for name in run.names])
    for kind, chosen, limit, caption in (
        ('mistaken', mistaken, wrong, 'Mistaken with high confidence'),
        ('recognised', recognised, right, f'Recognised{f" by {names[0]}, not by {names[1]}" if other else ""}'),
    ):
        order = run.most_confident(chosen & at_hand)
        # The first clip of each action: otherwise one frequent confusion would fill all places.
        first = np.sort(np.unique(run.labels[order], return_index=True)[1])[:limit]
        for number, clip in enumerate(order[first], start=1):
            scores = [run.scores[clip]] + ([other.scores[partners[clip]]] if other else [])
            name = run.names[clip]
            frames = read_frames(videos.paths[name])
            figure = plot_prediction_strip(frames, int(run.labels[clip]), list(zip(names, scores)), name)
            yield f'{kind}_{number}', f'{caption}: {name}.', figure


def _find_partners(run, other):
    """Give the number in the other run of each clip of a run."""
    if not other.names:
        return np.arange(len(run))
    numbers = {name: number for number, name in enumerate(other.names)}
    return np.array([numbers[name] for name in run.names])
