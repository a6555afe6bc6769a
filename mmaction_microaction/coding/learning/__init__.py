"""Networks of a user's own categories: from coded recordings to clips, to a trained network, to one file."""

from .categories import Categories, choose_categories
from .configs import TrainSettings
from .pieces import Lengths, Piece, cut_event, sample_rest
from .workflow import Learned, LearnSettings, learn, make_plan, prepare_clips

__all__ = [
    'Categories',
    'LearnSettings',
    'Learned',
    'Lengths',
    'Piece',
    'TrainSettings',
    'choose_categories',
    'cut_event',
    'learn',
    'make_plan',
    'prepare_clips',
    'sample_rest',
]
