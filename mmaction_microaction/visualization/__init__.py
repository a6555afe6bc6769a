from .confusion_matrix import confusion_matrix, plot_confusion_matrix
from .predictions import read_predictions

__all__ = ['confusion_matrix', 'plot_confusion_matrix', 'read_predictions']
