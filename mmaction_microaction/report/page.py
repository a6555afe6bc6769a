"""The report of a test run: figures, and one HTML file that needs nothing else."""

from pathlib import Path

import jinja2
import numpy as np

from mmaction_microaction.evaluation.functional import frequency_groups, mean_by_group
from mmaction_microaction.label_sets.ma52 import ACTIONS, BODY_PARTS, NUM_ACTIONS
from mmaction_microaction.structures.annotations import is_anonymised, read_annotations
from mmaction_microaction.utils.files import make_folder, write_whole
from mmaction_microaction.visualization.frequency_groups import GROUPS
from mmaction_microaction.visualization.names import shorten, tell_apart

from .clips import ClipLists, Videos
from .figures import draw_figures, save_figure
from .run import PredictedRun, check_same_clips

_TEMPLATE = Path(__file__).with_name('report.html')


def write_report(predictions, out, compare=None, ann_file=None, videos=None, title=None):
    """Write the figures of a test run, as PNG and PDF, and ``report.html``, which has them and the tables in it.

    Args:
        predictions (str | Path): What ``mim test --dump`` wrote.
        out (str | Path): Folder to write to.
        compare (str | Path, optional): Predictions of another network for the same clips.
        ann_file (str | Path, optional): List of the clips that were trained on. Defaults to MA-52's numbers of clips.
        videos (str | Path, optional): Folder with the tested videos, for links, durations and frames.
        title (str, optional): Heading of the page.

    Returns:
        Path: The page.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If a file does not hold what it should, the runs are not of the same clips, or the videos are not
            those of the predictions.
    """
    out = Path(out)
    run = PredictedRun(predictions)
    other = None
    if compare is not None:
        other = PredictedRun(compare)
        check_same_clips(run, other)
    names = tell_apart([run.path, other.path] if other else [run.path])
    train_clips, splits = np.array([action.train_clips for action in ACTIONS]), {}
    if ann_file is not None:
        train_clips = _count_clips(ann_file)
        splits[shorten(Path(ann_file).stem)] = train_clips
    if videos is not None:
        if run.names is None:
            raise ValueError(f'{predictions} does not name its clips (video_id), so --videos cannot be used')
        videos = Videos(videos, run.names)

    make_folder(out)
    figures = [save_figure(*figure, out) for figure in draw_figures(run, train_clips, other, names, splits, videos)]
    lists = ClipLists(run, out, videos)
    worst, best = lists.extremes()
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters['percent'] = _percent
    page = environment.from_string(_TEMPLATE.read_text(encoding='utf-8')).render(
        title=title or f'Micro-action recognition: {names[0]}',
        runs=[run, other] if other else [run],
        names=names,
        figures=figures,
        actions=ACTIONS,
        body_parts=BODY_PARTS,
        groups=_group_rows(run, other, train_clips),
        train_source=ann_file,
        worst=worst,
        best=best,
        pairs=lists.pairs(),
        missing=len(set(run.names)) - len(videos.paths) if videos else None,
    )
    # Names that are not text in UTF-8, as file systems may hold, are written as numbers.
    write_whole(out / 'report.html', page.encode(errors='xmlcharrefreplace'))
    return out / 'report.html'


def _count_clips(ann_file):
    """Count the clips of each action in an annotation list."""
    annotations = read_annotations(ann_file, check_names=False)
    if is_anonymised(annotations):
        raise ValueError(f'{ann_file} is anonymised: all its labels are 0. Name the list that was trained on.')
    return np.bincount([annotation.label for annotation in annotations], minlength=NUM_ACTIONS)


def _group_rows(run, other, train_clips):
    """Make the rows of the table of head, medium and tail: name, actions, training clips, mean F1 of each run."""
    if np.ptp(train_clips) == 0:
        return []
    groups = frequency_groups(train_clips)
    means = [mean_by_group(one.per_class.f1, groups) for one in (run, other) if one]
    return [
        (name, int(np.sum(groups == group)), int(train_clips[groups == group].sum()), [mean[group] for mean in means])
        for group, name in enumerate(GROUPS)
    ]


def _percent(value):
    """Write a share of 0 to 1 in percent, and a hyphen for one that is not defined."""
    return '-' if np.isnan(value) else f'{100 * value:.1f}'
