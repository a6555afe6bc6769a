"""Networks of a user's own categories: from coded recordings to clips, to a trained network, to one file."""

from .categories import Categories, choose_categories
from .configs import TrainSettings
from .pieces import Lengths, Piece, cut_event, sample_rest
from .plan import LearnSettings, plan_learning
from .workflow import Learned, learn, prepare_clips, prepare_poses

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
    'plan_learning',
    'prepare_clips',
    'prepare_poses',
    'sample_rest',
]
