"""Checks that datasets, network, metrics and hooks of a run agree about the classes."""

from collections.abc import Iterable, Mapping, Sequence

import torch
from mmengine.evaluator import BaseMetric, DumpResults
from mmengine.hooks import CheckpointHook, EarlyStoppingHook, Hook
from mmengine.model import is_model_wrapper
from torch.utils.data import Dataset

from mmaction_microaction.label_sets import LabelSet
from mmaction_microaction.label_sets.transfer import describe_label_set


def check_classes(model: torch.nn.Module, datasets: Mapping[str, Iterable[Dataset]]) -> None:
    """Check that all datasets have the same label set, and the network as many classes as it has actions.

    Datasets without a label set, and networks without ``num_classes``, are not checked.

    Args:
        model (torch.nn.Module): The network.
        datasets (Mapping[str, Iterable[Dataset]]): Datasets by the name of their loop, such as ``'train'``.

    Raises:
        ValueError: If a label set or a number differs. The message names the loader, the list, both sides and what to
            set.
    """
    found = [
        (f'{loop}_dataloader ({getattr(dataset, "ann_file", type(dataset).__name__)})', label_set)
        for loop, parts in datasets.items()
        for dataset in parts
        if (label_set := get_label_set_of(dataset)) is not None
    ]
    for where, label_set in found[1:]:
        first, expected = found[0]
        if label_set != expected:
            raise ValueError(
                f'{first} has {describe_label_set(expected)}, but {where} has {describe_label_set(label_set)}. '
                'Set the same label_set in the datasets of all loaders.'
            )
    if not found:
        return
    where, label_set = found[0]
    setting, num_classes = _find_num_classes(model)
    if num_classes not in (None, len(label_set)):
        raise ValueError(
            f'{where} has {describe_label_set(label_set)}, but the network has {setting}={num_classes}. Set '
            f'{setting}={len(label_set)}, or label_set of the datasets to the label set of the {num_classes} '
            'classes.'
        )


def get_label_set_of(dataset: Dataset) -> LabelSet | None:
    """Return the label set in the metadata of a dataset, or None if there is none."""
    content = (getattr(dataset, 'metainfo', None) or {}).get('label_set')
    return None if content is None else LabelSet.from_dict(content)


def _find_num_classes(model: torch.nn.Module) -> tuple[str, int | None]:
    """Return the setting of a network's number of actions, and its value. The value is None if it is not known."""
    network = model.module if is_model_wrapper(model) else model
    # Heads come first: a detector has the number of its head, but no such setting.
    for name in ('cls_head', 'head'):
        value = getattr(getattr(network, name, None), 'num_classes', None)
        if isinstance(value, int):
            return f'model.{name}.num_classes', value
    value = getattr(network, 'num_classes', None)
    return 'model.num_classes', value if isinstance(value, int) else None


def list_metric_names(metrics: Iterable[BaseMetric]) -> list[str]:
    """Return the names in the results of an evaluator.

    Args:
        metrics (Iterable[BaseMetric]): Metrics of the evaluator.

    Returns:
        list[str]: Names with their prefixes. Empty if a metric does not know its names in advance, such as those of
        MMAction2.

    Raises:
        ValueError: If a metric cannot be computed for the label set of its dataset.
    """
    metrics = [metric for metric in metrics if not isinstance(metric, DumpResults)]  # it reports nothing
    names = [(metric, metric.metric_names() if hasattr(metric, 'metric_names') else []) for metric in metrics]
    if not all(own for _, own in names):
        return []
    # As in MMEngine's BaseMetric.evaluate.
    return [f'{metric.prefix}/{name}' if metric.prefix else name for metric, own in names for name in own]


def check_monitored_metrics(hooks: Iterable[Hook], reported: Sequence[str]) -> None:
    """Check that validations report the metrics by which hooks choose the best checkpoint or stop a run.

    Args:
        hooks (Iterable[Hook]): Hooks of the run.
        reported (Sequence[str]): Names of the metrics of ``val_evaluator``. Nothing is checked if they are not known.

    Raises:
        ValueError: If a hook monitors another metric. The message lists the metrics that are reported.
    """
    monitored = []
    for hook in hooks:
        if isinstance(hook, CheckpointHook):
            names = [name for name in hook.save_best or () if name != 'auto']
            monitored += [('default_hooks.checkpoint.save_best', name) for name in names]
        elif isinstance(hook, EarlyStoppingHook):
            monitored.append(('monitor of EarlyStoppingHook', hook.monitor))
    for setting, name in monitored:
        if reported and name not in reported:
            raise ValueError(
                f'{setting} is {name!r}, which val_evaluator does not report. Set it to one of: {", ".join(reported)}.'
            )
