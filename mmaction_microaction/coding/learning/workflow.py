"""From coded recordings to one file with a network: clips, lists, training, test, report and export."""

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mmaction_microaction.datasets.preparation.make_lists import ClipLists, write_lists
from mmaction_microaction.inference.crops import Crop
from mmaction_microaction.inference.export import export_onnx
from mmaction_microaction.inference.people import PersonFinder
from mmaction_microaction.label_sets import LabelSet
from mmaction_microaction.report import write_report
from mmaction_microaction.structures.coding import Coding
from mmaction_microaction.utils.files import make_folder, write_whole
from mmaction_microaction.utils.untrusted import parse_json, read_limited

from .categories import Categories, choose_categories
from .configs import TrainSettings, check_network, write_config
from .cutting import ClipCutter, name_clips, write_manifest
from .division import Division, ValSplit, divide
from .pieces import Lengths, Piece, cut_event, find_rest, sample_rest
from .recordings import Recording, open_recordings
from .training import predict, train

STATE = 'learn.json'
"""Name of the file with the settings of a work dir."""


class LearnSettings(NamedTuple):
    """Settings of :func:`learn`, except those of the training."""

    categories: str | None = None
    """File of the categories, see :func:`.choose_categories`. None for all coded actions."""
    videos: str | None = None
    """Folder of the videos. None for the paths in the codings."""
    subjects: Mapping[str, str] = {}
    """Names in the study by the names of the person finder."""
    crop: Crop = 'auto'
    """How clips are cropped, see :class:`.PersonFinder`."""
    lengths: Lengths = Lengths()
    """Lengths of clips."""
    rest: str = 'between'
    """Where rest is: ``'between'`` the first and last event of a person, in the ``'whole'`` recording, or
    ``'none'``."""
    val_split: ValSplit = 'person'
    """What must not be in two parts."""
    val: float = 0.2
    """Share of the clips that is held out."""
    folds: int | str | None = None
    """Number of folds, or ``'people'``. None for one part that is held out."""
    seed: int = 0
    """Random seed of the choice of rest, and of the division."""


class Plan(NamedTuple):
    """What is learned from which clips, before anything is written."""

    categories: Categories
    """The categories."""
    recordings: list[Recording]
    """The recordings with their open videos."""
    pieces: list[Piece]
    """Times of the clips."""
    division: Division
    """How the clips are divided."""
    crop: Crop
    """How the clips are cropped, see :class:`.PersonFinder`."""

    @property
    def label_set(self) -> LabelSet:
        """LabelSet: The categories as a label set."""
        return self.categories.label_set

    @property
    def labels(self) -> np.ndarray:
        """np.ndarray: Label of each clip, shape (N,)."""
        return np.array([piece.label for piece in self.pieces])


class Learned(NamedTuple):
    """Result of :func:`learn`."""

    model: Path
    """The exported network."""
    predictions: list[Path]
    """Predictions of the held-out clips, one file or one per fold."""
    report: Path
    """Page of the report."""


def make_plan(codings: Sequence[Coding], paths: Sequence[str | Path], settings: LearnSettings) -> Plan:
    """Choose categories and clips, and divide the clips. Nothing is written, and no frame is decoded.

    Args:
        codings (Sequence[Coding]): The coded recordings.
        paths (Sequence[str | Path]): Files and folders that they were read from.
        settings (LearnSettings): Settings.

    Returns:
        Plan: The plan.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If categories, codings and videos do not fit, or there are too few people.
    """
    categories = choose_categories(codings, settings.categories, rest=settings.rest != 'none')
    recordings = open_recordings(codings, paths, settings.videos)
    pieces = []
    for recording in recordings:
        for event in recording.events:
            label = categories.label_of(event)
            if label is not None:
                times = cut_event(event.start, event.end, recording.duration, settings.lengths)
                pieces += [Piece(recording.name, event.person, label, *time, event) for time in times]
    pieces += _choose_rest(categories, recordings, pieces, settings)
    order = {recording.name: index for index, recording in enumerate(recordings)}
    pieces.sort(key=lambda piece: (order[piece.recording], piece.start, piece.end, piece.person, piece.label))
    return Plan(
        categories, recordings, pieces,
        divide(pieces, settings.val_split, settings.val, settings.folds, settings.seed), settings.crop,
    )  # fmt: skip


