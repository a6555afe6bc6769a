"""Figures of results and data: each function returns a Matplotlib figure or a drawn frame, and writes no file."""

from .calibration import plot_calibration
from .class_counts import plot_class_counts
from .coarse_confusion_matrix import plot_coarse_confusion_matrix
from .comparison import plot_comparison
from .confused_pairs import plot_confused_pairs
from .confusion_matrix import plot_confusion_matrix
from .detection_statistics import plot_detection_statistics
from .durations import plot_durations
from .embedding import embed_features
from .feature_file import read_features
from .features import plot_features
from .frames import read_frames
from .frequency_groups import plot_frequency_groups
from .gradcam import plot_gradcam
from .per_class import plot_per_class
from .pose_layouts import plot_pose_layouts
from .prediction_strip import plot_prediction_strip
from .raster import plot_raster
from .rates import plot_rates
from .skeleton import draw_poses, draw_skeleton
from .timeline import plot_timeline

__all__ = [
    'draw_poses',
    'draw_skeleton',
    'embed_features',
    'plot_calibration',
    'plot_class_counts',
    'plot_coarse_confusion_matrix',
    'plot_comparison',
    'plot_confused_pairs',
    'plot_confusion_matrix',
    'plot_detection_statistics',
    'plot_durations',
    'plot_features',
    'plot_frequency_groups',
    'plot_gradcam',
    'plot_per_class',
    'plot_pose_layouts',
    'plot_prediction_strip',
    'plot_raster',
    'plot_rates',
    'plot_timeline',
    'read_features',
    'read_frames',
]
