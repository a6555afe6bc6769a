"""MA-52 without the licence form: a rendered seated person who performs the 52 micro-actions."""

from .clip import Clip, frames, frames_hash, make_clip, video_size
from .contact_sheet import contact_sheet
from .dataset import write_dataset
from .plan import Settings, make_plan

__all__ = [
    'Clip',
    'Settings',
    'contact_sheet',
    'frames',
    'frames_hash',
    'make_clip',
    'make_plan',
    'video_size',
    'write_dataset',
]
