"""Test results of any number of runs in one table, beside the numbers that the paper gives for the same config."""

import csv
import io
import math
import statistics
from dataclasses import dataclass
from pathlib import Path, PurePath

from mmengine.config import Config
from mmengine.fileio import load

from mmaction_microaction.utils.files import as_text_cell, write_whole
from mmaction_microaction.utils.paths import find_shipped
from mmaction_microaction.utils.plain_config import read_plain_config
from mmaction_microaction.utils.untrusted import parse_json, read_limited

COLUMNS = {
    'F1_mean': 'F1_mean',
    'coarse/F1_macro': 'coarse F1_macro',
    'fine/F1_macro': 'fine F1_macro',
    'coarse/F1_micro': 'coarse F1_micro',
    'fine/F1_micro': 'fine F1_micro',
    'fine/top5': 'fine top-5',
}
"""Names of the table's columns, by the keys of ``MicroActionMetric``."""

PUBLISHED = {key: key.replace('/', ' ') for key in COLUMNS if key != 'fine/top5'}
PUBLISHED.update({f'{level}/top{k}': f'{level} Top {k} Accuracy' for level in ('coarse', 'fine') for k in (1, 5)})
"""What the metafiles call them."""
MAX_RESULT_SIZE = 2**20
"""Bytes of a test's scores; an object of a hundred numbers has 5,000."""


@dataclass
class ScoredRun:
    """The newest test result of a work dir.

    Args:
        config (str): Base name of the config.
        path (Path): File of the result.
        metrics (dict[str, float]): By the keys of the metrics.
        departures (str): In what it is another run than the shipped config of its name, empty if in nothing.
    """

    config: str
    path: Path
    metrics: dict
    departures: str = ''


@dataclass
class Row:
    """A row of the table.

    Args:
        config (str): Base name of the config.
        kind (str): ``'mean'``, ``'deviation'``, ``'published'`` or ``'difference'``.
        runs (int | None): Number of runs, of the first two.
        metrics (dict[str, float]): What is known, by the keys of the metrics.
    """

    config: str
    kind: str
    runs: int
    metrics: dict


def read_run(work_dir):
    """Find the newest test result of a work dir.

    The runner writes the config to ``<work_dir>/<config>.py`` and a test's scores to
    ``<work_dir>/<timestamp>/<timestamp>.json``. Tests that only dumped predictions have no scores and do not count.

    Args:
        work_dir (str | Path): As given to ``mim test`` with ``--work-dir``.

    Returns:
        ScoredRun: The result.

    Raises:
        ValueError: If the folder is no work dir of one config, or has no test result that can be read.
    """
    work_dir = Path(work_dir)
    if not work_dir.is_dir():
        raise ValueError(f'{work_dir}: no such folder')
    configs = sorted(path.stem for path in work_dir.glob('*.py'))
    if not configs:
        raise ValueError(f'{work_dir}: no work dir, since no config NAME.py is in it; name the folder that holds it')
    if len(configs) > 1:
        raise ValueError(
            f'{work_dir}: runs of several configs ({", ".join(configs)}), whose results cannot be told apart; give '
            'each its own --work-dir'
        )
    others = []
    for path in sorted(work_dir.glob('*/*.json'), reverse=True):
        if path.stem != path.parent.name:
            continue
        metrics = _read_metrics(path)
        if 'F1_mean' in metrics:
            return ScoredRun(configs[0], path, metrics)
        others = others or sorted(metrics.keys() - {'data_time', 'time'})  # those, every test has
    if others:
        raise ValueError(
            f'{work_dir}: its results have no F1_mean but {", ".join(others)}, as those on MA-52-Pro; this table is of '
            'networks for MA-52'
        )
    raise ValueError(
        f'{work_dir}: no test result; test it with mim test mmaction {configs[0]}.py --checkpoint CHECKPOINT '
        f'--work-dir {work_dir}'
    )


