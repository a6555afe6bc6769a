"""Finds the parts of a figure by the labels that its code sets."""

from matplotlib.text import Text


def find_axes(figure, label):
    """Axes with a label, from first to last."""
    return [axes for axes in figure.axes if axes.get_label() == label]


def find_texts(figure, label):
    """Texts with a label, from first to last."""
    return [text for text in figure.findobj(Text) if text.get_label() == label]


def read_texts(figure, label):
    """Contents of the texts with a label."""
    return [text.get_text() for text in find_texts(figure, label)]
