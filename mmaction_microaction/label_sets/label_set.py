"""Label sets: the actions that a dataset distinguishes, and their groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from mmaction_microaction.utils.messages import pluralize

from .action import REST, Action, normalize_name, split_words
from .parsing import parse_label_set


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
            if action.words != split_words(action.name):
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
        return cls(**parse_label_set(content, where))
