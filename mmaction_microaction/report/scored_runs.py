"""Reads test results from work dirs, and finds out which of them can be compared."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from mmengine.config import Config

from mmaction_microaction.evaluation.functional import micro_action_metrics
from mmaction_microaction.label_sets import MA52, LabelSet, get_label_set
from mmaction_microaction.structures.predictions import read_labeled_predictions
from mmaction_microaction.utils.plain_config import read_plain_config
from mmaction_microaction.utils.untrusted import parse_json, read_limited

from .published import find_shipped_configs

MAX_RESULT_SIZE = 2**20
"""Maximum size of a file of test results in bytes. An object of a hundred numbers has 5,000."""


@dataclass
class ScoredRun:
    """The newest test result of a work dir, or the metrics of a file of predictions."""

    config: str
    """Base name of the config, or path of the predictions."""
    path: Path
    """File of the result."""
    metrics: dict[str, float]
    """Metrics by their keys."""
    differences: str = ''
    """How the config of the run differs from the shipped config of the same name; empty if it does not."""
    label_set: LabelSet = MA52
    """Label set of the tested clips."""


def read_run(work_dir: str | Path) -> ScoredRun:
    """Read the newest test result of a work dir.

    The runner writes the config to ``<work_dir>/<config>.py`` and the metrics of a test to
    ``<work_dir>/<timestamp>/<timestamp>.json``. Tests that only dumped predictions have no metrics and are skipped.

    Args:
        work_dir (str | Path): Work dir of ``mim test``, as given with ``--work-dir``.

    Returns:
        ScoredRun: The result.

    Raises:
        ValueError: If the folder is not the work dir of exactly one config, or if it has no test result that can be
            read.
    """
    work_dir = Path(work_dir)
    if not work_dir.is_dir():
        raise ValueError(f'{work_dir}: no such folder')
    configs = sorted(path.stem for path in work_dir.glob('*.py'))
    if not configs:
        raise ValueError(f'{work_dir}: not a work dir, since it contains no config NAME.py; pass the folder that does')
    if len(configs) > 1:
        raise ValueError(
            f'{work_dir}: contains runs of several configs ({", ".join(configs)}), whose results cannot be told apart; '
            'use a separate --work-dir for each config'
        )
    other_metrics = []
    for path in sorted(work_dir.glob('*/*.json'), reverse=True):
        if path.stem != path.parent.name:
            continue
        metrics = _read_metrics(path)
        if {'F1_mean', 'fine/F1_mean'} & metrics.keys():
            return ScoredRun(configs[0], path, metrics)
        other_metrics = other_metrics or sorted(metrics.keys() - {'data_time', 'time'})  # in every test result
    if other_metrics:
        raise ValueError(
            f'{work_dir}: its results contain {", ".join(other_metrics)} but no F1_mean, like tests on MA-52-Pro; the '
            'table is for tests with MicroActionMetric'
        )
    raise ValueError(
        f'{work_dir}: no test result; test it with mim test mmaction {configs[0]}.py --checkpoint CHECKPOINT '
        f'--work-dir {work_dir}'
    )


def read_predicted_run(path: str | Path) -> ScoredRun:
    """Read a file of predictions, and compute their metrics.

    Args:
        path (str | Path): Predictions with true labels, which ``mim test --dump`` or ``microaction fuse`` wrote.

    Returns:
        ScoredRun: The metrics. Instead of a config, the path names the run, so it is never averaged with another.

    Raises:
        ValueError: If the file contains no predictions with true labels.
    """
    predictions = read_labeled_predictions(path)
    metrics = micro_action_metrics(predictions.labels, predictions.scores, label_set=predictions.label_set)
    return ScoredRun(str(path), Path(path), metrics, label_set=predictions.label_set)


def read_runs(work_dirs: Sequence[str | Path]) -> tuple[list[ScoredRun], list[str]]:
    """Read the newest test result of every work dir, and the metrics of every file of predictions.

    Runs of one config and label set are averaged later. A run whose network, annotation list or evaluator differs from
    the first run of its config and label set is therefore reported as a problem.

    Args:
        work_dirs (Sequence[str | Path]): Work dirs, or files of predictions. What is listed twice counts once.

    Returns:
        tuple[list[ScoredRun], list[str]]: The results, and a message for each work dir without a usable result.
    """
    runs, problems, first_runs, shipped = [], [], {}, find_shipped_configs()
    for work_dir in {Path(name).resolve(): name for name in work_dirs}.values():
        try:
            if Path(work_dir).is_file():
                runs.append(read_predicted_run(work_dir))
                continue
            run = read_run(work_dir)
            # The config of that very test; later runs overwrite the one in the work dir.
            config = run.path.parent / 'vis_data' / 'config.py'
            config = config if config.is_file() else Path(work_dir) / f'{run.config}.py'
            content = read_plain_config(config)
            settings = _settings_of(content, config)
            run.label_set = _label_set_of(content, config)
        except (OSError, ValueError) as error:
            problems.append(str(error))
            continue
        first, first_settings = first_runs.setdefault((run.config, run.label_set), (work_dir, settings))
        differences = _describe_differences(settings, first_settings)
        if differences:
            problems.append(f'{work_dir}: differs from {first} ({differences}); compare it in a separate table')
            continue
        if run.config in shipped and run.label_set == MA52:
            config = shipped[run.config]  # a file of this project, so it may be executed
            shipped_config = Config.fromfile(config, import_custom_modules=False).to_dict()
            run.differences = _describe_differences(settings, _settings_of(shipped_config, config))
        runs.append(run)
    return runs, problems


def _describe_differences(settings: dict[str, Any], reference: dict[str, Any]) -> str:
    """Describe the first three settings that differ."""
    different = [key for key in sorted({**settings, **reference}) if settings.get(key) != reference.get(key)]
    described = [f'{key} is {settings.get(key)}, not {reference.get(key)}' for key in different[:3]]
    return ', '.join([*described, f'and {len(different) - 3} more'] if different[3:] else described)


def _settings_of(config: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return the settings that affect the metrics, by dotted names: network, annotation list and evaluator."""
    try:
        evaluators = _as_list(config.get('test_evaluator') or [])
        evaluators = [evaluator for evaluator in evaluators if evaluator['type'] != 'DumpResults']
        dataset = config.get('test_dataloader', {}).get('dataset', {})
        # The folder of a list identifies the dataset; where that folder is differs between machines.
        ann_file = '/'.join(PurePath(dataset.get('ann_file', '')).parts[-2:])
        tested = dict(ann_file=ann_file, pipeline=dataset.get('pipeline'))
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f'{path} is not the config of a test ({type(error).__name__}: {error}); test again') from None
    settings = dict(_flatten(dict(model=config.get('model'), test_dataset=tested, test_evaluator=evaluators)))
    # Paths of weights and tables differ between machines, with_cp only saves memory, and MMEngine may add _scope_.
    ignored = ('.pretrained', '.label_embeddings', '.with_cp', '._scope_')
    return {key: value for key, value in settings.items() if not key.endswith(ignored)}


