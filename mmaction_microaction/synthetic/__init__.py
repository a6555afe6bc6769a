"""MA-52 without the licence form: a rendered seated person who performs the 52 micro-actions.

A clip comes about in this order: ``plan`` settles its label and subject; ``posture`` seats the person;
``motions`` lets the action happen, with hands sent to ``places``; ``nuisances`` adds what says nothing
about the class; ``skeleton`` turns the controls into joints; ``room``, ``figure`` and ``face`` draw
them on ``canvas``; ``dataset`` writes the videos, lists and manifest. ``clip`` holds it together, and
``leaks`` checks that nothing but the motion gives the label away.

MA-52-Pro is made of the same parts: ``emotions`` says how an emotion shows in the face and in the choice of
actions, ``pro_video`` lets several of them happen in one video, ``pro_dataset`` writes videos, face tracks and
annotations.
"""

from .clip import RenderedClip, frames, frames_hash, make_clip, video_size
from .contact_sheet import contact_sheet
from .dataset import write_dataset
from .plan import Settings, make_plan
from .pro_dataset import ProSettings, make_pro_plan, write_pro_dataset
from .pro_video import ProVideo, make_pro_video

__all__ = [
    'ProSettings',
    'ProVideo',
    'RenderedClip',
    'Settings',
    'contact_sheet',
    'frames',
    'frames_hash',
    'make_clip',
    'make_plan',
    'make_pro_plan',
    'make_pro_video',
    'video_size',
    'write_dataset',
    'write_pro_dataset',
]
