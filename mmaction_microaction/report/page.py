"""The report of a test run: figures, and an HTML page that is complete in one file."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path

import jinja2
import numpy as np

from mmaction_microaction.evaluation.functional import frequency_groups, mean_by_group
from mmaction_microaction.label_sets import LabelSet
from mmaction_microaction.structures.annotations import is_anonymized, read_annotations
from mmaction_microaction.utils.files import make_folder, write_whole
from mmaction_microaction.utils.messages import pluralize
from mmaction_microaction.visualization.frequency_groups import GROUPS
from mmaction_microaction.visualization.names import distinct_names, shorten
from mmaction_microaction.visualization.style import order_by_group

from .clips import RunClips, VideoFolder
from .figures import draw_figures, save_figure
from .predicted_run import PredictedRun, check_same_clips

_TEMPLATE = Path(__file__).with_name('report.html')


def write_report(
    predictions: str | Path | Sequence[str | Path],
    out: str | Path,
    compare: str | Path | Sequence[str | Path] | None = None,
    ann_file: str | Path | None = None,
    videos: str | Path | None = None,
    title: str | None = None,
    label_set: LabelSet | None = None,
) -> Path:
    """Write a report of a test run: ``report.html``, with all figures and tables, and the figures as PNG and PDF.

    Args:
        predictions (str | Path | Sequence[str | Path]): Predictions as written by ``mim test --dump``. Several files
            are the folds of a cross-validation, whose clips are different. The report is about all clips, and contains
            the mean and the standard deviation of each metric over the folds.
        out (str | Path): Folder of the report.
        compare (str | Path | Sequence[str | Path], optional): Predictions of another network for the same clips, in one
            file or several.
        ann_file (str | Path, optional): Annotation list of the training clips. Defaults to None: the numbers of clips
            in the label set. If it has none, the report does not distinguish frequent and rare actions.
        videos (str | Path, optional): Folder with the tested videos, for links, durations and frames.
        title (str, optional): Heading of the page.
        label_set (LabelSet, optional): Label set of the predictions. Defaults to None: the label set that the files
            contain or, if they contain none and have 52 scores for each clip, that of MA-52.

    Returns:
        Path: Path of the page.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If a file has other content, the two runs have different clips or label sets, folds share a clip, or
            the folder contains no video of the predictions.
    """
    out = Path(out)
    run = PredictedRun(predictions, label_set)
    other = None
    if compare is not None:
        other = PredictedRun(compare, label_set)
        check_same_clips(run, other)
    label_set = run.label_set
    runs = [run, other] if other else [run]
    names = _name_runs(runs)
    train_clips, splits = label_set.train_clips, {}
    if ann_file is not None:
        train_clips = _count_clips(ann_file, label_set)
        splits[shorten(Path(ann_file).stem)] = train_clips
    if videos is not None:
        if run.names is None:
            raise ValueError(f'{run.paths[0]} has no names of clips (video_id), so --videos cannot be used')
        videos = VideoFolder(videos, run.names)

    make_folder(out)
    figures = [save_figure(*figure, out) for figure in draw_figures(run, train_clips, other, names, splits, videos)]
    lists = RunClips(run, out, videos)
    worst, best = lists.extremes()
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters['percent'] = _percent
    page = environment.from_string(_TEMPLATE.read_text(encoding='utf-8')).render(
        title=title or f'Micro-action recognition: {names[0]}',
        runs=runs,
        names=names,
        figures=figures,
        label_set=label_set,
        group_terms=pluralize(label_set.group_term),
        order=order_by_group(label_set).tolist(),
        mean='F1_mean' if label_set.has_groups else 'fine/F1_mean',
        folds=_fold_rows(runs),
        fold_names=distinct_names(run.paths),
        frequencies=_frequency_rows(runs, train_clips),
        train_source=ann_file,
        worst=worst,
        best=best,
        pairs=lists.pairs(),
        missing=len(set(run.names)) - len(videos.paths) if videos else None,
    )
    # File names that are not valid UTF-8 are written as character references.
    write_whole(out / 'report.html', page.encode(errors='xmlcharrefreplace'))
    return out / 'report.html'


def _name_runs(runs: Sequence[PredictedRun]) -> list[str]:
    """Return a short name of each run, from its first file."""
    names = distinct_names([run.paths[0] for run in runs] if len(runs) > 1 else runs[0].paths)
    others = [f' and {len(run.paths) - 1} more' if len(run.paths) > 1 else '' for run in runs]
    return [shorten(name, 30 - len(more)) + more for name, more in zip(names, others)]


def _count_clips(ann_file: str | Path, label_set: LabelSet) -> np.ndarray:
    """Count the clips of each action in an annotation list."""
    annotations = read_annotations(ann_file, check_names=False, label_set=label_set)
    if is_anonymized(annotations, label_set):
        raise ValueError(f'{ann_file} is anonymised: all its labels are 0. Use the list of the training clips.')
    return np.bincount([annotation.label for annotation in annotations], minlength=len(label_set))


def _fold_rows(runs: Sequence[PredictedRun]) -> list[tuple[str, list[tuple[float, float] | None], list[float]]]:
    """Return the rows of the table of folds.

    Each has the name of a metric, the mean and the sample standard deviation over the folds of each run (None for a run
    of one file), and the value in each fold of the first run.
    """
    if all(len(run.paths) == 1 for run in runs):
        return []
    rows = []
    for key in runs[0].metrics:
        values = [[fold[key] for fold in run.fold_metrics] for run in runs]
        summaries = [
            (statistics.fmean(numbers), statistics.stdev(numbers)) if len(numbers) > 1 else None for numbers in values
        ]
        rows.append((key, summaries, values[0]))
    return rows


def _frequency_rows(
    runs: Sequence[PredictedRun], train_clips: np.ndarray | None
) -> list[tuple[str, int, int, list[float]]]:
    """Return the rows of the table of frequency groups: name, actions, training clips, mean F1 of each run."""
    if train_clips is None or np.ptp(train_clips) == 0:
        return []
    groups = frequency_groups(train_clips)
    means = [mean_by_group(run.per_class.f1, groups) for run in runs]
    return [
        (name, int(np.sum(groups == group)), int(train_clips[groups == group].sum()), [mean[group] for mean in means])
        for group, name in enumerate(GROUPS)
        if np.any(groups == group)
    ]


def _percent(value: float) -> str:
    """Format a share from 0 to 1 in percent, and NaN as a hyphen."""
    return '-' if np.isnan(value) else f'{100 * value:.1f}'
