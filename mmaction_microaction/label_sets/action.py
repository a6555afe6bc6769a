"""An action of a label set, and the spelling of its name."""

from __future__ import annotations

import re
from typing import NamedTuple

REST = 'rest'
"""Name of the action that stands for times without any other action, see :attr:`Action.is_rest`."""


def normalize_name(name: str) -> str:
    """Return a name in lower case with one space between two words, so that different spellings are equal.

    Examples:
        >>> normalize_name('Head_up'), normalize_name('head-up')
        ('head up', 'head up')
    """
    return re.sub('[ _-]+', ' ', name.casefold()).strip()


def split_words(name: str) -> tuple[str, ...]:
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
