"""Some frames of rendered clips."""

from dataclasses import fields, replace

import numpy as np

from mmaction_microaction.synthetic import render_frames
from mmaction_microaction.synthetic.person.skeleton import Reach


def select_frames(clip, times):
    """Return a clip of a few frames of a clip, whose shake and noise are those of a shorter clip."""
    chosen = {f.name: getattr(clip.controls, f.name)[times] for f in fields(clip.controls) if f.name != 'hands'}
    hands = tuple(
        [Reach(r.contact, r.weight[times], r.arc, r.offset[times] if np.ndim(r.offset) else r.offset) for r in hand]
        for hand in clip.controls.hands
    )
    controls = replace(clip.controls, **chosen, hands=hands)
    return replace(clip, num_frames=len(times), controls=controls)


def render_some(clip, times):
    """Return a few frames of a clip, shape (n, height, width, 3), without drawing the others."""
    return np.stack(list(render_frames(select_frames(clip, times))))
