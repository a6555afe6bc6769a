"""The report of a test run: figures, and an HTML page that is complete in one file."""

from pathlib import Path

import jinja2
import numpy as np

from mmaction_microaction.evaluation.functional import frequency_groups, mean_by_group
from mmaction_microaction.label_sets.ma52 import ACTIONS, BODY_PARTS, NUM_ACTIONS
from mmaction_microaction.structures.annotations import is_anonymized, read_annotations
from mmaction_microaction.utils.files import make_folder, write_whole
from mmaction_microaction.visualization.frequency_groups import GROUPS
from mmaction_microaction.visualization.names import distinct_names, shorten

from .clips import ClipLists, VideoFolder
from .figures import draw_figures, save_figure
from .predicted_run import PredictedRun, check_same_clips

_TEMPLATE = Path(__file__).with_name('report.html')


def write_report(
    predictions: str | Path,
    out: str | Path,
    compare: str | Path | None = None,
    ann_file: str | Path | None = None,
    videos: str | Path | None = None,
    title: str | None = None,
) -> Path:
    """Write a report of a test run: ``report.html``, with all figures and tables, and the figures as PNG and PDF.

    Args:
        predictions (str | Path): Predictions as written by ``mim test --dump``.
        out (str | Path): Folder of the report.
        compare (str | Path, optional): Predictions of another network for the same clips.
        ann_file (str | Path, optional): Annotation list of the training clips. Defaults to None: the numbers of clips
            of MA-52.
        videos (str | Path, optional): Folder with the tested videos, for links, durations and frames.
        title (str, optional): Heading of the page.

    Returns:
        Path: Path of the page.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If a file has other content, the two runs have different clips, or the folder contains no video
            of the predictions.
    """
    out = Path(out)
    run = PredictedRun(predictions)
    other = None
    if compare is not None:
        other = PredictedRun(compare)
        check_same_clips(run, other)
    names = distinct_names([run.path, other.path] if other else [run.path])
    train_clips, splits = np.array([action.train_clips for action in ACTIONS]), {}
    if ann_file is not None:
        train_clips = _count_clips(ann_file)
        splits[shorten(Path(ann_file).stem)] = train_clips
    if videos is not None:
        if run.names is None:
            raise ValueError(f'{predictions} has no names of clips (video_id), so --videos cannot be used')
        videos = VideoFolder(videos, run.names)

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
    # File names that are not valid UTF-8 are written as character references.
    write_whole(out / 'report.html', page.encode(errors='xmlcharrefreplace'))
    return out / 'report.html'


def _count_clips(ann_file: str | Path) -> np.ndarray:
    """Count the clips of each action in an annotation list."""
    annotations = read_annotations(ann_file, check_names=False)
    if is_anonymized(annotations):
        raise ValueError(f'{ann_file} is anonymised: all its labels are 0. Use the list of the training clips.')
    return np.bincount([annotation.label for annotation in annotations], minlength=NUM_ACTIONS)


def _group_rows(
    run: PredictedRun, other: PredictedRun | None, train_clips: np.ndarray
) -> list[tuple[str, int, int, list[float]]]:
    """Return the rows of the table of frequency groups: name, actions, training clips, mean F1 of each run."""
    if np.ptp(train_clips) == 0:
        return []
    groups = frequency_groups(train_clips)
    means = [mean_by_group(each.per_class.f1, groups) for each in (run, other) if each]
    return [
        (name, int(np.sum(groups == group)), int(train_clips[groups == group].sum()), [mean[group] for mean in means])
        for group, name in enumerate(GROUPS)
    ]


def _percent(value: float) -> str:
    """Format a share from 0 to 1 in percent, and NaN as a hyphen."""
    return '-' if np.isnan(value) else f'{100 * value:.1f}'
