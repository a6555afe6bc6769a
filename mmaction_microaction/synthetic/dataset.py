"""Writes a data set to disk exactly as MA-52 lies there: videos, lists and, in addition, a manifest."""

import json
from functools import partial
from pathlib import Path

from mmaction_microaction.utils.files import make_folder, write_whole
from mmaction_microaction.utils.parallel import ordered_map
from mmaction_microaction.video.writer import write_video

from .clip import FPS, SPLITS, frames, make_clip
from .plan import list_lines, make_plan

VERSION = 1
"""Raised whenever the same settings give other frames."""
MANIFEST = 'manifest.json'


def write_dataset(out, settings, workers=1, progress=None):
    """Write a data set, or what is missing of it.

    A run that was stopped is continued by the same call: finished videos are kept. Files appear under their final names
    only when they are complete, the lists and the clips of the manifest only when all videos are there.

    Args:
        out (str | Path): Folder of the data set.
        settings (Settings): What to write.
        workers (int): Number of processes.
        progress (Callable[[int, int], None], optional): Called with the number of clips done and their total.

    Returns:
        list[Entry]: The clips.

    Raises:
        OSError: If it cannot be written to the folder.
        ValueError: If the folder holds another data set.
    """
    out = Path(out)
    header = {'version': VERSION, 'settings': settings.asdict()}
    begin(out, header)
    plan = make_plan(settings)
    clips = list(ordered_map(partial(_write_clip, out, settings), plan, workers, progress=progress))
    for number, split in enumerate(SPLITS):
        write_whole(out / f'{split}_list_videos.txt', list_lines(plan, number).encode())
    finish(out, header, 'clips', clips)
    return plan


def begin(out, header):
    """Make the folders of a data set, or find them there.

    Args:
        out (Path): Folder of the data set.
        header (dict): ``version`` and ``settings``, which tell it from others.

    Raises:
        OSError: If it cannot be written to the folder.
        ValueError: If the folder holds another data set.
    """
    _check_folder(out, header)
    for split in SPLITS:
        make_folder(out / f'videos_{split}')
    if not (out / MANIFEST).exists():
        write_whole(out / MANIFEST, json.dumps(header).encode())


def finish(out, header, name, rows):
    """Write the manifest of a data set whose videos are all there: the header, and the rows under a name."""
    rows = ',\n'.join(json.dumps(row) for row in rows)
    write_whole(out / MANIFEST, f'{json.dumps(header)[:-1]}, "{name}": [\n{rows}\n]}}\n'.encode())


def _check_folder(out, header):
    """Refuse a folder whose videos belong to another data set."""
    if not (out / MANIFEST).exists():
        if any(out.glob('videos_*/*')):
            raise ValueError(f'{out} holds videos but no {MANIFEST}: choose another folder, or empty this one')
        return
    try:
        found = json.loads((out / MANIFEST).read_text())
    except ValueError as error:
        raise ValueError(f'{out / MANIFEST} is damaged ({error}): choose another folder, or empty this one') from None
    old = {'version': found.get('version'), **found.get('settings', {})}
    new = {'version': header['version'], **header['settings']}
    differences = [f'{key} is {old.get(key)}, not {value}' for key, value in new.items() if old.get(key) != value]
    if differences:
        raise ValueError(
            f'{out} holds a data set with other settings ({"; ".join(differences)}): '
            f'choose another folder, delete this one, or ask for the same settings to continue it'
        )


def _write_clip(out, settings, entry):
    """Write a clip's video unless it is there; returns all its parameters."""
    clip = make_clip(entry.label, entry.subject_id, settings.size, settings.seed, entry.split, entry.index)
    path = out / f'videos_{SPLITS[entry.split]}' / entry.name
    if not path.exists():
        write_video(str(path), frames(clip), clip.size, FPS, clip.nuisances.crf)
    return {'name': entry.name, 'split': SPLITS[entry.split], **clip.parameters()}
