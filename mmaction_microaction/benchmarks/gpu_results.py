"""Results of ``microaction benchmark gpu``, as text and as JSON."""

from typing import NamedTuple


class Column(NamedTuple):
    """A column of a table of measurements."""

    key: str
    """Name of the value."""
    title: str
    """Title of the column."""
    template: str
    """Format of the value."""


SECTIONS = {
    'precision': (
        'Forward and backward pass of MANet against float64 on the CPU: relative differences',
        Column('scores', 'scores', '{:.1e}'),
        Column('gradient_norms', 'gradient norms', '{:.1e}'),
        Column('gradients', 'all gradients', '{:.1e}'),
    ),
    'training': (
        "A training step: MANet against MMAction2's TSM",
        Column('tsm_ms', 'TSM ms', '{:.1f}'),
        Column('manet_ms', 'MANet ms', '{:.1f}'),
        Column('time_ratio', 'ratio', '{:.3f}'),
        Column('tsm_mib', 'TSM MiB', '{:.0f}'),
        Column('manet_mib', 'MANet MiB', '{:.0f}'),
        Column('memory_ratio', 'ratio', '{:.3f}'),
    ),
    'inference': (
        'Inference of MANet: clips per second, from 8-bit frames in main memory; half precision as with --amp',
        Column('float32', 'float32', '{:.1f}'),
        Column('half', 'half precision', '{:.1f}'),
    ),
    'loading': (
        'Loading of training clips: clips per second of CPU time of one worker',
        Column('clips_per_second', 'clips/s', '{:.1f}'),
    ),
    'recipe': (
        'The recipe on MA-52: 80 epochs of 11,250 training clips, each with a validation of 5,586 clips.\n'
        'Computed from the measurements above, if loading, training and inference overlap completely and nothing else\n'
        'takes time; "here" is with one worker per core of this machine',
        Column('clips_per_second', 'clips/s', '{:.1f}'),
        Column('workers_videos', 'workers: videos', '{}'),
        Column('workers_frame_store', 'frame store', '{}'),
        Column('hours', 'hours', '{:.1f}'),
        Column('hours_here_videos', 'here: videos', '{:.1f}'),
        Column('hours_here_frame_store', 'frame store', '{:.1f}'),
    ),
}
"""Heading and columns of each section of the results."""


class Measurement(NamedTuple):
    """One row of the results."""

    section: str
    """One of :data:`SECTIONS`."""
    title: str
    """What was measured."""
    values: dict
    """Values by column and, as lists, the measurements of each round; empty if the measurement failed."""
    reason: str | None = None
    """Why there are no values."""

    def __str__(self):
        if self.reason:
            return f'{self.title:<22}  not measured: {self.reason}'
        cells = []
        for column in SECTIONS[self.section][1:]:
            value = self.values.get(column.key)
            cells.append('-' if value is None else column.template.format(value))
        return f'{self.title:<22}' + ''.join(
            f'  {cell:>{len(column.title)}}' for cell, column in zip(cells, SECTIONS[self.section][1:])
        )

    def as_dict(self) -> dict:
        """Return the values, or the reason, in a dict that can be written as JSON."""
        return {'title': self.title, **(dict(not_measured=self.reason) if self.reason else self.values)}


def format_heading(section: str) -> str:
    """Return the heading of a section and the titles of its columns."""
    heading, *columns = SECTIONS[section]
    return f'{heading}\n{"":<22}' + ''.join(f'  {column.title}' for column in columns)
