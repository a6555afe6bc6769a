"""Subtitles (``.srt`` and ``.vtt``): writing and reading."""

import codecs
import html
import re
from collections.abc import Sequence
from pathlib import Path

from mmaction_microaction.structures.coding import CodedEvent, Coding
from mmaction_microaction.utils.files import write_whole
from mmaction_microaction.utils.untrusted import read_limited

MAX_SIZE = 2**26
"""Largest size of a file in bytes. An hour of five people has about 20,000 subtitles of 70 bytes each."""
POINT_DURATION = 1.0
"""Time in seconds for which a point event is shown."""

_TIME = r'(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})[,.](\d{1,3})'
_TIMES = re.compile(rf'\s*{_TIME}\s*-->\s*{_TIME}(\s.*)?', re.ASCII)
_VOICE = re.compile(r'<v(?:\.[^ >]*)? ([^>]*)>')
_MARKUP = re.compile(r'</?[a-zA-Z][^<>]*>|<[\d:.]+>|\{\\[^{}]*\}')


def write_srt(codings: Sequence[Coding], path: str | Path) -> None:
    """Write a coded recording as SubRip subtitles, which VLC shows if they have the name of the video.

    Each event is a subtitle, such as ``P1: nodding (B1, 87 %)``, with its comment in the next line. A point event is
    shown for a second and contains the word ``point``. Subtitles have no place for groups, people without events,
    media, the coder, settings and the label set. Of a name with a colon and a space, the part before it is read back as
    the person.

    Args:
        codings (Sequence[Coding]): The coded recording, one.
        path (str | Path): Path of the file.

    Raises:
        OSError: If the file cannot be written.
        ValueError: If there are several recordings.
    """
    coding = _only(codings, path)
    cues = []
    for number, event in enumerate(coding.events, start=1):
        start, end = _show(event)
        text = '\n'.join(line.replace('-->', '->') for line in _describe(event))
        cues.append(f'{number}\n{_time(start, ",")} --> {_time(end, ",")}\n{text}\n')
    write_whole(path, '\n'.join(cues).encode(errors='replace'))


def write_vtt(codings: Sequence[Coding], path: str | Path) -> None:
    """Write a coded recording as WebVTT subtitles for web pages, with the texts of :func:`write_srt`.

    Args:
        codings (Sequence[Coding]): The coded recording, one.
        path (str | Path): Path of the file.

    Raises:
        OSError: If the file cannot be written.
        ValueError: If there are several recordings.
    """
    coding = _only(codings, path)
    cues = ['WEBVTT\n']
    for event in coding.events:
        start, end = _show(event)
        text = '\n'.join(html.escape(line, quote=False) for line in _describe(event))
        cues.append(f'{_time(start, ".")} --> {_time(end, ".")}\n{text}\n')
    write_whole(path, '\n'.join(cues).encode(errors='replace'))


def _only(codings: Sequence[Coding], path: str | Path) -> Coding:
    if len(codings) != 1:
        raise ValueError(f'{path}: subtitles belong to one recording, got {len(codings)}')
    return codings[0]


def _show(event: CodedEvent) -> tuple[int, int]:
    """Return the times in milliseconds between which an event is shown."""
    start, end = round(event.start * 1000), round(event.end * 1000)
    return start, start + round(POINT_DURATION * 1000) if start == end else end


def _describe(event: CodedEvent) -> list[str]:
    """Return the lines of a subtitle."""
    score = '' if event.score is None else f'{round(event.score * 100)} %'
    point = 'point' if round(event.start * 1000) == round(event.end * 1000) else ''
    details = ', '.join(filter(None, (event.code, score, point)))
    person = f'{event.person}: ' if event.person else ''
    # Without brackets of its own, an action such as "touching (face)" would be read as "touching" with a code.
    details = f' ({details})' if details or event.action.endswith(')') else ''
    lines = [f'{person}{event.action}{details}', event.comment]
    return [' '.join(line.split()) for line in lines if line.strip()]


def _time(milliseconds: int, mark: str) -> str:
    seconds, milliseconds = divmod(milliseconds, 1000)
    return f'{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{mark}{milliseconds:03}'


def read_subtitles(path: str | Path) -> list[Coding]:
    """Read SubRip or WebVTT subtitles.

    Subtitles of :func:`write_srt` and :func:`write_vtt` give the person, action, code, score in per cent, comment and
    time of each event. In any other subtitle, the first line is the action, after the name of the person and a colon
    if there is one. Text without times is skipped, as players do.

    Folders are not searched for subtitles, since those beside a video usually contain what is said.

    Args:
        path (str | Path): Path of the file.

    Returns:
        list[Coding]: The recording, named like the file.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If the file does not contain subtitles, or a time is impossible.
    """
    path = Path(path)
    try:
        events = _parse(_decode(read_limited(path, MAX_SIZE, 'a file of subtitles')))
    except FileNotFoundError:
        raise FileNotFoundError(f'{path}: no such file') from None
    except ValueError as error:
        raise ValueError(f'{path}: the subtitles cannot be read: {error}') from None
    return [Coding(path.stem, events)]


def _decode(data: bytes) -> str:
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode('utf-16' if wide else 'utf-8-sig')
    except UnicodeDecodeError as error:
        raise ValueError(f'byte {error.start} is not UTF-8; save the file in UTF-8') from None


def _parse(text: str) -> list[CodedEvent]:
    """Read the cues. Headers, notes and styles have no line with times and are skipped."""
    lines = re.split('\r\n|\r|\n', text)
    cues, content = [], None
    for number, line in enumerate(lines, start=1):
        match = _TIMES.fullmatch(line)
        if match:
            content = []
            cues.append((number, match, content))
        elif '-->' in line:
            raise ValueError(f'line {number}: expected 00:00:01,500 --> 00:00:02,000, got {line!r:.60}')
        elif not line.strip():
            content = None
        elif content is not None:
            content.append(line)
    if not cues and text.strip() and not text.startswith('WEBVTT'):
        raise ValueError('it contains no line with times, such as 00:00:01,500 --> 00:00:02,000')
    events = []
    for number, match, content in cues:
        start, end = (_seconds(match.groups()[first : first + 4]) for first in (0, 4))
        try:
            events.append(_parse_cue(start, end, content))
        except ValueError as error:
            raise ValueError(f'line {number}: {error}') from None
    return events


def _parse_cue(start: float, end: float, lines: list[str]) -> CodedEvent:
    voice = _VOICE.search(lines[0]) if lines else None
    first, *comment = [html.unescape(_MARKUP.sub('', line)).strip() for line in lines] or ['']
    person, mark, action = first.partition(': ')
    if not mark:
        person, action = html.unescape(voice[1]).strip() if voice else '', first
    details, code, score, point = '', '', None, False
    if action.endswith(')') and ' (' in action:
        action, _, details = action[:-1].rpartition(' (')
    for detail in details.split(', '):
        if re.fullmatch(r'\d{1,3} %', detail, re.ASCII):
            score = int(detail[:-2]) / 100
        elif detail == 'point':
            point = True
        else:
            code = detail
    return CodedEvent(start, start if point else end, action, person, code, '', score, ' '.join(comment))


def _seconds(parts: tuple[str, str, str, str]) -> float:
    hours, minutes, seconds, fraction = parts
    whole = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
    return (whole * 1000 + int(fraction.ljust(3, '0'))) / 1000
