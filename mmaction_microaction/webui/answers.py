"""What the page shows of a result."""

from dataclasses import replace
from html import escape
from pathlib import Path
from tempfile import mkdtemp

from mmaction_microaction.inference import write_csv, write_json
from mmaction_microaction.label_sets.ma52 import ACTIONS, BODY_PARTS, NUM_ACTIONS
from mmaction_microaction.visualization.style import name_of

TABLE = ('start', 'end', 'code', 'action', 'body part', 'score')


def headline(result, model):
    """Say in Markdown what was recognised.

    Args:
        result (ClipResult | TimelineResult): The result.
        model (str): Name of the network.

    Returns:
        str: Two lines.
    """
    if hasattr(result, 'top'):
        best = result.top(1)[0]
        found = f'{best.action.name} ({best.action.code}), {best.score:.1%}; body part: {result.body_part}'
    else:
        count = len(result.intervals)
        found = f'{count:,} micro-action{"s" * (count != 1)} in {result.duration:.1f} s'
    return f'### {found}\n{_literally(model)}; {_literally(Path(result.video).name)}, {result.duration:.1f} s'


def _literally(name):
    """Write a name so that it is neither HTML nor Markdown."""
    return escape(name).translate({ord(sign): f'&#{ord(sign)};' for sign in '\\`*_[]()!~|$\n\r'})


def action_bars(result):
    """List the probabilities of all actions, by name and code.

    Args:
        result (ClipResult): The result.

    Returns:
        dict[str, float]: 52 of them.
    """
    return {name_of(label): float(result.scores[label]) for label in range(NUM_ACTIONS)}


def body_part_bars(result):
    """List the probabilities of the body parts.

    Args:
        result (ClipResult): The result.

    Returns:
        dict[str, float]: Seven of them.
    """
    return dict(zip(BODY_PARTS, map(float, result.body_part_scores)))


def table_rows(result):
    """Make the rows of a timeline's table.

    Args:
        result (TimelineResult): The result.

    Returns:
        list[list]: With the columns :data:`TABLE`.
    """
    rows = []
    for start, end, label, score in result.intervals:
        action = ACTIONS[label]
        times = f'{start:.1f}', f'{end:.1f}'
        rows.append([*times, action.code, action.name, BODY_PARTS[action.body_part], f'{score:.3f}'])
    return rows


def intervals_of(result):
    """List the actions that Grad-CAM may be asked about.

    Args:
        result (ClipResult | TimelineResult): The result.

    Returns:
        list[tuple[str, Interval]]: The best five of a clip, or all of a timeline.
    """
    if hasattr(result, 'top'):
        return [(f'{name_of(i.label)}, {i.score:.1%}', i) for i in result.top()]
    return [(f'{i.start:.1f} to {i.end:.1f} s: {name_of(i.label)}, {i.score:.1%}', i) for i in result.intervals]


def write_files(result, folder):
    """Write a result as JSON and CSV, named after the video, which is named without its folder.

    Args:
        result (ClipResult | TimelineResult): The result.
        folder (str | Path): Where; the files get a folder of their own in it.

    Returns:
        tuple[Path, Path]: JSON and CSV.
    """
    own, video = Path(mkdtemp(dir=folder)), Path(result.video)
    paths = own / f'{video.stem}.json', own / f'{video.stem}.csv'
    for write, path in zip((write_json, write_csv), paths):
        write([replace(result, video=video.name)], path)
    return paths
