"""Codes many recordings, one after the other, and continues where a run was interrupted."""

import errno
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from mmaction_microaction.utils.files import make_folder
from mmaction_microaction.utils.messages import describe_error, format_count
from mmaction_microaction.utils.times import format_duration
from mmaction_microaction.version import __version__

from .events import rename_people
from .recordings import Recording
from .results_folder import PROJECT, ResultsFolder
from .run_log import RunLog, TimeLeft
from .scores_file import RecordingScores
from .settings import CodingSettings, identify_media

LOG = 'code.log'
"""Name of the log in the folder of the results."""

Recognize = Callable[[Recording, Callable[[int, int], None]], RecordingScores]
"""Function that runs a network on a recording."""


class Failure(NamedTuple):
    """A recording that could not be coded, or a file of all recordings that could not be written."""

    subject: Recording | Path
    """The recording, or the path of the file."""
    reason: str
    """What went wrong."""


def code_recordings(
    recordings: Sequence[Recording],
    out: Path,
    settings: CodingSettings,
    load: Callable[[], Recognize],
    formats: Sequence[str] = (),
    *,
    force: bool = False,
    scores_dir: Path | None = None,
    log: RunLog | None = None,
) -> list[Failure]:
    """Code recordings, and write the results of each when it is done.

    The scores of a recording are written first, then its JSON file, and the other formats after it. A run that was
    interrupted continues after the last complete file. A recording with a JSON file is finished: only formats that are
    missing are written, and no file is replaced. Files of all recordings are written again after each recording.

    Args:
        recordings (Sequence[Recording]): The recordings.
        out (Path): Folder of the results. It contains the folders of the recordings.
        settings (CodingSettings): How recordings are coded.
        load (Callable[[], Recognize]): Function that opens the network. It is called at most once, and only if scores
            are missing.
        formats (Sequence[str]): Names of further formats, keys of ``FORMATS``. Defaults to none.
        force (bool): Whether results are replaced. Files that people have changed are renamed. Defaults to False.
        scores_dir (Path, optional): Folder of an earlier run, whose scores are used where the settings of the network
            are equal. Defaults to None: those in ``out``.
        log (RunLog, optional): Log. Defaults to None: ``code.log`` in the folder of the results.

    Returns:
        list[Failure]: Recordings that could not be coded, then files of all recordings that could not be written.

    Raises:
        OSError: If the folder cannot be written, or the disk is full.
        ValueError: If the folder contains results of other settings or files of others, or another run uses it.
    """
    make_folder(out)
    if log is None:
        with RunLog(out / LOG) as log:
            return code_recordings(
                recordings, out, settings, load, formats, force=force, scores_dir=scores_dir, log=log
            )
    results = ResultsFolder(out, settings, formats, force, log)
    media = {recording.name: identify_media(recording.media) for recording in recordings}
    results.open(recordings, media)
    finished = set() if force else {recording.name for recording in recordings} & set(results.codings)
    known = {
        recording.name: results.find_scores(recording.name, media[recording.name], scores_dir)
        for recording in recordings
        if recording.name not in finished
    }
    missing = [recording for recording in recordings if known.get(recording.name, True) is None]
    before = f', {len(finished)} of them finished before' if finished else ''
    count = format_count(len(recordings), 'recording')
    log.write(f'microaction {__version__}: {count}{before}; results in {out}')
    recognize = load() if missing else None
    # A video may vanish during the night.
    sizes = {recording.name: recording.size for recording in missing}
    left = TimeLeft(sum(sizes.values()))
    failures, unwritten = [], {}
    for index, recording in enumerate(recordings, start=1):
        label = f'[{index} of {len(recordings)}] {recording}'
        try:
            if recording.name not in finished:
                scores = known.pop(recording.name)
                if scores is None:
                    with log.following(label, sizes[recording.name], left) as progress:
                        scores = recognize(recording, progress)
                    left.finish(sizes[recording.name])
                else:
                    log.write(f'{label}: the scores of the network are there already')
                _finish(results, scores, recording, media[recording.name], label)
            results.export(recording.name)
        except Exception as error:
            failures.append(Failure(recording, _report(error, label, log)))
            left.drop(sizes.get(recording.name, 0))
        if recording.name in results.codings:
            _write_projects(results, unwritten, log)
    return failures + [Failure(path, reason) for path, reason in unwritten.items()]


def _write_projects(results: ResultsFolder, unwritten: dict[Path, str], log: RunLog) -> None:
    """Write the files of all recordings, and update the reasons why some of them could not be written."""
    for form in results.project_formats:
        path = results.path(PROJECT, form.ending)
        try:
            results.write_project(form)
            unwritten.pop(path, None)
        except Exception as error:
            unwritten[path] = _report(error, path.name, log)


def _report(error: Exception, label: str, log: RunLog) -> str:
    """Write an error to the log, and return the reason. A full disk ends the run."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        raise error
    reason = describe_error(error)
    is_expected = isinstance(error, (OSError, ValueError, MemoryError))
    log.write(f'{label} failed: {reason}', 'red', '' if is_expected else traceback.format_exc())
    return reason


def _finish(
    results: ResultsFolder,
    scores: RecordingScores,
    recording: Recording,
    media: Sequence[Mapping[str, Any]],
    label: str,
) -> None:
    """Name the people, and write scores and JSON of a recording."""
    settings = {**scores.settings, 'network': results.settings.network, 'media': media}
    paths = tuple(str(file.absolute()) for file in recording.media)
    scores = replace(scores, recording=recording.name, media=paths, settings=settings)
    scores = rename_people(scores, results.settings.subjects)
    for text in scores.warnings:
        results.log.write(f'{label}: warning: {text}', 'yellow')
    coding = results.finish(scores)
    people = '1 person' if len(coding.people) == 1 else f'{len(coding.people)} people'
    bouts = format_count(len(coding.events), 'bout')
    results.log.write(f'{label}: {bouts} of {people} in {format_duration(coding.duration)} of video')
