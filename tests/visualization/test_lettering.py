import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb

from mmaction_microaction.label_sets import LabelSet
from mmaction_microaction.visualization.lettering import fit_text, text_width
from mmaction_microaction.visualization.style import empty_figure, group_color, row_name, short_name


@pytest.mark.parametrize(
    'text', ['nodding', 'scratching or touching hindbrain', 'Nicken, schräg', 'кивок головой', '$x$']
)
def test_widths_are_those_of_drawn_text(text):
    figure = empty_figure(7, 1)
    drawn = figure.text(0, 0.5, text, fontsize=8, parse_math=False)
    renderer = FigureCanvasAgg(figure).get_renderer()
    assert text_width(text, 8) == pytest.approx(drawn.get_window_extent(renderer).width / figure.dpi, rel=0.05)


@pytest.mark.parametrize('width', [0.1, 0.3, 0.7, 1.2, 5])
def test_fitted_texts_are_as_long_as_possible(width):
    text = 'scratching or touching hindbrain'
    fitted = fit_text(text, width, 8)
    assert text_width(fitted, 8) <= max(width, text_width('…', 8))
    if fitted != text:
        start, end = fitted.split('…')
        assert text.startswith(start)
        assert text.endswith(end)
        assert text_width(text[: len(start) + 2] + end, 8) > width - text_width('m', 8)


def test_cut_names_stay_distinct():
    names = [f'touching or scratching the {i}. of all things in the whole room' for i in range(12)]
    label_set = LabelSet.from_dict({'name': 'long', 'actions': names})
    for function in (row_name, short_name):
        texts = [function(label, label_set, 1.5, 7.5) for label in range(12)]
        assert len(set(texts)) == 12
        assert texts[11].endswith('room  11')


def test_colours_of_21_groups_differ():
    colours = np.array([to_rgb(group_color(group)) for group in range(21)])
    distances = np.abs(colours[:, None] - colours).max(axis=2)
    assert distances[~np.eye(21, dtype=bool)].min() > 0.1
