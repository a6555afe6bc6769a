"""Synthetic MA-52, MA-52-Pro and MMA-52: a rendered person performs the 52 micro-actions. No licence form is needed.

The modules that render a synthetic MA-52:

- ``settings`` checks the settings of both datasets; ``plan`` assigns splits, labels and subjects.
- ``clip`` draws all parameters of one clip from its seed.
- ``person`` defines who moves and how: ``subject`` (appearance), ``posture`` (how the person sits), ``motions`` (the 52
  micro-actions), ``places`` (where hands touch the body), ``curves`` (the time course of movements), ``skeleton`` (from
  controls to joints), ``fingers`` (their bones) and ``geometry`` (rotations and inverse kinematics).
- ``render`` draws: ``canvas`` (camera and shaded shapes), ``figure``, ``cloth``, ``face`` and ``hair`` (the person),
  ``room`` and ``furniture`` (the background) and ``nuisances`` (variation that is independent of the label: breathing,
  fidgeting, light and noise). ``variety`` contains the ranges of the appearance.
- ``scene`` renders the frames of a clip or video.
- ``keypoints`` computes the true poses of the person in the frames.
- ``dataset`` writes the videos, annotation files and poses; ``folder`` continues an interrupted run.
- ``leaks`` measures how much of the label is visible in anything but the motion.
- ``contact_sheet`` draws all actions in one image; ``long_video`` draws one person who performs one action
  after the other.

MA-52-Pro adds four modules. ``emotions`` defines how an emotion shows in the face and in the choice of actions.
``pro_video`` draws a video with several actions. ``pro_plan`` and ``pro_dataset`` assign and write videos, face tracks
and annotations.

MMA-52 adds four modules. ``mma52_statistics`` contains the durations and frequencies of the real tables.
``mma52_motion`` performs an action from rest back to rest. ``mma52_video`` draws a video with overlapping actions, and
``mma52_dataset`` writes videos and tables.
"""

from .clip import RenderedClip, make_clip
from .contact_sheet import draw_contact_sheet
from .dataset import write_dataset
from .keypoints import make_true_poses, true_keypoints
from .long_video import LongVideo, make_long_video
from .mma52_dataset import Mma52Settings, make_mma52_plan, write_mma52_dataset
from .mma52_video import Mma52Video, make_mma52_video
from .plan import SyntheticSettings, make_plan
from .pro_dataset import write_pro_dataset
from .pro_plan import ProSettings, make_pro_plan
from .pro_video import ProVideo, make_pro_video
from .scene import Scene, render_frames
from .settings import video_size

__all__ = [
    'LongVideo',
    'Mma52Settings',
    'Mma52Video',
    'ProSettings',
    'ProVideo',
    'RenderedClip',
    'Scene',
    'SyntheticSettings',
    'draw_contact_sheet',
    'make_clip',
    'make_long_video',
    'make_mma52_plan',
    'make_mma52_video',
    'make_plan',
    'make_pro_plan',
    'make_pro_video',
    'make_true_poses',
    'render_frames',
    'true_keypoints',
    'video_size',
    'write_dataset',
    'write_mma52_dataset',
    'write_pro_dataset',
]
