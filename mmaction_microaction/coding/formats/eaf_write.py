"""ELAN files (``.eaf``): writing."""

import json
import mimetypes
import os
import re
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from datetime import datetime
from itertools import chain, count
from pathlib import Path
from typing import NamedTuple

from mmaction_microaction.label_sets import Action
from mmaction_microaction.structures.coding import CodedEvent, Coding
from mmaction_microaction.utils.files import write_whole

from .tiers import list_rows, split_overlaps

HUMAN = 'human'
"""Last word of the name of a tier in which a person codes, beside those of the program."""
PROPERTY = 'microaction'
"""Name of the property of the header that contains what ELAN has no place for, as JSON."""
SCORE, COMMENT = 'score', 'comment'
"""Tier types of the scores and comments of annotations."""

_SCHEMA = 'http://www.mpi.nl/tools/elan/EAFv3.0.xsd'
_ACTION = 'action'  # tier type and vocabulary of the actions
_LANGUAGE = 'und'  # undetermined, as ELAN itself writes it
_NO_XML = re.compile('[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]')  # not allowed in XML 1.0


class _Annotation(NamedTuple):
    """An event of a tier, in milliseconds."""

    start: int
    end: int
    event: CodedEvent


def write_eaf(codings: Sequence[Coding], path: str | Path) -> None:
    """Write a coded recording for ELAN, completely or not at all.

    Each person has a tier for each group of the actions, such as ``P1 head``, or for each action that occurs if the
    actions have no groups. ELAN allows no overlaps within a tier, so overlapping events get a further one, such as
    ``P1 head 2``. Scores and comments are in child tiers, ``P1 head score``. The empty tier ``P1 human`` is for a
    person who codes the recording anew. All actions of the label set are in a controlled vocabulary, with their codes
    as descriptions.

    ``read_eaf`` returns the same coding, except that times are rounded to milliseconds and scores to four decimals,
    that media have absolute paths, and that an action has one code and one group. ELAN has no point events: a point
    event is an annotation of 1 ms, and an event shorter than 1.5 ms becomes one.

    Args:
        codings (Sequence[Coding]): The coded recording, one. ``settings['media_starts']`` may contain the start of each
            media file in seconds. ELAN shows media side by side; the starts make the joined files follow each other.
        path (str | Path): Path of the file.

    Raises:
        OSError: If the file cannot be written.
        ValueError: If there are several recordings.
    """
    if len(codings) != 1:
        raise ValueError(f'{path}: an ELAN file contains one recording, got {len(codings)}')
    root = _Document(codings[0], Path(path)).build()
    ET.indent(root, '    ')
    text = ET.tostring(root, encoding='unicode')
    write_whole(path, ('<?xml version="1.0" encoding="UTF-8"?>\n' + text + '\n').encode(errors='replace'))


