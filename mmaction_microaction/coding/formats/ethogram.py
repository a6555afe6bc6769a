"""Behaviours of a project of BORIS."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from mmaction_microaction.label_sets import LabelSet
from mmaction_microaction.structures.coding import CodedEvent

_CODE = re.compile(r'Code: (.+)')


class Behavior(NamedTuple):
    """A behaviour."""

    is_state: bool
    """Whether its events have a start and a stop."""
    code: str
    """Short name, such as ``B1``. ``''`` if there is none."""
    group: str
    """Category. ``''`` if there is none."""


def find_states(events: Iterable[CodedEvent]) -> set[str]:
    """Return the actions that are state events: those with an event that has a duration."""
    return {event.action for event in events if event.start < event.end}


def build_ethogram(label_sets: Iterable[LabelSet | None], events: Iterable[CodedEvent], path: Path) -> dict[str, Any]:
    """Build the behaviours of a project: the actions of label sets and of events.

    An action is a state event, unless all its events are points. Its key is the first letter of its code or name;
    BORIS asks which one is meant if several behaviours have the same key.

    Args:
        label_sets (Iterable[LabelSet | None]): Label sets of the recordings.
        events (Iterable[CodedEvent]): Events of the recordings.
        path (Path): Path of the project, for the message.

    Returns:
        dict[str, Any]: ``behaviors_conf`` and ``behavioral_categories``.

    Raises:
        ValueError: If an action has two codes or two groups.
    """
    events = list(events)
    names, groups = {}, {}
    for label_set in dict.fromkeys(filter(None, label_sets)):
        groups.update(dict.fromkeys(label_set.groups))
        for action in label_set.actions:
            code = '' if action.code == str(action.index) else action.code
            _add(names, action.name, code, action.group or '', path)
    for event in events:
        _add(names, event.action, event.code, event.group, path)
    groups.update(dict.fromkeys(group for _, group in names.values() if group))
    points = {event.action for event in events} - find_states(events)
    behaviors = {}
    for index, (name, (code, group)) in enumerate(names.items()):
        behaviors[str(index)] = {
            'type': 'Point event' if name in points else 'State event',
            'key': next((letter for letter in f'{code}{name}'.lower() if letter.isascii() and letter.isalpha()), ''),
            'code': name,
            'description': f'Code: {code}' if code else '',
            'color': '',
            'category': group,
            'modifiers': {},
            'excluded': '',
            'coding map': '',
        }
    return {'behaviors_conf': behaviors, 'behavioral_categories': list(groups)}


def _add(names: dict[str, tuple[str, str]], name: str, code: str, group: str, path: Path) -> None:
    known_code, known_group = names.get(name, ('', ''))
    for what, known, new in (('code', known_code, code), ('group', known_group, group)):
        if known and new and known != new:
            raise ValueError(
                f'{path}: "{name}" has the {what}s "{known}" and "{new}", but a behaviour of BORIS has one; write a '
                'project for each label set'
            )
    names[name] = code or known_code, group or known_group


def read_ethogram(content: Mapping[str, Any], path: Path) -> tuple[dict[str, Behavior], LabelSet | None]:
    """Read the behaviours of a project.

    Args:
        content (Mapping[str, Any]): Content of the project.
        path (Path): Path of the project.

    Returns:
        tuple[dict[str, Behavior], LabelSet | None]: The behaviours by name, and the label set that they form. It is
        None if they form none, for example if a name occurs twice. It has groups if all behaviours have a category.
    """
    behaviors = {}
    for item in content['behaviors_conf'].values():
        code = _CODE.fullmatch(item.get('description') or '')
        is_state = 'STATE' in item['type'].upper()  # such as "State event with coding map"
        behaviors[item['code']] = Behavior(is_state, code[1] if code else '', item.get('category') or '')
    has_groups = all(behavior.group for behavior in behaviors.values())
    used = {behavior.group for behavior in behaviors.values()} if has_groups else set()
    listed = [group for group in content.get('behavioral_categories') or () if group in used]
    actions = []
    for name, behavior in behaviors.items():
        action = {'name': name, 'code': behavior.code, 'group': behavior.group if has_groups else None}
        actions.append({key: value for key, value in action.items() if value})
    try:
        # Categories that are not listed follow.
        groups = list(dict.fromkeys([*listed, *(action['group'] for action in actions if 'group' in action)]))
        return behaviors, LabelSet.from_dict({'name': path.stem, 'actions': actions, 'groups': groups}, str(path))
    except ValueError:  # Names are not restricted in BORIS.
        return behaviors, None
