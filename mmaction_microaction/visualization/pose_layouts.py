"""Figure of the layouts of joints."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmaction_microaction.structures.pose_layouts import LAYOUTS, PoseLayout, get_layout

from .skeleton import LEFT, MIDDLE, RIGHT, side_color
from .style import WIDTH, new_figure

# Half of a person who faces the viewer: x to the viewer's right, y downwards. The head and the hands are too large, so
# that their joints do not overlap.
_MIDDLE_JOINTS = {'nose': (0, 1.6), 'neck': (0, 4.0)}
_LEFT_JOINTS = {
    **{'eye_inner': (0.45, 0.95), 'eye': (1.0, 0.8), 'eye_outer': (1.55, 0.95), 'ear': (2.1, 1.5)},
    **{'mouth': (0.6, 2.4), 'shoulder': (1.7, 4.2), 'elbow': (2.5, 6.2), 'wrist': (2.9, 8.0)},
    **{'thumb': (2.05, 8.8), 'index': (2.3, 9.75), 'middle': (2.9, 10.1), 'ring': (3.5, 9.85), 'pinky': (3.95, 9.2)},
    **{'hip': (1.0, 8.2), 'knee': (1.1, 10.9), 'ankle': (1.15, 13.4), 'heel': (0.95, 14.1), 'foot': (1.8, 14.2)},
}
_POSITIONS = {
    **_MIDDLE_JOINTS,
    **{f'left_{joint}': (x, y) for joint, (x, y) in _LEFT_JOINTS.items()},
    **{f'right_{joint}': (-x, y) for joint, (x, y) in _LEFT_JOINTS.items()},
}
_LIMBS = ('shoulder', 'elbow', 'wrist'), ('hip', 'knee', 'ankle', 'foot')
_SKIN = '#E8E8E8'
_X, _Y = (-4.4, 4.4), (14.7, -0.5)


def plot_pose_layouts(layouts: Sequence[str | PoseLayout] = tuple(LAYOUTS)) -> Figure:
    """Plot the joints of layouts with their indices and names.

    Args:
        layouts (Sequence[str | PoseLayout]): Layouts, or their names. Defaults to all layouts.

    Returns:
        Figure: A drawn person for each layout, with the names of the joints below.
    """
    layouts = [*map(get_layout, layouts)]
    panel = WIDTH / 3
    drawing = panel * (_Y[0] - _Y[1]) / (_X[1] - _X[0])
    rows = (max(len(layout.joints) for layout in layouts) + 1) // 2
    names = 0.125 * rows + 0.15
    width, height = panel * len(layouts), 0.9 + drawing + names
    subtitle = "The person faces the viewer: the person's left side is green, the right side orange"
    figure = new_figure(width, height, 'Layouts of joints', subtitle)
    for index, layout in enumerate(layouts):
        box = (index * panel / width, names / height, panel / width, drawing / height)
        axes = figure.add_axes(box, label=layout.name)
        axes.set(xlim=_X, ylim=_Y)
        axes.set_axis_off()
        _draw_person(axes)
        _draw_joints(axes, layout)
        figure.text(
            (index + 0.5) * panel / width,
            (names + drawing + 0.05) / height,
            f'{layout.name}, {len(layout.joints)} joints',
            ha='center',
            fontsize=9,
            weight='bold',
        )
        for joint, name in enumerate(layout.joints):
            column, row = divmod(joint, (len(layout.joints) + 1) // 2)
            x, y = (index + 0.17 + 0.47 * column) * panel / width, (names - 0.1 - 0.125 * row) / height
            figure.text(x - 0.04 / width, y, str(joint), ha='right', fontsize=6.5, color='#555555')
            figure.text(x, y, name.replace('_', ' '), fontsize=6.5)
    return figure


def _draw_person(axes: Axes) -> None:
    """Draw a grey figure behind the joints."""
    common = dict(color=_SKIN, solid_capstyle='round', solid_joinstyle='round', zorder=0)
    for side in ('left', 'right'):
        for limb in _LIMBS:
            axes.plot(*np.transpose([_POSITIONS[f'{side}_{joint}'] for joint in limb]), linewidth=17, **common)
        for finger in ('thumb', 'index', 'middle', 'ring', 'pinky'):
            ends = _POSITIONS[f'{side}_wrist'], _POSITIONS[f'{side}_{finger}']
            axes.plot(*np.transpose(ends), linewidth=11, **common)
    trunk = [_POSITIONS[f'{side}_{joint}'] for joint in ('shoulder', 'hip') for side in ('left', 'right')]
    axes.fill(
        *np.transpose([trunk[0], trunk[1], trunk[3], trunk[2]]), color=_SKIN, linewidth=20, joinstyle='round', zorder=0
    )
    axes.plot([0, 0], [3, 4.2], linewidth=24, **common)
    angles = np.linspace(0, 2 * np.pi)
    axes.fill(2.15 * np.cos(angles), 1.5 + 1.9 * np.sin(angles), color=_SKIN, zorder=0)


def _draw_joints(axes: Axes, layout: PoseLayout) -> None:
    """Draw the bones of a layout, and its joints with their indices."""
    for bone in layout.bones:
        x, y = np.transpose([_POSITIONS[joint] for joint in bone])
        axes.plot(x, y, color=side_color(*bone), linewidth=1.4, zorder=1)
    dark = {LEFT: '#005C43', RIGHT: '#8A4B00', MIDDLE: '#0B4F86'}
    for index, joint in enumerate(layout.joints):
        color = dark[side_color(joint)]
        axes.scatter(*_POSITIONS[joint], s=62, color=color, linewidths=0, zorder=2)
        x, y = _POSITIONS[joint]
        axes.text(x, y, str(index), color='white', fontsize=5.5, ha='center', va='center_baseline', zorder=3)
