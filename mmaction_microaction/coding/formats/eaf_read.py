"""ELAN files (``.eaf``): reading."""

import os
import re
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from fnmatch import fnmatchcase
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple
from urllib.parse import unquote

from mmaction_microaction.label_sets import LabelSet, normalize_name
from mmaction_microaction.structures.coding import CodedEvent, Coding
from mmaction_microaction.utils.messages import first_few
from mmaction_microaction.utils.untrusted import parse_json, parse_xml, read_limited
from mmaction_microaction.video.files import VIDEO_ENDINGS

from .eaf_write import COMMENT, HUMAN, PROPERTY, SCORE

MAX_SIZE = 2**26
"""Largest size of a file in bytes. An hour of five people has about 20,000 annotations of 900 bytes each."""
MAX_ELEMENTS = 2**20
"""Largest number of XML elements of a file. An annotation with a score has eight."""


def read_eaf(path: str | Path, tiers: str | None = None) -> list[Coding]:
    """Read the annotations of an ELAN file, whoever wrote it.

    The value of an annotation is the action. The person is the participant of the tier, or the name of the tier if it
    has no participant. In a file of ``write_eaf``, the name of a tier without participant is searched for that of a
    person. Spellings of names and codes of the label set, such as ``Nodding`` and ``b1``, become the name.

    - Tiers whose names end in ``human`` are a second coder: if they contain annotations, the function returns the
      coding of the program and that of the human.
    - An annotation of at most 1 ms is a point event.
    - Annotations without times of their own, in tiers that subdivide a parent or are associated with it, are read only
      if ``tiers`` names their tier. They share the time of the parent annotation equally.
    - Boundaries that ELAN has not aligned share the time between the aligned ones equally.
    - Of several media files, which ELAN shows side by side, the first video is kept, and a warning names the others.
      The joined files of a recording, as ``write_eaf`` describes them, are all kept.
    - If the first kept file has an offset, it is added to all times, so that they count from its first frame.
      Annotations that end before it are left out, with a warning.

    Args:
        path (str | Path): Path of the file.
        tiers (str | None): Pattern of the names of the tiers to read, such as ``'*human*'``. None for all tiers that
            have times of their own.

    Returns:
        list[Coding]: The recording, or two if the file contains the coding of a program and that of a human.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If the file is not an ELAN file, an annotation is empty or has no possible time, or no tier fits.
    """
    path = Path(path)
    try:
        data = read_limited(path, MAX_SIZE, 'an ELAN file')
        return _Reader(parse_xml(data, 'ANNOTATION_DOCUMENT', MAX_ELEMENTS), path).read(tiers)
    except FileNotFoundError:
        raise FileNotFoundError(f'{path}: no such file') from None
    except (KeyError, TypeError, ValueError) as error:
        detail = f'the attribute {error} is missing' if isinstance(error, KeyError) else error
        raise ValueError(f'{path}: the ELAN file cannot be read: {detail}') from None


class _Span(NamedTuple):
    """An annotation with its times in milliseconds."""

    identifier: str
    start: float
    end: float
    value: str


