"""A table of the test results of any number of runs, beside the paper's results of the same configs."""

import csv
import io
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmaction_microaction.utils.files import as_text_cell, write_whole

from .scored_runs import ScoredRun

COLUMNS = {
    'F1_mean': 'F1_mean',
    'coarse/F1_macro': 'coarse F1_macro',
    'fine/F1_macro': 'fine F1_macro',
    'coarse/F1_micro': 'coarse F1_micro',
    'fine/F1_micro': 'fine F1_micro',
    'fine/top5': 'fine top-5',
}
"""Keys of ``MicroActionMetric``, and the titles of their columns."""


@dataclass
class LeaderboardRow:
    """A row of the table."""

    config: str
    """Base name of the config."""
    kind: str
    """``'mean'``, ``'std'``, ``'published'`` or ``'difference'``."""
    runs: int | None
    """Number of runs of a mean or a standard deviation; None for other rows."""
    metrics: dict[str, float]
    """Known metrics by their keys."""


def rank(
    runs: Sequence[ScoredRun], published: Mapping[str, dict[str, float]], include_unrun: bool = False
) -> list[LeaderboardRow]:
    """Sort configs by their F1_mean, best first.

    Args:
        runs (Sequence[ScoredRun]): Test results, see :func:`.read_runs`. Runs of the same config are averaged.
        published (Mapping[str, dict[str, float]]): The paper's results, see :func:`.read_published`.
        include_unrun (bool): Whether to add published results of configs without a run. Defaults to False.

    Returns:
        list[LeaderboardRow]: One to four rows for each config: the mean, the sample standard deviation if there are
        several runs, and, if no run differs from the shipped config, the published result and the mean minus the
        published result. A metric that some runs of a config lack is left out of its mean.
    """
    blocks = []
    for config in {run.config: None for run in runs}:
        config_runs = [run for run in runs if run.config == config]
        values = {key: [run.metrics.get(key) for run in config_runs] for key in config_runs[0].metrics}
        values = {key: numbers for key, numbers in values.items() if None not in numbers}
        mean = {key: statistics.fmean(numbers) for key, numbers in values.items()}
        block = [LeaderboardRow(config, 'mean', len(config_runs), mean)]
        if len(config_runs) > 1:
            std = {key: statistics.stdev(numbers) for key, numbers in values.items()}
            block.append(LeaderboardRow(config, 'std', len(config_runs), std))
        if config in published and not any(run.differences for run in config_runs):
            difference = {key: mean[key] - value for key, value in published[config].items() if key in mean}
            block.append(LeaderboardRow(config, 'published', None, published[config]))
            block.append(LeaderboardRow(config, 'difference', None, difference))
        blocks.append(block)
    if include_unrun:
        known = {run.config for run in runs}
        blocks += [
            [LeaderboardRow(name, 'published', None, row)] for name, row in published.items() if name not in known
        ]
    blocks.sort(key=lambda block: -block[0].metrics['F1_mean'])
    return [row for block in blocks for row in block]


def to_markdown(rows: Sequence[LeaderboardRow], runs: Sequence[ScoredRun], extra: Sequence[str] = ()) -> str:
    """Format rows as a Markdown table that is aligned as plain text too, followed by the files of the results.

    Args:
        rows (Sequence[LeaderboardRow]): Rows, see :func:`rank`. A standard deviation is written in the cells of its
            mean.
        runs (Sequence[ScoredRun]): The runs that the rows are computed from.
        extra (Sequence[str]): Keys of further metrics, one column each. Defaults to none.

    Returns:
        str: Markdown.
    """
    columns = _columns(extra)
    stds = {row.config: row.metrics for row in rows if row.kind == 'std'}
    table = [['config', '', *columns.values()]]
    for row in rows:
        if row.kind == 'std':
            continue
        cells = [_cell(row, key) for key in columns]
        if row.kind == 'mean' and row.config in stds:
            std = stds[row.config]
            cells = [f'{cell} ± {std[key]:.2f}' if key in std else cell for cell, key in zip(cells, columns)]
        table.append([row.config, _kind(row), *cells])
    widths = [max(map(len, column)) for column in zip(*table)]
    table.insert(1, ['-' * width for width in widths[:2]] + ['-' * (width - 1) + ':' for width in widths[2:]])
    sides = '<<' + '>' * len(columns)
    lines = []
    for cells in table:
        padded = [f'{cell:{side}{width}}' for cell, side, width in zip(cells, sides, widths)]
        lines.append(f'| {" | ".join(padded)} |')
    note = 'In percent; published: Guo et al., Tables II to V.'
    if stds:
        note += ' ±: sample standard deviation over the runs.'
    lines += ['', note]
    for run in runs:
        line = f'- {run.config}: {run.path}'
        if run.differences:
            line += f'; not compared with the paper: {run.differences}'
        lines.append(line)
    return '\n'.join(lines)


def to_csv(rows: Sequence[LeaderboardRow], path: str | Path, extra: Sequence[str] = ()) -> None:
    """Write rows to a CSV file, with the keys of the metrics as header.

    Spreadsheets never take the name of a config for a formula.

    Args:
        rows (Sequence[LeaderboardRow]): Rows, see :func:`rank`.
        path (str | Path): Path of the file.
        extra (Sequence[str]): Keys of further metrics, one column each. Defaults to none.
    """
    columns = _columns(extra)
    table = io.StringIO(newline='')
    writer = csv.writer(table)
    writer.writerow(map(as_text_cell, ('config', 'row', 'runs', *columns)))
    for row in rows:
        numbers = [f'{row.metrics[key]:.2f}' if key in row.metrics else '' for key in columns]
        writer.writerow([as_text_cell(row.config), row.kind, row.runs or '', *numbers])
    write_whole(path, table.getvalue().encode(errors='backslashreplace'))


def _columns(extra: Sequence[str]) -> dict[str, str]:
    """Return the titles of all columns by their keys."""
    return {**COLUMNS, **{key: key for key in extra if key not in COLUMNS}}


def _kind(row: LeaderboardRow) -> str:
    """Format the kind of a row, which is the number of runs for a mean."""
    if row.runs is None:
        return row.kind
    return '1 run' if row.runs == 1 else f'{row.runs} runs'


def _cell(row: LeaderboardRow, key: str) -> str:
    """Format a metric, with its sign if it is a difference."""
    if key not in row.metrics:
        return '-'
    sign = '+' if row.kind == 'difference' else ''
    return f'{row.metrics[key]:{sign}.2f}'
