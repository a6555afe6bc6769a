"""Which figures the report has, and what is said below them."""

import base64
import io
from typing import NamedTuple

import matplotlib as mpl
import numpy as np

from mmaction_microaction.evaluation.functional import confusion_matrix, most_confused_pairs
from mmaction_microaction.label_sets.ma52 import FINE_TO_COARSE, NUM_BODY_PARTS
from mmaction_microaction.utils.files import atomic_write, write_whole
from mmaction_microaction.video.reader import Video
from mmaction_microaction.visualization import (
    plot_calibration,
    plot_class_counts,
    plot_coarse_confusion_matrix,
    plot_comparison,
    plot_confused_pairs,
    plot_confusion_matrix,
    plot_durations,
    plot_frequency_groups,
    plot_per_class,
)

from .strips import draw_strips


class Embedded(NamedTuple):
    """A figure of the page."""

    name: str
    """Of its files, without extension."""
    caption: str
    wide: bool
    """Whether it cannot be read at the width of a phone."""
    png: str
    """In base64."""


def draw_figures(run, train_clips, other=None, names=None, splits=None, videos=None):
    """Draw the figures of a report.

    Args:
        run (PredictedRun): The run.
        train_clips (np.ndarray): Clips per action that were trained on, shape (52,).
        other (PredictedRun, optional): What it is compared with.
        names (Sequence[str], optional): Of the run, or of both.
        splits (dict[str, np.ndarray], optional): Clips per action of further splits.
        videos (Videos, optional): The videos, for their durations and frames.

    Yields:
        tuple[str, str, matplotlib.figure.Figure]: Name, caption, figure.
    """
    coarse = confusion_matrix(FINE_TO_COARSE[run.labels], FINE_TO_COARSE[run.predictions], NUM_BODY_PARTS)
    yield (
        'per_class',
        'Precision, recall and F1 of each action. A missing mark is a score that is not defined: precision of an '
        'action that was never predicted, recall of one without clips.',
        plot_per_class(run.per_class),
    )
    if other:
        yield (
            'comparison',
            f'F1 of each action in {names[0]} and in {names[1]}; on the right, the points that the second is ahead.',
            plot_comparison(run.per_class.f1, other.per_class.f1, names),
        )
    # Where all actions are equally frequent, as in the synthetic set, none is rare.
    if np.ptp(train_clips):
        yield (
            'frequency_groups',
            'F1 of the actions by how many clips were trained on, in thirds of the actions: head, medium, tail.',
            plot_frequency_groups(run.per_class.f1, train_clips),
        )
    yield (
        'coarse_confusion_matrix',
        'What the clips of each body part were taken for. The body part is that of the best action.',
        plot_coarse_confusion_matrix(coarse),
    )
    yield (
        'confusion_matrix',
        'What the clips of each action were taken for; frames enclose the actions of one body part.',
        plot_confusion_matrix(run.confusion),
    )
    yield (
        'confused_pairs',
        'The actions that were most often taken for another one.',
        plot_confused_pairs(most_confused_pairs(run.confusion, 20)),
    )
    yield (
        'calibration',
        'Confidence and accuracy. Below the diagonal the network is too sure of itself. The expected calibration error '
        'is the mean distance from the diagonal, weighted by clips (C. Guo et al., ICML 2017, Eq. 3).',
        plot_calibration(run.calibration),
    )
    yield (
        'class_counts',
        'Clips of each action, coloured by body part.',
        plot_class_counts({**(splits or {}), 'tested': run.per_class.support}),
    )
    if videos:
        yield (
            'durations',
            'Duration of the tested clips.',
            plot_durations(np.array([Video(path).duration for path in videos.paths.values()])),
        )
        yield from draw_strips(run, videos, other, names)


def save_figure(name, caption, figure, out):
    """Write a figure as PNG and PDF.

    Args:
        name, caption (str): Name of the files without extension, and what the page says below.
        figure (matplotlib.figure.Figure): The figure.
        out (Path): Folder.

    Returns:
        Embedded: The figure for the page.
    """
    png = io.BytesIO()
    figure.savefig(png, format='png')
    write_whole(out / f'{name}.png', png.getvalue())
    # Type 3 fonts, the default, are refused by many publishers.
    with mpl.rc_context({'pdf.fonttype': 42}), atomic_write(out / f'{name}.pdf') as unfinished:
        figure.savefig(unfinished, format='pdf')
    return Embedded(name, caption, figure.get_figwidth() > 6, base64.b64encode(png.getvalue()).decode())
