"""Files of results to download, in the formats of coded recordings."""

import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp

from mmaction_microaction.coding.formats import FORMATS
from mmaction_microaction.inference import WRITERS
from mmaction_microaction.structures.coding import Coding
from mmaction_microaction.utils.files import atomic_write

from .visits import VisitRecording

SCORES = 'scores'
"""Start of the names of the formats that contain the results of the network without corrections."""


def list_formats() -> dict[str, str]:
    """Return the formats that can be written.

    Returns:
        dict[str, str]: Title of each format by its name: those of :data:`.FORMATS`, then those of the uncorrected
        results, such as ``scores.csv``.
    """
    titles = {name: f'{form.title} ({form.ending})' for name, form in FORMATS.items() if form.write}
    return titles | {f'{SCORES}{suffix}': f'Scores of the network, uncorrected ({suffix})' for suffix in WRITERS}


def check_format(name: str) -> None:
    """Raise a ValueError if coded recordings cannot be written in a format."""
    if name not in FORMATS or FORMATS[name].write is None:
        names = ', '.join(name for name, form in FORMATS.items() if form.write)
        raise ValueError(f'{name!r:.60} is not a format; choose one of {names}.')


def write_codings(codings: Sequence[Coding], name: str, folder: str | Path) -> Path:
    """Write coded recordings to one file.

    Args:
        codings (Sequence[Coding]): Coded recordings, at least one, with different names.
        name (str): Name of a format of :data:`.FORMATS`.
        folder (str | Path): Folder in which a new folder for the file is created.

    Returns:
        Path: The file, named after the recording. Several recordings are in ``recordings`` with the ending of the
        format if it holds several, and otherwise in ``recordings.zip``.

    Raises:
        ValueError: If the format does not exist or cannot hold a recording.
    """
    check_format(name)
    form = FORMATS[name]
    if len(codings) == 1 or form.holds_several:
        stem = codings[0].recording if len(codings) == 1 else 'recordings'
        path = _new_folder(folder) / f'{stem}{form.ending}'
        form.write(codings, path)
        return path

    def write(coding, inner):
        path = inner / f'{coding.recording}{form.ending}'
        form.write([coding], path)
        return path

    return _write_zip(codings, write, folder)


def write_export(recordings: Sequence[VisitRecording], name: str, folder: str | Path) -> Path:
    """Write recordings of a visitor to one file.

    Args:
        recordings (Sequence[VisitRecording]): Recordings with results, at least one.
        name (str): Name of a format of :func:`list_formats`.
        folder (str | Path): Folder in which a new folder for the file is created.

    Returns:
        Path: The file, see :func:`write_codings`.

    Raises:
        ValueError: If the format does not exist or cannot hold a recording.
    """
    if not name.startswith(SCORES):
        # Names of files differ, and those without the ending need not.
        stems = [Path(recording.name).stem for recording in recordings]
        codings = [
            recording.coding
            if stems.count(Path(recording.name).stem) == 1
            else replace(recording.coding, recording=recording.name)
            for recording in recordings
        ]
        return write_codings(codings, name, folder)
    suffix = name.removeprefix(SCORES)
    if suffix not in WRITERS:
        raise ValueError(f'{name!r:.60} is not a format; choose one of {", ".join(list_formats())}.')

    def write(recording, inner):
        # The files name the video without its folder, and people as in the study.
        results = [
            replace(result, video=recording.name, person=recording.names[result.person]) for result in recording.results
        ]
        stem = recording.name if len(recordings) > 1 else Path(recording.name).stem
        path = inner / f'{stem}{suffix}'
        WRITERS[suffix](results, path)
        return path

    if len(recordings) == 1:
        return write(recordings[0], _new_folder(folder))
    return _write_zip(recordings, write, folder)


def _write_zip(items, write, folder):
    target = _new_folder(folder) / 'recordings.zip'
    with atomic_write(target) as unfinished, zipfile.ZipFile(unfinished, 'w', zipfile.ZIP_DEFLATED) as archive:
        for item in items:
            path = write(item, target.parent)
            archive.write(path, path.name)
            path.unlink()
    return target


def _new_folder(folder):
    return Path(mkdtemp(dir=folder))