class _Document:
    """Builds the elements of a file in the order that its schema requires."""

    def __init__(self, coding: Coding, path: Path) -> None:
        self.coding = coding
        self.path = path
        self.ids = count(1)
        self.slots: list[tuple[int, str]] = []
        self.names: set[str] = set()
        self.actions = _list_actions(coding)
        self.entries = {action.name: f'cve{index}' for index, action in enumerate(self.actions)}

    def build(self) -> ET.Element:
        date = datetime.now().astimezone().isoformat(timespec='seconds')
        root = ET.Element(
            'ANNOTATION_DOCUMENT',
            {
                'AUTHOR': _clean(self.coding.coder),
                'DATE': date,
                'FORMAT': '3.0',
                'VERSION': '3.0',
                'xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance',
                'xsi:noNamespaceSchemaLocation': _SCHEMA,
            },
        )
        tiers = self.build_tiers()
        root.append(self.build_header())
        order = ET.SubElement(root, 'TIME_ORDER')
        for time, identifier in sorted(self.slots, key=lambda slot: (slot[0], int(slot[1][2:]))):
            ET.SubElement(order, 'TIME_SLOT', {'TIME_SLOT_ID': identifier, 'TIME_VALUE': str(time)})
        root.extend(tiers)
        _add_type(root, _ACTION, {'TIME_ALIGNABLE': 'true', 'CONTROLLED_VOCABULARY_REF': _ACTION})
        for name in (SCORE, COMMENT):
            _add_type(root, name, {'TIME_ALIGNABLE': 'false', 'CONSTRAINTS': 'Symbolic_Association'})
        ET.SubElement(root, 'LANGUAGE', {'LANG_ID': _LANGUAGE, 'LANG_LABEL': 'undetermined (und)'})
        ET.SubElement(
            root,
            'CONSTRAINT',
            {'STEREOTYPE': 'Symbolic_Association', 'DESCRIPTION': '1-1 association with a parent annotation'},
        )
        root.append(self.build_vocabulary())
        return root

    def build_header(self) -> ET.Element:
        coding = self.coding
        header = ET.Element('HEADER', {'MEDIA_FILE': '', 'TIME_UNITS': 'milliseconds'})
        starts = coding.settings.get('media_starts') or [0] * len(coding.media)
        for media, start in zip(coding.media, starts, strict=True):
            header.append(_describe_media(media, start, self.path))
        content = {
            'recording': coding.recording,
            'duration': coding.duration,
            'fps': coding.fps,
            'people': coding.people,
            'num_media': len(coding.media),
            'coder': coding.coder,
            'settings': coding.settings,
            'label_set': coding.label_set and coding.label_set.to_dict(),
            'actions': {action.name: [action.code, action.group or ''] for action in self.actions},
        }
        for name, value in (
            (PROPERTY, json.dumps(content, allow_nan=False)),
            ('URN', f'urn:nl-mpi-tools-elan-eaf:{uuid.uuid4()}'),
            ('lastUsedAnnotationId', str(next(self.ids) - 1)),
        ):
            ET.SubElement(header, 'PROPERTY', {'NAME': name}).text = value
        return header

    def build_tiers(self) -> list[ET.Element]:
        tiers = []
        rows = list_rows(self.coding)
        for person in self.coding.people or ('',):
            for (_, row), events in ((key, events) for key, events in rows.items() if key[0] == person):
                annotations = sorted(map(_to_milliseconds, events), key=lambda annotation: annotation[:2])
                layers = split_overlaps(annotation[:2] for annotation in annotations) or [[]]
                for layer in layers:
                    tiers += self.build_tier(person, row, [annotations[index] for index in layer])
            tiers += [self.start_tier(f'{person} {HUMAN}', person, _ACTION)]
        return tiers

    def build_tier(self, person: str, row: str, annotations: list[_Annotation]) -> list[ET.Element]:
        """Build the tier of some events, and its child tiers."""
        tier = self.start_tier(f'{person} {row}', person, _ACTION, self.coding.coder)
        children = {}
        for start, end, event in annotations:
            identifier = f'a{next(self.ids)}'
            attributes = {'ANNOTATION_ID': identifier, 'CVE_REF': self.entries[event.action]}
            for number, time in enumerate((start, end), start=1):
                slot = f'ts{len(self.slots) + 1}'
                self.slots.append((time, slot))
                attributes[f'TIME_SLOT_REF{number}'] = slot
            _add_annotation(tier, 'ALIGNABLE_ANNOTATION', attributes, event.action)
            score = '' if event.score is None else f'{event.score:.4f}'.rstrip('0').rstrip('.')
            for kind, value in ((SCORE, score), (COMMENT, event.comment)):
                if not value:
                    continue
                if kind not in children:
                    name = f'{tier.get("TIER_ID")} {kind}'
                    children[kind] = self.start_tier(name, person, kind, self.coding.coder, tier.get('TIER_ID'))
                reference = {'ANNOTATION_ID': f'a{next(self.ids)}', 'ANNOTATION_REF': identifier}
                _add_annotation(children[kind], 'REF_ANNOTATION', reference, value)
        return [tier, *children.values()]

    def start_tier(self, name: str, person: str, kind: str, coder: str = '', parent: str | None = None) -> ET.Element:
        name = _clean(name).strip()
        further = (f'{name} {index}' for index in count(2))
        name = next(each for each in chain([name], further) if each not in self.names)
        self.names.add(name)
        attributes = {'TIER_ID': name, 'PARTICIPANT': _clean(person), 'ANNOTATOR': _clean(coder)}
        attributes = {key: value for key, value in attributes.items() if value}
        attributes['LINGUISTIC_TYPE_REF'] = kind
        if parent:
            attributes['PARENT_REF'] = parent
        return ET.Element('TIER', attributes)

    def build_vocabulary(self) -> ET.Element:
        vocabulary = ET.Element('CONTROLLED_VOCABULARY', {'CV_ID': _ACTION})
        title = self.coding.label_set.title if self.coding.label_set else 'actions'
        ET.SubElement(vocabulary, 'DESCRIPTION', {'LANG_REF': _LANGUAGE}).text = title
        for action in self.actions:
            entry = ET.SubElement(vocabulary, 'CV_ENTRY_ML', {'CVE_ID': self.entries[action.name]})
            attributes = {'DESCRIPTION': _clean(action.code), 'LANG_REF': _LANGUAGE}
            ET.SubElement(entry, 'CVE_VALUE', attributes).text = _clean(action.name)
        return vocabulary


