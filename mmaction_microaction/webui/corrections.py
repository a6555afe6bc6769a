"""Coded events of a result, and the corrections that a person makes to them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from mmaction_microaction.inference import ClipResult, DetectionResult, TimelineResult
from mmaction_microaction.label_sets import LabelSet
from mmaction_microaction.structures.coding import CodedEvent, Coding
from mmaction_microaction.structures.intervals import Interval
from mmaction_microaction.version import __version__

_MAX_NAME = 100


def to_coding(
    results: Sequence[ClipResult | TimelineResult | DetectionResult], name: str, model: str, fps: float | None = None
) -> Coding:
    """Convert the results of a recording to a coded recording.

    Args:
        results (Sequence[ClipResult | TimelineResult | DetectionResult]): Results of the people, at least one. Of a
            clip, the best action is coded, and nothing if this is ``rest``.
        name (str): Name of the file.
        model (str): Name of the network.
        fps (float, optional): Frames per second. Defaults to None: not known.

    Returns:
        Coding: The coded recording, coded by the network.
    """
    events = []
    for result in results:
        intervals = result.intervals[:1] if result.kind == 'clip' else result.intervals
        events += [
            CodedEvent.from_interval(interval, result.person) for interval in intervals if not interval.action.is_rest
        ]
    first = results[0]
    return Coding(
        Path(name).stem,
        events,
        first.duration,
        (name,),
        fps,
        tuple(result.person for result in results),
        f'{model} (mmaction-microaction {__version__})',
        {'network': model},
        first.label_set.without_rest(),
    )


def name_people(people: Sequence[str], subjects: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Give the people of a recording their names in the study.

    Args:
        people (Sequence[str]): Names of the people in the results.
        subjects (Mapping[str, str]): Names in the study, see :func:`.parse_subjects`.

    Returns:
        tuple[dict[str, str], list[str]]: Names in the study by those in the results, which people without a new name
        keep, and texts about names that do not fit the recording.

    Examples:
        >>> name_people(['left', 'right'], {'left': 'P1', '3': 'P3'})
        ({'left': 'P1', 'right': 'right'}, ["'3=P3' names nobody in this recording; write left=NAME, right=NAME."])
    """
    known = ', '.join(f'{person}=NAME' for person in people if person) or 'one name'
    unknown = [f'{person}={name}'.removeprefix('=') for person, name in subjects.items() if person not in people]
    problems = [f'{part!r:.60} names nobody in this recording; write {known}.' for part in unknown]
    names = {person: subjects.get(person, person) for person in people}
    if len(set(names.values())) < len(names):
        problems.append(f'Two people would have one name ({", ".join(names.values())}); choose different names.')
        names = {person: person for person in people}
    return names, problems


def to_intervals(events: Sequence[CodedEvent], label_set: LabelSet) -> list[Interval]:
    """Convert coded events to intervals, for figures. An event without a score has the score 1.

    Args:
        events (Sequence[CodedEvent]): Events whose actions are in the label set.
        label_set (LabelSet): Label set of the result.

    Returns:
        list[Interval]: One interval for each event.
    """
    index = {name: label for label, name in enumerate(label_set.names)}
    return [
        Interval(event.start, event.end, index[event.action], 1.0 if event.score is None else event.score, label_set)
        for event in events
    ]


