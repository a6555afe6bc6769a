"""Converts a result to the texts, bars, tables and files of the page."""

from dataclasses import replace
from html import escape
from pathlib import Path
from tempfile import mkdtemp

from mmaction_microaction.inference import WRITERS, ClipResult, TimelineResult
from mmaction_microaction.label_sets.ma52 import BODY_PARTS, NUM_ACTIONS
from mmaction_microaction.structures.intervals import Interval
from mmaction_microaction.visualization.style import name_of

COLUMNS = ('start', 'end', 'code', 'action', 'body part', 'score')
"""Columns of the table of a timeline."""


def headline(result: ClipResult | TimelineResult, model: str) -> str:
    """Summarise a result in Markdown.

    Args:
        result (ClipResult | TimelineResult): The result.
        model (str): Name of the network.

    Returns:
        str: A heading with the best action or the number of intervals, and a line with the network and the video.
    """
    if result.kind == 'clip':
        best = result.intervals[0]
        summary = f'{best.action.name} ({best.action.code}), {best.score:.1%}; body part: {result.body_part}'
    else:
        count = len(result.intervals)
        summary = f'{count:,} micro-action{"s" * (count != 1)} in {result.duration:.1f} s'
    return f'### {summary}\n{_literally(model)}; {_literally(Path(result.video).name)}, {result.duration:.1f} s'


def _literally(name):
    """Escape the HTML and Markdown in a name."""
    return escape(name).translate({ord(sign): f'&#{ord(sign)};' for sign in '\\`*_[]()!~|$\n\r'})


def action_bars(result: ClipResult) -> dict[str, float]:
    """Return the probabilities of all actions.

    Args:
        result (ClipResult): The result.

    Returns:
        dict[str, float]: Probabilities of the 52 actions, by name and code.
    """
    return {name_of(label): float(result.scores[label]) for label in range(NUM_ACTIONS)}


def body_part_bars(result: ClipResult) -> dict[str, float]:
    """Return the probabilities of the body parts.

    Args:
        result (ClipResult): The result.

    Returns:
        dict[str, float]: Probabilities of the seven body parts, by name.
    """
    return dict(zip(BODY_PARTS, map(float, result.body_part_scores)))


def table_rows(result: TimelineResult) -> list[list[str]]:
    """Return the rows of the table of a timeline.

    Args:
        result (TimelineResult): The result.

    Returns:
        list[list[str]]: One row for each interval, with the columns :data:`COLUMNS`.
    """
    return [
        [
            f'{interval.start:.1f}',
            f'{interval.end:.1f}',
            interval.action.code,
            interval.action.name,
            BODY_PARTS[interval.action.body_part],
            f'{interval.score:.3f}',
        ]
        for interval in result.intervals
    ]


def gradcam_choices(result: ClipResult | TimelineResult) -> list[tuple[str, Interval]]:
    """List the intervals for which Grad-CAM can be chosen.

    Args:
        result (ClipResult | TimelineResult): The result.

    Returns:
        list[tuple[str, Interval]]: A text and the interval: the best five actions of a clip, or all intervals of a
        timeline.
    """
    choices = []
    for interval in result.intervals:
        text = f'{name_of(interval.label)}, {interval.score:.1%}'
        if result.kind == 'timeline':
            text = f'{interval.start:.1f} to {interval.end:.1f} s: {text}'
        choices.append((text, interval))
    return choices


def write_files(result: ClipResult | TimelineResult, folder: str | Path) -> list[Path]:
    """Write a result in all formats of :data:`.WRITERS`. The files name the video without its folder.

    Args:
        result (ClipResult | TimelineResult): The result.
        folder (str | Path): Folder in which a new folder for the files is created.

    Returns:
        list[Path]: Paths of the files, which are named after the video, in the order of the formats.
    """
    new_folder, video = Path(mkdtemp(dir=folder)), Path(result.video)
    paths = [new_folder / f'{video.stem}{suffix}' for suffix in WRITERS]
    for write, path in zip(WRITERS.values(), paths):
        write([replace(result, video=video.name)], path)
    return paths
