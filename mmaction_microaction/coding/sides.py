"""Coded recordings of two sides: reading them, and finding what both sides coded."""

from collections.abc import Sequence
from glob import glob
from pathlib import Path
from typing import NamedTuple

from mmaction_microaction.label_sets import normalize_name
from mmaction_microaction.structures.coding import CodedEvent, Coding
from mmaction_microaction.utils.messages import first_few, format_count

from .formats import read_codings
from .recording_names import find_name, list_namesakes

_SAME_TIME = 0.05
"""Difference of times in seconds that formats may cause."""


class CodedPair(NamedTuple):
    """A person in a recording, as two sides coded them."""

    recording: str
    """Name of the recording."""
    person: str
    """Name of the person."""
    duration: float
    """Duration of the recording in seconds."""
    first: list[CodedEvent]
    """Events of the first side."""
    second: list[CodedEvent]
    """Events of the second side."""


class Pairing(NamedTuple):
    """What two sides have in common, and what only one of them has."""

    pairs: list[CodedPair]
    """People in recordings that both sides coded."""
    notes: list[str]
    """Sentences about recordings and people that are not compared, and about assumptions."""


def read_side(paths: Sequence[str | Path], people: str = '*', tiers: str | None = None) -> list[Coding]:
    """Read coded recordings, each of them once.

    Args:
        paths (Sequence[str | Path]): Files, folders, and patterns of files such as ``'results/*.eaf'``.
        people (str): Pattern of the people. Defaults to ``'*'``.
        tiers (str, optional): Pattern of the tiers, see :func:`.read_codings`. Defaults to None: all.

    Returns:
        list[Coding]: One coding for each recording. Files that have the same events of a recording in several formats
        count once, and the one that contains most is returned.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If a file is malformed, or files have different events of a recording.
    """
    files = []
    for path in map(str, paths):
        matches = [] if Path(path).exists() else sorted(glob(path))
        files += matches or [path]
    codings = {}
    for coding in read_codings(files, people, tiers):
        known = codings.get(coding.recording)
        if known and not _have_same_events(known, coding):
            raise ValueError(
                f'{first_few(paths)}: there are two codings of the recording {coding.recording}, with different events '
                "or people; give the files of one coder in one format, for example 'results/*.eaf', and the tiers of "
                "one coder, for example '*human*'; if they are different recordings, give the folder that contains both"
            )
        if known is None or _measure_content(coding) > _measure_content(known):
            codings[coding.recording] = coding
    return list(codings.values())


def _have_same_events(first: Coding, second: Coding) -> bool:
    events, others = (
        sorted(
            (normalize_name(event.person), normalize_name(event.action), event.start, event.end)
            for event in coding.events
        )
        for coding in (first, second)
    )
    return len(events) == len(others) and all(
        event[:2] == other[:2] and max(abs(event[2] - other[2]), abs(event[3] - other[3])) <= _SAME_TIME
        for event, other in zip(events, others)
    )


def _measure_content(coding: Coding) -> tuple[int, int]:
    """Return how much is known of a recording besides actions and times."""
    known = [coding.label_set, coding.duration, coding.fps, coding.media, coding.coder, coding.settings]
    known.append(any(event.score is not None for event in coding.events))
    return len(coding.people), sum(bool(value) for value in known)


