"""Label sets: the actions that a dataset distinguishes, and their groups."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from mmaction_microaction.utils.messages import format_count, pluralize

MAX_ACTIONS = 10_000
"""Largest number of actions of a label set."""
MAX_LENGTH = 200
"""Largest number of characters of a name."""
REST = 'rest'
"""Name of the action that stands for times without any other action, see :attr:`Action.is_rest`."""

_KEYS = ('name', 'title', 'source', 'group_term', 'groups', 'actions', 'reversed_pairs')
_ACTION_KEYS = ('name', 'code', 'group', 'words', 'train_clips', 'val_clips')


def normalize_name(name: str) -> str:
    """Return a name in lower case with one space between two words, so that different spellings are equal.

    Examples:
        >>> normalize_name('Head_up'), normalize_name('head-up')
        ('head up', 'head up')
    """
    return re.sub('[ _-]+', ' ', name.casefold()).strip()


def _split_words(name: str) -> tuple[str, ...]:
    """Return the words of a name without punctuation around them."""
    words = [word.strip(',.;:()"') for word in name.split()]
    return tuple(filter(None, words)) or (name,)


class Action(NamedTuple):
    """An action of a label set.

    Examples:
        >>> from mmaction_microaction.label_sets import MA52
        >>> MA52.actions[36].name, MA52.actions[36].code, MA52.actions[36].group
        ('arms akimbo', 'E4', 'body-hand')
        >>> MA52.actions[36].words
        ('arms', 'akimbo')
    """

    index: int
    """Fine label, from 0."""
    name: str
    """Name, such as ``nodding``."""
    code: str
    """Short name for axes and tables, such as ``B1``. The index, if the label set has no codes."""
    group: str | None
    """Name of the group, such as ``head``. None if the label set has no groups."""
    words: tuple[str, ...]
    """Words that describe the action. The label embedding is the mean of their vectors."""
    train_clips: int | None
    """Number of clips in the published train list. None if it is not known."""
    val_clips: int | None
    """Number of clips in the published val list. None if it is not known."""

    @property
    def is_rest(self) -> bool:
        """Whether this is ``rest``: times without any other action, which never become an event or an interval."""
        return normalize_name(self.name) == REST


@dataclass(frozen=True, eq=False)
class LabelSet:
    """Actions that a dataset distinguishes, and the groups to which they belong.

    The actions are the *fine* labels. The groups, such as body parts, are the *coarse* labels. A label set may have no
    groups; the fine labels are then the only ones.

    Examples:
        >>> label_set = LabelSet.from_dict({'name': 'gestures', 'actions': ['nodding', 'waving']})
        >>> len(label_set), label_set.names, label_set.has_groups
        (2, ('nodding', 'waving'), False)

        >>> from mmaction_microaction.label_sets import MA52
        >>> MA52.actions[9].name, MA52.groups[MA52.fine_to_coarse[9]]
        ('nodding', 'head')
    """

    name: str
    """Short name, such as ``ma52``."""
    title: str
    """Name for people, such as ``MA-52``."""
    actions: tuple[Action, ...]
    """Actions, by fine label."""
    groups: tuple[str, ...] = ()
    """Names of the groups, by coarse label. Empty if there are none."""
    group_term: str = 'group'
    """Word for a group, such as ``body part``."""
    reversed_pairs: tuple[tuple[int, int], ...] = ()
    """Pairs of fine labels whose actions are each other played backwards."""
    source: str = field(default='', repr=False)
    """Publication or file that the names were taken from."""

    def __len__(self) -> int:
        return len(self.actions)

    def __eq__(self, other: object) -> bool:
        """Return whether the two sets give the same labels the same meaning, whatever else is known about them."""
        return isinstance(other, LabelSet) and self._meaning == other._meaning

    def __hash__(self) -> int:
        return hash(self._meaning)

    @property
    def _meaning(self) -> tuple:
        return self.names, tuple(action.group for action in self.actions), self.groups

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the actions, by fine label."""
        return tuple(action.name for action in self.actions)

    @property
    def has_rest(self) -> bool:
        """Whether one of the actions is ``rest``, see :attr:`Action.is_rest`."""
        return any(action.is_rest for action in self.actions)

    @property
    def has_groups(self) -> bool:
        """Whether the actions belong to groups."""
        return bool(self.groups)

    @cached_property
    def fine_to_coarse(self) -> np.ndarray:
        """Coarse label of each fine label, read-only, shape (C,): ``coarse = fine_to_coarse[fine]``.

        It is -1 for every action if the label set has no groups.
        """
        indices = {group: index for index, group in enumerate(self.groups)}
        table = np.array([indices.get(action.group, -1) for action in self.actions])
        table.flags.writeable = False
        return table

    @cached_property
    def train_clips(self) -> np.ndarray | None:
        """Number of clips of each action in the published train list, shape (C,). None if it is not known."""
        counts = [action.train_clips for action in self.actions]
        return None if None in counts else np.array(counts)

    def without_groups(self, groups: Sequence[str]) -> LabelSet:
        """Return the label set without the actions of some groups.

        Args:
            groups (Sequence[str]): Names of the groups to leave out.

        Returns:
            LabelSet: The other actions, in the same order and with new labels.

        Raises:
            ValueError: If a name is not a group of the label set.
        """
        unknown = sorted(set(groups) - set(self.groups))
        if unknown:
            raise ValueError(f'{unknown}: the {pluralize(self.group_term)} are {", ".join(map(repr, self.groups))}')
        if not groups:
            return self
        return self._select(
            [action for action in self.actions if action.group not in groups],
            name=f'{self.name}_without_{"_".join(sorted(groups)).replace(" ", "_")}',
            title=f'{self.title} without {", ".join(groups)}',
        )

    def with_rest(self) -> LabelSet:
        """Return the label set with one more action, ``rest``, for times in which none of the others happens.

        If there are groups, ``rest`` is a group of its own. If there are codes, its code is ``R`` unless another action
        has it. A label set that has the action already is returned as it is.

        Examples:
            >>> from mmaction_microaction.label_sets import MA52
            >>> label_set = MA52.with_rest()
            >>> len(label_set), label_set.names[-1], label_set.groups[-1], label_set.actions[-1].code
            (53, 'rest', 'rest', 'R')
        """
        if self.has_rest:
            return self
        content = self.to_dict()
        rest = {'name': REST}
        codes = {normalize_name(action.code) for action in self.actions if action.code != str(action.index)}
        if codes and 'r' not in codes | set(map(normalize_name, self.names)):
            rest['code'] = 'R'
        if self.has_groups:
            rest['group'] = REST
            content['groups'].append(REST)
        content['actions'].append(rest)
        content.update(name=f'{self.name}_rest', title=f'{self.title} and rest')
        return LabelSet.from_dict(content)

    def without_rest(self) -> LabelSet:
        """Return the label set without the action ``rest``, as for coded recordings, in which it is no event.

        Examples:
            >>> from mmaction_microaction.label_sets import MA52, MA52_REST
            >>> MA52_REST.without_rest().to_dict() == MA52.to_dict()
            True
        """
        kept = [action for action in self.actions if not action.is_rest]
        if not kept or not self.has_rest:
            return self
        return self._select(
            kept, name=self.name.removesuffix(f'_{REST}'), title=self.title.removesuffix(f' and {REST}')
        )

    def _select(self, kept: Sequence[Action], **names: str) -> LabelSet:
        """Return a label set of some of the actions, with new labels."""
        new = {action.index: index for index, action in enumerate(kept)}
        used = {action.group for action in kept}
        content = self.to_dict()
        content.update(
            **names,
            groups=[group for group in self.groups if group in used],
            actions=[content['actions'][action.index] for action in kept],
            reversed_pairs=[[new[a], new[b]] for a, b in self.reversed_pairs if a in new and b in new],
        )
        return LabelSet.from_dict(content)

    def to_dict(self) -> dict[str, Any]:
        """Convert the label set to strings, numbers, lists and dicts, for checkpoints and files.

        Returns:
            dict[str, Any]: Content that :meth:`from_dict` accepts.
        """
        actions = []
        for action in self.actions:
            content = {'name': action.name}
            if action.code != str(action.index):
                content['code'] = action.code
            if action.words != _split_words(action.name):
                content['words'] = list(action.words)
            for key in ('group', 'train_clips', 'val_clips'):
                if getattr(action, key) is not None:
                    content[key] = getattr(action, key)
            actions.append(content)
        content = {
            'name': self.name,
            'title': self.title,
            'source': self.source,
            'group_term': self.group_term,
            'groups': list(self.groups),
            'actions': actions,
            'reversed_pairs': [list(pair) for pair in self.reversed_pairs],
        }
        return {key: value for key, value in content.items() if value}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any], where: str = 'label set') -> LabelSet:
        """Build a label set from the content of a file or of a checkpoint, and check it.

        Args:
            content (Mapping[str, Any]): ``actions``, a list of names or of dicts with ``name`` and, optionally,
                ``code``, ``group``, ``words``, ``train_clips`` and ``val_clips``. Optionally ``name``, ``title``,
                ``source``, ``group_term``, ``groups`` (names in the order of the coarse labels) and ``reversed_pairs``
                (pairs of names, codes or labels).
            where (str): File that the content is from, for error messages.

        Returns:
            LabelSet: The label set.

        Raises:
            ValueError: If the content is malformed or contradicts itself. The message contains ``where``, the action
                and the remedy.
        """
        return _Builder(where).build(content)


