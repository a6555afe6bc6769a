"""Coded recordings: who did what and when, as a person or a network coded it, and their JSON files."""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from mmaction_microaction.label_sets import LabelSet
from mmaction_microaction.utils.files import write_whole
from mmaction_microaction.utils.untrusted import parse_json, read_limited

from .intervals import Interval

MAX_SIZE = 2**28
"""Largest size of a file in bytes. A day of five people has about 500,000 events of 150 bytes each."""
FORMAT = 'microaction coding'
"""Name of the format, the value of ``format`` in a file."""


class NotACodingError(ValueError):
    """Error of a JSON file that contains something else than a coded recording."""


@dataclass(frozen=True)
class CodedEvent:
    """An action of a person. An event whose start is its end is a point event.

    Examples:
        >>> CodedEvent(1.0, 2.5, 'nodding', person='P1').duration
        1.5
    """

    start: float
    """Start in seconds."""
    end: float
    """End in seconds."""
    action: str
    """Name of the action."""
    person: str = ''
    """Name of the person. ``''`` if the recording shows one person who has no name."""
    code: str = ''
    """Short name of the action, such as ``B1``. ``''`` if it is not known."""
    group: str = ''
    """Group of the action, such as ``head``. ``''`` if it is not known."""
    score: float | None = None
    """Score, 0 to 1. None for the event of a human coder."""
    comment: str = ''
    """Remark of the coder."""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.start) and math.isfinite(self.end) and 0 <= self.start <= self.end):
            raise ValueError(
                f'{self.action} should start at 0 s or later and not end before, got {self.start} s to {self.end} s'
            )
        if not self.action:
            raise ValueError(f'the event at {self.start} s has no action')

    @property
    def duration(self) -> float:
        """float: Duration in seconds."""
        return self.end - self.start

    @classmethod
    def from_interval(cls, interval: Interval, person: str = '') -> 'CodedEvent':
        """Convert an interval of a result.

        Args:
            interval (Interval): The interval.
            person (str): Name of the person. Defaults to ``''``.

        Returns:
            CodedEvent: The event, with the names of the action.
        """
        action = interval.action
        return cls(interval.start, interval.end, action.name, person, action.code, action.group or '', interval.score)


def sort_events(events: Iterable[CodedEvent]) -> list[CodedEvent]:
    """Sort events by start, end, person and action.

    Args:
        events (Iterable[CodedEvent]): The events.

    Returns:
        list[CodedEvent]: The sorted events. Those that differ only in the rest keep their order.
    """
    return sorted(events, key=lambda event: (event.start, event.end, event.person, event.action))