def _choose_rest(
    categories: Categories, recordings: Sequence[Recording], pieces: Sequence[Piece], settings: LearnSettings
) -> list[Piece]:
    """Return as many clips of rest as a median class has."""
    label_set = categories.label_set
    if settings.rest == 'none':
        return []
    label = len(label_set) - 1
    if label in categories.labels.values():  # The coders coded rest themselves.
        return []
    candidates = []
    for recording in recordings:
        for person in recording.people:
            events = [event for event in recording.events if event.person == person]
            coded = (0.0, recording.duration)
            if settings.rest == 'between':
                coded = events[0].start, max(event.end for event in events)
            times = find_rest(events, coded, settings.lengths.usual)
            candidates.append([Piece(recording.name, person, label, *time) for time in times])
    if not any(candidates):
        raise ValueError(
            f'there are no {settings.lengths.usual:g} seconds without events, so there is no rest to learn; search the '
            'whole recordings with --rest whole, or learn no such class with --rest none'
        )
    counts = np.bincount([piece.label for piece in pieces], minlength=label)
    return sample_rest(candidates, int(np.median(counts)), settings.seed)


def prepare_clips(
    plan: Plan,
    settings: LearnSettings,
    training: TrainSettings,
    work_dir: str | Path,
    force: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Cut the clips, and write their lists and the table that says where each is from.

    Clips of an interrupted run are kept.

    Args:
        plan (Plan): Plan of :func:`make_plan`.
        settings (LearnSettings): Settings of the plan.
        training (TrainSettings): Settings of the training.
        work_dir (str | Path): Folder for everything but the exported network.
        force (bool): Whether to replace the run of other settings in ``work_dir``. Defaults to False.
        progress (Callable[[int, int], None], optional): Function that is called with the number of finished clips and
            their total. Defaults to None.

    Raises:
        FileExistsError: If ``work_dir`` contains a run with other settings, or other files.
        ImportError: If people are searched for, and a package of the extra ``pose`` is missing.
        OSError: If a file cannot be written, or the networks that find people cannot be downloaded.
        ValueError: If a video shows several people, and it is not known who was coded.
    """
    work_dir = Path(work_dir)
    check_network(training)
    finder = PersonFinder(settings.crop, 'all')
    finder.prepare()  # Whether clips are cropped must not depend on what is installed: the network will say it.
    _open_work_dir(work_dir, plan, settings, training, force)
    names = name_clips(plan.pieces, plan.label_set)
    cutter = ClipCutter(finder, settings.subjects)
    by_name = {recording.name: recording for recording in plan.recordings}
    places = cutter(by_name, plan.pieces, names, work_dir / 'clips', progress)
    subjects = plan.division.subjects
    write_manifest(work_dir / 'clips.csv', plan.pieces, names, places, subjects, _name_parts(plan), plan.label_set)
    write_lists(ClipLists(plan.label_set, names, plan.labels, subjects, _splits(plan.division)), work_dir)


def learn(
    plan: Plan,
    training: TrainSettings,
    out: str | Path,
    work_dir: str | Path,
    report: Callable[[str], None] = print,
) -> Learned:
    """Train and test a network with the clips of :func:`prepare_clips`, and export it.

    An interrupted run goes on after its last epoch.

    Args:
        plan (Plan): Plan of :func:`make_plan`.
        training (TrainSettings): Settings of the training.
        out (str | Path): Path of the exported network, ``*.onnx``, which is replaced.
        work_dir (str | Path): Folder of the clips.
        report (Callable[[str], None]): Function that receives lines about the progress. Defaults to ``print``.

    Returns:
        Learned: The files.

    Raises:
        ImportError: If a package for the export is missing.
        OSError: If a file cannot be written.
        ValueError: If the network cannot learn, or the training stops.
    """
    work_dir, clips = Path(work_dir), Path(work_dir, 'clips')
    predictions = []
    for name in _runs(plan.division):
        folder = work_dir / name
        make_folder(folder)
        lists = folder if name.startswith('fold') else work_dir
        config = write_config(
            training, work_dir / 'label_set.yaml', plan.label_set, clips, plan.crop, lists / 'train_list_videos.txt',
            None if name == 'final' else lists / 'val_list_videos.txt', name == 'train', folder,
            work_dir / f'{Path(training.config).stem}_{name}.py',
        )  # fmt: skip
        found = folder / 'predictions.pkl'
        if not (name.startswith('fold') and found.is_file()):
            checkpoint = train(config, lambda line, name=name: report(f'{name}: {line}'))
            if name != 'final':
                predict(config, checkpoint, found)
        if name != 'final':
            predictions.append(found)
    export_onnx(config, checkpoint, out)
    page = write_report(
        list(map(str, predictions)), work_dir / 'report', None,
        None if plan.division.folds else str(work_dir / 'train_list_videos.txt'), str(clips), Path(out).stem, None,
    )  # fmt: skip
    return Learned(Path(out), predictions, Path(page))


def _runs(division: Division) -> list[str]:
    """Return the names of the trainings. The exported network is that of the last one."""
    return [*(f'fold{index + 1}' for index in range(len(division.folds))), 'final'] if division.folds else ['train']


def _splits(division: Division) -> dict[str, np.ndarray]:
    if not division.folds:
        return {'train': division.train, 'val': division.val}
    parts = {}
    for index, (kept, held_out) in enumerate(division.folds, start=1):
        parts.update({f'fold{index}/train': kept, f'fold{index}/val': held_out})
    return {**parts, 'train': division.train}


def _name_parts(plan: Plan) -> list[str]:
    """Return the part of each clip, for the table."""
    parts = np.full(len(plan.pieces), 'train', object)
    if plan.division.val is not None:
        parts[plan.division.val] = 'val'
    for index, (_, held_out) in enumerate(plan.division.folds, start=1):
        parts[held_out] = f'tested in fold {index}'
    return parts.tolist()


def _open_work_dir(work_dir: Path, plan: Plan, settings: LearnSettings, training: TrainSettings, force: bool) -> None:
    """Create the folder, or check that it contains a run with the same settings."""
    clips = hashlib.sha256(repr([tuple(piece[:5]) for piece in plan.pieces]).encode()).hexdigest()
    content = {
        'program': 'microaction learn', 'clips': len(plan.pieces), 'times of the clips': clips,
        'categories': list(plan.label_set.names), 'crop': str(settings.crop), 'people': dict(settings.subjects),
        'val_split': settings.val_split, 'val': settings.val, 'folds': settings.folds,
        **{key: value for key, value in training._asdict().items() if key != 'workers'},
        'network': hashlib.sha256(check_network(training).pretty_text.encode()).hexdigest(),
    }  # fmt: skip
    state = work_dir / STATE
    if state.is_file():
        old = parse_json(read_limited(state, 2**22, f'the settings of {work_dir}'))
        old = old if isinstance(old, dict) else {}
        changed = [key for key in content if old.get(key) != content[key]]
        if changed and not force:
            raise FileExistsError(
                f'{work_dir} contains a run with other settings or codings ({", ".join(changed)}); choose another '
                '--work-dir, or replace the run with --force'
            )
        if force:
            for name in ('clips', 'train', 'final', 'report', *(path.name for path in work_dir.glob('fold[0-9]*'))):
                shutil.rmtree(work_dir / name, ignore_errors=True)
            for path in (*work_dir.glob('*_list_videos.txt'), work_dir / 'label_set.yaml'):
                path.unlink(missing_ok=True)
    elif work_dir.is_dir() and any(work_dir.iterdir()):
        raise FileExistsError(f'{work_dir} contains other files; choose an empty folder with --work-dir')
    make_folder(work_dir)
    write_whole(state, (json.dumps(content, indent=1, ensure_ascii=False) + '\n').encode())
