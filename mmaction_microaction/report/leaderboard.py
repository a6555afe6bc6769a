"""Tables of the test results of any number of runs, beside the paper's results of the same configs."""

import csv
import io
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from mmaction_microaction.label_sets import MA52, LabelSet
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

FINE_COLUMNS = {
    'fine/F1_mean': 'fine F1_mean',
    **{key: title for key, title in COLUMNS.items() if key.startswith('fine/')},
}
"""The same for label sets without groups."""


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


class LeaderboardTable(NamedTuple):
    """The table of a label set."""

    label_set: LabelSet
    """Label set of all runs."""
    rows: list[LeaderboardRow]
    """Rows from top to bottom."""
    runs: list[ScoredRun]
    """Test results that the rows are about."""


def rank(
    runs: Sequence[ScoredRun], published: Mapping[str, dict[str, float]], include_unrun: bool = False
) -> list[LeaderboardTable]:
    """Sort the configs of each label set by their F1_mean, best first.

    Args:
        runs (Sequence[ScoredRun]): Test results, see :func:`.read_runs`. Runs of the same config and label set are
            averaged.
        published (Mapping[str, dict[str, float]]): The paper's results on MA-52, see :func:`.read_published`.
        include_unrun (bool): Whether to add published results of configs without a run on MA-52. Defaults to False.

    Returns:
        list[LeaderboardTable]: A table for each label set, that of MA-52 first. It has one to four rows for each
        config: the mean, the sample standard deviation if there are several runs, and, for MA-52, if no run differs
        from the shipped config, the published result and the mean minus the published result. A metric that some runs
        of a config lack is left out of its mean. Without groups, ``fine/F1_mean`` replaces F1_mean.
    """
    label_sets = list(dict.fromkeys(run.label_set for run in runs))
    if MA52 in label_sets or include_unrun:
        label_sets = [MA52, *(label_set for label_set in label_sets if label_set != MA52)]
    tables = []
    for label_set in label_sets:
        own_runs = [run for run in runs if run.label_set == label_set]
        is_published = label_set == MA52
        rows = _rank_configs(own_runs, published if is_published else {}, include_unrun and is_published)
        if rows:
            tables.append(LeaderboardTable(label_set, rows, own_runs))
    return tables


def _rank_configs(
    runs: Sequence[ScoredRun], published: Mapping[str, dict[str, float]], include_unrun: bool
) -> list[LeaderboardRow]:
    """Return the rows of one label set."""
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
    blocks.sort(key=lambda block: -_main_metric(block[0].metrics))
    return [row for block in blocks for row in block]


def _main_metric(metrics: Mapping[str, float]) -> float:
    """Return the metric by which configs are sorted."""
    return metrics.get('F1_mean', metrics.get('fine/F1_mean', 0))


def to_markdown(tables: Sequence[LeaderboardTable], extra: Sequence[str] = ()) -> str:
    """Format tables in Markdown that is aligned as plain text too, each followed by the files of its results.

    Args:
        tables (Sequence[LeaderboardTable]): Tables, see :func:`rank`. Several tables have headings.
        extra (Sequence[str]): Keys of further metrics, one column each. Defaults to none.

    Returns:
        str: Markdown.
    """
    texts = [_format_table(table, extra) for table in tables]
    if len(texts) > 1:
        texts = [f'## {table.label_set.title}\n\n{text}' for table, text in zip(tables, texts)]
    return '\n\n'.join(texts)


def _format_table(table: LeaderboardTable, extra: Sequence[str]) -> str:
    """Format one table."""
    columns = _columns([table], extra)
    stds = {row.config: row.metrics for row in table.rows if row.kind == 'std'}
    lines = [['config', '', *columns.values()]]
    for row in table.rows:
        if row.kind == 'std':
            continue
        cells = [_cell(row, key) for key in columns]
        if row.kind == 'mean' and row.config in stds:
            std = stds[row.config]
            cells = [f'{cell} ± {std[key]:.2f}' if key in std else cell for cell, key in zip(cells, columns)]
        lines.append([row.config, _kind(row), *cells])
    widths = [max(map(len, column)) for column in zip(*lines)]
    lines.insert(1, ['-' * width for width in widths[:2]] + ['-' * (width - 1) + ':' for width in widths[2:]])
    sides = '<<' + '>' * len(columns)
    text = []
    for cells in lines:
        padded = [f'{cell:{side}{width}}' for cell, side, width in zip(cells, sides, widths)]
        text.append(f'| {" | ".join(padded)} |')
    note = 'In percent.'
    if table.label_set != MA52:
        note = f'In percent; label set: {table.label_set.title}.'
    elif any(row.kind == 'published' for row in table.rows):
        note = 'In percent; published: Guo et al., Tables II to V.'
    if stds:
        note += ' ±: sample standard deviation over the runs.'
    text += ['', note]
    for run in table.runs:
        line = f'- {run.config}: {run.path}'
        if run.config == str(run.path):  # A file of predictions is named after its path.
            continue
        if run.differences:
            line += f'; not compared with the paper: {run.differences}'
        text.append(line)
    return '\n'.join(text)


def to_csv(tables: Sequence[LeaderboardTable], path: str | Path, extra: Sequence[str] = ()) -> None:
    """Write tables to one CSV file, with the keys of the metrics as header, and the label set in the last column.

    Spreadsheets never take the name of a config for a formula.

    Args:
        tables (Sequence[LeaderboardTable]): Tables, see :func:`rank`.
        path (str | Path): Path of the file.
        extra (Sequence[str]): Keys of further metrics, one column each. Defaults to none.
    """
    columns = _columns(tables, extra)
    text = io.StringIO(newline='')
    writer = csv.writer(text)
    writer.writerow(map(as_text_cell, ('config', 'row', 'runs', *columns, 'label_set')))
    for label_set, rows, _ in tables:
        for row in rows:
            numbers = [f'{row.metrics[key]:.2f}' if key in row.metrics else '' for key in columns]
            cells = [as_text_cell(row.config), row.kind, row.runs or '', *numbers, as_text_cell(label_set.name)]
            writer.writerow(cells)
    write_whole(path, text.getvalue().encode(errors='backslashreplace'))


def _columns(tables: Sequence[LeaderboardTable], extra: Sequence[str]) -> dict[str, str]:
    """Return the titles of all columns by their keys."""
    columns = {}
    for has_groups, known in ((True, COLUMNS), (False, FINE_COLUMNS)):
        if any(table.label_set.has_groups == has_groups for table in tables):
            columns |= known
    return {**columns, **{key: key for key in extra if key not in columns}}


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
