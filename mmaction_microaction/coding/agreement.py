"""Agreement of two coders, or of a coder and a program, as tables."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mmaction_microaction.label_sets import normalize_name
from mmaction_microaction.structures.coding import Coding
from mmaction_microaction.utils.times import format_clock

from .agreement_rows import (
    EVENT_COLUMNS,
    UNIT_COLUMNS,
    compare_all_events,
    compare_events,
    compare_states,
    compare_units,
    tabulate_events,
)
from .compared_pair import NONE, AgreementSettings, ComparedPair
from .result_tables import ResultTable
from .sides import CodedPair, Pairing, pair_codings

ALL = 'all'
"""Value of the columns ``recording``, ``person`` and ``action`` in the rows of everything together."""
DISAGREEMENT_COLUMNS = ('recording', 'person', 'time', 'start_s', 'end_s', 'A', 'B', 'kind')


@dataclass
class AgreementResult:
    """Tables of the agreement of two sides."""

    units: ResultTable
    """Agreement on units of time: a row for each person and action, and for everything together."""
    events: ResultTable
    """Agreement on events, with the same rows."""
    confusions: ResultTable
    """Numbers of events by the action of A (rows) and the action of B (columns)."""
    states: ResultTable
    """Numbers of units by what A and B say of them, the most frequent first."""
    disagreements: ResultTable
    """Events on which A and B disagree, by time."""
    about: ResultTable
    """Rules of the comparison, and what was not compared."""

    @property
    def tables(self) -> list[ResultTable]:
        """list[ResultTable]: All tables, the main one first."""
        return [self.units, self.events, self.confusions, self.states, self.disagreements, self.about]

    @property
    def notes(self) -> list[str]:
        """list[str]: What was not compared, and assumptions."""
        return [text for key, text in self.about.rows if key == 'note']


def find_reference(first: Sequence[Coding], second: Sequence[Coding]) -> str | None:
    """Return the side of the human coder if the other side is a program, whose events have scores.

    Args:
        first, second (Sequence[Coding]): Recordings of the sides A and B.

    Returns:
        str | None: ``'A'`` or ``'B'``; None if both sides have scores, or neither.
    """
    scored = has_scores(first), has_scores(second)
    if scored[0] == scored[1]:
        return None
    return 'B' if scored[0] else 'A'


def has_scores(codings: Sequence[Coding]) -> bool:
    """Return whether any event has a score, as those of a program do, even after a person corrected its file.

    Args:
        codings (Sequence[Coding]): Recordings of one side.

    Returns:
        bool: Whether there is a score.
    """
    return any(event.score is not None for coding in codings for event in coding.events)


def compare_codings(
    first: Sequence[Coding], second: Sequence[Coding], settings: AgreementSettings | None = None
) -> AgreementResult:
    """Compare the coded recordings of two sides, A and B.

    Args:
        first, second (Sequence[Coding]): Recordings of the sides A and B, each recording once.
        settings (AgreementSettings, optional): Rules of the comparison. Defaults to None, for the default rules.

    Returns:
        AgreementResult: Tables.

    Raises:
        ValueError: If the sides have no person of a recording in common, a rule is out of range, or point events would
            have to overlap.
    """
    settings = settings or AgreementSettings()
    settings.check()
    pairing = pair_codings(first, second)
    names = _name_actions(pairing.pairs)
    compared = [ComparedPair(pair, names, settings) for pair in pairing.pairs]
    actions = sorted({action for pair in compared for side in pair.labels for action in side})
    nothing = _name_nothing(actions)
    notes = [*pairing.notes, *_note_actions(compared)]
    scopes = list(_find_scopes(compared))
    units, events = [], []
    for recording, person, members, by_action in scopes:
        where = (recording, person)
        units.append((*where, ALL, *compare_states(members)))
        events.append((*where, ALL, *compare_all_events(members, actions, settings.reference)))
        for action in actions if by_action else ():
            units.append((*where, action, *compare_units(members, action)))
            events.append((*where, action, *compare_events(members, action, settings.reference)))
    return AgreementResult(
        ResultTable('units', UNIT_COLUMNS, units),
        ResultTable('events', EVENT_COLUMNS, events),
        _tabulate_confusions(compared, actions, nothing),
        _tabulate_states(compared, nothing),
        ResultTable('disagreements', DISAGREEMENT_COLUMNS, _list_disagreements(compared, nothing)),
        _describe(first, second, settings, pairing, notes),
    )


def _name_actions(pairs: Sequence[CodedPair]) -> dict[str, str]:
    """Return the spelling of each action: the first one of A or, if A does not have it, of B."""
    names = {}
    for side in 1, 0:
        for pair in reversed(pairs):
            for event in reversed((pair.first, pair.second)[side]):
                names[normalize_name(event.action)] = event.action
    return names


def _name_nothing(actions: Sequence[str]) -> str:
    """Return what tables show where a side has no action: none, in parentheses if an action is called so."""
    name, taken = 'none', set(map(normalize_name, actions))
    while name in taken:
        name = f'({name})'
    return name


def _note_actions(compared: Sequence[ComparedPair]) -> list[str]:
    used = [{action for pair in compared for action in pair.labels[side]} for side in (0, 1)]
    return [
        f'only {name} uses {", ".join(sorted(own - other))}; is it a matter of spelling or of two coding schemes?'
        for name, own, other in (('A', *used), ('B', *used[::-1]))
        if own - other
    ]


def _find_scopes(compared: Sequence[ComparedPair]) -> Iterator[tuple[str, str, Sequence[ComparedPair], bool]]:
    """Yield recording, person, members and whether single actions are compared, for each part that has rows."""
    people = sorted({pair.pair.person for pair in compared})
    yield ALL, ALL, compared, True
    for person in people:
        if len(people) > 1:
            yield ALL, person, [pair for pair in compared if pair.pair.person == person], True
    if len(compared) > len(people):
        for pair in compared:
            yield pair.pair.recording, pair.pair.person, [pair], False


def _tabulate_confusions(compared: Sequence[ComparedPair], actions: Sequence[str], nothing: str) -> ResultTable:
    table = tabulate_events(compared, actions)
    rows = [(name, *map(int, row)) for name, row in zip([*actions, nothing], table)]
    return ResultTable('confusions', ('A \\ B', *actions, nothing), rows)


def _tabulate_states(compared: Sequence[ComparedPair], nothing: str) -> ResultTable:
    counts = Counter(state for pair in compared for state in zip(pair.states_of(0), pair.states_of(1)))
    rows = [(*(' + '.join(state) or nothing for state in states), count) for states, count in counts.items()]
    return ResultTable('states', ('A', 'B', 'units'), sorted(rows, key=lambda row: (-row[2], row)))


def _list_disagreements(compared: Sequence[ComparedPair], nothing: str) -> list[tuple]:
    rows = []
    for pair in compared:
        for row in pair.rows:
            a, b = pair.actions_of(row)
            if a == b:
                continue
            events = pair.events_of(row)
            start, end = min(event.start for event in events), max(event.end for event in events)
            kind = 'only B' if a == NONE else 'only A' if b == NONE else 'other action'
            where = (pair.pair.recording, pair.pair.person)
            times = format_clock(start, tenths=True), round(start, 3), round(end, 3)
            rows.append((*where, *times, a or nothing, b or nothing, kind))
    return sorted(rows, key=lambda row: (row[0], row[3], row[1]))


def _describe(
    first: Sequence[Coding], second: Sequence[Coding], settings: AgreementSettings, pairing: Pairing, notes: list[str]
) -> ResultTable:
    same = (
        f'starts at most {settings.tolerance:g} s apart'
        if settings.overlap is None
        else f'overlap at least {settings.overlap:g} of the longer event'
    )
    recordings = {pair.recording: pair.duration for pair in pairing.pairs}
    rows = [
        ('A', _name_coder(first)),
        ('B', _name_coder(second)),
        ('recordings', f'{len(recordings):,}, together {sum(recordings.values()) / 60:,.1f} min'),
        ('people in recordings', f'{len(pairing.pairs):,}'),
        ('unit', f'{settings.unit:g} s; an action is present if it takes place in any part of the unit'),
        ('states', 'actions that are present at the same time are one category of their own'),
        ('events', f'matched one to one, {same}'),
        (
            'kappa of all events',
            'kappa_ipf of EasyDIAg and ELAN: unmatched events count; kappa_matched leaves them out',
        ),
        ('truth', f'{settings.reference}, for precision and recall' if settings.reference else 'neither side'),
        *(('note', note) for note in notes),
    ]
    return ResultTable('about', ('item', 'text'), rows)


def _name_coder(side: Sequence[Coding]) -> str:
    return ', '.join(sorted({coding.coder for coding in side if coding.coder})) or 'coder without a name'
