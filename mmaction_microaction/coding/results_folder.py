"""The folder of the results of ``microaction code``: what is in it, and what may be written."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from mmaction_microaction.structures.coding import Coding, read_coding, write_coding
from mmaction_microaction.utils.hidden_files import is_hidden
from mmaction_microaction.utils.messages import first_few

from .events import code_scores
from .formats import FORMATS, Format
from .formats.tables import PROJECT
from .ledger import Ledger
from .recordings import Recording
from .run_log import RunLog
from .scores_file import RecordingScores, read_recording_scores, write_recording_scores
from .settings import CodingSettings, find_differences

STATE = 'code.state'
"""Name of the record of the written files."""
PROJECT_FORMATS = ('boris',)
"""Formats of programs that keep all recordings in one file. Other formats have a file for each recording."""


class ResultsFolder:
    """Folder of results, all of the same settings.

    Attributes:
        codings (dict[str, Coding]): Finished recordings, by name.

    Args:
        out (Path): The folder.
        settings (CodingSettings): How recordings are coded.
        formats (Sequence[str]): Names of the formats besides JSON, keys of ``FORMATS``.
        force (bool): Whether results are replaced.
        log (RunLog): Log of the run.
    """

    codings: dict[str, Coding]

    def __init__(self, out: Path, settings: CodingSettings, formats: Sequence[str], force: bool, log: RunLog) -> None:
        self.out, self.settings, self.force, self.log = out, settings, force, log
        self.formats = {name: FORMATS[name] for name in formats if name != 'json'}
        self.ledger = Ledger(out / STATE)
        self.codings = {}
        self._changed: set[Path] = set()

    def path(self, name: str, ending: str) -> Path:
        """Return the path of a file of a recording."""
        return self.out / f'{name}{ending}'

    def exports(self, name: str) -> list[tuple[Format, Path]]:
        """Return the formats of a recording besides JSON, and the paths of their files."""
        kept = (form for key, form in self.formats.items() if key not in PROJECT_FORMATS)
        return [(form, self.path(name, form.ending)) for form in kept]

    def open(self, recordings: Sequence[Recording], media: Mapping[str, list[dict[str, Any]]]) -> None:
        """Read the results in the folder, and record the settings of the run.

        Args:
            recordings (Sequence[Recording]): Recordings that are to be coded.
            media (Mapping[str, list[dict[str, Any]]]): What identifies the files of each, see :func:`.identify_media`.

        Raises:
            ValueError: If there are results of other settings, or files of others, and they may not be replaced.
        """
        differing, foreign, others = {}, [], {}
        for recording in recordings:
            name = recording.name
            if name == PROJECT:
                raise ValueError(f'{recording.media[0]} has the name of the files of all recordings; rename it')
            result, scores = self.path(name, '.json'), self.path(name, '.npz')
            if result.exists():
                coding = self._read_result(result)
                if coding is None:
                    foreign.append(result)
                    continue
                self.codings[name] = coding
                now = {**self.settings.to_dict(), 'media': media[name]}
                differing[name] = find_differences(coding.settings, now)
                continue
            # If only the JSON file was deleted, the recording is coded again.
            foreign += [path for _, path in self.exports(name) if path.exists() and not self.ledger.is_own(path)]
            before = self._read_network(scores) if scores.exists() else None
            if before is not None:
                differing[name] = find_differences(before, {**self.settings.network, 'media': media[name]})
        # Results of earlier runs are in the files of all recordings, too.
        wanted = {recording.name for recording in recordings}
        for scores in sorted(self.out.rglob('*.npz')):
            name = scores.relative_to(self.out).as_posix().removesuffix('.npz')
            is_other = name not in wanted and not is_hidden(scores, self.out)
            coding = self._read_result(self.path(name, '.json')) if is_other else None
            if coding is not None:
                self.codings[name] = coding
                others[name] = find_differences(coding.settings, self.settings.to_dict())
        self._refuse(differing, foreign, others)
        self.ledger.settings = self.settings.to_dict()
        self.ledger.save()

    def _read_result(self, path: Path) -> Coding | None:
        """Return the coding in a JSON file, or None if this command has not written it."""
        try:
            coding = read_coding(path)
        except (FileNotFoundError, ValueError):
            return None
        return coding if 'model' in coding.settings else None

    def _read_network(self, path: Path) -> dict[str, Any] | None:
        """Return the settings of the network in a file of scores, or None if it cannot be read."""
        try:
            settings = read_recording_scores(path).settings
        except ValueError:
            return None
        return {**settings.get('network', {}), **settings}

    def _refuse(
        self, differing: Mapping[str, list[str]], foreign: Sequence[Path], others: Mapping[str, list[str]]
    ) -> None:
        if foreign and not self.force:
            raise ValueError(
                f'{first_few(foreign)}: not written by this command, but a recording has the name; move such files, '
                'use another --out, or --force, which renames them'
            )
        if any(differing.values()) and not self.force:
            raise ValueError(
                f'{self.out} contains results with other settings ({_describe(differing)}); use another --out, or '
                '--force to replace them'
            )
        if any(others.values()):
            raise ValueError(
                f'{self.out} contains results of other recordings with other settings ({_describe(others)}); use '
                'another --out'
            )

    def find_scores(
        self, name: str, media: list[dict[str, Any]], earlier: Path | None = None
    ) -> RecordingScores | None:
        """Return the scores of a recording, if they were found by the same network with the same settings.

        Args:
            name (str): Name of the recording.
            media (list[dict[str, Any]]): What identifies its files.
            earlier (Path, optional): Folder of an earlier run that is searched, too. Defaults to None.

        Returns:
            RecordingScores | None: The scores. None if there are none.
        """
        for folder in filter(None, (self.out, earlier)):
            path = folder / f'{name}.npz'
            if not path.exists():
                continue
            try:
                scores = read_recording_scores(path)
            except ValueError as error:
                self.log.write(f'warning: {error}', 'yellow')
                continue
            before = {**scores.settings.get('network', {}), **scores.settings}
            differences = find_differences(before, {**self.settings.network, 'media': media})
            if not differences:
                return scores
            self.log.write(f'{path} is not used: {"; ".join(differences)}', 'yellow')
        return None

    def finish(self, scores: RecordingScores) -> Coding:
        """Write scores and JSON of a recording. :meth:`export` writes the other formats.

        Args:
            scores (RecordingScores): Scores with the names of the study.

        Returns:
            Coding: The coded recording.

        Raises:
            OSError: If a file cannot be written.
            ValueError: If there is a threshold for an unknown action.
        """
        name, coding = scores.recording, code_scores(scores, self.settings)
        self._write(self.path(name, '.npz'), partial(write_recording_scores, scores))
        # The other formats are made from the JSON file. Old ones, also of earlier runs, must not be taken for new ones.
        endings = {form.ending for key, form in FORMATS.items() if key != 'json'}
        old = {path for path in (self.path(name, ending) for ending in endings) if self.ledger.hash_of(path)}
        for path in sorted(old.union(path for _, path in self.exports(name))):
            self._set_aside(path)
            path.unlink(missing_ok=True)
        self._write(self.path(name, '.json'), partial(write_coding, coding))
        self.codings[name] = coding
        return coding

    def export(self, name: str) -> None:
        """Write the missing formats of a finished recording.

        Args:
            name (str): Name of the recording.

        Raises:
            OSError: If a file cannot be written.
        """
        for form, path in self.exports(name):
            if not path.exists():
                self._write(path, partial(form.write, [self.codings[name]]))

    @property
    def project_formats(self) -> list[Format]:
        """list[Format]: The formats with a file that contains all recordings, also those of earlier runs."""
        return [form for form in FORMATS.values() if form.holds_several and self._has_project(form)]

    def _has_project(self, form: Format) -> bool:
        path = self.path(PROJECT, form.ending)
        return form in self.formats.values() or (path.exists() and self.ledger.is_own(path))

    def write_project(self, form: Format) -> None:
        """Write the file that contains all finished recordings, unless it does already.

        Args:
            form (Format): One of :attr:`project_formats`.

        Raises:
            OSError: If the file cannot be written.
            ValueError: If the format cannot contain the recordings.
        """
        codings = [self.codings[name] for name in sorted(self.codings)]
        content = {name: self.ledger.hash_of(self.path(name, '.json')) for name in sorted(self.codings)}
        path = self._choose_project(form, content)
        if path is not None:
            self.ledger.write(path, partial(form.write, codings), content)

    def _choose_project(self, form: Format, content: Mapping[str, str | None]) -> Path | None:
        """Return the path of a file of all recordings that nobody has changed. None if a file has the content."""
        number, path = 1, self.path(PROJECT, form.ending)
        while path.exists():
            if self.ledger.content_of(path) == content:
                return None
            if self.ledger.is_own(path):
                break
            number += 1
            following = self.path(f'{PROJECT}_{number}', form.ending)
            if path not in self._changed:
                self._changed.add(path)
                self.log.write(
                    f'warning: {path.name} was changed since it was written, and is kept; all recordings are in '
                    f'{following.name}',
                    'yellow',
                )
            path = following
        return path

    def _write(self, path: Path, write: partial) -> None:
        self._set_aside(path)
        self.ledger.write(path, write)

    def _set_aside(self, path: Path) -> None:
        kept = self.ledger.set_aside(path)
        if kept:
            self.log.write(f'warning: {path} was changed since it was written; it is now {kept.name}', 'yellow')


def _describe(differing: Mapping[str, list[str]]) -> str:
    """Name the first recording with other settings, and how they differ."""
    found = {name: texts for name, texts in differing.items() if texts}
    name, texts = next(iter(found.items()))
    more = f' and {len(found) - 1} more' if len(found) > 1 else ''
    return f'{name}{more}: {"; ".join(texts)}'