def read_runs(work_dirs):
    """Read the newest test result of every work dir.

    Args:
        work_dirs (Sequence[str | Path]): A folder that is given twice is one run.

    Returns:
        tuple[list[ScoredRun], list[str]]: The results, and what is wrong with the other folders. A run whose network,
        list or evaluator is not that of the first with its config is among these, since the two cannot be averaged.
    """
    runs, problems, settings, shipped = [], [], {}, _shipped_models()
    for work_dir in {Path(name).resolve(): name for name in work_dirs}.values():
        try:
            run = read_run(work_dir)
            # What that test was run with; later runs write theirs over the one in the work dir.
            config = run.path.parent / 'vis_data' / 'config.py'
            config = config if config.is_file() else Path(work_dir) / f'{run.config}.py'
            ours = _settings(read_plain_config(config), config)
        except (OSError, ValueError) as error:
            problems.append(str(error))
            continue
        first, theirs = settings.setdefault(run.config, (work_dir, ours))
        different = _differences(ours, theirs)
        if different:
            problems.append(f'{work_dir}: not a run like {first} ({different}); put it in a table of its own')
            continue
        if run.config in shipped:
            config = shipped[run.config][0]  # of this project, which is code and may be run
            theirs = _settings(Config.fromfile(config, import_custom_modules=False).to_dict(), config)
            run.departures = _differences(ours, theirs)
        runs.append(run)
    return runs, problems


def _differences(ours, theirs):
    """Say in what two configs differ."""
    different = [key for key in sorted({**ours, **theirs}) if ours.get(key) != theirs.get(key)]
    said = [f'{key} is {ours.get(key)}, not {theirs.get(key)}' for key in different[:3]]
    return ', '.join([*said, f'and {len(different) - 3} more'] if different[3:] else said)


def _settings(config, path):
    """Take from a config, by dotted names, what decides on the scores: network, tested list and evaluator."""
    try:
        evaluators = _as_list(config.get('test_evaluator') or [])
        evaluators = [one for one in evaluators if one['type'] != 'DumpResults']
        dataset = config.get('test_dataloader', {}).get('dataset', {})
        # The folder of a list tells data sets apart; where that lies differs between machines.
        ann_file = '/'.join(PurePath(dataset.get('ann_file', '')).parts[-2:])
        tested = dict(ann_file=ann_file, pipeline=dataset.get('pipeline'))
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f'{path} is no config of a test ({type(error).__name__}: {error}); test again') from None
    settings = dict(_flatten(dict(model=config.get('model'), test_dataset=tested, test_evaluator=evaluators)))
    # Where weights and tables lie differs, too; with_cp saves memory alone; MMEngine adds its scopes when it likes.
    ignored = ('.pretrained', '.label_embeddings', '.with_cp', '._scope_')
    return {key: value for key, value in settings.items() if not key.endswith(ignored)}


def _as_list(value):
    return value if isinstance(value, list) else [value]


def _flatten(value, name=''):
    """Yield the leaves of nested dicts and lists with their dotted names."""
    if isinstance(value, (dict, list, tuple)):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _flatten(part, f'{name}.{key}' if name else str(key))
    else:
        yield name, value


def _read_metrics(path):
    """Read the numbers of a test result; NaN says that a metric had nothing to score, and is left out."""
    try:
        values = parse_json(read_limited(path, MAX_RESULT_SIZE, 'the scores of a test'))
        if not isinstance(values, dict):
            raise ValueError('it should be one JSON object')
        numbers = {key: float(value) for key, value in values.items() if type(value) in (int, float)}
    except (OverflowError, ValueError) as error:
        raise ValueError(f'{path} is no test result ({error}); test again') from None
    return {key: value for key, value in numbers.items() if math.isfinite(value)}


def read_published():
    """Read the paper's numbers on MA-52 from the metafiles.

    Returns:
        dict[str, dict[str, float]]: By the base name of the config and the keys of the metrics, in percent.
    """
    rows = {}
    for name, (_, results) in _shipped_models().items():
        for result in results:
            if result['Dataset'] == 'MA-52':
                metrics = result['Metrics']
                rows[name] = {key: metrics[column] for key, column in PUBLISHED.items() if column in metrics}
    return rows


def _shipped_models():
    """Read config file and results of every model of the metafiles, by its name."""
    index = find_shipped('model-index.yml')
    models = [model for metafile in load(index)['Import'] for model in load(index.parent / metafile)['Models']]
    return {model['Name']: (index.parent / model['Config'], model.get('Results', [])) for model in models}


