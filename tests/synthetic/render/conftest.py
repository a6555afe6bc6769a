from dataclasses import replace

import numpy as np
import pytest

from mmaction_microaction.synthetic import make_clip, render_frames

UNCHANGED = {'noise': 0.0, 'gain': 1.0, 'tint': (1.0, 1.0, 1.0), 'flicker': 0.0, 'gamma': 1.0, 'saturation': 1.0}
UNCHANGED |= {'sharpness': 0.0, 'vignette': 0.0, 'exposure': 0.0, 'jitter': 0.0, 'contrast': 1.0, 'glasses': False}


@pytest.fixture
def make_plain_clip():
    """Return a function that makes a clip whose camera changes no colour, with changes of subject and nuisances."""

    def make(subject=None, index=0, **nuisances):
        clip = make_clip(9, 1, (144, 172), seed=3, index=index)
        clip.nuisances = replace(clip.nuisances, held=None, **{**UNCHANGED, **nuisances})
        clip.subject = replace(clip.subject, haircut='short', beard='none', print_on_shirt=None, **(subject or {}))
        return clip

    return make


@pytest.fixture
def draw_first_frame():
    """Return a function that renders the first frame of a clip, as signed integers."""
    return lambda clip: next(render_frames(clip)).astype(np.int64)
