"""Praat files (``.TextGrid``): reading and writing."""

import codecs
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from mmaction_microaction.structures.coding import CodedEvent, Coding
from mmaction_microaction.utils.files import write_whole
from mmaction_microaction.utils.messages import first_few
from mmaction_microaction.utils.untrusted import read_limited

from .tiers import list_rows, split_overlaps

MAX_SIZE = 2**26
"""Largest size of a file in bytes. An hour of five people has about 40,000 intervals of 120 bytes each."""
UNNAMED = 'person'
"""Name in a file of a person without a name."""

# A text in quotation marks, a comment, or any other word. The first one never has to be searched twice.
_TOKEN = re.compile(r'"(?P<text>(?:[^"]+|"")*+)"|(?P<open>")|![^\n\r]*|(?P<word>[^\s"!]+)')
_NUMBER = re.compile(r'[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?', re.ASCII)
_FURTHER = re.compile(r' \((\d+|points( \d+)?)\)$')  # ends the name of a further tier of a row
_TOLERANCE = 0.001  # in seconds, for overlaps that rounding made


def write_textgrid(codings: Sequence[Coding], path: str | Path) -> None:
    """Write a coded recording for Praat, completely or not at all.

    Each person has an interval tier for each group of actions that occurs, ``P1: head``, or for each action without a
    group. Overlapping events get a further tier, ``P1: head (2)``, and point events a point tier, ``P1: head
    (points)``. A person without events has an empty tier. A person without a name is called ``person``.

    :func:`read_textgrid` returns the people, the actions, their groups, and the times to a microsecond. A Praat file
    has no place for codes, scores, comments, media, the coder, settings and the label set, and the recording gets the
    name of the file. Without a known duration, a file ends with the last event.

    Args:
        codings (Sequence[Coding]): The coded recording, one.
        path (str | Path): Path of the file.

    Raises:
        OSError: If the file cannot be written.
        ValueError: If there are several recordings.
    """
    if len(codings) != 1:
        raise ValueError(f'{path}: a Praat file contains one recording, got {len(codings)}')
    coding = codings[0]
    end = max([coding.duration or 0, *(event.end for event in coding.events)])
    end = _to_microseconds(end) or 10**6  # Praat needs a duration above 0.
    tiers = list(_build_tiers(coding, end))
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', '', 'xmin = 0', f'xmax = {_seconds(end)}']
    lines += ['tiers? <exists>', f'size = {len(tiers)}', 'item []:']
    for number, (kind, name, items) in enumerate(tiers, start=1):
        word = 'intervals' if kind == 'IntervalTier' else 'points'
        lines += [f'    item [{number}]:', f'        class = "{kind}"', f'        name = {_quote(name)}']
        lines += ['        xmin = 0', f'        xmax = {_seconds(end)}', f'        {word}: size = {len(items)}']
        for index, (start, stop, text) in enumerate(items, start=1):
            lines.append(f'        {word} [{index}]:')
            if kind == 'IntervalTier':
                lines += [f'            xmin = {_seconds(start)}', f'            xmax = {_seconds(stop)}']
                lines.append(f'            text = {_quote(text)}')
            else:
                lines += [f'            number = {_seconds(start)}', f'            mark = {_quote(text)}']
    write_whole(path, ('\n'.join(lines) + '\n').encode(errors='replace'))


def _build_tiers(coding: Coding, end: int) -> Iterator[tuple[str, str, list[tuple[int, int, str]]]]:
    """Yield the class, the name, and the intervals or points of each tier, in microseconds."""
    filled = {key: events for key, events in list_rows(coding).items() if events}
    for person in coding.people or ('',):
        shown = person or UNNAMED
        rows = [row for owner, row in filled if owner == person]
        if not rows:
            yield 'IntervalTier', f'{shown}: ' if ': ' in shown else shown, [(0, end, '')]
        for row in rows:
            items = [
                (_to_microseconds(event.start), _to_microseconds(event.end), event.action)
                for event in filled[person, row]
            ]
            intervals = sorted(item for item in items if item[0] < item[1])
            points = sorted(item for item in items if item[0] == item[1])
            for index, layer in enumerate(split_overlaps(item[:2] for item in intervals), start=1):
                suffix = '' if index == 1 else f' ({index})'
                yield 'IntervalTier', f'{shown}: {row}{suffix}', _fill_gaps([intervals[i] for i in layer], end)
            # Praat has one point at a time in a tier.
            for index, layer in enumerate(split_overlaps((start, start + 1) for start, _, _ in points), start=1):
                suffix = ' (points)' if index == 1 else f' (points {index})'
                yield 'TextTier', f'{shown}: {row}{suffix}', [points[i] for i in layer]


def _fill_gaps(intervals: list[tuple[int, int, str]], end: int) -> list[tuple[int, int, str]]:
    """Add intervals without text, so that a tier has no gap from 0 to its end."""
    filled, last = [], 0
    for interval in intervals:
        if interval[0] > last:
            filled.append((last, interval[0], ''))
        filled.append(interval)
        last = interval[1]
    return [*filled, (last, end, '')] if last < end else filled