class _Reader:
    """Reads the elements of a file."""

    def __init__(self, root: ET.Element, path: Path) -> None:
        self.path = path
        self.tiers = root.findall('TIER')
        self.header = root.find('HEADER')
        if self.header is None:
            self.header = ET.Element('HEADER')
        units = self.header.get('TIME_UNITS', 'milliseconds')
        if units != 'milliseconds':
            raise ValueError(f'its times are {units}, not milliseconds; save it with a present version of ELAN')
        self.times = {slot.attrib['TIME_SLOT_ID']: _parse_time(slot) for slot in root.iterfind('TIME_ORDER/TIME_SLOT')}
        texts = [item.text or '' for item in self.header.iterfind('PROPERTY') if item.get('NAME') == PROPERTY]
        self.own = self.parse_property(texts[0]) if texts else {}
        self.media = self.choose_media(self.header.findall('MEDIA_DESCRIPTOR'))
        self.origin = int(self.media[0].get('TIME_ORIGIN') or 0) if self.media else 0
        label_set = self.own.get('label_set')
        self.label_set = label_set and LabelSet.from_dict(label_set, str(self.path))
        self.actions = self.own.get('actions', {})
        self.spellings = {}
        for name, (code, _) in self.actions.items():
            self.spellings.setdefault(normalize_name(name), name)
            self.spellings.setdefault(normalize_name(code), name)

    def parse_property(self, text: str) -> dict[str, Any]:
        content = parse_json(text)
        kinds = {'recording': str, 'coder': str, 'people': list, 'settings': dict, 'actions': dict}
        kinds |= {'duration': (int, float, type(None)), 'fps': (int, float, type(None)), 'num_media': int}
        names = [None]
        if _fits(content, kinds):
            names = [*content.get('people', ()), *chain(*content.get('actions', {}).values())]
        if not all(isinstance(name, str) for name in names):
            raise ValueError(f'its property {PROPERTY!r} is damaged; delete it')
        return content

    def choose_media(self, found: list[ET.Element]) -> list[ET.Element]:
        """Return the files that follow each other. ELAN shows others, such as a second camera, beside them."""
        number = self.own.get('num_media', 0)
        kept = found[:number] if number > 1 else [*filter(_is_video, found), *found][:1]
        others = [media for media in found if media not in kept]
        if others:
            names = first_few(PurePosixPath(unquote(media.attrib['MEDIA_URL'])).name for media in others)
            warnings.warn(
                f'{self.path}: the first video is kept, and the other media files in ELAN are not: {names}',
                stacklevel=2,
            )
        return kept

    def read(self, pattern: str | None) -> list[Coding]:
        names = [tier.attrib['TIER_ID'] for tier in self.tiers]
        if not names:
            raise ValueError('it contains no tier')
        if pattern is not None and not any(fnmatchcase(name, pattern) for name in names):
            raise ValueError(f'no tier fits {pattern!r}; its tiers are {first_few(names, 20)}')
        spans = self.find_spans(pattern)
        found = {False: [], True: []}
        for tier in self.tiers:
            name = tier.attrib['TIER_ID']
            if name in spans:
                found[_is_human(name)].append(tier)
        human_events = any(spans[tier.attrib['TIER_ID']] for tier in found[True])
        parts = []
        if found[False] or not found[True] or (self.own and pattern is None):
            parts.append(self.build_coding(found[False], spans, human=False))
        if found[True] and (human_events or not parts):
            parts.append(self.build_coding(found[True], spans, human=True))
        if self.own and pattern is None:
            for coding in parts:
                coding.people = tuple(dict.fromkeys([*self.own.get('people', ()), *filter(None, coding.people)]))
        return parts

    def find_spans(self, pattern: str | None) -> dict[str, list[_Span]]:
        """Find the annotations of the chosen tiers."""
        aligned = {}
        for tier in self.tiers:
            self.align(tier)
            for element in tier.iterfind('ANNOTATION/ALIGNABLE_ANNOTATION'):
                aligned[element.attrib['ANNOTATION_ID']] = self.make_span(element, tier)
        located = {**aligned, **self.locate_references(aligned)}
        spans = {}
        for tier in self.tiers:
            name = tier.attrib['TIER_ID']
            elements = [element for annotation in tier.iterfind('ANNOTATION') for element in annotation]
            # An empty tier below another one may be for notes that have no times of their own.
            own_times = bool(elements) or not tier.get('PARENT_REF')
            own_times &= not any(element.tag == 'REF_ANNOTATION' for element in elements)
            attached = bool(self.own) and tier.get('PARENT_REF') and tier.get('LINGUISTIC_TYPE_REF') in (SCORE, COMMENT)
            chosen = own_times if pattern is None else fnmatchcase(name, pattern)
            if chosen and not attached:
                spans[name] = [located[element.attrib['ANNOTATION_ID']] for element in elements]
        return spans

    def make_span(self, element: ET.Element, tier: ET.Element) -> _Span:
        ends = []
        for key in ('TIME_SLOT_REF1', 'TIME_SLOT_REF2'):
            slot = element.attrib[key]
            if self.times.get(slot) is None:
                problem = 'does not exist' if slot not in self.times else 'has no time'
                raise ValueError(f'{_where(element, tier)}: the time slot {slot} {problem}')
            ends.append(self.times[slot])
        start, end = ends
        if end < start:
            raise ValueError(f'{_where(element, tier)}: it ends at {end} ms, before its start at {start} ms')
        return _Span(element.attrib['ANNOTATION_ID'], start, end, _value_of(element))

    def align(self, tier: ET.Element) -> None:
        """Give boundaries that ELAN has not aligned equal shares of the time between the aligned ones."""
        chain = []
        for element in tier.iterfind('ANNOTATION/ALIGNABLE_ANNOTATION'):
            first, last = element.attrib['TIME_SLOT_REF1'], element.attrib['TIME_SLOT_REF2']
            if not chain or chain[-1] != first:
                chain = [first]
            chain.append(last)
            start, end = self.times.get(chain[0]), self.times.get(last)
            if end is None:
                continue
            if start is not None and len(chain) > 2:
                for index, slot in enumerate(chain[1:-1], start=1):
                    self.times[slot] = start + (end - start) * index / (len(chain) - 1)
            chain = []

    def locate_references(self, aligned: dict[str, _Span]) -> dict[str, _Span]:
        """Find the times of the annotations that refer to another annotation."""
        siblings, tier_of = {}, {}
        for tier in self.tiers:
            for element in tier.iterfind('ANNOTATION/REF_ANNOTATION'):
                siblings.setdefault((tier.attrib['TIER_ID'], element.attrib['ANNOTATION_REF']), []).append(element)
                tier_of[element.attrib['ANNOTATION_ID']] = tier
        found, waiting = {}, list(siblings.items())
        while waiting:
            later = []
            for (name, parent), elements in waiting:
                span = aligned.get(parent) or found.get(parent)
                if span is None:
                    later.append(((name, parent), elements))
                    continue
                step = (span.end - span.start) / len(elements)
                for index, element in enumerate(elements):
                    start = span.start + index * step
                    identifier = element.attrib['ANNOTATION_ID']
                    found[identifier] = _Span(identifier, start, start + step, _value_of(element))
            if len(later) == len(waiting):
                element = later[0][1][0]
                tier = tier_of[element.attrib['ANNOTATION_ID']]
                raise ValueError(f'{_where(element, tier)}: its parent {later[0][0][1]} does not exist')
            waiting = later
        return found

    def build_coding(self, tiers: list[ET.Element], spans: dict[str, list[_Span]], human: bool) -> Coding:
        scores, comments = self.read_attached(SCORE), self.read_attached(COMMENT)
        events, people, coders, early = [], [], [], 0
        for tier in tiers:
            person = self.find_person(tier)
            people.append(person)
            coders.append(tier.get('ANNOTATOR', ''))
            for span in spans[tier.attrib['TIER_ID']]:
                if span.start + self.origin < 0 and span.end + self.origin <= 0:
                    early += 1
                else:
                    events.append(self.make_event(span, tier, person, scores, comments))
        if early:
            warnings.warn(
                f'{self.path}: {early} annotations end before the first frame of the video and are left out; is the '
                f'offset of the media file in ELAN, {self.origin / 1000:g} s, right?',
                stacklevel=2,
            )
        coders = ', '.join(dict.fromkeys(filter(None, coders)))
        own = {} if human else self.own
        return Coding(
            recording=self.own.get('recording') or self.path.stem,
            events=events,
            duration=self.own.get('duration'),
            media=tuple(self.find_media()),
            fps=self.own.get('fps'),
            people=tuple(dict.fromkeys(filter(None, people))),
            coder=own.get('coder') or coders or (HUMAN if human else ''),
            settings=own.get('settings', {}),
            label_set=self.label_set,
        )

    def make_event(
        self, span: _Span, tier: ET.Element, person: str, scores: dict[str, str], comments: dict[str, str]
    ) -> CodedEvent:
        start, end = (max(0.0, time + self.origin) / 1000 for time in (span.start, span.end))
        where = f'tier {tier.attrib["TIER_ID"]!r}, {start:.3f} s to {end:.3f} s'
        if not span.value:
            raise ValueError(
                f'{where}: the annotation is empty; choose its action in ELAN, delete it, or choose other tiers'
            )
        action = self.spellings.get(normalize_name(span.value), span.value)
        code, group = self.actions.get(action, ('', ''))
        score = scores.get(span.identifier)
        try:
            score = float(score) if score and score.strip() else None
        except ValueError:
            raise ValueError(f'{where}: the score {score!r:.40} is not a number') from None
        end = start if span.end - span.start <= 1 else end
        return CodedEvent(start, end, action, person, code, group, score, comments.get(span.identifier, ''))

    def find_person(self, tier: ET.Element) -> str:
        name, person = tier.attrib['TIER_ID'], tier.get('PARTICIPANT')
        if not self.own:
            return person or name
        if person is not None:
            return person
        known = [each for each in self.own.get('people', ()) if name == each or name.startswith(f'{each} ')]
        return max(known, key=len, default='')

    def read_attached(self, kind: str) -> dict[str, str]:
        """Read the scores or comments of a file of ``write_eaf``, by the identifiers of their annotations."""
        tiers = [tier for tier in self.tiers if self.own and tier.get('LINGUISTIC_TYPE_REF') == kind]
        elements = [element for tier in tiers for element in tier.iterfind('ANNOTATION/REF_ANNOTATION')]
        return {element.attrib['ANNOTATION_REF']: element.findtext('ANNOTATION_VALUE') or '' for element in elements}

    def find_media(self) -> Iterator[str]:
        """Yield the paths of the media: the absolute one, or that relative to the file if it exists there."""
        for media in self.media:
            absolute = re.sub('^file:/*(?=[A-Za-z]:/)|^file:/*(?=/)', '', media.attrib['MEDIA_URL'])
            relative = os.path.normpath(self.path.absolute().parent / media.get('RELATIVE_MEDIA_URL', absolute))
            candidates = [absolute, relative, unquote(absolute), unquote(relative)]
            yield next((each for each in candidates if os.path.isfile(each)), absolute)


