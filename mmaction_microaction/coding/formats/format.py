"""The formats of coded recordings, and their reading by the endings of files."""

from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from mmaction_microaction.structures.coding import Coding, read_coding, write_coding

from .boris import write_boris
from .boris_reading import read_boris
from .eaf_read import read_eaf
from .eaf_write import write_eaf
from .observer import write_observer
from .subtitles import read_subtitles, write_srt, write_vtt
from .tables import is_table, read_table, write_csv, write_xlsx
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
    'csv': Format('.csv', 'table for R, SPSS and Excel', read_table, write_csv, holds_several=True),
    'tsv': Format('.tsv', 'table separated by tabs', read_table, None, holds_several=True),
    'xlsx': Format('.xlsx', 'Excel workbook', read_table, write_xlsx, holds_several=True),
}
"""The formats, by name."""


def read_codings(paths: Iterable[str | Path], people: str = '*', tiers: str | None = None) -> list[Coding]:
    """Read the coded recordings of files and folders, each by the ending of its name.

    Args:
        paths (Iterable[str | Path]): Files, and folders that are searched for files of all formats but subtitles.
            Of the text files (``.txt``) of a folder, those with the header of a table of events are read.
        people (str): Pattern of the people whose events are read, such as ``'P1*'``. Defaults to ``'*'``.
        tiers (str | None): Pattern of the tiers that are read, such as ``'* human'``, of the files of ELAN and Praat.
            Other files of a folder are not read. None for all files and tiers, see ``read_eaf``.

    Returns:
        list[Coding]: The recordings, in the order of the paths.

    Raises:
        FileNotFoundError: If a path does not exist, or a folder contains no such file.
        ValueError: If a file has an unknown ending or is malformed, or no tier fits.
    """
    codings = []
    for path in map(Path, paths):
        files = _find_files(path, tiers is not None) if path.is_dir() else [path]
        for file in files:
            codings += _read(file, tiers)
    for coding in codings:
        coding.events = [event for event in coding.events if fnmatchcase(event.person, people)]
        coding.people = tuple(person for person in coding.people if fnmatchcase(person, people))
    return codings


def _find_files(folder: Path, with_tiers: bool) -> list[Path]:
    files = [file for file in sorted(folder.rglob('*')) if file.is_file() and _is_recognized(file, with_tiers)]
    if not files:
        raise FileNotFoundError(f'{folder} contains no coded recording ({_list_endings()})')
    return files


def _is_recognized(file: Path, with_tiers: bool) -> bool:
    form = _format_of(file)
    return form is not None and (form.has_tiers or not with_tiers) and (form.recognize is None or form.recognize(file))


def _read(file: Path, tiers: str | None) -> list[Coding]:
    form = _format_of(file)
    if form is None:
        raise ValueError(f'{file}: the ending is not that of a coded recording ({_list_endings()})')
    if not file.exists():
        raise FileNotFoundError(f'{file}: no such file')
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