def _list_actions(coding: Coding) -> list[Action]:
    """List the actions of the label set, and those of events that it lacks."""
    actions = {action.name: action for action in coding.label_set.actions} if coding.label_set else {}
    for event in coding.events:
        new = Action(len(actions), event.action, event.code, event.group, (), None, None)
        actions.setdefault(event.action, new)
    return list(actions.values())


def _to_milliseconds(event: CodedEvent) -> _Annotation:
    start, end = round(event.start * 1000), round(event.end * 1000)
    return _Annotation(start, max(end, start + 1), event)


def _describe_media(media: str, start: float, path: Path) -> ET.Element:
    """Describe a media file. ELAN takes its path as it is: percent-encoded names would not be found."""
    absolute = Path(os.path.abspath(media))
    attributes = {'MEDIA_URL': 'file:///' + absolute.as_posix().lstrip('/')}
    try:
        relative = Path(os.path.relpath(absolute, os.path.abspath(path.parent))).as_posix()
        attributes['RELATIVE_MEDIA_URL'] = relative if relative.startswith('../') else f'./{relative}'
    except ValueError:  # on another drive of Windows
        pass
    known = {'.wav': 'audio/x-wav', '.mkv': 'video/x-matroska'}.get(absolute.suffix.lower())
    attributes['MIME_TYPE'] = known or mimetypes.guess_type(absolute.name)[0] or 'unknown'
    if start:
        attributes['TIME_ORIGIN'] = str(-round(start * 1000))
    return ET.Element('MEDIA_DESCRIPTOR', {key: _clean(value) for key, value in attributes.items()})


def _add_type(root: ET.Element, name: str, attributes: dict[str, str]) -> None:
    ET.SubElement(root, 'LINGUISTIC_TYPE', {'LINGUISTIC_TYPE_ID': name, 'GRAPHIC_REFERENCES': 'false', **attributes})


def _add_annotation(tier: ET.Element, kind: str, attributes: dict[str, str], value: str) -> None:
    annotation = ET.SubElement(ET.SubElement(tier, 'ANNOTATION'), kind, attributes)
    ET.SubElement(annotation, 'ANNOTATION_VALUE').text = _clean(value)


def _clean(text: str) -> str:
    """Replace characters that XML cannot contain."""
    return _NO_XML.sub('\ufffd', text)