@dataclass
class Coding:
    """What one coder, a person or a network, coded in one recording.

    Examples:
        >>> coding = Coding('talk', [CodedEvent(4.0, 5.0, 'waving', 'P2'), CodedEvent(0.0, 2.0, 'nodding', 'P1')])
        >>> [event.action for event in coding.events]
        ['nodding', 'waving']
        >>> coding.people
        ('P1', 'P2')
    """

    recording: str
    """Name of the recording, usually that of its file without suffix."""
    events: list[CodedEvent] = field(repr=False)
    """The events. They are sorted by time, and may overlap."""
    duration: float | None = None
    """Duration of the recording in seconds. None if it is not known."""
    media: tuple[str, ...] = ()
    """Paths of the video files, in the order in which they follow each other."""
    fps: float | None = None
    """Frames per second. None if it is not known."""
    people: tuple[str, ...] = ()
    """Names of the people, also of those without events. Those of the events are added."""
    coder: str = ''
    """Name of the coder: a person, or a program with its version."""
    settings: dict[str, Any] = field(default_factory=dict, repr=False)
    """Settings of the program and its network, for JSON."""
    label_set: LabelSet | None = field(default=None, repr=False)
    """Actions that the coder distinguished. None if they are not known."""

    def __post_init__(self) -> None:
        self.events = sort_events(self.events)
        self.media = tuple(map(str, self.media))
        self.people = tuple(dict.fromkeys([*self.people, *sorted({event.person for event in self.events})]))

    def of(self, person: str) -> list[CodedEvent]:
        """Return the events of a person.

        Args:
            person (str): Name of the person.

        Returns:
            list[CodedEvent]: Events, sorted by time.
        """
        return [event for event in self.events if event.person == person]

    def to_dict(self) -> dict[str, Any]:
        """Return the content of the JSON file of :func:`write_coding`. Events have no empty values."""
        content = {item.name: getattr(self, item.name) for item in fields(self)}
        content['events'] = [
            {key: value for key, value in asdict(event).items() if value not in ('', None)} for event in self.events
        ]
        content['label_set'] = self.label_set and self.label_set.to_dict()
        return {'format': FORMAT, 'version': 1, **content}

    def absences_of(self, person: str) -> list[tuple[float, float]]:
        """Return when a person was not in the picture. ``microaction code`` records it, most human coders do not.

        Args:
            person (str): Name of the person.

        Returns:
            list[tuple[float, float]]: Start and end of each absence in seconds, sorted by time.

        Raises:
            ValueError: If ``settings['absences']`` is malformed.
        """
        recorded = self.settings.get('absences', {})
        try:
            spans = sorted((float(start), float(end)) for start, end in recorded.get(person, []))
        except (AttributeError, TypeError, ValueError):
            spans = [(math.nan, math.nan)]
        if not all(0 <= start <= end for start, end in spans):
            raise ValueError(
                f'{self.recording}: the absences of {person or "the person"} in its settings are not pairs of a start '
                'and an end in seconds; correct or remove them'
            )
        return spans


def write_coding(coding: Coding, path: str | Path) -> None:
    """Write a coded recording as JSON, completely or not at all. :func:`read_coding` returns it unchanged.

    Args:
        coding (Coding): The coded recording.
        path (str | Path): Path of the file.

    Raises:
        OSError: If the file cannot be written.
    """
    text = json.dumps(coding.to_dict(), indent=1, ensure_ascii=False, allow_nan=False)
    write_whole(path, (text + '\n').encode(errors='backslashreplace'))


def read_coding(path: str | Path) -> Coding:
    """Read a file that :func:`write_coding` wrote.

    Args:
        path (str | Path): Path of the file.

    Returns:
        Coding: The coded recording.

    Raises:
        FileNotFoundError: If the file does not exist.
        NotACodingError: If the file has another format.
        ValueError: If the file is damaged, or an event is invalid.
    """
    try:
        content = parse_json(read_limited(path, MAX_SIZE, 'a coded recording'))
        if not isinstance(content, Mapping) or content.get('format') != FORMAT:
            raise NotACodingError(
                f'{path} is not a coded recording: "format" is not "{FORMAT}"; pass the JSON files that "microaction '
                'code" wrote, or codings in another format'
            )
        values = {item.name: content[item.name] for item in fields(Coding) if content.get(item.name) is not None}
        values['events'] = list(_parse_events(content['events']))
        for key in ('people', 'media'):
            names = values.get(key, [])
            if not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
                raise ValueError(f'"{key}" should be a list of texts, got {names!r:.60}')
        if 'label_set' in values:
            values['label_set'] = LabelSet.from_dict(values['label_set'], str(path))
        return Coding(**values)
    except FileNotFoundError:
        raise FileNotFoundError(f'{path}: no such file') from None
    except NotACodingError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f'{path} is not a coded recording of "microaction code" ({type(error).__name__}: {error})'
        ) from None


def _parse_events(contents: Iterable[Mapping[str, Any]]) -> Iterable[CodedEvent]:
    for index, content in enumerate(contents, start=1):
        try:
            yield CodedEvent(**{key: value for key, value in content.items() if value is not None})
        except (AttributeError, TypeError, ValueError) as error:
            raise ValueError(f'event {index}: {error}') from None
