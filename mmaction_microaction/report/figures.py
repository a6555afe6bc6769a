"""Figures of the report and their captions."""

import base64
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from mmaction_microaction.evaluation.functional import confusion_matrix, most_confused_pairs
from mmaction_microaction.utils.files import atomic_write, write_whole
from mmaction_microaction.utils.messages import pluralize
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

from .clips import VideoFolder
from .predicted_run import PredictedRun
from .strips import draw_strips


class EmbeddedFigure(NamedTuple):
    """A figure that is part of the page."""

    name: str
    """Name of the figure's files, without extension."""
    caption: str
    """Caption on the page."""
    is_wide: bool
    """Whether the figure is too wide to be read at the width of a phone."""
    png: str
    """Image in PNG format, as Base64."""


def draw_figures(
    run: PredictedRun,
    train_clips: np.ndarray | None = None,
    other: PredictedRun | None = None,
    names: Sequence[str] | None = None,
    splits: Mapping[str, np.ndarray] | None = None,
    videos: VideoFolder | None = None,
) -> Iterator[tuple[str, str, Figure]]:
    """Draw the figures of a report.

    Args:
        run (PredictedRun): Run that the report is about.
        train_clips (np.ndarray, optional): Number of training clips of each action, shape (C,). Defaults to None: not
            known.
        other (PredictedRun, optional): Run that is compared with the first.
        names (Sequence[str], optional): Name of the run, or names of both.
        splits (Mapping[str, np.ndarray], optional): Number of clips of each action in further splits, by their names.
        videos (VideoFolder, optional): Videos of the clips, for durations and frames.

    Yields:
        tuple[str, str, Figure]: Name, caption, figure.
    """
    label_set = run.label_set
    group = label_set.group_term
    yield (
        'per_class',
        'Precision, recall and F1 of each action. A mark is missing if a metric is not defined: the precision of an '
        'action that was never predicted, or the recall of an action without clips.',
        plot_per_class(run.per_class, label_set=label_set),
    )
    if other:
        yield (
            'comparison',
            f'F1 of each action in {names[0]} and in {names[1]}. The differences in points are on the right.',
            plot_comparison(run.per_class.f1, other.per_class.f1, names, label_set=label_set),
        )
    # If all actions are equally frequent, as in the synthetic set, none is rare.
    if train_clips is not None and np.ptp(train_clips):
        yield (
            'frequency_groups',
            'F1 of the actions by number of training clips, in three groups of actions: head, medium and tail.',
            plot_frequency_groups(run.per_class.f1, train_clips, label_set=label_set),
        )
    if label_set.has_groups:
        coarse = confusion_matrix(
            label_set.fine_to_coarse[run.labels], label_set.fine_to_coarse[run.predictions], len(label_set.groups)
        )
        yield (
            'coarse_confusion_matrix',
            f'Predicted {pluralize(group)} of the clips of each {group}. The best action determines the predicted '
            f'{group}.',
            plot_coarse_confusion_matrix(coarse, label_set=label_set),
        )
    squares = f' Squares enclose the actions of one {group}.' if label_set.has_groups else ''
    yield (
        'confusion_matrix',
        f'Predicted actions of the clips of each action.{squares}',
        plot_confusion_matrix(run.confusion, label_set=label_set),
    )
    yield (
        'confused_pairs',
        'The most frequent confusions of two actions.',
        plot_confused_pairs(most_confused_pairs(run.confusion, 20), label_set=label_set),
    )
    yield (
        'calibration',
        'Confidence and accuracy. Below the diagonal the network is overconfident. The expected calibration error is '
        'the mean distance from the diagonal, weighted by clips (C. Guo et al., ICML 2017, Eq. 3).',
        plot_calibration(run.calibration),
    )
    yield (
        'class_counts',
        f'Number of clips of each action{f", coloured by {group}" if label_set.has_groups else ""}.',
        plot_class_counts({**(splits or {}), 'tested': run.per_class.support}, label_set=label_set),
    )
    if videos:
        yield (
            'durations',
            'Durations of the tested clips.',
            plot_durations(np.array([Video(path).duration for path in videos.paths.values()])),
        )
        yield from draw_strips(run, videos, other, names)


def save_figure(name: str, caption: str, figure: Figure, out: Path) -> EmbeddedFigure:
    """Write a figure as PNG and PDF.

    Args:
        name (str): Name of the files, without extension.
        caption (str): Caption on the page.
        figure (Figure): Figure to write.
        out (Path): Folder of the files.

    Returns:
        EmbeddedFigure: The figure for the page.
    """
    png = io.BytesIO()
    figure.savefig(png, format='png')
    write_whole(out / f'{name}.png', png.getvalue())
    # TrueType fonts; many publishers reject Type 3 fonts, which are the default.
    with mpl.rc_context({'pdf.fonttype': 42}), atomic_write(out / f'{name}.pdf') as unfinished:
        figure.savefig(unfinished, format='pdf')
    return EmbeddedFigure(name, caption, figure.get_figwidth() > 6, base64.b64encode(png.getvalue()).decode())