def _to_microseconds(time: float) -> int:
    return round(time * 10**6)


def _seconds(microseconds: int) -> str:
    whole, rest = divmod(microseconds, 10**6)
    return f'{whole}.{rest:06}'.rstrip('0').rstrip('.')


def _quote(text: str) -> str:
    text = text.replace('"', '""')
    return f'"{text}"'


def read_textgrid(path: str | Path, tiers: str | None = None) -> list[Coding]:
    """Read a text file of Praat, in the long or the short form, in UTF-8 or UTF-16, whoever wrote it.

    The text of an interval or a point is the action; intervals without text are pauses. A tier named ``PERSON: GROUP``
    has the events of a person and a group; any other name is that of the person.

    Args:
        path (str | Path): Path of the file.
        tiers (str | None): Pattern of the names of the tiers to read, such as ``'P1*'``. None for all.

    Returns:
        list[Coding]: The recording.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If the file is not such a file, intervals overlap, or no tier fits.
    """
    path = Path(path)
    try:
        return [_parse(_decode(read_limited(path, MAX_SIZE, 'a Praat file')), path.stem, tiers)]
    except FileNotFoundError:
        raise FileNotFoundError(f'{path}: no such file') from None
    except ValueError as error:
        raise ValueError(f'{path}: the Praat file cannot be read: {error}') from None


def _decode(data: bytes) -> str:
    if data.startswith(b'ooBinaryFile'):
        raise ValueError('it is binary; in Praat, use Save > Save as text file')
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode('utf-16' if wide else 'utf-8-sig')
    except UnicodeDecodeError as error:
        raise ValueError(
            f'byte {error.start} is neither UTF-8 nor UTF-16; in Praat, choose UTF-8 in the text writing settings'
        ) from None


class _Tokens:
    """Numbers, texts and flags of a file, in their order. All other words are for human readers."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.matches = _TOKEN.finditer(text)
        self.position = 0

    def take(self, kind: str) -> float | str:
        for match in self.matches:
            self.position = match.start()
            if match['open']:
                raise self.error('a text has no closing quotation mark')
            if match['text'] is not None:
                found, value = 'text', match['text'].replace('""', '"')
            elif match['word'] and _NUMBER.fullmatch(match['word']):
                found, value = 'number', float(match['word'])
            elif match['word'] in ('<exists>', '<absent>'):
                found, value = 'flag', match['word']
            else:
                continue
            if found != kind:
                raise self.error(f'expected a {kind}, got {match[0]!r:.40}')
            return value
        self.position = len(self.text)
        raise self.error(f'the file ends where a {kind} is expected')

    def count(self) -> int:
        value = self.take('number')
        if not (value.is_integer() and value >= 0):
            raise self.error(f'expected a number of items, got {value}')
        return int(value)

    def error(self, message: str) -> ValueError:
        return ValueError(f'line {self.text.count(chr(10), 0, self.position) + 1}: {message}')


def _parse(text: str, recording: str, pattern: str | None) -> Coding:
    tokens = _Tokens(text)
    kind = tokens.take('text')
    if kind == 'Praat chronological TextGrid text file':
        raise ValueError('it is chronological; in Praat, use Save > Save as text file')
    if kind not in ('ooTextFile', 'ooTextFile short') or tokens.take('text') != 'TextGrid':
        raise ValueError('it does not begin with File type = "ooTextFile" and Object class = "TextGrid"')
    tokens.take('number')
    duration = tokens.take('number')
    number = tokens.count() if tokens.take('flag') == '<exists>' else 0
    events, people, names = [], [], []
    for _ in range(number):
        kind = tokens.take('text')
        if kind not in ('IntervalTier', 'TextTier'):
            raise tokens.error(f'a tier is an IntervalTier or a TextTier, not {kind!r:.40}')
        name = tokens.take('text')
        names.append(name)
        chosen = pattern is None or fnmatchcase(name, pattern)
        person, group = _split_name(name)
        if chosen:
            people.append(person)
        tokens.take('number')
        duration = max(duration, tokens.take('number'))
        last = 0.0
        for _ in range(tokens.count()):
            start = tokens.take('number')
            end = tokens.take('number') if kind == 'IntervalTier' else start
            action = ' '.join(tokens.take('text').split())
            if end < start or start < last - _TOLERANCE:
                raise tokens.error(f'tier {name!r}: {start} s to {end} s overlaps {last} s, or ends before it begins')
            last = end
            if action and chosen:
                try:
                    events.append(CodedEvent(start, end, action, person, group='' if group == action else group))
                except ValueError as error:
                    raise tokens.error(f'tier {name!r}: {error}') from None
    if not names:
        raise ValueError('it contains no tier')
    if pattern is not None and not people:
        raise ValueError(f'no tier fits {pattern!r}; its tiers are {first_few(names, 20)}')
    return Coding(recording, events, duration, people=tuple(dict.fromkeys(filter(None, people))))


def _split_name(name: str) -> tuple[str, str]:
    """Return the person and the group of a tier."""
    person, _, row = name.rpartition(': ')
    if not person:
        person, row = name, ''
    return '' if person == UNNAMED else person, _FURTHER.sub('', row)
