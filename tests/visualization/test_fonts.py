import warnings

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.font_manager import fontManager
from PIL import ImageFont

from mmaction_microaction.label_sets import LabelSet
from mmaction_microaction.visualization import fonts_for, plot_class_counts
from mmaction_microaction.visualization.fonts import load_font
from mmaction_microaction.visualization.lettering import text_width


def draw(*names):
    """Draw a figure of some names, and return the warnings."""
    label_set = LabelSet.from_dict({'name': 'gestures', 'actions': list(names)})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        with fonts_for(label_set):
            FigureCanvasAgg(plot_class_counts({'train': [1] * len(names)}, label_set=label_set)).draw()
    return [str(warning.message) for warning in caught]


def test_other_installed_fonts_complete_the_default_one():
    # U+23B0 is in the font STIXSizeOneSym, which comes with Matplotlib, but not in DejaVu Sans.
    with pytest.warns(UserWarning, match='Glyph 9136'):
        FigureCanvasAgg(plot_class_counts({'⎰': [1] * 52})).draw()
    assert draw('кивок головой ⎰', 'nodding') == []


def test_one_warning_names_characters_that_no_font_has(monkeypatch):
    monkeypatch.setattr(fontManager, 'ttflist', [font for font in fontManager.ttflist if font.name == 'DejaVu Sans'])
    (warning,) = draw('nodding 点头', '挥手')
    assert 'no installed font has 4 of the characters' in warning
    assert '头' in warning


def test_widths_depend_on_the_fonts():
    label_set = LabelSet.from_dict({'name': 'gestures', 'actions': ['⎰⎰⎰⎰']})
    before = text_width('⎰⎰⎰⎰', 8)
    with fonts_for(label_set):
        assert text_width('⎰⎰⎰⎰', 8) != before


@pytest.mark.parametrize('order', [1, -1])
def test_order_in_which_fonts_are_installed_does_not_matter(monkeypatch, order):
    # Only the regular font of this family has the character, and not the bold one.
    monkeypatch.setattr(fontManager, 'ttflist', sorted(fontManager.ttflist, key=lambda font: str(font.weight))[::order])
    assert draw('⎰') == []


def test_font_of_drawn_frames_has_the_letters_of_the_names():
    def family(name):
        return load_font([name], 12).getname()[0]

    assert family('nodding') == ImageFont.load_default(12).getname()[0]
    # Pillow's font has no Cyrillic letters. Matplotlib's has.
    assert family('кивок') == 'DejaVu Sans'
