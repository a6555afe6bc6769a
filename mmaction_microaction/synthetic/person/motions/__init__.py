"""The 52 micro-actions as movements of a skeleton's controls."""

from mmaction_microaction.label_sets.ma52 import ACTIONS, REVERSED_PAIRS

from . import body, head, lower_limb, touching, upper_limb
from .stage import Stage

_FORWARD = {**body.MOTIONS, **head.MOTIONS, **upper_limb.MOTIONS, **lower_limb.MOTIONS, **touching.MOTIONS}
_LABELS = {action.name: action.index for action in ACTIONS}

BACKWARDS = {
    **{backward: forward for forward, backward in REVERSED_PAIRS},
    _LABELS['head up']: _LABELS['bowing head'],
}
"""Labels whose motion is another label's motion played backwards: ``{label: the other}``."""


def perform(label, controls, size, rng, fps=30.0):
    """Let a seated person perform a micro-action.

    Args:
        label (int): Fine label, 0 to 51.
        controls (Controls): The resting posture; changed in place.
        size (Proportions): The subject's lengths.
        rng (np.random.Generator): Source of the motion's parameters.
        fps (float): Frames per second.

    Returns:
        dict: Every parameter that was drawn, by name.
    """
    stage = Stage(controls, size, rng, fps, backwards=label in BACKWARDS)
    _FORWARD[ACTIONS[BACKWARDS.get(label, label)].name](stage)
    return stage.drawn


__all__ = ['BACKWARDS', 'perform']
