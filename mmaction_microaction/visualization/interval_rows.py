"""Places intervals in rows: one row for each group, or for each action, and lanes within a row."""

from collections import Counter
from collections.abc import Sequence

from mmaction_microaction.label_sets import LabelSet
from mmaction_microaction.structures.intervals import Interval

_OTHERS = -1


class IntervalRows:
    """Rows of a timeline, one for each group, such as a body part.

    Without groups, each action that occurs has a row. If there are too many groups, too, only those that occur have a
    row, and the rarest share the last row if there are still too many.

    Attributes:
        names (list[str]): Name of each row.

    Args:
        intervals (Sequence[Interval]): Intervals to place.
        label_set (LabelSet): Label set of the intervals.
        max_rows (int): Maximum number of rows.
    """

    names: list[str]

    def __init__(self, intervals: Sequence[Interval], label_set: LabelSet, max_rows: int) -> None:
        self._label_set = label_set
        names = label_set.groups or label_set.names
        keys = range(len(names))
        if not label_set.has_groups or len(names) > max_rows:
            seconds = Counter()
            for interval in intervals:
                seconds[self._key(interval)] += interval.end - interval.start
            keys = sorted(seconds)
            if len(keys) > max_rows:
                keys = [*sorted(key for key, _ in seconds.most_common(max_rows - 1)), _OTHERS]
        self._rows = {key: row for row, key in enumerate(keys)}
        self.names = ['others' if key == _OTHERS else names[key] for key in keys]

    def row_of(self, interval: Interval) -> int:
        """Return the row of an interval.

        Args:
            interval (Interval): One of the intervals.

        Returns:
            int: Index of the row.
        """
        return self._rows.get(self._key(interval), self._rows.get(_OTHERS))

    def names_action(self, interval: Interval) -> bool:
        """Return whether the name of its row is the name of an action.

        Args:
            interval (Interval): One of the intervals.

        Returns:
            bool: False for a row of a group, or of several rare actions.
        """
        return not self._label_set.has_groups and self._key(interval) in self._rows

    def split(self, intervals: Sequence[Interval]) -> list[list[Interval]]:
        """Distribute intervals to the rows.

        Args:
            intervals (Sequence[Interval]): Some of the intervals.

        Returns:
            list[list[Interval]]: Intervals of each row, in the same order.
        """
        rows = [[] for _ in self.names]
        for interval in intervals:
            rows[self.row_of(interval)].append(interval)
        return rows

    def _key(self, interval: Interval) -> int:
        """Return the coarse label of an interval, or its fine label if there are no groups."""
        has_groups = self._label_set.has_groups
        return int(self._label_set.fine_to_coarse[interval.label]) if has_groups else interval.label


def assign_lanes(intervals: Sequence[Interval]) -> list[int]:
    """Place intervals in as few lanes as possible, so that none hides another.

    Args:
        intervals (Sequence[Interval]): Intervals in any order.

    Returns:
        list[int]: Lane of each interval, from 0. Intervals of one lane do not overlap.

    Examples:
        >>> assign_lanes([Interval(0, 4, label=9), Interval(1, 2, label=4), Interval(2, 5, label=6)])
        [0, 1, 1]
    """
    lanes, ends = [0] * len(intervals), []
    for index in sorted(range(len(intervals)), key=lambda index: (intervals[index].start, intervals[index].end)):
        free = next((lane for lane, end in enumerate(ends) if end <= intervals[index].start), len(ends))
        ends[free : free + 1] = [intervals[index].end]
        lanes[index] = free
    return lanes
