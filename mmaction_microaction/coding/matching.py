"""Matches the scores of recordings with human codings of the same recordings and people."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mmaction_microaction.structures.coding import Coding
from mmaction_microaction.utils.messages import first_few

from .recording_names import find_name
from .scores_file import RecordingScores


def match_codings(
    scores: Sequence[RecordingScores], codings: Sequence[Coding]
) -> tuple[list[tuple[RecordingScores, Coding]], list[str]]:
    """Match scores with human codings by the names of recordings and people.

    A recording matches by its full name, or by the last part of it if only one recording has that. A recording with one
    person on both sides matches whatever the names of the person. People who are on one side only are left out.

    Args:
        scores (Sequence[RecordingScores]): Scores of recordings.
        codings (Sequence[Coding]): Human codings. Several may be of one recording, with different people.

    Returns:
        tuple[list[tuple[RecordingScores, Coding]], list[str]]: Pairs with the same people, and texts about what was
        left out.

    Raises:
        ValueError: If nothing matches, or two codings are of the same recording and person.
    """
    pairs, notes, seen = [], [], set()
    recordings = {coding.recording for coding in codings}
    for coding in codings:
        found = _find_scores(scores, coding.recording)
        if found is None or found.recording in recordings - {coding.recording}:
            notes.append(f'{coding.recording}: there are no scores of this recording')
            continue
        names = {person: person for person in coding.people if person in found.people}
        if not names and len(coding.people) == len(found.people) == 1:
            names = {coding.people[0]: found.people[0]}
        left_out = [person for person in coding.people if person not in names]
        if left_out or not names:
            notes.append(
                f'{coding.recording}: {_list_people(left_out)} of the coding left out; the scores are of '
                f'{_list_people(found.people)}'
            )
        people = tuple(person for person in found.people if person in names.values())
        twice = [person for person in people if (found.recording, person) in seen]
        if twice:
            raise ValueError(
                f'{coding.recording}: {_list_people(twice)} is coded in two files; pass the codings of one person who '
                'codes'
            )
        if not people:
            continue
        seen.update((found.recording, person) for person in people)
        rows = np.isin(found.person, people)
        kept = replace(
            found,
            person=found.person[rows],
            starts=found.starts[rows],
            ends=found.ends[rows],
            scores=found.scores[rows],
            labels=None if found.labels is None else found.labels[rows],
            people=people,
        )
        events = [replace(event, person=names[event.person]) for event in coding.events if event.person in names]
        without = [person for person in people if all(event.person != person for event in events)]
        if without:
            notes.append(
                f'{coding.recording}: the coding has no events of {_list_people(without)}, which counts as coded; '
                'leave out people who were not coded'
            )
        pairs.append((kept, replace(coding, events=events, people=people)))
    if not pairs:
        raise ValueError(
            'no coding is of a recording and a person with scores; give them the same names in both. The recordings '
            f'with scores are {first_few(item.recording for item in scores)}. {first_few(notes, separator="; ")}'
        )
    return pairs, notes


def _find_scores(scores: Sequence[RecordingScores], recording: str) -> RecordingScores | None:
    """Return the scores of a recording. None if there are none, or several that could be meant."""
    name = find_name(recording, [item.recording for item in scores])
    found = [item for item in scores if item.recording == name]
    return found[0] if len(found) == 1 else None


def _list_people(people: Sequence[str]) -> str:
    return first_few(person or 'the only person' for person in people) or 'nobody'