@dataclass
class Corrections:
    """A coded recording that a person corrects. What was changed is written into the coded recording.

    Examples:
        >>> corrections = Corrections(Coding('talk', [CodedEvent(0.0, 2.0, 'nodding', score=0.9)], coder='net'))
        >>> corrections.change(corrections.coding.events[0], CodedEvent(0.5, 2.0, 'nodding')).comment
        'corrected: was nodding, 0.00 to 2.00 s'
        >>> corrections.coding.coder
        'net, corrected by a person'
    """

    coding: Coding
    """The coded recording, as corrected."""
    coder: str = ''
    """Name of the person who corrects. ``''`` if it is not given."""
    original_coder: str = field(init=False)
    """Coder before the corrections."""
    changed: int = 0
    """Number of changes."""
    added: int = 0
    """Number of added events."""
    deleted: list[CodedEvent] = field(default_factory=list)
    """Deleted events."""
    notes: dict[CodedEvent, str] = field(default_factory=dict)
    """What the program noted at the end of the comments of corrected events."""

    def __post_init__(self) -> None:
        self.original_coder = self.coding.coder

    @property
    def count(self) -> int:
        """int: Number of corrections."""
        return self.changed + self.added + len(self.deleted)

    def remark(self, event: CodedEvent) -> str:
        """Return the comment of an event without the note of the program: what the person wrote."""
        return event.comment.removesuffix(self.notes.get(event, '')).removesuffix('; ')

    def change(self, old: CodedEvent, new: CodedEvent) -> CodedEvent:
        """Replace an event.

        Args:
            old (CodedEvent): Event of the coded recording.
            new (CodedEvent): The corrected event, whose comment is the remark of the person.

        Returns:
            CodedEvent: The new event, whose comment also names what it was. It has no score, since a person coded it.
        """
        if new.comment == self.remark(old) and replace(new, score=old.score, comment=old.comment) == old:
            return old
        # What the network found, or that it found nothing, matters more than the last change.
        new = self._note(new, self.notes.get(old, f'corrected: was {_describe(old)}'))
        events = list(self.coding.events)
        events[events.index(old)] = new
        self.changed += 1
        self._write(events)
        return new

    def add(self, new: CodedEvent) -> CodedEvent:
        """Add an event, and return it with a comment that says so. It has no score."""
        new = self._note(new, 'added')
        self.added += 1
        self._write([*self.coding.events, new])
        return new

    def _note(self, event, note):
        """Return an event without a score, whose comment ends with a note of the program."""
        event = replace(event, score=None, comment='; '.join(filter(None, [event.comment, note])))
        self.notes[event] = note
        return event

    def delete(self, old: CodedEvent) -> None:
        """Delete an event. The settings of the coded recording list it."""
        events = list(self.coding.events)
        events.remove(old)
        self.deleted.append(old)
        self._write(events)

    def rename(self, names: Mapping[str, str]) -> None:
        """Rename people, also in the list of deleted events."""

        def renamed(events):
            return [replace(event, person=names.get(event.person, event.person)) for event in events]

        self.deleted = renamed(self.deleted)
        self.notes = dict(zip(renamed(self.notes), self.notes.values()))
        self.coding.people = tuple(names.get(person, person) for person in self.coding.people)
        self._write(renamed(self.coding.events))

    def name_coder(self, name: str) -> None:
        """Set the name of the person who corrects."""
        self.coder = name[:_MAX_NAME]
        self._write(self.coding.events)

    def _write(self, events):
        coder, settings = self.original_coder, dict(self.coding.settings)
        if self.count:
            coder = f'{coder}, corrected by {self.coder or "a person"}'
            deleted = [f'{event.person}: {_describe(event)}'.removeprefix(': ') for event in self.deleted]
            settings['corrections'] = {'changed': self.changed, 'added': self.added, 'deleted': deleted}
        self.coding = replace(self.coding, events=events, coder=coder, settings=settings)


def make_event_from_form(
    row: str,
    start: float | None,
    end: float | None,
    action: str | None,
    person: str,
    comment: str,
    coding: Coding,
) -> CodedEvent:
    """Check the values of a form, and make an event of them.

    Args:
        row (str): Name of the row for error messages, such as ``Row 3``.
        start (float | None): Start in seconds. None if the field is empty.
        end (float | None): End in seconds. None if the field is empty.
        action (str | None): Name of an action of the label set.
        person (str): Name of the person in the study.
        comment (str): Remark.
        coding (Coding): The coded recording, with its duration and label set.

    Returns:
        CodedEvent: The event, without a score.

    Raises:
        ValueError: If a value is missing or impossible. The message begins with the row.
    """
    if not all(type(value) in (int, float) and math.isfinite(value) for value in (start, end)):
        raise ValueError(f'{row}: start and end must be numbers of seconds.')
    if start < 0:
        raise ValueError(f'{row}: the start, {start:g} s, is before the recording begins; enter 0 or more.')
    if end <= start:
        raise ValueError(f'{row}: the end, {end:g} s, must be after the start, {start:g} s.')
    if coding.duration and end > coding.duration + 0.05:
        raise ValueError(f'{row}: the end, {end:g} s, is after the end of the recording, {coding.duration:.2f} s.')
    if action not in coding.label_set.names:
        raise ValueError(f'{row}: choose an action of {coding.label_set.title} from the list.')
    found = coding.label_set.actions[coding.label_set.names.index(action)]
    return CodedEvent(start, end, found.name, person, found.code, found.group or '', None, comment.strip())


def _describe(event):
    return f'{event.action}, {event.start:.2f} to {event.end:.2f} s'
