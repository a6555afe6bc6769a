"""From a plan to one file with a network: clips, lists, training, test, report and export."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mmaction_microaction.datasets.preparation.make_lists import ClipLists, write_lists
from mmaction_microaction.inference.export import export_onnx
from mmaction_microaction.inference.people import PersonFinder
from mmaction_microaction.poses import make_estimator
from mmaction_microaction.report import write_report
from mmaction_microaction.utils.files import make_folder, write_whole
from mmaction_microaction.utils.messages import first_few
from mmaction_microaction.utils.untrusted import parse_json, read_limited

from .configs import TrainSettings, check_network, needs_poses, write_config
from .cutting import ClipCutter, name_clips, write_manifest
from .division import Division
from .joints import estimate_joints, find_clips_with_person
from .plan import LearnSettings, Plan
from .training import predict, train

STATE = 'learn.json'
"""Name of the file with the settings of a work dir."""
POSES = 'poses.pkl'
"""Name of the file with the poses in the clips, in a work dir."""


class Learned(NamedTuple):
    """Result of :func:`learn`."""

    model: Path
    """The exported network."""
    predictions: list[Path]
    """Predictions of the held-out clips, one file or one per fold."""
    report: Path
    """Page of the report."""


def prepare_clips(
    plan: Plan,
    settings: LearnSettings,
    training: TrainSettings,
    work_dir: str | Path,
    force: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Cut the clips, and write the table that says where each is from.

    Clips of an interrupted run are kept.

    Args:
        plan (Plan): Plan of :func:`.plan_learning`.
        settings (LearnSettings): Settings of the plan.
        training (TrainSettings): Settings of the training.
        work_dir (str | Path): Folder for everything but the exported network.
        force (bool): Whether to replace the run of other settings in ``work_dir``. Defaults to False.
        progress (Callable[[int, int], None], optional): Function that is called with the number of finished clips and
            their total. Defaults to None.

    Raises:
        FileExistsError: If ``work_dir`` contains a run with other settings, or other files.
        ImportError: If people are searched for or the network sees joints, and a package of the extra ``pose`` is
            missing.
        OSError: If a file cannot be written, or the networks that find people cannot be downloaded.
        ValueError: If a video shows several people, and it is not known who was coded.
    """
    work_dir = Path(work_dir)
    finder = PersonFinder(settings.crop, 'all')
    finder.prepare()  # Whether clips are cropped must not depend on what is installed: the network will say it.
    if needs_poses(check_network(training)):
        make_estimator()  # fails before the first clip
    _open_work_dir(work_dir, plan, settings, training, force)
    names = name_clips(plan.pieces, plan.label_set)
    cutter = ClipCutter(finder, settings.subjects)
    by_name = {recording.name: recording for recording in plan.recordings}
    places = cutter(by_name, plan.pieces, names, work_dir / 'clips', progress)
    subjects = plan.division.subjects
    write_manifest(work_dir / 'clips.csv', plan.pieces, names, places, subjects, _name_parts(plan), plan.label_set)


def prepare_poses(
    plan: Plan, training: TrainSettings, work_dir: str | Path, progress: Callable[[int, int], None] | None = None
) -> None:
    """Estimate the poses in the clips of :func:`prepare_clips`, if the network sees joints.

    Poses of an interrupted run are kept.

    Args:
        plan (Plan): Plan of :func:`.plan_learning`.
        training (TrainSettings): Settings of the training.
        work_dir (str | Path): Folder of the clips.
        progress (Callable[[int, int], None], optional): Function that is called with the number of finished clips and
            their total. Defaults to None.

    Raises:
        OSError: If a file cannot be written.
        ValueError: If a clip cannot be read.
    """
    if needs_poses(check_network(training)):
        names = name_clips(plan.pieces, plan.label_set)
        workers = max(training.workers, 1)
        estimate_joints(Path(work_dir, 'clips'), names, Path(work_dir, POSES), workers, progress)


def learn(
    plan: Plan,
    training: TrainSettings,
    out: str | Path,
    work_dir: str | Path,
    report: Callable[[str], None] = print,
) -> Learned:
    """Train and test a network with the clips of :func:`prepare_clips` and :func:`prepare_poses`, and export it.

    An interrupted run goes on after its last epoch.

    Args:
        plan (Plan): Plan of :func:`.plan_learning`.
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
    network = check_network(training)
    write_lists(list_clips(plan, work_dir / POSES if needs_poses(network) else None), work_dir)
    predictions = []
    for name in _runs(plan.division):
        folder = work_dir / name
        make_folder(folder)
        lists = folder if name.startswith('fold') else work_dir
        config = write_config(
            training, work_dir / 'label_set.yaml', plan.label_set, clips, plan.crop, work_dir / POSES,
            lists / 'train_list_videos.txt', None if name == 'final' else lists / 'val_list_videos.txt',
            name == 'train', folder, work_dir / f'{Path(network.filename).stem}_{name}.py',
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


def list_clips(plan: Plan, poses: Path | None) -> ClipLists:
    """Return the lists of the clips.

    Args:
        plan (Plan): Plan of :func:`.plan_learning`.
        poses (Path | None): File with the poses in the clips. Clips that show nobody are left out. None for a network
            of frames, which learns from all clips.

    Returns:
        ClipLists: The lists.

    Raises:
        ValueError: If a category, or a list, has no clip left.
    """
    names, splits = name_clips(plan.pieces, plan.label_set), _splits(plan.division)
    if poses is not None:
        shown = find_clips_with_person(poses, names)
        splits = {split: indices[np.isin(indices, shown)] for split, indices in splits.items()}
        lost = np.setdiff1d(plan.labels[_splits(plan.division)['train']], plan.labels[splits['train']])
        if len(lost) or not all(map(len, splits.values())):
            what = first_few(plan.label_set.names[label] for label in lost) if len(lost) else 'one of the lists'
            raise ValueError(
                f'no clip of {what} shows a person whose joints are found; look at the clips in {poses.parent}, or use '
                'a network of frames with --model'
            )
    return ClipLists(plan.label_set, names, plan.labels, plan.division.subjects, splits)


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
        if changed:
            for name in ('clips', 'train', 'final', 'report', *(path.name for path in work_dir.glob('fold[0-9]*'))):
                shutil.rmtree(work_dir / name, ignore_errors=True)
            shutil.rmtree(work_dir / f'{POSES}.parts', ignore_errors=True)
            for path in (*work_dir.glob('*_list_videos.txt'), work_dir / 'label_set.yaml', work_dir / POSES):
                path.unlink(missing_ok=True)
    elif work_dir.is_dir() and any(work_dir.iterdir()):
        raise FileExistsError(f'{work_dir} contains other files; choose an empty folder with --work-dir')
    make_folder(work_dir)
    write_whole(state, (json.dumps(content, indent=1, ensure_ascii=False) + '\n').encode())