def _is_video(media: ET.Element) -> bool:
    kind, ending = media.get('MIME_TYPE', ''), PurePosixPath(media.attrib['MEDIA_URL']).suffix.lower()
    return kind.startswith('video/') or (ending in VIDEO_ENDINGS and not kind.startswith('audio/'))


def _fits(content: Any, kinds: dict[str, Any]) -> bool:
    """Return whether a JSON value is an object whose values have the expected types."""
    return isinstance(content, dict) and all(
        key not in content or isinstance(content[key], kind) for key, kind in kinds.items()
    )


def _is_human(name: str) -> bool:
    """Return whether a human codes in a tier. ELAN may append a number to the name of a copy."""
    return re.search(rf'(^| ){HUMAN}([ -]?\d+)?$', name) is not None


def _parse_time(slot: ET.Element) -> float | None:
    value = slot.get('TIME_VALUE')
    if value is not None and not (value.isascii() and value.isdecimal() and len(value) <= 12):
        raise ValueError(f'the time slot {slot.attrib["TIME_SLOT_ID"]} has the time {value!r:.40}, not milliseconds')
    return None if value is None else int(value)


def _value_of(element: ET.Element) -> str:
    return ' '.join((element.findtext('ANNOTATION_VALUE') or '').split())


def _where(element: ET.Element, tier: ET.Element) -> str:
    return f'tier {tier.attrib["TIER_ID"]!r}, annotation {element.attrib["ANNOTATION_ID"]}'
