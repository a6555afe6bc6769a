"""Functions that find the parts of a figure by their labels."""

from matplotlib.text import Text


def find_axes(figure, label):
    """Return the axes with a label, from first to last."""
    return [axes for axes in figure.axes if axes.get_label() == label]


def find_texts(figure, label):
    """Return the texts with a label, from first to last."""
    return [text for text in figure.findobj(Text) if text.get_label() == label]


def read_texts(figure, label):
    """Return the contents of the texts with a label."""
    return [text.get_text() for text in find_texts(figure, label)]