def rank(runs, published, everything=False):
    """Put configs in the order of their F1_mean.

    Args:
        runs (list[ScoredRun]): Runs of the same config are averaged.
        published (dict[str, dict[str, float]]): See :func:`read_published`.
        everything (bool): Also what was published and not run. Defaults to False.

    Returns:
        list[Row]: Per config one to four rows: the mean, the sample standard deviation of several runs, and, if the
        runs do not depart from the shipped config, the published numbers, and mean less published. A metric that not
        all runs of a config have is left out of its mean.
    """
    blocks = []
    for config in {run.config: None for run in runs}:
        results = [run.metrics for run in runs if run.config == config]
        values = {key: [metrics[key] for metrics in results if key in metrics] for key in results[0]}
        values = {key: numbers for key, numbers in values.items() if len(numbers) == len(results)}
        mean = {key: statistics.fmean(numbers) for key, numbers in values.items()}
        block = [Row(config, 'mean', len(results), mean)]
        if len(results) > 1:
            deviation = {key: statistics.stdev(numbers) for key, numbers in values.items()}
            block.append(Row(config, 'deviation', len(results), deviation))
        comparable = not any(run.departures for run in runs if run.config == config)
        if config in published and comparable:
            difference = {key: mean[key] - value for key, value in published[config].items() if key in mean}
            block.append(Row(config, 'published', None, published[config]))
            block.append(Row(config, 'difference', None, difference))
        blocks.append(block)
    if everything:
        known = {run.config for run in runs}
        blocks += [[Row(name, 'published', None, row)] for name, row in published.items() if name not in known]
    blocks.sort(key=lambda block: -block[0].metrics['F1_mean'])
    return [row for block in blocks for row in block]


def to_markdown(rows, runs, extra=()):
    """Lay the rows out as a table that can be read as it is, too, and name the files that it is of.

    Args:
        rows (list[Row]): See :func:`rank`. A deviation stands behind its mean.
        runs (list[ScoredRun]): What the rows are of.
        extra (Sequence[str]): Keys of further metrics, each a column.

    Returns:
        str: Markdown.
    """
    columns = _columns(extra)
    deviations = {row.config: row.metrics for row in rows if row.kind == 'deviation'}
    table = [['config', '', *columns.values()]]
    for row in rows:
        if row.kind == 'deviation':
            continue
        kind = row.kind if row.runs is None else f'{row.runs} run{"s"[: row.runs > 1]}'
        cells = [_cell(row, key) for key in columns]
        if row.kind == 'mean' and row.config in deviations:
            spread = deviations[row.config]
            cells = [f'{cell} ± {spread[key]:.2f}' if key in spread else cell for cell, key in zip(cells, columns)]
        table.append([row.config, kind, *cells])
    widths = [max(map(len, column)) for column in zip(*table)]
    table.insert(1, ['-' * width for width in widths[:2]] + ['-' * (width - 1) + ':' for width in widths[2:]])
    sides = '<<' + '>' * len(columns)
    lines = []
    for cells in table:
        padded = [f'{cell:{side}{width}}' for cell, side, width in zip(cells, sides, widths)]
        lines.append(f'| {" | ".join(padded)} |')
    lines += ['', 'In percent; published: Guo et al., Tables II to V.']
    if deviations:
        lines[-1] += ' ±: sample standard deviation over the runs.'
    lines += [
        f'- {run.config}: {run.path}{run.departures and f"; not compared with the paper: {run.departures}"}'
        for run in runs
    ]
    return '\n'.join(lines)


def to_csv(rows, path, extra=()):
    """Write the rows to a file, under the keys of the metrics; a config's name is never a formula.

    Args:
        rows (list[Row]): See :func:`rank`.
        path (str | Path): File to write.
        extra (Sequence[str]): Keys of further metrics, each a column.
    """
    columns = _columns(extra)
    table = io.StringIO(newline='')
    writer = csv.writer(table)
    writer.writerow(map(as_text_cell, ('config', 'row', 'runs', *columns)))
    for row in rows:
        numbers = [f'{row.metrics[key]:.2f}' if key in row.metrics else '' for key in columns]
        writer.writerow([as_text_cell(row.config), row.kind, row.runs or '', *numbers])
    write_whole(path, table.getvalue().encode(errors='backslashreplace'))


def _columns(extra):
    """Name the columns by the keys of the metrics, each once."""
    return {**COLUMNS, **{key: key for key in extra if key not in COLUMNS}}


def _cell(row, key):
    """Write a number, with its sign if it is a difference."""
    if key not in row.metrics:
        return '-'
    return f'{row.metrics[key]:{"+" if row.kind == "difference" else ""}.2f}'