def pair_codings(first: Sequence[Coding], second: Sequence[Coding]) -> Pairing:
    """Find the recordings, and the people in them, that both sides coded.

    Names are compared without regard to case, spaces, hyphens and underscores. Recordings without the same name are the
    same if the last parts of their names are equal, and no other recording of either side has that last part. If each
    side has a single person in a recording, and one of them has no name, they are the same person.

    Args:
        first, second (Sequence[Coding]): Recordings of each side, each of them once.

    Returns:
        Pairing: Pairs, sorted by recording and person, and notes about everything else.

    Raises:
        ValueError: If no person in any recording was coded by both sides.
    """
    sides = [{coding.recording: coding for coding in side} for side in (first, second)]
    notes, pairs = [], []
    names = {name: find_name(name, sides[1]) for name in sides[0]}
    names = {name: other for name, other in names.items() if other and find_name(other, sides[0]) == name}
    matched = names.keys(), set(names.values())
    for label, index in ('A', 0), ('B', 1):
        missing = sorted(sides[index].keys() - matched[index])
        if missing:
            notes.append(f'only {label} has {format_count(len(missing), "recording")}: {first_few(missing, 20)}')
        for name in missing:
            similar = sorted(list_namesakes(name, sides[1 - index].keys() - matched[1 - index]))
            if len(similar) > 1:
                notes.append(
                    f'{name} of {label} could be {first_few(similar, separator=" or ")}; give them the same folder'
                )
    for name, other in sorted(names.items(), key=lambda item: normalize_name(item[0])):
        if '/' in name and '/' in other and normalize_name(name) != normalize_name(other):
            notes.append(f'{name} of A is compared with {other} of B')
        pairs += _pair_people(sides[0][name], sides[1][other], notes)
    if not pairs:
        reason = f' ({"; ".join(notes)})' if notes else ''
        raise ValueError(f'A and B have no person of a recording in common{reason}; give them the same names in both')
    return Pairing(pairs, notes)


def _pair_people(first: Coding, second: Coding, notes: list[str]) -> list[CodedPair]:
    """Return the pairs of a recording, and append to the notes."""
    recording = first.recording
    people = [_name_people(label, coding, notes) for label, coding in (('A', first), ('B', second))]
    if (
        len(people[0]) == len(people[1]) == 1
        and people[0].keys() != people[1].keys()
        and '' in {*people[0], *people[1]}
    ):
        name = next(spellings[0] for side in people for spellings in side.values() if spellings[0])
        notes.append(f'{recording}: the only person has a name on one side, {name}')
        people = [{normalize_name(name): spellings for spellings in side.values()} for side in people]
    duration = _find_duration(first, second, notes)
    for name, side, other in ('A', *people), ('B', *people[::-1]):
        missing = [side[key][0] or 'a person without a name' for key in sorted(side.keys() - other.keys())]
        if missing:
            notes.append(f'{recording}: only {name} has {first_few(missing, 20)}')
    pairs = []
    for key in sorted(people[0].keys() & people[1].keys()):
        person = people[0][key][0] or people[1][key][0]
        events = [_events_of(coding, side[key]) for coding, side in zip((first, second), people)]
        if any(events) and not all(events):
            empty, other = ('A', 'B') if events[1] else ('B', 'A')
            notes.append(
                f'{recording}: {empty} has no events of {person or "the person"}, and {other} has '
                f'{max(map(len, events))}; if {empty} did not code this person, leave the recording out'
            )
        pairs.append(CodedPair(recording, person, duration, *events))
    return pairs


def _name_people(label: str, coding: Coding, notes: list[str]) -> dict[str, list[str]]:
    """Return the spellings of each person. Different ones are one person, and are noted."""
    people = {}
    for person in coding.people:
        people.setdefault(normalize_name(person), []).append(person)
    for spellings in people.values():
        if len(spellings) > 1:
            notes.append(f'{coding.recording}: {first_few(spellings, 20, " and ")} of {label} are taken as one person')
    return people


def _events_of(coding: Coding, spellings: Sequence[str]) -> list[CodedEvent]:
    return [event for event in coding.events if event.person in spellings]


def _find_duration(first: Coding, second: Coding, notes: list[str]) -> float:
    known = [coding.duration for coding in (first, second) if coding.duration]
    last = max((event.end for coding in (first, second) for event in coding.events), default=0.0)
    if not known:
        notes.append(
            f'{first.recording}: the duration is not known; units after the last event, {last:.1f} s, are missing'
        )
        return last
    if max(known) - min(known) > 1:
        notes.append(
            f'{first.recording}: A lasts {known[0]:.1f} s and B {known[1]:.1f} s; do they have the same beginning?'
        )
    if last > max(known) + 1:
        notes.append(
            f'{first.recording}: the last event ends at {last:.1f} s, after the recording ({max(known):.1f} s)'
        )
    return max(*known, last)
