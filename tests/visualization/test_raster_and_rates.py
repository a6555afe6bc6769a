"""The raster and the rates show the correct values, and all their text is inside the figure."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
from helpers.codings import event, make_interview
from helpers.figures import find_axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PathCollection, PolyCollection
from matplotlib.colors import to_hex
from matplotlib.text import Text

from mmaction_microaction.structures.coding import Coding
from mmaction_microaction.visualization import plot_raster, plot_rates
from mmaction_microaction.visualization.style import group_color


def strip_groups(coding):
    events = [dataclasses.replace(each, group='', code='') for each in coding.events]
    return dataclasses.replace(coding, events=events, label_set=None)


CASES = {
    'interviews': lambda: plot_raster([make_interview(f'interview {i}', i, 2 + i) for i in range(5)]),
    'no groups, odd names': lambda: plot_raster([strip_groups(make_interview('P $1$ Gespräch_' * 5, 1, people=('',)))]),
    'nothing happens': lambda: plot_raster([Coding('silent', [], 60.0)]),
    'no duration, point event': lambda: plot_raster([Coding('a', [event(0, 0, 'nodding')])]),
    'rates': lambda: plot_rates([[12, 0]], [10, 10], ['nodding'], ['P1', 'P2']),
    'rates, long names': lambda: plot_rates(
        np.arange(12).reshape(2, 6), np.ones(6), ['of $x$ ' * 20, 'b'], ['long name ' * 5] * 6
    ),
    'rates, nothing': lambda: plot_rates([[0]], [1], ['nodding'], ['']),
}


@pytest.mark.parametrize('name', CASES)
def test_all_text_is_inside_the_figure(name):
    figure = CASES[name]()
    FigureCanvasAgg(figure).draw()
    width, height = figure.bbox.size
    for text in figure.findobj(Text):
        box = text.get_window_extent()
        if text.get_visible() and text.get_text() and text.get_figure():
            x_in = box.x0 >= -1 and box.x1 <= width + 1
            # Ticks beyond the limits of an axis are not drawn.
            assert x_in or text.get_text().replace('.', '').isdigit(), text.get_text()
            assert box.y1 <= height + 1, text.get_text()


def read_bars(figure):
    """Return row, start and end in minutes, and colour of each bar."""
    bars = []
    for collection in find_axes(figure, 'raster')[0].findobj(PolyCollection):
        for path, color in zip(collection.get_paths(), np.repeat(collection.get_facecolors(), 1000, axis=0)):
            box = path.get_extents()
            bars.append((round(box.y0 + box.height / 2), box.x0, box.x1, to_hex(color)))
    return bars


def test_bars_are_at_their_times_in_the_row_of_their_person():
    events = [event(60, 90, 'nodding'), event(120, 180, 'shaking legs', 'P2'), event(60, 75, 'shaking legs')]
    figure = plot_raster([Coding('talk', events, 240.0, label_set=make_interview('', 0, 1).label_set)])
    head, legs = group_color(1), group_color(3)
    assert sorted(read_bars(figure)) == [(0, 1, 1.25, legs), (0, 1, 1.5, head), (1, 2, 3, legs)]
    axes = find_axes(figure, 'raster')[0]
    assert axes.get_xlim() == (0, 4)
    assert [label.get_text() for label in axes.get_yticklabels()] == ['talk  P1', 'talk  P2']
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ['head', 'lower limb']


def test_point_events_are_seen():
    figure = plot_raster([Coding('talk', [event(30, 30, 'nodding')], 3600.0)])
    ((_, start, end, _),) = read_bars(figure)
    assert start == 0.5
    axes = find_axes(figure, 'raster')[0]
    assert (end - start) / 60 * axes.get_position().width * 7.5 * figure.dpi > 1  # pixels


def test_groups_do_not_hide_each_other():
    events = [event(0, 60, name) for name in ('nodding', 'shaking legs', 'crossing arms')]
    collections = find_axes(plot_raster([Coding('talk', events, 60.0)]), 'raster')[0].findobj(PolyCollection)
    extents = sorted((path.get_extents().y0, path.get_extents().y1) for c in collections for path in c.get_paths())
    assert len(extents) == 3
    assert all(above[1] <= below[0] + 1e-9 for above, below in pairwise(extents))


def test_rates_are_counts_by_minutes_with_exact_intervals():
    figure = plot_rates([[10, 0]], [5, 2], ['nodding'], ['P1', 'P2'])
    axes = find_axes(figure, 'rates')[0]
    points = [c.get_offsets()[0][0] for c in axes.collections if isinstance(c, PathCollection)]
    lines = [c.get_segments()[0][:, 0].tolist() for c in axes.collections if isinstance(c, LineCollection)]
    assert points == [2, 0]
    # The interval of 10 events is 4.795 to 18.390; that of none is 0 to 3.689.
    assert lines[0] == pytest.approx([4.7954 / 5, 18.3904 / 5], abs=1e-4)
    assert lines[1] == pytest.approx([0, 3.6889 / 2], abs=1e-4)


def test_wrong_input_is_refused():
    with pytest.raises(ValueError, match='one recording'):
        plot_raster([])
    with pytest.raises(ValueError, match=r'\(1, 2\)'):
        plot_rates([[1]], [1], ['a'], ['b', 'c'])
    with pytest.raises(ValueError, match='at most 6'):
        plot_rates([[1] * 7], [1], ['a'], list('abcdefg'))
    with pytest.raises(ValueError, match='above 0 minutes'):
        plot_rates([[1]], [0], ['a'], ['b'])
