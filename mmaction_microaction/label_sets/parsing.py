"""Parses the content of label sets from files and checkpoints, and names what is wrong with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from mmaction_microaction.utils.messages import format_count

from .action import Action, normalize_name, split_words

MAX_ACTIONS = 10_000
"""Largest number of actions of a label set."""
MAX_LENGTH = 200
"""Largest number of characters of a name."""
_KEYS = ('name', 'title', 'source', 'group_term', 'groups', 'actions', 'reversed_pairs')
_ACTION_KEYS = ('name', 'code', 'group', 'words', 'train_clips', 'val_clips')


def parse_label_set(content: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Check the content of a label set, and convert it.

    Args:
        content (Mapping[str, Any]): Content, see :meth:`.LabelSet.from_dict`.
        where (str): File that the content is from, for error messages.

    Returns:
        dict[str, Any]: Arguments of :class:`.LabelSet`.

    Raises:
        ValueError: If the content is malformed or contradicts itself.
    """
    return _Parser(where).parse(content)


class _Parser:
    """Checks the content of a label set, and converts it."""

    def __init__(self, where: str) -> None:
        self.where = where

    def parse(self, content: Mapping[str, Any]) -> dict[str, Any]:
        if not isinstance(content, Mapping):
            raise self.error(f'expected a mapping with "actions", got {content!r:.60}')
        self.check_keys(content, _KEYS, '')
        entries = content.get('actions')
        if not isinstance(entries, (list, tuple)) or not entries:
            raise self.error('"actions" must be a list of at least one action')
        if len(entries) > MAX_ACTIONS:
            raise self.error(f'{len(entries):,} actions; at most {MAX_ACTIONS:,} are possible')
        actions = tuple(self.parse_action(index, entry) for index, entry in enumerate(entries))
        self.check_unique('name', [normalize_name(action.name) for action in actions])
        self.check_unique('code', [normalize_name(action.code) for action in actions])
        names = {normalize_name(action.name): action.index for action in actions}
        for action in actions:
            other = names.get(normalize_name(action.code), action.index)
            if other != action.index and action.code != str(action.index):
                raise self.error(f'{action.code!r} is the code of action {action.index} and the name of action {other}')
        groups = self.parse_groups(content.get('groups'), actions)
        name = self.text(content.get('name', 'labels'), 'name')
        return dict(
            name=name,
            title=self.text(content.get('title', name), 'title'),
            actions=actions,
            groups=groups,
            group_term=self.text(content.get('group_term', 'group'), 'group_term'),
            reversed_pairs=self.parse_pairs(content.get('reversed_pairs', ()), actions),
            source=self.text(content.get('source') or ' ', 'source', max_length=10_000, empty=True),
        )

    def parse_action(self, index: int, entry: Any) -> Action:
        where = f'action {index}'
        if not isinstance(entry, Mapping):
            entry = {'name': entry}
        self.check_keys(entry, _ACTION_KEYS, f'{where}: ')
        name = self.text(entry.get('name'), f'the name of {where}')
        code = self.text(entry.get('code', str(index)), f'the code of {where}')
        if code != str(index) and code.isdecimal():
            raise self.error(
                f'{where} ({name}) has the code {code}, which could be mistaken for a label; put a letter before it'
            )
        words = entry.get('words', split_words(name))
        if not isinstance(words, (list, tuple)) or not words:
            raise self.error(f'the words of {where} ({name}) must be a list of words, got {words!r:.60}')
        group = entry.get('group')
        return Action(
            index,
            name,
            code,
            None if group is None else self.text(group, f'the group of {where} ({name})'),
            tuple(self.text(word, f'a word of {where} ({name})') for word in words),
            self.number(entry.get('train_clips'), f'train_clips of {where} ({name})'),
            self.number(entry.get('val_clips'), f'val_clips of {where} ({name})'),
        )

    def parse_groups(self, listed: Any, actions: Sequence[Action]) -> tuple[str, ...]:
        used = list(dict.fromkeys(action.group for action in actions if action.group is not None))
        if listed is None:
            listed = used
        if not isinstance(listed, (list, tuple)):
            raise self.error(f'"groups" must be a list of names, got {listed!r:.60}')
        groups = tuple(self.text(group, 'a name of "groups"') for group in listed)
        self.check_unique('group', list(groups))
        missing = [action.name for action in actions if action.group is None]
        if groups and missing:
            raise self.error(
                f'{format_count(len(missing), "action")} without a group, such as {missing[0]}; give all of them one, '
                'or none'
            )
        unknown = sorted(set(used) - set(groups))
        if unknown:
            raise self.error(f'the group {unknown[0]} is not in "groups"; add it there, or leave out "groups"')
        unused = [group for group in groups if group not in used]
        if unused:
            raise self.error(f'no action has the group {unused[0]}; remove it from "groups"')
        return groups

    def parse_pairs(self, pairs: Any, actions: Sequence[Action]) -> tuple[tuple[int, int], ...]:
        labels = {key: action.index for action in actions for key in (action.index, action.code, action.name)}
        result = []
        for pair in pairs if isinstance(pairs, (list, tuple)) else [pairs]:
            keys = pair if isinstance(pair, (list, tuple)) else ()
            found = [labels.get(key) if isinstance(key, (int, str)) else None for key in keys]
            if len(found) != 2 or None in found or found[0] == found[1]:
                raise self.error(f'"reversed_pairs" must be pairs of two actions of the label set, got {pair!r:.60}')
            result.append(tuple(found))
        return tuple(result)

    def check_keys(self, content: Mapping, known: Sequence[str], where: str) -> None:
        unknown = [key for key in content if key not in known]
        if unknown:
            raise self.error(f'{where}unknown key {unknown[0]!r:.60}; the keys are {", ".join(known)}')

    def check_unique(self, what: str, values: Sequence[str]) -> None:
        value, count = Counter(values).most_common(1)[0] if values else ('', 0)
        if count > 1:
            indices = [str(index) for index, each in enumerate(values) if each == value]
            raise self.error(
                f'the {what} {value!r} occurs {count} times, at {", ".join(indices[:5])}; rename all but one'
            )

    def text(self, value: Any, what: str, max_length: int = MAX_LENGTH, empty: bool = False) -> str:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            value = str(value)  # YAML reads a name such as 7 as a number
        text = value.strip() if isinstance(value, str) else ''
        if (not text and not empty) or len(text) > max_length or not text.replace('\n', ' ').isprintable():
            raise self.error(
                f'{what} must be a text of 1 to {max_length:,} printable characters, got {value!r:.60}'
                + ('; put it in quotes' if isinstance(value, bool) else '')
            )
        return text

    def number(self, value: Any, what: str) -> int | None:
        if value is None or (type(value) is int and 0 <= value < 10**9):
            return value
        raise self.error(f'{what} must be a number of clips, got {value!r:.60}')

    def error(self, problem: str) -> ValueError:
        return ValueError(f'{self.where}: {problem}')
