"""Settings of a run of ``microaction code``, and the differences between those of two runs."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmaction_microaction.version import __version__

from .ledger import hash_file

_END = 2**20  # bytes at the start and at the end of a video that identify it


@dataclass(frozen=True)
class CodingSettings:
    """How recordings are coded. The results of a folder have the same settings.

    Examples:
        >>> settings = CodingSettings({'manet.onnx': '1a2b'}, threshold=0.6)
        >>> find_differences(settings.to_dict(), CodingSettings({'manet.onnx': '1a2b'}).to_dict())
        ['threshold was 0.6 and is the default']
    """

    model: dict[str, str]
    """Names of the files of the network, and the start of their SHA-256."""
    window: float | None = None
    """Length of a window in seconds. None for the default of the network."""
    step: float | None = None
    """Seconds from the start of one window to the start of the next. None for the default of the network."""
    crop: str = 'auto'
    """Part of the frames that the network sees, a value of ``--crop``."""
    people: str = 'all'
    """People who are coded, a value of ``--people``."""
    subjects: dict[str, str] = field(default_factory=dict)
    """Names of the people in the study, by their names in the recordings."""
    threshold: float | None = None
    """Threshold of the actions without a threshold of their own. None for the default of the network."""
    thresholds: dict[str, float | None] = field(default_factory=dict)
    """Thresholds of actions, by name. None for an action that is never found."""
    min_duration: float = 0.5
    """Minimum duration of a bout in seconds."""
    max_gap: float = 0.5
    """Maximum duration in seconds of a gap that is closed."""
    overlap: bool = False
    """Whether a person may do several actions of one group at the same time."""

    def __post_init__(self) -> None:
        for name in ('threshold', 'min_duration', 'max_gap'):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= (1 if name == 'threshold' else 3600):
                limit = 'from 0 to 1' if name == 'threshold' else 'from 0 to 3600 s'
                raise ValueError(f'{name} is {value}, but must be {limit}')
        if self.num_people is not None and self.num_people < 1:
            raise ValueError('--people 0: there must be at least one person')
        if self.people not in ('all', 'left', 'right', 'largest') and self.num_people is None:
            raise ValueError(f'--people {self.people}: expected a number, all, left, right or largest')
        if len(set(self.subjects.values())) < len(self.subjects):
            raise ValueError('--subjects: two people have the same name')

    @property
    def num_people(self) -> int | None:
        """Number of people that a recording should show. None if it may be any."""
        return int(self.people) if self.people.isdecimal() else None

    @property
    def person(self) -> str:
        """``person`` of the inferencer."""
        return 'all' if self.num_people is not None else self.people

    @property
    def network(self) -> dict[str, Any]:
        """Settings on which the scores of the network depend."""
        return {
            'version': __version__,
            'model': self.model,
            'window': self.window,
            'step': self.step,
            'crop': self.crop,
            'person': self.person,
        }

    def to_dict(self) -> dict[str, Any]:
        """Convert the settings for JSON.

        Returns:
            dict[str, Any]: All settings, and the version of the program.
        """
        return {**self.network, **vars(self)}


def find_differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Describe how the settings of two runs differ.

    Args:
        before (Mapping[str, Any]): Settings of the earlier run. It may contain more than settings.
        now (Mapping[str, Any]): Settings of this run.

    Returns:
        list[str]: A text for each difference. Empty if there is none.
    """
    return [
        f'{name} was {_format(before[name]) if name in before else "not recorded"} and is {_format(value)}'
        for name, value in now.items()
        if name not in before or before[name] != value
    ]


def _format(value: Any) -> str:
    if isinstance(value, Mapping):
        return ', '.join(f'{key} = {"never" if item is None else item}' for key, item in value.items()) or 'empty'
    if isinstance(value, list):
        return ' + '.join(f'{item["name"]} ({item["size"]:,} bytes, {item["sha256"][:8]})' for item in value)
    return 'the default' if value is None else str(value)


def identify_model(files: Sequence[str | Path]) -> dict[str, str]:
    """Return names and hashes of the files of a network.

    Args:
        files (Sequence[str | Path]): Config and checkpoint, or an ``.onnx`` file. The hash of a config is that of its
            content with all configs that it inherits.

    Returns:
        dict[str, str]: The first 16 digits of the SHA-256, by name.

    Raises:
        FileNotFoundError: If a file does not exist.
        ValueError: If a config is none.
    """
    hashes = {}
    for path in map(Path, files):
        if path == Path(files[0]) and len(files) > 1:
            from mmaction_microaction.inference.recognizer import read_config

            content = read_config(path).to_dict()
            hashes[path.name] = hashlib.sha256(_to_text(content).encode()).hexdigest()[:16]
        elif path.is_file():
            hashes[path.name] = hash_file(path)[:16]
        else:
            raise FileNotFoundError(f'{path}: no such file of a network')
    return hashes


def _to_text(content: Any) -> str:
    """Return the content of a config as text that does not depend on the order of its keys."""
    if isinstance(content, Mapping):
        return f'{{{",".join(f"{key}:{_to_text(content[key])}" for key in sorted(content, key=str))}}}'
    if isinstance(content, (list, tuple)):
        return f'[{",".join(map(_to_text, content))}]'
    return getattr(content, '__qualname__', None) or repr(content)


def identify_media(media: Sequence[str | Path]) -> list[dict[str, Any]]:
    """Return what identifies video files without reading all of them.

    Args:
        media (Sequence[str | Path]): The files.

    Returns:
        list[dict[str, Any]]: ``name``, ``size`` in bytes, and ``sha256`` of the first and the last MiB.
    """
    found = []
    for path in map(Path, media):
        size = path.stat().st_size
        with open(path, 'rb') as file:
            start = file.read(_END)
            file.seek(max(size - _END, 0))
            digest = hashlib.sha256(start + file.read(_END)).hexdigest()
        found.append({'name': path.name, 'size': size, 'sha256': digest[:16]})
    return found