def _label_set_of(config: dict[str, Any], path: Path) -> LabelSet:
    """Return the label set of the tested clips."""
    dataset = config.get('test_dataloader', {}).get('dataset', {})
    label_set = dataset.get('label_set') or (dataset.get('metainfo') or {}).get('label_set')
    try:
        return get_label_set(label_set)
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f'{path}: its label set is missing; run this command where the test ran ({error})'
        ) from None
    except (TypeError, ValueError) as error:
        raise ValueError(f'{path}: its label set cannot be read ({error})') from None


def _as_list(value: Any) -> list:
    return value if isinstance(value, list) else [value]


def _flatten(value: Any, name: str = '') -> Iterator[tuple[str, Any]]:
    """Yield the leaves of nested dicts and lists with their dotted names."""
    if isinstance(value, (dict, list, tuple)):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _flatten(part, f'{name}.{key}' if name else str(key))
    else:
        yield name, value


def _read_metrics(path: Path) -> dict[str, float]:
    """Read the numbers of a test result, without NaN, the value of a metric without samples."""
    try:
        values = parse_json(read_limited(path, MAX_RESULT_SIZE, 'the scores of a test'))
        if not isinstance(values, dict):
            raise ValueError('it should be one JSON object')
        metrics = {key: float(value) for key, value in values.items() if type(value) in (int, float)}
    except (OverflowError, ValueError) as error:
        raise ValueError(f'{path} is not a test result ({error}); test again') from None
    return {key: value for key, value in metrics.items() if math.isfinite(value)}
