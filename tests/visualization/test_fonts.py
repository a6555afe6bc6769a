import pickle
import warnings

import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.text import Text
from PIL import ImageFont

from mmaction_microaction.evaluation.functional import PerClassMetrics
from mmaction_microaction.label_sets import LabelSet
from mmaction_microaction.structures.coding import CodedEvent, Coding
from mmaction_microaction.structures.detection_annotations import AnnotatedVideo, Instance
from mmaction_microaction.structures.detection_statistics import summarize_detections
from mmaction_microaction.structures.intervals import Interval
from mmaction_microaction.visualization import (
    fonts,
    plot_class_counts,
    plot_confusion_matrix,
    plot_detection_statistics,
    plot_gradcam,
    plot_per_class,
    plot_raster,
    plot_rates,
    plot_timeline,
)
from mmaction_microaction.visualization.fonts import load_font
from mmaction_microaction.visualization.lettering import text_width

CHINESE = LabelSet.from_dict(
    {
        'name': '微动作',
        'actions': [{'name': name, 'code': f'X{i}', 'group': '上身'} for i, name in enumerate(('点头', '挥手'))],
    }
)
CODING = Coding('访谈', [CodedEvent(1, 2, '点头', '甲', group='上身')], duration=10, label_set=CHINESE)
METRICS = PerClassMetrics(*np.ones((3, 2)), np.ones(2, int), np.ones(2, int))
FIGURES = {
    'counts': lambda: plot_class_counts({'train': [1, 2]}, label_set=CHINESE),
    'confusion': lambda: plot_confusion_matrix(np.eye(2, dtype=int), label_set=CHINESE),
    'scores': lambda: plot_per_class(METRICS, label_set=CHINESE),
    'statistics': lambda: plot_detection_statistics(
        summarize_detections([AnnotatedVideo('a', 90, 30.0, (Instance(0, 60, 0), Instance(30, 60, 1)))], CHINESE),
        CHINESE,
    ),
    'Grad-CAM': lambda: plot_gradcam(
        np.zeros((2, 8, 8, 3), np.uint8), np.zeros((2, 8, 8)), np.array([0.9, 0.1]), title='访谈', label_set=CHINESE
    ),
    'raster': lambda: plot_raster([CODING]),
    'rates': lambda: plot_rates([[1, 2]], [1, 1], ['点头'], ['甲', '乙']),
    'timeline': lambda: plot_timeline([Interval(1, 2, 0, 0.9, CHINESE)], 10, label_set=CHINESE),
}


@pytest.fixture(autouse=True)
def installed(monkeypatch):
    """Forget which fonts were found, and return the list of installed fonts, which the test may change."""
    monkeypatch.setattr(fontManager, 'ttflist', list(fontManager.ttflist))
    monkeypatch.setattr(fonts, '_used', [])
    for function in (fonts._find_families, fonts._warn_of_missing):
        function.cache_clear()
    yield fontManager.ttflist
    fonts._find_families.cache_clear()


@pytest.fixture
def chinese_font(installed, tmp_path):
    """Install a font whose characters are squares, and return its family."""
    characters = ['上', '乙', '作', '动', '头', '微', '手', '挥', '点', '甲', '访', '谈', '身']
    names = ['.notdef', *(f'uni{ord(character):04X}' for character in characters)]
    pen = TTGlyphPen(None)
    pen.moveTo((100, 0))
    for point in ((100, 800), (900, 800), (900, 0)):
        pen.lineTo(point)
    pen.closePath()
    builder = FontBuilder(unitsPerEm=1000, isTTF=True)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord(character): name for character, name in zip(characters, names[1:])})
    builder.setupGlyf(dict.fromkeys(names, pen.glyph()))
    builder.setupHorizontalMetrics(dict.fromkeys(names, (1000, 100)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({'familyName': 'Squares', 'styleName': 'Regular'})
    builder.setupOS2()
    builder.setupPost()
    builder.save(tmp_path / 'squares.ttf')
    fontManager.addfont(tmp_path / 'squares.ttf')
    return 'Squares'


def draw(plot):
    """Draw a figure, and return it and the warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        figure = plot()
        FigureCanvasAgg(figure).draw()
    return figure, [str(warning.message) for warning in caught]


def counts_of(*names):
    label_set = LabelSet.from_dict({'name': 'gestures', 'actions': list(names)})
    return lambda: plot_class_counts({'train': [1] * len(names)}, label_set=label_set)


@pytest.mark.parametrize('kind', FIGURES)
def test_chinese_names_are_drawn_with_an_installed_font(kind, chinese_font):
    figure, messages = draw(FIGURES[kind])
    assert messages == []
    families = {
        text.get_text(): text.get_fontfamily() for text in figure.findobj(Text) if not text.get_text().isascii()
    }
    letters = {letter for text in families for letter in text}
    assert letters & set('点头上身访谈')
    for text, names in families.items():
        assert (chinese_font in names) == any(letter > '\u4e00' for letter in text), text


@pytest.mark.parametrize('kind', FIGURES)
def test_one_warning_names_characters_that_no_font_has(kind, installed):
    installed[:] = [font for font in installed if font.name == 'DejaVu Sans']
    _, [message] = draw(FIGURES[kind])
    assert message.startswith('no installed font has')
    assert message.endswith('install one that has them, such as Noto Sans CJK')
    # A second figure does not repeat it.
    assert draw(FIGURES[kind])[1] == []


def test_figures_can_be_pickled_and_written(chinese_font, tmp_path):
    figure = pickle.loads(pickle.dumps(FIGURES['timeline']()))
    assert type(figure) is Figure
    for suffix in ('png', 'pdf', 'svg'):
        figure.savefig(tmp_path / f'figure.{suffix}')
    assert any(chinese_font in text.get_fontfamily() for text in figure.findobj(Text))


def test_other_installed_fonts_complete_the_default_one():
    # U+23B0 is in the font STIXSizeOneSym, which comes with Matplotlib, but not in DejaVu Sans.
    figure, messages = draw(counts_of('кивок головой ⎰', 'nodding'))
    assert messages == []
    families = {text.get_text().split()[0]: text.get_fontfamily() for text in figure.findobj(Text) if text.get_text()}
    assert 'STIXSizeOneSym' in families['кивок']
    assert 'STIXSizeOneSym' not in families['nodding']


def test_widths_are_those_of_the_fonts(chinese_font):
    # Two squares of 72 points.
    assert text_width('点头', 72) == pytest.approx(2)


@pytest.mark.parametrize('order', [1, -1])
def test_order_in_which_fonts_are_installed_does_not_matter(installed, order):
    # Only the regular font of this family has the character, and not the bold one.
    installed[:] = sorted(installed, key=lambda font: str(font.weight))[::order]
    assert draw(counts_of('⎰'))[1] == []


def test_font_of_drawn_frames_has_the_letters_of_the_names():
    def family(name):
        return load_font([name], 12).getname()[0]

    assert family('nodding') == ImageFont.load_default(12).getname()[0]
    # Pillow's font has no Cyrillic letters. Matplotlib's has.
    assert family('кивок') == 'DejaVu Sans'
