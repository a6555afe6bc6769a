"""Finds the videos of coded recordings, and the frames of a time in them."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PureWindowsPath
from typing import NamedTuple

from mmaction_microaction.inference.windows import Window, window_at
from mmaction_microaction.structures.coding import CodedEvent, Coding, sort_events
from mmaction_microaction.utils.hidden_files import is_hidden
from mmaction_microaction.utils.messages import first_few
from mmaction_microaction.video.files import VIDEO_ENDINGS
from mmaction_microaction.video.reader import Video

from .pieces import MAX_OVERRUN


class OpenRecording(NamedTuple):
    """A coded recording with its open video files."""

    name: str
    """Name of the recording."""
    events: list[CodedEvent]
    """Events of all people, sorted by time."""
    videos: tuple[Video, ...]
    """Video files in the order in which they follow each other."""

    @property
    def duration(self) -> float:
        """float: Duration of all files in seconds."""
        return sum(video.duration for video in self.videos)

    @property
    def people(self) -> list[str]:
        """list[str]: Names of the people with events, sorted."""
        return sorted({event.person for event in self.events})

    def locate(self, start: float, end: float) -> tuple[Video, Window]:
        """Find the frames of a time. At a border between two files, only the file with the larger part counts.

        Args:
            start (float): Start in seconds from the start of the recording.
            end (float): End in seconds.

        Returns:
            tuple[Video, Window]: The file, and the frames in it. They are those that the network sees in a window of
            the same time.
        """
        offset = 0.0
        for video in self.videos:
            if (start + end) / 2 < offset + video.duration or video is self.videos[-1]:
                break
            offset += video.duration
        first = max(start - offset, 0.0)
        length = min(end - offset, video.duration) - first
        return video, window_at(video.times, video.duration, first, length)


def open_recordings(
    codings: Sequence[Coding], paths: Iterable[str | Path], folder: str | Path | None = None
) -> list[OpenRecording]:
    """Find and open the videos of coded recordings.

    Args:
        codings (Sequence[Coding]): The coded recordings. Those without events are left out. Several with the same name
            are joined if they are about different people in the same video.
        paths (Iterable[str | Path]): Files and folders that the codings were read from. The videos may be beside them.
        folder (str | Path, optional): Folder that is searched for the videos, by the names of their files. Defaults to
            None: the paths in the codings, and the folders of ``paths``.

    Returns:
        list[OpenRecording]: The recordings, in the order of the codings.

    Raises:
        FileNotFoundError: If a video is missing.
        ValueError: If a video cannot be read, an event is after its end, a person is coded twice in a recording, or two
            recordings have one name.
    """
    joined = {}
    for coding in codings:
        if not coding.events:
            continue
        first = joined.setdefault(coding.recording, coding)
        if first is not coding:
            twice = sorted({event.person for event in first.events} & {event.person for event in coding.events})
            if twice:
                raise ValueError(
                    f'{coding.recording} is coded twice for {first_few(map(_call, twice))}; pass one file of each '
                    'recording, such as human/*.eaf, or choose people with --people'
                )
            if not _share_media(first.media, coding.media):
                raise ValueError(
                    f'two recordings are named {coding.recording}, of the videos {first_few(first.media)} and '
                    f'{first_few(coding.media)}; rename one of the coded files'
                )
            first.events = sort_events([*first.events, *coding.events])
    folders = [Path(folder)] if folder else [path if path.is_dir() else path.parent for path in map(Path, paths)]
    if folder and not Path(folder).is_dir():
        raise FileNotFoundError(f'{folder}: no such folder; pass the folder of the videos')
    files = _index(folders)
    found = {name: _find(coding, files, bool(folder)) for name, coding in joined.items()}
    missing = [problem for problem in found.values() if isinstance(problem, str)]
    if missing:
        raise FileNotFoundError(
            f'{first_few(missing, separator="; ")}. Pass the folder of the videos with --videos; their names are those '
            'in the coded files, or those of the recordings'
        )
    recordings = [OpenRecording(name, joined[name].events, tuple(map(Video, found[name]))) for name in joined]
    for recording in recordings:
        _check_times(recording)
    return recordings


def _share_media(media: Sequence[str], others: Sequence[str]) -> bool:
    """Return whether two codings may be of the same video files, as far as they name any."""
    return (
        not media
        or not others
        or (
            len(media) == len(others)
            and all(
                _file_name(path) == _file_name(other)
                and not (Path(path).is_file() and Path(other).is_file() and not Path(path).samefile(other))
                for path, other in zip(media, others)
            )
        )
    )


def _file_name(path: str) -> str:
    """Return the name of a file in lower case. The paths in a file of another computer may have backslashes."""
    return PureWindowsPath(path).name.casefold()


def _index(folders: Iterable[Path]) -> dict[str, dict[Path, Path]]:
    """Return the videos below some folders by their names and stems, in lower case."""
    files = {}
    for folder in dict.fromkeys(folders):
        for path in sorted(folder.rglob('*')):
            if path.suffix.lower() in VIDEO_ENDINGS and not is_hidden(path, folder) and path.is_file():
                for key in {path.name.casefold(), path.stem.casefold()}:
                    files.setdefault(key, {})[path.resolve()] = path
    return files


def _find(coding: Coding, files: Mapping[str, Mapping[Path, Path]], in_folder_only: bool) -> list[Path] | str:
    """Return the video files of a recording, or a text that says what is missing."""
    found = []
    for name in coding.media or (coding.recording,):
        matches = list(files.get(_file_name(name), {}).values())
        if coding.media and not in_folder_only and Path(name).is_file():
            matches = [Path(name)]
        if len(matches) > 1:
            return f'{coding.recording}: {name} is {first_few(matches, 2, " or ")}'
        if not matches:
            return f'{coding.recording}: no video {name}'
        found += matches
    return found


def _check_times(recording: OpenRecording) -> None:
    for event in recording.events:
        if event.start >= recording.duration or event.end > recording.duration + MAX_OVERRUN:
            raise ValueError(
                f'{recording.name}: {event.action} from {event.start:.2f} to {event.end:.2f} s is after the end of '
                f'{recording.videos[-1].path} ({recording.duration:.2f} s); is it another video, or is a part of '
                'the recording missing?'
            )


def _call(person: str) -> str:
    return person or 'the only person'