class _Builder:
    """Builds a label set from content that may be malformed."""

    def __init__(self, where: str) -> None:
        self.where = where

    def build(self, content: Mapping[str, Any]) -> LabelSet:
        if not isinstance(content, Mapping):
            raise self.error(f'expected a mapping with "actions", got {content!r:.60}')
        self.check_keys(content, _KEYS, '')
        entries = content.get('actions')
        if not isinstance(entries, (list, tuple)) or not entries:
            raise self.error('"actions" must be a list of at least one action')
        if len(entries) > MAX_ACTIONS:
            raise self.error(f'{len(entries):,} actions; at most {MAX_ACTIONS:,} are possible')
        actions = tuple(self.build_action(index, entry) for index, entry in enumerate(entries))
        self.check_unique('name', [normalize_name(action.name) for action in actions])
        self.check_unique('code', [normalize_name(action.code) for action in actions])
        names = {normalize_name(action.name): action.index for action in actions}
        for action in actions:
            other = names.get(normalize_name(action.code), action.index)
            if other != action.index and action.code != str(action.index):
                raise self.error(f'{action.code!r} is the code of action {action.index} and the name of action {other}')
        groups = self.build_groups(content.get('groups'), actions)
        name = self.text(content.get('name', 'labels'), 'name')
        return LabelSet(
            name=name,
            title=self.text(content.get('title', name), 'title'),
            actions=actions,
            groups=groups,
            group_term=self.text(content.get('group_term', 'group'), 'group_term'),
            reversed_pairs=self.build_pairs(content.get('reversed_pairs', ()), actions),
            source=self.text(content.get('source') or ' ', 'source', max_length=10_000, empty=True),
        )

    def build_action(self, index: int, entry: Any) -> Action:
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
        words = entry.get('words', _split_words(name))
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

    def build_groups(self, listed: Any, actions: Sequence[Action]) -> tuple[str, ...]:
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

    def build_pairs(self, pairs: Any, actions: Sequence[Action]) -> tuple[tuple[int, int], ...]:
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
