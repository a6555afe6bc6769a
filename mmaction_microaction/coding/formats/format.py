"""The formats of coded recordings, and their reading by the endings of files."""

import logging
from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from mmengine.logging import print_log

from mmaction_microaction.structures.coding import Coding, NotACodingError, read_coding, write_coding
from mmaction_microaction.utils.hidden_files import is_hidden
from mmaction_microaction.utils.messages import first_few

from .boris import write_boris
from .boris_reading import read_boris
from .eaf_read import read_eaf
from .eaf_write import write_eaf
from .observer import write_observer
from .subtitles import read_subtitles, write_srt, write_vtt
from .tables import is_table, read_table, write_csv_table, write_xlsx
from .textgrid import read_textgrid, write_textgrid


class Format(NamedTuple):
    """A format of coded recordings."""

    ending: str
    """Ending of its files, such as ``.eaf``."""
    title: str
    """Program or kind of file, for help texts."""
    read: Callable[..., list[Coding]] | None
    """Function that reads all recordings of a file. None if the format cannot be read."""
    write: Callable[[Sequence[Coding], Path], None] | None
    """Function that writes recordings to a file, completely or not at all. None if the format cannot be written."""
    holds_several: bool
    """Whether one file contains several recordings. Otherwise :attr:`write` accepts exactly one."""
    has_tiers: bool = False
    """Whether :attr:`read` accepts a pattern of the names of tiers as a second argument."""
    recognize: Callable[[Path], bool] | None = None
    """Function that says whether a file of a folder has the format, if other files have its ending too. None if all
    files with the ending are read."""


def _read_json(path: Path) -> list[Coding]:
    return [read_coding(path)]


def _write_json(codings: Sequence[Coding], path: Path) -> None:
    (coding,) = codings
    write_coding(coding, path)


def _never(path: Path) -> bool:
    """Return False: subtitles in a folder are usually speech."""
    return False


FORMATS = {
    'json': Format('.json', 'JSON, with everything', _read_json, _write_json, holds_several=False),
    'eaf': Format('.eaf', 'ELAN', read_eaf, write_eaf, holds_several=False, has_tiers=True),
    'textgrid': Format('.TextGrid', 'Praat', read_textgrid, write_textgrid, holds_several=False, has_tiers=True),
    'srt': Format('.srt', 'SubRip subtitles', read_subtitles, write_srt, holds_several=False, recognize=_never),
    'vtt': Format('.vtt', 'WebVTT subtitles', read_subtitles, write_vtt, holds_several=False, recognize=_never),
    'boris': Format('.boris', 'BORIS project', read_boris, write_boris, holds_several=True),
    'observer': Format(
        '.txt', 'Noldus The Observer', read_table, write_observer, holds_several=True, recognize=is_table
    ),
    'csv': Format('.csv', 'table for R, SPSS and Excel', read_table, write_csv_table, holds_several=True),
    'tsv': Format('.tsv', 'table separated by tabs', read_table, None, holds_several=True),
    'xlsx': Format('.xlsx', 'Excel workbook', read_table, write_xlsx, holds_several=True),
}
"""The formats, by name."""


def read_codings(paths: Iterable[str | Path], people: str = '*', tiers: str | None = None) -> list[Coding]:
    """Read the coded recordings of files and folders, each by the ending of its name.

    A recording with the name of its file gets the path of the file without ending, relative to the folder that was
    given: ``week1/P07``. If a file beside it differs only in the ending and contains a name with a folder, as the files
    of ``microaction code`` do, this name is used. So all formats of a recording have one name.

    Args:
        paths (Iterable[str | Path]): Files, and folders that are searched for files of all formats but subtitles.
            Of the text files (``.txt``) of a folder, those with the header of a table of events are read. JSON files of
            another format are left out with a warning, and hidden files and the trash without one.
        people (str): Pattern of the people whose events are read, such as ``'P1*'``. Defaults to ``'*'``.
        tiers (str | None): Pattern of the tiers that are read, such as ``'*human*'``, of the files of ELAN and Praat.
            Other files of a folder are not read. None for all files and tiers, see ``read_eaf``.

    Returns:
        list[Coding]: The recordings, in the order of the paths.

    Raises:
        FileNotFoundError: If a path does not exist, or a folder contains no such file.
        ValueError: If a file has an unknown ending or is malformed, or no tier fits.
    """
    found: list[tuple[Path, Path, Coding]] = []
    for path in map(Path, paths):
        if path.is_dir():
            found += [(file, path, coding) for file, coding in _read_folder(path, tiers)]
        else:
            found += [(path, path.parent, coding) for coding in _read(path, tiers)]
    _complete_names(found)
    codings = [coding for _, _, coding in found]
    for coding in codings:
        coding.events = [event for event in coding.events if fnmatchcase(event.person, people)]
        coding.people = tuple(person for person in coding.people if fnmatchcase(person, people))
    return codings


def _complete_names(found: Sequence[tuple[Path, Path, Coding]]) -> None:
    """Add the folders to the names of recordings that are those of their files, ``P07`` of ``week1/P07.eaf``.

    Other files of the folder may contain the same recording, such as a table of all recordings.

    Args:
        found (Sequence[tuple[Path, Path, Coding]]): The file of each coding, and the folder to which its name should be
            relative.
    """
    full = {}
    for file, folder, coding in found:
        key, name = (file.parent, file.stem), PurePosixPath(coding.recording)
        if name.name == file.stem and len(name.parts) > 1:
            full[key] = coding.recording
        elif coding.recording == file.stem:
            full.setdefault(key, (file.parent.relative_to(folder) / file.stem).as_posix())
    for file, _, coding in found:
        coding.recording = full.get((file.parent, coding.recording), coding.recording)


def _read_folder(folder: Path, tiers: str | None) -> list[tuple[Path, Coding]]:
    """Return the codings in a folder, and the file of each."""
    found, others = [], []
    for file in sorted(folder.rglob('*')):
        if file.is_file() and not is_hidden(file, folder) and _is_recognized(file, tiers is not None):
            try:
                found += [(file, coding) for coding in _read(file, tiers)]
            except NotACodingError:
                others.append(file.relative_to(folder))
    if others:
        text = f'{folder}: these JSON files are no coded recordings and are left out: {first_few(others)}'
        print_log(text, logger='current', level=logging.WARNING)
    if not found:
        raise FileNotFoundError(f'{folder} contains no coded recording ({_list_endings()})')
    return found


def _is_recognized(file: Path, with_tiers: bool) -> bool:
    form = _format_of(file)
    return form is not None and (form.has_tiers or not with_tiers) and (form.recognize is None or form.recognize(file))


def _read(file: Path, tiers: str | None) -> list[Coding]:
    if not file.exists():
        raise FileNotFoundError(f'{file}: no such file or folder')
    form = _format_of(file)
    if form is None:
        raise ValueError(f'{file}: the ending is not that of a coded recording ({_list_endings()})')
    if tiers is None:
        return form.read(file)
    if not form.has_tiers:
        raise ValueError(f'{file}: the file has no tiers among which {tiers!r} could choose; give ELAN or Praat files')
    return form.read(file, tiers)


def _format_of(file: Path) -> Format | None:
    return next(
        (form for form in FORMATS.values() if form.read and file.name.lower().endswith(form.ending.lower())), None
    )


def _list_endings() -> str:
    return ', '.join(dict.fromkeys(form.ending for form in FORMATS.values() if form.read))
