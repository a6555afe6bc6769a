"""The categories that a network learns: all coded actions, or those of a file."""

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mmaction_microaction.label_sets import REST, LabelSet, get_label_set, normalize_name
from mmaction_microaction.structures.annotations import read_lines
from mmaction_microaction.structures.coding import CodedEvent, Coding
from mmaction_microaction.utils.messages import first_few

NAME_TITLES = ('name', 'action', 'category', 'behavior', 'behaviour')
"""Titles of the column of names in a table of categories, in the order of preference."""
INCLUDES = 'includes'
"""Title of the column with other coded names of a category, separated by ``|``."""


class Categories(NamedTuple):
    """Categories, and which coded actions belong to them."""

    label_set: LabelSet
    """Label set with one action per category and, usually, ``rest``, which is the last one unless it was listed."""
    labels: dict[str, int]
    """Label of each coded name, in the spelling of :func:`.normalize_name`."""
    left_out: dict[str, int]
    """Number of events of each coded action that belongs to no category."""

    def label_of(self, event: CodedEvent) -> int | None:
        """Return the label of an event, or None if it belongs to no category."""
        found = self.labels.get(normalize_name(event.action))
        return found if found is not None or not event.code else self.labels.get(normalize_name(event.code))


def choose_categories(
    codings: Sequence[Coding], file: str | Path | None = None, name: str = 'own', rest: bool = True
) -> Categories:
    """Choose what a network learns.

    Args:
        codings (Sequence[Coding]): Coded recordings.
        file (str | Path, optional): Table (``.csv``) with the column ``name`` and, optionally, ``group``, ``code`` and
            ``includes`` (other coded names of the category, separated by ``|``), or a label set; see
            :func:`.get_label_set`. Defaults to None: all coded actions are categories.
        name (str): Name of the new label set. Defaults to ``'own'``.
        rest (bool): Whether ``rest`` is added to the categories. Defaults to True.

    Returns:
        Categories: The categories.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If the file is malformed, there are no events, or a category has none.
    """
    events = [event for coding in codings for event in coding.events]
    if not events:
        raise ValueError('the recordings contain no coded event; check --people')
    if file is None:
        content, includes = _collect(events), {}
    elif str(file).lower().endswith('.csv'):
        content, includes = _read_table(file)
    else:
        content, includes = get_label_set(file).to_dict(), {}
    content['name'] = name
    where = 'the coded actions' if file is None else str(file)
    listed = LabelSet.from_dict(content, where)
    label_set = listed
    if rest:
        label_set = LabelSet.from_dict({**listed.with_rest().to_dict(), 'name': name, 'title': listed.title}, where)
    # Names come last: they win over the codes of other categories.
    labels = {normalize_name(action.code): action.index for action in listed.actions if not action.code.isdecimal()}
    labels.update((normalize_name(other), listed.names.index(key)) for other, key in includes.items())
    labels.update((normalize_name(action.name), action.index) for action in listed.actions)
    if any(normalize_name(event.action) == REST for event in events) and REST in label_set.names:
        labels.setdefault(REST, label_set.names.index(REST))  # the coders coded rest themselves
    categories = Categories(label_set, labels, {})
    counts = Counter(categories.label_of(event) for event in events)
    missing = [action.name for action in listed.actions if not counts[action.index]]
    if missing:
        coded = first_few(dict.fromkeys(event.action for event in events), 10)
        raise ValueError(
            f'{where}: no event of {first_few(missing)}; coded are {coded}. Correct the names, add the coded names to '
            f'the column {INCLUDES}, or remove these categories'
        )
    left_out = Counter(event.action for event in events if categories.label_of(event) is None)
    return categories._replace(left_out=dict(left_out.most_common()))


def _collect(events: Sequence[CodedEvent]) -> dict[str, Any]:
    """Return the content of a label set with all coded actions, in alphabetical order."""
    spellings, groups, codes = {}, {}, {}
    for event in events:
        key = normalize_name(event.action)
        spellings.setdefault(key, event.action)
        groups.setdefault(key, set()).add(event.group)
        codes.setdefault(key, set()).add(event.code)
    actions = [{'name': spellings[key]} for key in sorted(spellings)]
    # A label set has groups for all of its actions or for none, and a code belongs to one action.
    has_groups = all(len(groups[key]) == 1 and '' not in groups[key] for key in spellings)
    single = Counter(next(iter(values)) for values in codes.values() if len(values) == 1)
    for action, key in zip(actions, sorted(spellings)):
        code = next(iter(codes[key]))
        if has_groups:
            action['group'] = next(iter(groups[key]))
        if single[code] == 1 and len(codes[key]) == 1 and code and not code.isdecimal():
            action['code'] = code
    return {'actions': actions}


def _read_table(path: str | Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the content of a label set, and the category of each other coded name."""
    lines = read_lines(path, 'Pass a table with the column name.', '"name,group"')
    reader = csv.DictReader((f'{line}\n' for line in lines), delimiter=max(',;\t', key=lines[0].count))
    titles = {title.strip().casefold(): title for title in reader.fieldnames or () if title}
    name_title = next((titles[title] for title in NAME_TITLES if title in titles), None)
    if name_title is None:
        raise ValueError(f'{path}, line 1: expected the column name and, optionally, group, code and {INCLUDES}')
    actions, includes = [], {}
    for row in reader:
        cells = {title: (row[original] or '').strip() for title, original in titles.items()}
        name = (row[name_title] or '').strip()
        if not name and not any(cells.values()):
            continue
        if not name:
            raise ValueError(f'{path}, line {reader.line_num}: the category has no name')
        actions.append({'name': name, **{key: cells[key] for key in ('group', 'code') if cells.get(key)}})
        for other in filter(None, map(str.strip, cells.get(INCLUDES, '').split('|'))):
            if includes.setdefault(other, name) != name:
                raise ValueError(f'{path}, line {reader.line_num}: {other} belongs to {includes[other]} and to {name}')
    return {'actions': actions}, includes
